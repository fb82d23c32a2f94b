"""Which trace an event is stored in: one for a session, whatever comes when and to whom; an agent's; its own."""

import asyncio
import random

import pytest

from mapping.errors import Code, Problem
from mapping.times import NS
from storage.write.writer import Writer

NOON = 1_767_960_000 * NS
MINUTE = 60 * NS


@pytest.fixture
async def receivers(connect, writer_on):
    return [writer_on(await connect()) for _ in range(2)]


async def traces_of(writer, *events):
    return [outcome.trace_id for outcome in await writer.write(events)]


@pytest.mark.parametrize("size", [1, 7, 200])
async def test_one_session_has_one_trace_however_it_arrives(receivers, connect, make_event, balance, size):
    rng = random.Random(size)  # noqa: S311 - made-up data
    events = [make_event(session_id=f"s{rng.randrange(5)}", timestamp=NOON + rng.randrange(100)) for _ in range(200)]
    batches = [events[start : start + size] for start in range(0, 200, size)]
    await asyncio.gather(*[rng.choice(receivers).write(batch) for batch in batches])
    traces, stored = await balance(await connect())
    assert sorted(trace["session_id"] for trace in traces.values()) == ["s0", "s1", "s2", "s3", "s4"]
    assert len(stored) == 200
    for trace_id, trace in traces.items():
        of_session = [event for event in events if event.session_id == trace["session_id"]]
        assert {event.trace_id for event in of_session} == {trace_id}
        assert trace["start_time"] == min(event.timestamp for event in of_session)
        assert trace["last_event_at"] == max(event.timestamp for event in of_session)


async def test_a_session_goes_on_in_its_latest_trace(writer, make_event):
    await writer.write([make_event(trace_id="early", session_id="s", timestamp=NOON - 1)])
    await writer.write([make_event(trace_id="late", session_id="s", timestamp=NOON)])
    await writer.write([make_event(trace_id="other", session_id="s", timestamp=NOON - 2)])
    late, stranger = make_event(session_id="s", timestamp=NOON - MINUTE), make_event(session_id="t")
    assert (await traces_of(writer, late, stranger))[0] == "late"
    assert late.correlation == "session"
    assert stranger.correlation == "created"


async def test_of_two_traces_that_start_at_once_the_same_one_is_taken_whatever_is_looked_up(writer, make_event):
    await writer.write([make_event(trace_id=trace_id, session_id="s") for trace_id in ("a", "b")])
    assert await traces_of(writer, make_event(session_id="s")) == ["a"]
    assert await traces_of(writer, make_event(trace_id="b"), make_event(session_id="s")) == ["b", "a"]


async def test_a_trace_that_becomes_a_sessions_in_the_same_batch_is_found(writer, make_event):
    placed = await traces_of(writer, make_event(trace_id="t", session_id="s"), make_event(session_id="s"))
    assert placed == ["t", "t"]


async def test_a_sessions_trace_that_another_session_has_taken_over_is_still_found(writer, make_event):
    (trace_id,) = await traces_of(writer, make_event(session_id="s"))
    await writer.write([make_event(trace_id=trace_id, session_id="earlier", timestamp=NOON - 1)])
    assert await traces_of(writer, make_event(session_id="s")) == [trace_id]


@pytest.mark.parametrize(
    ("minutes", "same"), [(0, True), (59, True), (60, True), (61, False), (-60, True), (-61, False)]
)
async def test_an_agent_goes_on_within_its_window(writer, make_event, minutes, same):
    (first,) = await traces_of(writer, make_event(agent_id="a"))
    event = make_event(agent_id="a", timestamp=NOON + minutes * MINUTE)
    (second,) = await traces_of(writer, event)
    assert (first == second) is same
    assert event.correlation == ("agent" if same else "created")


async def test_an_agent_goes_on_after_its_last_activity_not_its_start(writer, make_event):
    events = [make_event(agent_id="a", timestamp=NOON + hour * 50 * MINUTE) for hour in range(5)]
    assert len({(await traces_of(writer, event))[0] for event in events}) == 1


async def test_an_agents_run_that_its_root_span_has_ended_is_over(writer, make_event):
    root = make_event(trace_id="run", agent_id="a", span_id="1" * 16, kind="internal", duration=MINUTE)
    assert (await traces_of(writer, root, make_event(agent_id="a", timestamp=NOON + MINUTE)))[1] != "run"


async def test_an_agents_run_that_was_only_idle_goes_on(writer, make_event, database):
    from storage.write import idle_traces

    (first,) = await traces_of(writer, make_event(agent_id="a"))
    assert await idle_traces.close_once(database, 2**62) == 1
    assert await traces_of(writer, make_event(agent_id="a", timestamp=NOON + MINUTE)) == [first]


