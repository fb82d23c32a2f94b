"""Any order, split and repetition of a history comes to the same rows, and so does what is interpreted in between."""

import asyncio
import itertools
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from interpreted import agent, call, model, running, tool

from storage.read.call_pages import calls_in
from storage.surreal.database import Database

TABLES = ("agent_call", "agent_run", "session_run", "interpretation_queue")
# How often a run was written.
OFTEN = ("revision",)


def log_of(event, number, trace, after=1):
    """Make a record that names no span, in another trace, of the call of a span."""
    record = call("model", number, trace=trace, session="s", seconds=0)
    record.timestamp = event.timestamp + after * 10**9
    record.kind, record.span_id, record.duration = "log_record", None, None
    record.properties = {"event.name": "api_response", **event.properties}
    return record


def history():
    """Two agents within each other, their calls told twice, in one trace; single calls in others of the session."""
    first, second, third = "1" * 32, "2" * 32, "3" * 32
    events = [
        agent(1, "Planner", session="s", seconds=60),
        agent(2, "Writer", above=1, at=1, seconds=30),
        model(3, 10, 1, above=2, at=2),
        tool(4, above=2, at=5, **{"gen_ai.tool.call.id": "c1"}),
        tool(5, above=4, at=5, **{"gen_ai.tool.call.id": "c1"}),
        model(6, 20, 2, above=1, at=40),
        model(7, 30, 3, trace=second, at=70, session="s"),
        model(8, 40, 4, trace=third, at=90, session="other"),
    ]
    return [*events, log_of(events[2], 10, second), log_of(events[6], 11, third), log_of(events[5], 12, first)]


@pytest.fixture(scope="module")
def store(tmp_path_factory, folder_with_schema):
    """A store with an interpreter beside it for all examples, and the loop they run in."""
    with asyncio.Runner() as loop:
        folder = tmp_path_factory.mktemp("histories") / "surreal"
        shutil.copytree(folder_with_schema, folder)
        database = Database(f"surrealkv://{folder}", namespace="vectadb", database="vectadb")
        entered = running(database)
        yield loop, loop.run(entered.__aenter__())
        loop.run(entered.__aexit__(None, None, None))
        loop.run(database.close())


def come_to(store, rounds):
    """Return what the history comes to, whose events are written in these rounds; `True` waits until all is settled."""
    loop, it = store

    async def write():
        await it.database.query(
            ";".join(f"DELETE {table}" for table in (*TABLES, "agent_event", "agent_trace", "index_queue"))
        )
        for places, settles in rounds:
            events = history()
            await it.write(*(events[place] for place in places))
            if settles:
                await it.settled()
        await it.settled()
        rows = {
            (table, key): {field: value for field, value in row.items() if field not in OFTEN}
            for table in TABLES
            for key, row in (await it.rows(table)).items()
        }
        whose = {
            event_id: (row.get("agent_id"), row.get("session_id"), row.get("as_sent"))
            for event_id, row in (await it.rows("agent_event")).items()
        }
        return rows, whose

    return loop.run(write())


@st.composite
def deliveries(draw):
    places = list(range(len(history())))
    order = draw(st.permutations(places + draw(st.lists(st.sampled_from(places), max_size=4))))
    cuts = draw(st.lists(st.integers(1, len(order) - 1), max_size=5).map(sorted))
    return [
        (order[start:end], draw(st.booleans()))
        for start, end in itertools.pairwise([0, *cuts, len(order)])
        if start < end
    ]


def test_a_history_comes_to_what_is_known_to_be_true(store):
    rows, _ = come_to(store, [(range(len(history())), True)])
    calls = [row for (table, _), page in rows.items() if table == "agent_call" for row in calls_in(page)]
    assert sorted(
        (row["kind"], row["agent_id"], len(row["told_by"])) for row in calls if row["trace_id"] == "1" * 32
    ) == [
        ("agent", "Planner", 1),
        ("agent", "Writer", 1),
        ("model", "Planner", 2),
        ("model", "Writer", 2),
        ("tool", "Writer", 2),
    ]
    runs = {key: row for (table, key), row in rows.items() if table == "agent_run"}
    assert [runs[digit * 32]["input_tokens"] for digit in "123"] == [30, 30, 40]
    assert [runs[digit * 32]["calls"] for digit in "123"] == [2, 1, 1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries())
def test_any_delivery_comes_to_the_same(store, rounds):
    assert come_to(store, rounds) == come_to(store, [(range(len(history())), False)])
