"""Lists of calls are those of all runs, in every order and by every filter, page by page and while runs grow."""

import itertools
import random
import sys
from pathlib import Path

import pytest

from mapping.filtering.language import CALLS, parse
from storage.filters import CALL_SORTS, CallFilter
from storage.read import calls as lists
from storage.read.call_pages import calls_in
from storage.read.calls import ORDERS, calls

sys.path.insert(0, str(Path(__file__).parents[1] / "interpreting"))

from interpreted import NOON, agent, model, running, tool

from mapping.times import NS

RUNS, MANY = 16, 230


def a_run(rnd, number):
    trace, session, name = f"{number:032x}", f"s{number % 7}", f"agent {number % 4}"
    at = rnd.uniform(0, 100)
    whose = {"trace": trace, "session": session, "agent": name}
    yield agent(1, name, trace=trace, session=session, at=at, seconds=rnd.uniform(1, 60))
    for place in range(2, rnd.randrange(3, 9)):
        start, seconds = at + rnd.uniform(0, 40), rnd.choice([1, 2, rnd.uniform(0, 9)])
        if rnd.random() < 0.5:
            tokens = rnd.choice([10, 20, rnd.randrange(2000)])
            yield model(place, tokens, place, above=1, at=start, seconds=seconds, **whose)
        else:
            error = {"error.type": "TimeoutError"} if rnd.random() < 0.3 else {}
            yield tool(place, f"tool {place % 3}", above=1, at=start, seconds=seconds, **whose, **error)


@pytest.fixture
async def store(database):
    rnd = random.Random(7)  # noqa: S311 - runs, no secrets
    async with running(database) as it:
        for number in range(RUNS):
            await it.write(*a_run(rnd, number))
        # One run with several pages of calls, longer than all others.
        trace = "f" * 32
        long = [agent(1, "agent 1", trace=trace, seconds=200)]
        long += [tool(place, f"tool {place % 3}", above=1, at=place / 3, trace=trace) for place in range(2, MANY)]
        for start in range(0, len(long), 100):
            await it.write(*long[start : start + 100])
        await it.settled()
        yield it


@pytest.fixture
def in_small_steps(monkeypatch):
    """Read little at a time, so that every list takes many steps."""
    for name, size in {"_RUNS": 3, "_FEW": 4, "_OPENED": 2, "_MOST_RUNS": 5, "_MOST_PAGES": 4}.items():
        monkeypatch.setattr(lists, name, size)


async def all_of(database, which, sort, limit, pages=1000):
    """Return the ids of calls that a list gives, page by page."""
    found, cursor = [], None
    for _ in range(pages):
        listed = await calls(database, which, sort, limit, cursor)
        assert len(listed.calls) <= limit
        found += [row["id"] for row in listed.calls]
        if (cursor := listed.next) is None:
            return found
    raise AssertionError("the list does not end")


async def stored(database):
    (pages,) = await database.query("SELECT * FROM agent_call")
    return [row for page in pages for row in calls_in(page)]


def right(rows, sort, fits):
    by = ORDERS[sort]
    return [row["id"] for row in sorted(filter(fits, rows), key=lambda row: (row[by], row["trace_id"], row["id"]))]


LATER, EARLIER = NOON + 60 * NS, NOON + 20 * NS
FILTERS = [
    ({}, lambda _: True),
    ({"kind": "tool"}, lambda row: row["kind"] == "tool"),
    ({"status": "error"}, lambda row: row["status"] == "error"),
    ({"agent_id": "agent 2"}, lambda row: row.get("agent_id") == "agent 2"),
    ({"session_id": "s3"}, lambda row: row.get("session_id") == "s3"),
    ({"trace_id": "f" * 32}, lambda row: row["trace_id"] == "f" * 32),
    ({"name": "tool 1"}, lambda row: row.get("name") == "tool 1"),
    ({"model": "gpt-4o"}, lambda row: row.get("name") == "gpt-4o"),
    ({"kind": "tool", "name": "tool 2"}, lambda row: row.get("name") == "tool 2"),
    ({"since": EARLIER, "until": LATER}, lambda row: EARLIER <= row["start_time"] < LATER),
    ({"min_duration_ns": 3 * NS}, lambda row: row["duration_ns"] >= 3 * NS),
    ({"filter": "tool:tool* duration>2s"}, lambda row: row["kind"] == "tool" and row["duration_ns"] > 2 * NS),
    ({"filter": "-tool:tool* -status:error"}, lambda row: row["kind"] != "tool" and row["status"] != "error"),
    ({"name": "nobody"}, lambda _: False),
]


@pytest.mark.usefixtures("in_small_steps")
async def test_a_list_has_every_call_that_fits_once_and_in_order(store):
    # A server is asked the same by the same code: there each filter and each order occurs, not each filter in each.
    apart = 1 if store.database.embedded else len(CALL_SORTS)
    for first, sort in enumerate(CALL_SORTS):
        await has_every_call_once_and_in_order(store, sort, FILTERS[first % apart :: apart])


async def test_so_it_does_with_as_much_at_a_time_as_there_is(store):
    await has_every_call_once_and_in_order(store, "start", FILTERS)


async def has_every_call_once_and_in_order(store, sort, filters):
    rows = await stored(store.database)
    assert len(rows) > MANY
    for (given, fits), limit in zip(filters, itertools.cycle((60, 200)), strict=False):
        asked = given | ({"filter": parse(given["filter"], CALLS)} if "filter" in given else {})
        found = await all_of(store.database, CallFilter(**asked), sort, limit)
        assert found == right(rows, sort, fits), (given, sort, limit)


@pytest.mark.usefixtures("in_small_steps")
async def test_what_was_to_come_still_comes_while_runs_grow(store):
    before = {row["id"] for row in await stored(store.database)}
    found, cursor, grown = [], None, 0
    while True:
        listed = await calls(store.database, CallFilter(), "start", 15, cursor)
        found += [row["id"] for row in listed.calls]
        if (cursor := listed.next) is None:
            break
        grown += 1
        if grown % 4 == 0:
            await store.write(tool(900 + grown, above=1, at=1000 + grown, trace=f"{grown % RUNS:032x}"))
            await store.settled()
    assert len(found) == len(set(found))
    assert {*found} >= before
