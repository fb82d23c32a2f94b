"""Deleted means gone: from the store, from the index, for every read, whatever happens at the same time."""

import asyncio
import itertools
import random
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mapping.errors import Code, Problem
from mapping.times import NS
from storage.filters import EventFilter, TraceFilter
from storage.retention.prune import Pruned, Pruner, Selection, Sizes
from storage.surreal import schema
from storage.surreal.database import Database
from storage.write.commit import StoredEvent
from storage.write.writer import Writer

NOON = 1_767_960_000 * NS
DAY = 86_400 * NS
EVERYTHING = Selection(before=2**63)
GONE = "SELECT * FROM agent_trace; SELECT * FROM agent_event; SELECT * FROM conversation"


@pytest.fixture
def pruner(database):
    return Pruner(database)


@pytest.fixture
def trace_of(writer, make_event):
    """Stores a trace of so many model calls, a second apart, every third one failed."""

    async def store(trace_id, events=1, at=NOON, **fields):
        batch = [
            make_event(
                trace_id=trace_id,
                timestamp=at + number * NS,
                event_type="model_call",
                status="error" if number % 3 == 0 else "ok",
                **fields,
            )
            for number in range(events)
        ]
        assert all(isinstance(outcome, StoredEvent) for outcome in await writer.write(batch))
        return [event.id for event in batch]

    return store


def at_once(pruner, which=EVERYTHING, seconds=60.0):
    return pruner.prune(which, share=1.0, seconds=seconds)


async def deleted(database):
    """Return the ids of deleted events that the index still has."""
    (groups,) = await database.query("SELECT VALUE deleted FROM index_queue WHERE deleted != NONE")
    return sorted(event_id for ids in groups for event_id in ids)


async def agrees(database):
    """Check that traces count exactly the events that are there, and return their ids.

    What a trace came to is there with it, or not at all.
    """
    traces, events, reached, calls, runs, sessions = await database.query(
        "SELECT * FROM agent_trace; SELECT * FROM agent_event;"
        "SELECT id, <~agent_event AS events FROM agent_trace;"
        "SELECT VALUE record::id(id)[0] FROM agent_call; SELECT VALUE id FROM agent_run;"
        "SELECT VALUE trace_id FROM session_run"
    )
    assert {row["id"] for row in traces} >= {*runs} >= {*sessions}
    assert {row["id"] for row in traces} >= {*calls}
    of_trace = {row["id"]: [event for event in events if event["trace_id"] == row["id"]] for row in traces}
    assert {event["trace_id"] for event in events} == of_trace.keys()
    assert {event["id"]: event["trace"] for event in events} == {event["id"]: event["trace_id"] for event in events}
    led_to = {row["id"]: row["events"] for row in reached}
    for row in traces:
        own = of_trace[row["id"]]
        assert sorted(led_to[row["id"]]) == sorted(event["id"] for event in own)
        assert row["event_count"] == len(own)
    return of_trace.keys()


async def test_a_trace_goes_with_everything_that_belongs_to_it_and_no_other(database, pruner, trace_of, reader):
    gone = await trace_of("old", 5, session_id="s", agent_id="a", resource={"service.name": "x"})
    other = await trace_of("kept", 5, NOON + DAY, session_id="s", agent_id="a", resource={"service.name": "x"})
    assert await at_once(pruner, Selection(before=NOON + DAY)) == Pruned(1, 5)
    assert await agrees(database) == {"kept"}
    assert await deleted(database) == sorted(gone)
    assert await reader.trace("old") is None
    assert await reader.trace_events("old", 10) == ([], None)
    assert await reader.events_by_id(gone) == {}
    assert [await reader.event(event_id) for event_id in gone] == [None] * 5
    for which in (
        EventFilter(),
        EventFilter(session_id="s"),
        EventFilter(agent_id="a"),
        EventFilter(status="ok"),
        EventFilter(trace_id="old"),
    ):
        assert not {event["id"] for event in (await reader.events(which, 50))[0]} & {*gone}
    assert [run.trace.id for run in (await reader.traces(TraceFilter(), 10))[0]] == ["kept"]
    session = await reader.session("s")
    assert (session.trace_count, session.event_count) == (1, 5)
    assert {event["id"] for event in (await reader.trace_events("kept", 10))[0]} == {*other}
    assert (await reader.trace_events("kept", 10))[0][0]["resource"] == {"service.name": "x"}
    assert await reader.counts() == {"events": 5, "traces": 1, "sessions": 1}


