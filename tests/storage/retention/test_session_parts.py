"""A session is pruned from a trace that it shares with others: its events go, the others stay."""

import pytest

from mapping.times import NS
from storage.filters import EventFilter, TraceFilter
from storage.read.call_pages import calls_in
from storage.read.runs import Sums
from storage.retention.prune import Pruned, Pruner, Selection

NOON = 1_767_960_000 * NS


def call(make_event, number, session_id=None, **fields):
    properties = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.cost": 0.1,
    }
    own = {"trace_id": "shared", "kind": "internal", "span_id": f"{number:016x}", "session_id": session_id}
    return make_event(**own | {"timestamp": NOON + number * NS, "properties": properties} | fields)


@pytest.fixture
async def stored(writer, make_event, database, interpret):
    """Two sessions in one trace, and a trace of one of them alone."""
    events = [call(make_event, number, "one" if number < 100 else "two") for number in range(150)]
    await writer.write([*events, call(make_event, 500, "one", trace_id="alone")])
    await interpret(database)
    return events


async def test_its_events_go_and_those_of_others_stay(stored, database, reader, interpret):
    pruner = Pruner(database)
    assert await pruner.measure(Selection(session_id="one")) == Pruned(1, 101)
    assert await pruner.prune(Selection(session_id="one"), share=1.0, seconds=60) == Pruned(1, 101)
    assert await reader.session("one") is None
    assert (await reader.traces(TraceFilter(session_id="one"), 10))[0] == []
    assert {event["id"] for event in (await reader.events(EventFilter(), 100))[0]} == {
        event.id for event in stored[100:]
    }
    await interpret(database)
    (run,) = (await reader.traces(TraceFilter(), 10))[0]
    assert (run.trace.id, run.trace.session_id, run.trace.event_count) == ("shared", "two", 50)
    session = await reader.session("two")
    assert session.event_count == 50
    assert (
        session.sums
        == run.sums
        == Sums(calls=50, input_tokens=500, cost_nano_usd=5 * 10**9, models=["m"], interpreted=True)
    )
    pages, deleted = await database.query(
        "SELECT * FROM agent_call; SELECT VALUE deleted FROM index_queue WHERE deleted != NONE"
    )
    assert {call["id"] for page in pages for call in calls_in(page)} == {event.id for event in stored[100:]}
    assert {event.id for event in stored[:100]} <= {event_id for ids in deleted for event_id in ids}


async def test_one_step_at_a_time_leaves_a_trace_that_counts_its_events(stored, database, reader):
    pruner = Pruner(database)
    counts = []
    while not (await pruner.prune(Selection(session_id="two"), share=1.0, seconds=0)).done:
        (run,) = [run for run in (await reader.traces(TraceFilter(), 10))[0] if run.trace.id == "shared"]
        counts.append(run.trace.event_count)
        assert len((await reader.events(EventFilter(trace_id="shared"), 200))[0]) == run.trace.event_count
        assert run.sums.interpreted is False
    assert counts[-1] == 100
    assert (await reader.session("one")).event_count == 101


async def test_the_last_session_of_a_trace_takes_it_with_it(stored, database, reader):
    pruner = Pruner(database)
    for session_id in ("two", "one"):
        await pruner.prune(Selection(session_id=session_id), share=1.0, seconds=60)
    assert await reader.counts() == {"events": 0, "traces": 0, "sessions": 0}
