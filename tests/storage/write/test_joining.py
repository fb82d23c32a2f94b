"""Log records that came before their session had a trace id are where they would be had they come after it."""

import asyncio
import copy
import itertools
from collections import Counter

import pytest

from mapping.errors import Code, Problem
from mapping.ids import made_trace_id
from mapping.times import NS
from storage.surreal import schema
from storage.surreal.database import Database
from storage.write.commit import StoredEvent
from storage.write.transaction import WRITE
from storage.write.writer import Writer

NOON = 1_767_960_000 * NS
TRACE = "5b8efff798038103d269b633813fc60c"
MADE = made_trace_id("session", "s")


@pytest.fixture
def record(make_event):
    """Make a log record of the session, without a trace id, so many seconds after noon."""

    def make(seconds, **fields):
        return make_event(kind="log_record", session_id="s", timestamp=NOON + seconds * NS, **fields)

    return make


@pytest.fixture
def span(make_event):
    def make(seconds, number=1, trace_id=TRACE, session_id="s"):
        return make_event(
            kind="internal",
            trace_id=trace_id,
            session_id=session_id,
            span_id=f"{number:016x}",
            timestamp=NOON + seconds * NS,
            duration=NS,
        )

    return make


async def whole(database):
    """Return all that the store says of traces and events, without when it was written."""
    traces, events, reached, queued = await database.query(
        "SELECT * OMIT created_at, updated_at, revision FROM agent_trace ORDER BY id;"
        "SELECT * OMIT created_at, updated_at FROM agent_event ORDER BY id;"
        "SELECT id, <~agent_event AS events FROM agent_trace ORDER BY id;"
        "SELECT VALUE event_ids FROM index_queue"
    )
    return (
        traces,
        events,
        {row["id"]: sorted(row["events"]) for row in reached},
        {event_id for ids in queued for event_id in ids},
    )


async def agrees(database):
    """Check that traces count their events, that both lead to one another, and that each event is to be indexed."""
    traces, events, reached, queued = await whole(database)
    of_trace = {trace["id"]: trace["event_count"] for trace in traces}
    assert of_trace == Counter(event["trace_id"] for event in events)
    assert [event["trace"] for event in events] == [event["trace_id"] for event in events]
    assert reached == {
        trace_id: [event["id"] for event in events if event["trace_id"] == trace_id] for trace_id in of_trace
    }
    assert queued >= {event["id"] for event in events}


async def test_any_order_of_requests_comes_to_the_same(writer, database, record, span, interpret):
    await writer.write([record(0), record(2)])
    await interpret(database)
    (outcome,) = await writer.write([span(1)])
    assert (outcome.trace_id, outcome.duplicate) == (TRACE, False)
    await writer.write([record(3)])
    traces, events, _, _ = await whole(database)
    assert [(trace["id"], trace["event_count"], trace["origin"]) for trace in traces] == [(TRACE, 4, "given")]
    assert sorted(event["correlation"] for event in events) == ["session", "session", "session", "trace_id"]
    await agrees(database)


async def test_a_receiver_that_is_killed_before_its_commit_has_moved_nothing(
    database, writer, writer_on, interposed, record, span
):
    await writer.write([record(0), record(1)])
    before = await whole(database)

    async def is_killed(statements, _variables):
        if statements == WRITE:
            raise Problem(Code.UNAVAILABLE, "killed")

    with pytest.raises(Problem, match="killed"):
        await writer_on(interposed(database, before=is_killed)).write([span(2)])
    assert await whole(database) == before
    await agrees(database)


async def test_what_is_redelivered_beside_them_and_then_a_kill_leave_records_that_are_to_be_moved_as_they_were(
    database, writer, writer_on, interposed, record, span
):
    elsewhere = span(5, trace_id="7" * 32, session_id=None)
    await writer.write([record(0), record(1), copy.copy(elsewhere)])
    before = await whole(database)
    attempts = []

    async def is_killed_after_a_conflict(statements, _variables):
        if statements == WRITE:
            attempts.append(statements)
            if len(attempts) == 2:
                raise Problem(Code.UNAVAILABLE, "killed")

    with pytest.raises(Problem, match="killed"):
        await writer_on(interposed(database, before=is_killed_after_a_conflict)).write([span(2), elsewhere])
    assert await whole(database) == before
    await agrees(database)