async def test_the_last_activity_decides_not_the_start(pruner, trace_of, database):
    await trace_of("long", 2, NOON)
    await trace_of("short", 1, NOON)
    assert await at_once(pruner, Selection(before=NOON + NS)) == Pruned(1, 1)
    assert await agrees(database) == {"long"}
    assert await at_once(pruner, Selection(before=NOON + NS + 1)) == Pruned(1, 2)


async def test_a_session_or_a_trace_can_be_named(pruner, trace_of, database):
    for number in range(30):
        await trace_of(f"s{number}", 1, NOON + number * NS, session_id="s")
    await trace_of("other", session_id="other")
    await trace_of("alone")
    assert await at_once(pruner, Selection(session_id="s")) == Pruned(30, 30)
    assert await agrees(database) == {"other", "alone"}
    assert await at_once(pruner, Selection(trace_id="alone")) == Pruned(1, 1)
    assert await agrees(database) == {"other"}
    for nothing in (Selection(session_id="s"), Selection(trace_id="alone"), Selection(before=0)):
        assert await at_once(pruner, nothing) == Pruned(0, 0)


@pytest.mark.parametrize(
    ("max_events", "left"),
    [(100, "abcdef"), (60, "abcdef"), (59, "bcdef"), (50, "bcdef"), (11, "f"), (10, "f"), (1, "f")],
)
async def test_no_more_than_so_many_events_are_left_in_those_active_last(database, pruner, trace_of, max_events, left):
    """The last trace stays, since whoever asks for less does not ask for nothing."""
    for place, name in enumerate("abcdef"):
        await trace_of(name, 10, NOON + place * DAY)
    expected = await pruner.measure(Selection(max_events=max_events))
    assert await at_once(pruner, Selection(max_events=max_events)) == expected
    assert await agrees(database) == {*left}
    assert expected == Pruned(6 - len(left), 60 - 10 * len(left))


async def test_traces_active_at_the_same_moment_are_not_deleted_beyond_what_is_over(database, pruner, trace_of):
    for name in "abcdef":
        await trace_of(name, 10)
    assert await at_once(pruner, Selection(max_events=30)) == Pruned(3, 30)
    assert len(await agrees(database)) == 3


async def test_many_events_over_are_looked_up_some_at_a_time(database, trace_of):
    pruner = Pruner(database, sizes=Sizes(excess=20, measured=3))
    for place in range(10):
        await trace_of(f"t{place}", 10, NOON + place * DAY)
    steps = []
    while not steps or not steps[-1].done:
        steps.append(await at_once(pruner, Selection(max_events=35)))
    assert steps == [Pruned(2, 20, done=False)] * 3 + [Pruned(1, 10)]
    assert await agrees(database) == {"t7", "t8", "t9"}
    assert await at_once(pruner, Selection(max_events=1)) == Pruned(2, 20, done=False)
    # One trace alone has more over than is looked up at a time; it is the last one, and this ends.
    await trace_of("last", 100, NOON + 20 * DAY)
    await at_once(pruner, Selection(max_events=1))
    assert await at_once(pruner, Selection(max_events=1)) == Pruned(0, 0)
    assert await agrees(database) == {"last"}


async def test_what_would_go_is_said_without_deleting_it(database, pruner, trace_of):
    for place in range(8):
        await trace_of(f"t{place}", place + 1, NOON + place * DAY, session_id="s" if place % 2 else "r")
    for which, traces, events in (
        (Selection(before=NOON + 3 * DAY), 3, 6),
        (Selection(session_id="s"), 4, 20),
        (Selection(trace_id="t4"), 1, 5),
        (Selection(trace_id="none"), 0, 0),
        (Selection(max_events=30), 3, 6),
        (Selection(max_events=36), 0, 0),
        (EVERYTHING, 8, 36),
    ):
        assert await pruner.measure(which) == Pruned(traces, events)
    assert len(await agrees(database)) == 8
    assert await deleted(database) == []


