"""The clock of the machine steps: what is stored, indexed and counted does not depend on it."""

import time

import pytest

from mapping.times import NS
from storage.filters import SearchFilter
from storage.read.reader import Reader
from storage.search.search import Searcher
from storage.write.idle_traces import close_once

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)

DAY = 86_400


@pytest.fixture
def clock(monkeypatch):
    """Steps the wall clock: `clock(-3600)` sets it back by an hour."""
    now, offset = time.time_ns, 0

    def step(seconds):
        nonlocal offset
        offset += seconds * NS

    monkeypatch.setattr(time, "time_ns", lambda: now() + offset)
    return step


@pytest.mark.parametrize("steps", [(-DAY, -DAY), (DAY, -2 * DAY), (-1, DAY)])
async def test_everything_is_indexed_once_whatever_the_clock_does(
    clock, steps, database, index, embedder, indexing, caught_up, store, balance
):
    ids = await store("before any step", "also before", session_id="s")
    clock(steps[0])
    ids += await store("between the steps", session_id="s")
    traces, _ = await balance(database)
    assert [trace["event_count"] for trace in traces.values()] == [3]
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert await index.count() == 3
        clock(steps[1])
        ids += await store("after both steps", session_id="s", indexer=indexer)
        await caught_up(indexer)
        indexer.rebuild()
        ids += await store("during a rebuild", session_id="s", indexer=indexer)
        await caught_up(indexer)
        assert await index.count() == 5
        answer = await Searcher(Reader(database), indexer).search("step", "hybrid", SearchFilter(), 10)
        assert {result.event["id"] for result in answer.results} == set(ids)


async def test_a_trace_that_was_closed_by_a_clock_ahead_runs_again_with_its_next_event(clock, database, store):
    await store("one", trace_id="t")
    clock(DAY)
    assert await close_once(database, time.time_ns() - 3600 * NS) == 1
    clock(-DAY)
    await store("two", trace_id="t")
    trace = (await Reader(database).trace("t")).trace
    assert (trace.status, trace.event_count) == ("running", 2)


async def test_a_trace_of_a_clock_ahead_is_closed_once_the_clock_has_come_there(clock, database, store):
    clock(DAY)
    await store("one", trace_id="t")
    clock(-DAY)
    await store("two", trace_id="t")
    assert await close_once(database, time.time_ns()) == 0
    clock(DAY + 1)
    assert await close_once(database, time.time_ns()) == 1