async def test_one_agents_events_at_once_are_one_run(receivers, connect, make_event, balance):
    writes = [receivers[n % 2].write([make_event(agent_id="a", timestamp=NOON + n)]) for n in range(30)]
    await asyncio.gather(*writes)
    traces, _ = await balance(await connect())
    assert [trace["event_count"] for trace in traces.values()] == [30]


async def test_an_agent_with_a_session_is_the_sessions(writer, make_event):
    placed = await traces_of(writer, make_event(agent_id="a"), make_event(agent_id="a", session_id="s"))
    assert placed[0] != placed[1]


async def test_one_conversation_has_one_trace_however_it_arrives(receivers, connect, make_call, balance):
    rng = random.Random(7)  # noqa: S311 - made-up data
    calls = {topic: [] for topic in "abcd"}
    for topic, of_topic in calls.items():
        texts = []
        for turn in range(12):
            texts.append(f"{topic} {turn}")
            at = NOON + 4 * turn * MINUTE
            if rng.random() < 0.3:
                of_topic.append(make_call(*texts, timestamp=at, status="error"))
            of_topic.append(make_call(*texts, answer=f"{topic} answer {turn}", timestamp=at + 1))
            texts.append(f"{topic} answer {turn}")
    events = [event for of_topic in calls.values() for event in of_topic]
    rng.shuffle(events)
    batches = [events[start : start + 3] for start in range(0, len(events), 3)]
    await asyncio.gather(*[rng.choice(receivers).write(batch) for batch in [*batches, *batches[:5]]])
    traces, stored = await balance(await connect())
    assert [len({stored[event.id]["trace_id"] for event in of_topic}) for of_topic in calls.values()] == [1, 1, 1, 1]
    assert len(traces) == 4


async def test_an_event_that_says_no_more_than_its_conversation_is_shown_with_its_session(writer, make_call, reader):
    agents, plain = make_call("hi", answer="Hello!", session_id="s", agent_id="a"), make_call("hi", "Hello!", "Who?")
    await writer.write([agents, plain])
    shown = await reader.event(plain.id)
    assert [shown[field] for field in ("correlation", "session_id", "agent_id")] == ["conversation", "s", "a"]


async def test_how_long_a_conversation_may_rest_is_the_writers_to_say(database, make_call):
    writer = Writer(database, agent_window=0, conversation_window=MINUTE, committed=lambda _: None)
    calls = [make_call("hi", answer="Hello!"), make_call("hi", "Hello!", "Who?", timestamp=NOON + MINUTE + 1)]
    assert len(set(await traces_of(writer, *calls))) == 2


async def test_an_event_with_nothing_to_go_by_has_a_trace_of_its_own(writer, make_event, database, balance):
    placed = await traces_of(writer, *[make_event() for _ in range(5)])
    assert len(set(placed)) == 5
    assert all(len(trace_id) == 32 for trace_id in placed)
    assert {trace["origin"] for trace in (await balance(database))[0].values()} == {"inferred"}


async def test_one_that_may_not_make_a_trace_is_refused_and_its_neighbours_are_not(
    writer, make_event, database, balance
):
    events = [
        make_event(session_id="s"),
        make_event(creates_trace=False),
        make_event(session_id="t", creates_trace=False),
        make_event(session_id="s", creates_trace=False),
        make_event(trace_id="t", creates_trace=False),
    ]
    outcomes = await writer.write(events)
    assert [isinstance(outcome, Problem) for outcome in outcomes] == [False, True, True, False, False]
    assert outcomes[1].code is Code.INVALID_ARGUMENT
    assert "auto_create_traces is false" in outcomes[1].message
    assert outcomes[3].trace_id == outcomes[0].trace_id
    assert len((await balance(database))[1]) == 3


async def test_a_trace_is_filled_by_the_first_event_that_knows(writer, make_event, database, balance):
    span = {"trace_id": "t", "kind": "internal", "span_id": "2" * 16, "parent_span_id": "1" * 16}
    await writer.write([make_event(**span, timestamp=NOON + 5, session_id="late", name="child")])
    await writer.write([make_event(**span, timestamp=NOON + 1, session_id="early", agent_id="a", status="error")])
    root = span | {"span_id": "1" * 16, "parent_span_id": None, "resource": {"service.name": "shop"}}
    await writer.write([make_event(**root, timestamp=NOON, duration=9, name="run")])
    trace = (await balance(database))[0]["t"]
    assert (trace["session_id"], trace["agent_id"], trace["service"]) == ("early", "a", "shop")
    assert (trace["name"], trace["status"]) == ("run", "completed")
    assert (trace["start_time"], trace["end_time"], trace["last_event_at"]) == (NOON, NOON + 9, NOON + 9)