async def test_a_long_trace_goes_in_steps_after_each_of_which_everything_agrees(database, pruner, trace_of, reader):
    ids = await trace_of("long", 200, session_id="s")
    sizes = []
    while (step := await at_once(pruner, seconds=0)).events:
        sizes.append((step.traces, step.events))
        assert await agrees(database) in ({"long"}, set())
        run = await reader.trace("long")
        assert run is None or run.trace.start_time == NOON
    assert sizes == [(0, 64), (0, 64), (0, 64), (1, 8)]
    assert await deleted(database) == sorted(ids)
    assert [len(rows) for rows in await database.query(GONE)] == [0] * 3


async def test_an_event_that_comes_later_starts_the_trace_anew(database, pruner, trace_of, writer, make_event, reader):
    first = await trace_of("t", 5, session_id="s")
    await at_once(pruner)
    again = await trace_of("t", 2, NOON + DAY)
    assert await agrees(database) == {"t"}
    trace = (await reader.trace("t")).trace
    assert (trace.event_count, trace.session_id) == (2, None)
    assert trace.start_time == NOON + DAY
    assert {event["id"] for event in (await reader.events(EventFilter(), 10))[0]} == {*again}
    # Sent again, what was deleted is new.
    (outcome,) = await writer.write([make_event(id=first[0], trace_id="t")])
    assert not outcome.duplicate
    assert await agrees(database) == {"t"}


async def test_the_chain_records_of_a_trace_go_with_it_and_a_later_call_starts_anew(database, writer, make_call):
    pruner = Pruner(database, sizes=Sizes(chain_records=10))
    texts = [f"message {number}" for number in range(41)]
    (first,) = await writer.write([make_call(*texts, answer="yes")])
    (other,) = await writer.write([make_call("something else", answer="no", timestamp=NOON + 9 * DAY)])
    steps = [await at_once(pruner, Selection(before=NOON + DAY), seconds=0) for _ in range(6)]
    assert [step.events for step in steps] == [0, 0, 0, 0, 1, 0]
    (traces,) = await database.query("SELECT VALUE trace FROM conversation")
    assert {*traces} == {other.trace_id}
    (again,) = await writer.write([make_call(*texts, "yes", "go on", timestamp=NOON + NS)])
    assert again.trace_id != first.trace_id
    await agrees(database)


def deletes(statements):
    return statements.lstrip().startswith("BEGIN")


async def test_a_trace_that_changes_meanwhile_is_looked_at_again(database, interposed, trace_of):
    """It was old when it was found; before it is deleted an event arrives."""
    await trace_of("t", 3)
    arrived = []

    async def late(statements, _variables):
        if deletes(statements) and not arrived:
            arrived.extend(await trace_of("t", 1, NOON + DAY))

    pruner = Pruner(interposed(database, before=late))
    assert await at_once(pruner, Selection(before=NOON + DAY)) == Pruned(0, 0)
    assert arrived
    assert await agrees(database) == {"t"}
    assert await deleted(database) == []


async def test_one_that_changes_all_the_time_is_given_up(database, interposed, trace_of):
    await trace_of("t")
    arrived = []

    async def late(statements, _variables):
        if deletes(statements):
            arrived.extend(await trace_of("t", 1))

    with pytest.raises(Problem, match="change all the time") as raised:
        await at_once(Pruner(interposed(database, before=late), attempts=3))
    assert raised.value.code is Code.UNAVAILABLE
    assert len(arrived) == 3
    assert await agrees(database) == {"t"}


async def test_it_takes_no_more_than_its_share_of_the_time(database, interposed, trace_of):
    for number in range(6):
        await trace_of(f"t{number}", 60)
    steps = []

    async def taking_long(statements, _variables):
        if deletes(statements):
            steps.append(time.monotonic())
            await asyncio.sleep(0.02)

    await Pruner(interposed(database, before=taking_long)).prune(EVERYTHING, share=0.1, seconds=60)
    assert len(steps) == 6
    assert min(later - earlier for earlier, later in itertools.pairwise(steps)) > 0.02 * 10


