"""Pages against brute force: every filter, ties in time, and cursors that are none."""

import base64
import contextlib
import itertools
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.errors import Code, Problem
from mapping.times import NS
from storage.filters import CallFilter, EventFilter, TraceFilter
from storage.read.paging import Cursor, read_cursor
from storage.read.reader import Reader

NOON = 1_767_960_000 * NS
TRACES, EVENTS, MOMENTS = 30, 400, 50
PERIODS = [(None, None), (NOON + 10, None), (None, NOON + 40), (NOON + 10, NOON + 11), (NOON + 20, NOON + 20)]


async def all_pages(read, limit):
    """Read page after page, each full but the last."""
    items, cursor = [], None
    while True:
        page, following, *_ = await read(limit, cursor)
        items += page
        if following is None:
            assert len(page) <= limit
            return items
        assert len(page) == limit
        assert following != cursor
        cursor = following


@pytest.fixture
async def stored(writer, make_event):
    """Events in 30 traces within 50 ns, some with a session or agent of their own, not always their trace's."""
    rng = random.Random(1)  # noqa: S311 - made-up data
    events = [
        make_event(
            id=f"{rng.getrandbits(64):016x}",
            timestamp=NOON + rng.randrange(MOMENTS),
            event_type=rng.choice([None, "log", "tool_call"]),
            status=rng.choice(["ok", "error", "unset"]),
            session_id=rng.choice([None, None, "s1", "s2"]),
            agent_id=rng.choice([None, None, "a1", "a2"]),
            trace_id=f"{rng.randrange(TRACES):032x}",
            resource=rng.choice([None, {"service.name": "shop"}]),
        )
        for _ in range(EVENTS)
    ]
    await writer.write(events)
    return events


def has(item, which, fields):
    return all(getattr(which, field) in {None, item[field]} for field in fields)


def within(moment, which):
    return (which.since is None or moment >= which.since) and (which.until is None or moment < which.until)


async def test_every_filter_of_events_gives_what_looking_at_all_of_them_would(stored, database):
    reader = Reader(database, looks=(1, 7), rows_at_once=7)
    traces = {run.trace.id: run.trace for run in (await reader.traces(TraceFilter(), 200))[0]}
    shown = {
        event.id: {
            "trace_id": event.trace_id,
            "session_id": event.session_id or traces[event.trace_id].session_id,
            "agent_id": event.agent_id or traces[event.trace_id].agent_id,
            "event_type": event.event_type,
            "status": event.status,
        }
        for event in stored
    }
    assert all(trace.session_id and trace.agent_id for trace in traces.values())  # so that some are inherited
    newest_first = sorted(stored, key=lambda event: (-event.timestamp, event.id))
    fields = "trace_id session_id agent_id event_type status".split()
    choices = ((None, f"{3:032x}"), (None, "s1", "nobody"), (None, "a2"), (None, "log"), (None, "error"))
    for values in itertools.product(*choices):
        for since, until in PERIODS:
            which = EventFilter(**dict(zip(fields, values, strict=True)), since=since, until=until)
            read = await all_pages(lambda limit, cursor, which=which: reader.events(which, limit, cursor), 90)
            assert [event["id"] for event in read] == [
                event.id
                for event in newest_first
                if has(shown[event.id], which, fields) and within(event.timestamp, which)
            ], which
            assert all(shown[event["id"]].items() <= event.items() for event in read)


async def test_a_page_by_several_filters_ends_where_enough_events_were_looked_through(stored, database):
    reader = Reader(database, rows_at_once=7, most_sifted=70)
    which = EventFilter(event_type="log", status="error")
    sizes, cursor = [], None
    while True:
        page, cursor = await reader.events(which, 90, cursor)
        sizes.append(len(page))
        if cursor is None:
            break
    of_type = [event for event in stored if event.event_type == "log"]
    assert len(sizes) == len(of_type) // 70 + 1
    assert sum(sizes) == sum(event.status == "error" for event in of_type)
    assert await reader.events(EventFilter(event_type="tool_call", status="unset", trace_id="none"), 5) == ([], None)


async def test_every_filter_of_traces_gives_what_looking_at_all_of_them_would(stored, reader, database):
    (rows,) = await database.query("SELECT * FROM agent_trace")
    newest_first = sorted(rows, key=lambda row: (-row["start_time"], row["id"]))
    fields = "session_id agent_id service status".split()
    choices = ((None, "s1", "nobody"), (None, "a2"), (None, "shop"), (None, "running", "failed"))
    assert len(await all_pages(lambda limit, cursor: reader.traces(TraceFilter(), limit, cursor), 7)) == TRACES
    for values in itertools.product(*choices):
        for since, until in [*PERIODS, (NOON + 1, NOON + 6)]:
            which = TraceFilter(**dict(zip(fields, values, strict=True)), since=since, until=until)
            read = await all_pages(lambda limit, cursor, which=which: reader.traces(which, limit, cursor), 7)
            assert [run.trace.id for run in read] == [
                row["id"] for row in newest_first if has(row, which, fields) and within(row["start_time"], which)
            ], which


