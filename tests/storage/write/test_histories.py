"""Any order, split and repetition of a history, over any number of requests at once and two receivers, gives the same
traces, and so do restarts in between: what `correlation` promises, as properties of the whole store."""

import asyncio
import itertools
import shutil
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapping.correlation.message_chain import conversation_of
from mapping.model import Event
from mapping.times import NS
from storage.surreal import cbor, rows, schema
from storage.surreal.database import Database
from storage.write.writer import Writer

NOON = 1_767_960_000 * NS
runs = itertools.count()

# What a trace is told of when it was stored, and not by whom.
ARRIVAL = ("id", "created_at", "updated_at", "oldest_update", "revision")


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
# Within one window, and of runs that no root span ends.
given_agents = st.lists(
    st.fixed_dictionaries({"timestamp": st.integers(NOON, NOON + NS), "agent_id": st.sampled_from("ab")}).map(
        lambda event: (event,)
    ),
    min_size=1,
    max_size=12,
)


@st.composite
def given_conversations(draw):
    """Calls of a model in conversations: throttled before they are answered, their answers logged or not."""
    calls = []
    for topic in draw(st.lists(st.sampled_from("abc"), unique=True, min_size=1)):
        messages, at = [], NOON + draw(st.integers(0, 5))
        for turn in range(draw(st.integers(1, 3))):
            messages.append({"role": "user", "content": f"{topic} {turn}"})
            for failed in [True] * draw(st.integers(0, 1)) + [False]:
                properties = {"messages": list(messages)}
                if not failed and draw(st.booleans()):
                    properties["output"] = f"{topic} answer {turn}"
                call = {"timestamp": at, "properties": properties, "status": "error" if failed else "ok"}
                calls.append((call, {"talk": topic}))
                at += draw(st.integers(0, NS))
            messages.append({"role": "assistant", "content": f"{topic} answer {turn}"})
    return calls


class Receivers:
    """Two receivers over one store. `restart` is what happens between two rounds."""

    def __init__(self, databases, reopen):
        self.databases = databases
        self._reopen = reopen

    async def restart(self):
        if self._reopen:
            for database in self.databases:
                await database.close()
                await database.open()

    def writers(self):
        return [Writer(database, agent_window=NS, committed=lambda _: None) for database in self.databases]


@pytest.fixture(scope="module", params=["in memory", "restarted", "on a server"])
def engine(request, tmp_path_factory, folder_with_schema):
    """Two receivers for all examples of this module, and the loop they run in."""
    with asyncio.Runner() as loop:
        names = {"namespace": "vectadb", "database": "vectadb"}
        if request.param == "in memory":
            databases = [Database("mem://", **names)] * 2
        elif request.param == "restarted":
            folder = tmp_path_factory.mktemp("histories") / "surreal"
            shutil.copytree(folder_with_schema, folder)
            databases = [Database(f"surrealkv://{folder}", **names)] * 2
        else:
            access = request.getfixturevalue("server_access")
            names["namespace"] = f"test_{uuid.uuid4().hex}"
            databases = [Database(**access, **names) for _ in range(2)]
        loop.run(schema.apply(databases[0].run))
        yield loop, Receivers(databases, reopen=request.param == "restarted")
        for database in databases:
            loop.run(database.close())


def deliver(engine, history, rounds):
    """Store a history, and return where its events are and what its traces are told.

    `rounds` are requests at once: the receiver of each and its events, by their places in the history.
    """
    loop, receivers = engine
    run = f"run{next(runs)}:"

    def event(place):
        values = {key: value for part in history[place] for key, value in part.items()}
        for own in ("trace_id", "session_id", "agent_id"):
            if values.get(own):
                values[own] = run + values[own]
        if values.pop("talk", None):
            values["resource"] = {"service.name": run}
        stored = Event(**{"id": f"{run}{place}", "kind": "internal", "properties": {}} | values)
        stored.conversation = conversation_of(stored, [stored.properties])
        return stored

    async def store():
        for number, requests in enumerate(rounds):
            if number == 1:  # one restart costs as much as thirty commits
                await receivers.restart()
            writers = receivers.writers()
            await asyncio.gather(
                *[writers[receiver].write([event(place) for place in places]) for receiver, places in requests]
            )
        placed, stored = await receivers.databases[0].query(
            "SELECT VALUE trace_id FROM $events; SELECT * FROM agent_trace WHERE string::starts_with("
            "session_id ?? id.id(), $run) OR string::starts_with(id.id(), $run)"
            "OR string::starts_with(agent_id ?? '', $run) OR service = $run",
            events=[cbor.record(rows.EVENT, f"{run}{place}") for place in range(len(history))],
            run=run,
        )
        return placed, stored

    placed, stored = loop.run(store())
    assert len(placed) == len(history)
    assert {row["id"] for row in stored} == set(placed)
    assert sum(row["event_count"] for row in stored) == len(history)
    names = {trace_id: str(place) for place, trace_id in reversed(list(enumerate(placed)))}
    return [names[trace_id] for trace_id in placed], {
        names[row["id"]]: {
            field: value.removeprefix(run) if isinstance(value, str) else value
            for field, value in row.items()
            if field not in ARRIVAL
        }
        for row in stored
    }


def in_order(engine, history):
    return deliver(engine, history, [[(0, range(len(history)))]])


@st.composite
def as_delivered(draw, histories):
    """A history, and its events shuffled, some of them twice, in requests of some size, some of them at once."""
    history = draw(histories)
    places = list(range(len(history)))
    order = draw(st.permutations(places + draw(st.lists(st.sampled_from(places), max_size=5))))
    requests = [
        (draw(st.integers(0, 1)), order[start:end]) for start, end in draw(cuts(len(order), max_size=6)) if start < end
    ]
    return history, [requests[start:end] for start, end in draw(cuts(len(requests), max_size=3))]


def cuts(length, max_size):
    between = st.lists(st.integers(0, length), max_size=max_size).map(sorted)
    return between.map(lambda ends: list(itertools.pairwise([0, *ends, length])))


# One engine serves all examples: each history has names of its own.
several = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@several
@given(delivery=as_delivered(given_traces))
def test_a_history_with_trace_ids_gives_the_same_traces(engine, delivery):
    history, rounds = delivery
    assert deliver(engine, history, rounds) == in_order(engine, history)


@several
@given(delivery=as_delivered(given_sessions))
def test_a_history_of_sessions_gives_the_same_traces_one_for_each(engine, delivery):
    history, rounds = delivery
    placed, traces = deliver(engine, history, rounds)
    assert (placed, traces) == in_order(engine, history)
    assert sorted(trace["session_id"] for trace in traces.values()) == sorted({own["session_id"] for _, own in history})


@several
@given(delivery=as_delivered(given_conversations()))
def test_a_history_of_conversations_gives_the_same_traces_one_for_each(engine, delivery):
    history, rounds = delivery
    placed, traces = deliver(engine, history, rounds)
    assert (placed, traces) == in_order(engine, history)
    talks = [own["talk"] for _, own in history]
    assert placed == [str(talks.index(talk)) for talk in talks]


@several
@given(delivery=as_delivered(given_agents))
def test_a_history_of_agents_gives_the_same_traces_one_for_each(engine, delivery):
    history, rounds = delivery
    placed, traces = deliver(engine, history, rounds)
    assert (placed, traces) == in_order(engine, history)
    assert len(traces) == len({own["agent_id"] for (own,) in history})