@pytest.mark.parametrize("seed", range(3))
async def test_receivers_that_write_and_prune_the_same_traces_at_once_leave_what_agrees(
    connect, writer_on, make_event, seed
):
    rng = random.Random(seed)  # noqa: S311 - a shuffle
    databases = [await connect(), await connect()]
    stored = []

    async def write(database):
        writer = writer_on(database)
        for _ in range(25):
            events = [
                make_event(
                    **rng.choice(
                        [{"trace_id": rng.choice("tuvw")}, {"session_id": rng.choice("sr")}, {"agent_id": "a"}]
                    ),
                    timestamp=NOON + rng.randrange(5) * NS,
                    status=rng.choice(["ok", "error"]),
                    event_type="model_call",
                )
                for _ in range(rng.randrange(1, 9))
            ]
            for outcome in await writer.write(events):
                assert isinstance(outcome, StoredEvent)
                stored.append(outcome.event_id)

    async def delete(database):
        pruner = Pruner(database, sizes=Sizes(events=5))
        for _ in range(25):
            which = rng.choice(
                [Selection(before=NOON + 2 * NS), Selection(max_events=30), Selection(session_id="s"), EVERYTHING]
            )
            await at_once(pruner, which)
            await asyncio.sleep(rng.random() * 0.02)

    await asyncio.gather(*map(write, databases), *map(delete, databases))
    await agrees(databases[0])
    (left,) = await databases[0].query("SELECT VALUE id FROM agent_event")
    assert len(stored) == len({*stored})
    assert sorted([*left, *await deleted(databases[0])]) == sorted(stored)
    (orphans,) = await databases[0].query("SELECT id FROM conversation WHERE trace.id = NONE")
    assert orphans == []


moments = st.integers(0, 6)
histories = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("tuv"), moments, st.integers(1, 4)),
        st.tuples(st.just("before"), moments),
        st.tuples(st.just("max"), st.integers(1, 12)),
        st.tuples(st.just("trace"), st.sampled_from("tuv")),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def in_memory():
    with asyncio.Runner() as loop:
        database = Database("mem://", namespace="vectadb", database="vectadb")
        loop.run(schema.apply(database.run))
        yield loop, database
        loop.run(database.close())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
@example(history=[("write", "t", 0, 1), ("write", "u", 0, 2), ("max", 1)])
def test_a_history_with_deletions_leaves_what_a_list_of_traces_would(in_memory, make_event, history):
    """Against the simplest model there is: traces as lists of moments."""
    loop, database = in_memory

    async def play():
        await database.query("DELETE agent_trace; DELETE agent_event; DELETE index_queue; DELETE conversation")
        writer, pruner = Writer(database, agent_window=0, committed=lambda _: None), Pruner(database)
        traces = {}
        for kind, *arguments in history:
            if kind == "write":
                name, at, events = arguments
                await writer.write([make_event(trace_id=name, timestamp=NOON + at * NS) for _ in range(events)])
                traces.setdefault(name, []).extend([at] * events)
            elif kind == "before":
                await at_once(pruner, Selection(before=NOON + arguments[0] * NS))
                traces = {name: times for name, times in traces.items() if max(times) >= arguments[0]}
            elif kind == "max":
                await at_once(pruner, Selection(max_events=arguments[0]))
                for name in sorted(traces, key=lambda name: (max(traces[name]), name))[:-1]:
                    if sum(map(len, traces.values())) > arguments[0]:
                        del traces[name]
            else:
                await at_once(pruner, Selection(trace_id=arguments[0]))
                traces.pop(arguments[0], None)
            (rows,) = await database.query("SELECT id, event_count, oldest_activity FROM agent_trace")
            assert {row["id"]: (row["event_count"], row["oldest_activity"]) for row in rows} == {
                name: (len(times), NOON + max(times) * NS) for name, times in traces.items()
            }
            await agrees(database)

    loop.run(play())