@pytest.mark.parametrize("limit", [1, 7, 200])
async def test_a_traces_events_come_in_the_order_of_time(stored, reader, limit):
    trace_id = f"{3:032x}"
    read = await all_pages(lambda limit, cursor: reader.trace_events(trace_id, limit, cursor), limit)
    newest_first = await all_pages(
        lambda limit, cursor: reader.events(EventFilter(trace_id=trace_id), limit, cursor), limit
    )
    assert read == newest_first[::-1]
    assert len(read) == sum(event.trace_id == trace_id for event in stored) > 7


async def test_events_of_one_moment_are_paged_by_their_ids(writer, reader, make_event):
    events = [make_event(trace_id="t") for _ in range(25)]
    await writer.write(events)
    ids = sorted(event.id for event in events)
    newest_first = await all_pages(lambda limit, cursor: reader.events(EventFilter(), limit, cursor), 4)
    assert [event["id"] for event in newest_first] == ids
    in_order = await all_pages(lambda limit, cursor: reader.trace_events("t", limit, cursor), 4)
    assert [event["id"] for event in in_order] == ids[::-1]


async def test_a_page_that_is_just_full_is_the_last(writer, reader, make_event):
    await writer.write([make_event() for _ in range(5)])
    page, cursor = await reader.events(EventFilter(), 5)
    assert (len(page), cursor) == (5, None)


async def test_what_arrives_between_two_pages_moves_nothing(stored, writer, reader, make_event):
    first, cursor = await reader.events(EventFilter(), 100)
    await writer.write([make_event(timestamp=NOON + MOMENTS + number) for number in range(20)])
    second, _ = await reader.events(EventFilter(), 300, cursor)
    assert len({event["id"] for event in first + second}) == EVENTS


@pytest.mark.parametrize("at", [-(2**63) - 5, -62_135_596_800 * NS, 2**63 + 5, 253_402_300_799 * NS])
async def test_moments_past_64_bits_are_found_and_shown(writer, reader, make_event, at):
    await writer.write([make_event(timestamp=at, name="far"), make_event(name="near")])
    names = [event["name"] for event in (await reader.events(EventFilter(), 5))[0]]
    assert names == (["far", "near"] if at > NOON else ["near", "far"])
    since = {event["name"]: event for event in (await reader.events(EventFilter(since=at), 5))[0]}
    assert since["far"]["timestamp"] == at
    pages = await all_pages(lambda limit, cursor: reader.events(EventFilter(), limit, cursor), 1)
    assert len(pages) == 2


def cursor_of(value, of="events"):
    return base64.urlsafe_b64encode(f"{of}\n{json.dumps(value)}".encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "é",
        "�",
        "AAAA",
        cursor_of([1]),
        cursor_of([1, 2]),
        cursor_of(["1", "id"]),
        cursor_of([1.5, "id"]),
        cursor_of({}),
        cursor_of([None, "id"]),
        cursor_of([1, "id", 3]),
        cursor_of([1, "id"])[:-3],
        base64.urlsafe_b64encode(b'[1,"id"]').decode(),  # as versions before 0.2 wrote them
    ],
)
async def test_a_cursor_that_is_none_is_the_clients_error(reader, text):
    for read in (
        reader.traces(TraceFilter(), 5, text),
        reader.events(EventFilter(), 5, text),
        reader.trace_events("t", 5, text),
        reader.sessions(5, text),
        reader.calls(CallFilter(), "start", 5, text),
    ):
        with pytest.raises(Problem, match=r"^cursor: expected the next_cursor") as raised:
            await read
        assert raised.value.code is Code.INVALID_ARGUMENT


async def test_a_cursor_of_somebodys_own_making_does_no_harm(stored, reader):
    for place, record_id in itertools.product([2**63, -(2**64), 10**40, 0], ["", "\0", "x" * 1000]):
        page, _ = await reader.events(EventFilter(), 500, cursor_of([place, record_id]))
        assert len(page) == (0 if place >= 0 else EVENTS)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_is_a_cursor_or_a_problem(text):
    with contextlib.suppress(Problem):
        assert isinstance(read_cursor(text, "events"), Cursor)