async def test_records_are_moved_in_an_engine_in_memory_too(writer_on, record, span):
    database = Database("mem://", namespace="n", database="d")
    try:
        await schema.apply(database.run)
        writer = writer_on(database)
        await writer.write([record(0), record(2)])
        await writer.write([span(1)])
        traces, events, _, _ = await whole(database)
        assert [(trace["id"], trace["event_count"]) for trace in traces] == [(TRACE, 3)]
        assert len(events) == 3
        await agrees(database)
        await writer.close()
    finally:
        await database.close()


async def test_in_one_request_the_order_of_records_does_not_matter(database, writer, record, span):
    await writer.write([record(0), span(1), record(2)])
    traces, events, _, _ = await whole(database)
    assert [trace["id"] for trace in traces] == [TRACE]
    assert sorted(event["correlation"] for event in events) == ["session", "session", "trace_id"]
    await agrees(database)


async def test_every_split_comes_to_the_same(database, writer, record, span):
    sent = [record(0), record(1), span(2), record(3)]
    for number, order in enumerate(itertools.permutations(range(4))):
        trace_id = f"{number + 1:032x}"
        session = f"s{number}"
        for place in order:
            event = sent[place]
            own = {"id": f"{event.id[:-6]}{number:06x}", "session_id": session}
            one = event.__class__(**{field: getattr(event, field) for field in event.__struct_fields__} | own)
            if one.span_id is not None:
                one.trace_id = trace_id
            await writer.write([one])
    traces, _, _, _ = await whole(database)
    assert [(trace["id"], trace["event_count"]) for trace in traces] == [
        (f"{number + 1:032x}", 4) for number in range(24)
    ]


async def test_a_record_that_is_sent_again_is_a_duplicate(database, writer, record, span):
    first = record(0)
    await writer.write([first])
    again = record(0, id=first.id)
    await writer.write([span(1)])
    (outcome,) = await writer.write([again])
    assert outcome == StoredEvent(first.id, TRACE, duplicate=True)
    await agrees(database)


async def test_what_a_session_came_to_is_counted_once(database, writer, record, span, interpret, reader):
    call = {"event.name": "api_request", "model": "m", "input_tokens": 6, "output_tokens": 30}
    await writer.write([record(1, name="api_request", properties=call)])
    await interpret(database)
    assert (await reader.session("s")).trace_count == 1
    await writer.write([span(0)])
    await interpret(database)
    session = await reader.session("s")
    assert (session.trace_count, session.event_count) == (1, 2)
    assert await reader.trace(MADE) is None


@pytest.mark.parametrize("seconds", [-301, 9_000])
async def test_what_lies_far_away_stays(database, writer, record, span, seconds):
    await writer.write([record(seconds)])
    await writer.write([span(0)])
    assert {trace["id"] for trace in (await whole(database))[0]} == {MADE, TRACE}


async def test_json_events_stay_where_their_sender_was_told_they_are(database, writer, make_event, span):
    (outcome,) = await writer.write([make_event(session_id="s", timestamp=NOON)])
    await writer.write([span(1)])
    assert outcome.trace_id == MADE
    assert {trace["id"] for trace in (await whole(database))[0]} == {MADE, TRACE}


async def test_many_records_stay(database, writer, record, span):
    await writer.write([record(0) for _ in range(101)])
    await writer.write([span(1)])
    assert {trace["id"] for trace in (await whole(database))[0]} == {MADE, TRACE}


async def test_several_receivers_move_them_once(database, record, span):
    writers = [Writer(database, agent_window=3600 * NS, committed=lambda _: None) for _ in range(3)]
    for round_ in range(5):
        session = f"s{round_}"
        records = [record(number) for number in range(6)]
        for one in records:
            one.session_id = session
        spans = [span(number, number + 1, f"{round_ + 1:032x}", session) for number in range(6)]
        mixed = [event for pair in zip(records, spans, strict=True) for event in pair]
        await asyncio.gather(*(writers[place % 3].write([event]) for place, event in enumerate(mixed)))
        # Whatever met whom: the next one that names both brings together what is left.
        await writers[0].write([span(7, 99, f"{round_ + 1:032x}", session)])
    traces, events, _, _ = await whole(database)
    assert [(trace["id"], trace["event_count"]) for trace in traces] == [
        (f"{round_ + 1:032x}", 13) for round_ in range(5)
    ]
    assert len(events) == 65
    await agrees(database)
