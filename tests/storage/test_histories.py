"""Any order, split and repetition of a history gives the same traces."""

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.model import Event
from mapping.times import NS
from storage.surreal import cbor, rows, schema
from storage.surreal.database import Database
from storage.writer import Writer

NOON = 1_767_960_000 * NS
runs = itertools.count()

# What a trace is told of when it was stored, and not by whom.
ARRIVAL = ("id", "created_at", "updated_at", "revision")


def maybe(*names):
    return st.sampled_from([None, *names])


facts = st.fixed_dictionaries(
    {
        "timestamp": st.integers(NOON, NOON + 5),
        "duration": st.none() | st.integers(0, 5),
        "agent_id": maybe("a", "b"),
        "name": maybe("x", "y"),
        "status": st.sampled_from(["ok", "error", "unset"]),
        "event_type": maybe("model_call"),
        "input_tokens": st.integers(0, 3),
        "cost_nano_usd": st.integers(0, 10**12),
        "span_id": maybe("1" * 16),
        "parent_span_id": maybe("2" * 16),
        "resource": st.sampled_from([None, {"service.name": "shop"}, {"service.name": "bank"}]),
    }
)
given_traces = st.lists(
    st.tuples(facts, st.fixed_dictionaries({"trace_id": st.sampled_from("tuv"), "session_id": maybe("s", "r")})),
    min_size=1,
    max_size=12,
)
given_sessions = st.lists(
    st.tuples(facts, st.fixed_dictionaries({"session_id": st.sampled_from("rst")})), min_size=1, max_size=12
)


@pytest.fixture(scope="module")
def engine():
    """A database in memory, for all examples of this module, and the loop it runs in."""
    with asyncio.Runner() as loop:
        database = Database("mem://", namespace="n", database="d")
        loop.run(schema.apply(database))
        yield loop, database
        loop.run(database.close())


def deliver(engine, history, deliveries):
    """Store a history as these deliveries (lists of places in it), two at a time, and give its traces."""
    loop, database = engine
    run = f"run{next(runs)}:"

    def event(place):
        values = {key: value for part in history[place] for key, value in part.items()}
        for own in ("trace_id", "session_id"):
            if values.get(own):
                values[own] = run + values[own]
        return Event(id=f"{run}{place}", kind="internal", properties={}, **values)

    async def store():
        writer = Writer(database, agent_window=NS, committed=lambda _: None)
        for pair in itertools.zip_longest(deliveries[::2], deliveries[1::2], fillvalue=()):
            await asyncio.gather(*[writer.write([event(place) for place in places]) for places in pair])
        places = sorted({place for places in deliveries for place in places})
        (placed, stored) = await database.query(
            "SELECT VALUE trace_id FROM $events; SELECT * FROM agent_trace WHERE string::starts_with("
            "session_id ?? id.id(), $run) OR string::starts_with(id.id(), $run)",
            events=[cbor.record(rows.EVENT, f"{run}{place}") for place in places],
            run=run,
        )
        return placed, stored

    placed, stored = loop.run(store())
    assert {row["id"] for row in stored} == set(placed)
    names = {trace_id: str(place) for place, trace_id in reversed(list(enumerate(placed)))}
    return [names[trace_id] for trace_id in placed], {
        names[row["id"]]: {
            field: value.removeprefix(run) if isinstance(value, str) else value
            for field, value in row.items()
            if field not in ARRIVAL
        }
        for row in stored
    }


@st.composite
def as_delivered(draw, histories):
    """A history, and its events shuffled, some of them twice, in requests of some size."""
    history = draw(histories)
    places = list(range(len(history)))
    order = draw(st.permutations(places + draw(st.lists(st.sampled_from(places), max_size=5))))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=5)))
    return history, [order[start:end] for start, end in itertools.pairwise([0, *cuts, len(order)])]


@settings(max_examples=60, deadline=None)
@given(delivery=as_delivered(given_traces))
def test_a_history_with_trace_ids_gives_the_same_traces(engine, delivery):
    history, deliveries = delivery
    assert deliver(engine, history, deliveries) == deliver(engine, history, [list(range(len(history)))])


@settings(max_examples=60, deadline=None)
@given(delivery=as_delivered(given_sessions))
def test_a_history_of_sessions_gives_the_same_traces_one_for_each(engine, delivery):
    history, deliveries = delivery
    placed, traces = deliver(engine, history, deliveries)
    assert (placed, traces) == deliver(engine, history, [list(range(len(history)))])
    assert sorted(trace["session_id"] for trace in traces.values()) == sorted({own["session_id"] for _, own in history})
