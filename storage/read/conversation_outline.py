"""The calls and events of which a conversation is made, in the order of time and without their messages.

Of a long trace only a window is read, which is complete up to a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from mapping.semantics.event_types import EVENT_TYPES
from storage.read.call_pages import newest_first, pages_of_trace
from storage.read.calls_above import CALL_FIELDS, CallsAbove
from storage.read.next_events import next_events
from storage.read.paging import Branch, Cursor, Pieces, Row, page
from storage.read.reader import Reader
from storage.read.runs import TraceRun
from storage.surreal import cbor, rows
from storage.surreal.rows import EventRow

Side = Literal["start", "end"]

# Spans above others that are read.
_AROUND = 200

_EVENT_FIELDS = (
    *("id", "newest", "timestamp", "status", "event_type", "span_id", "parent_span_id"),
    *("session_id", "trace_id"),
)
# So many times as many calls as events are looked at, to find the last ones of other agents.
_CALLS = 5
# Types of events that hold no message, unless they failed. Types that clients define themselves may hold one.
_SILENT = frozenset({*EVENT_TYPES, "log", "span"} - {"model_call", "tool_call", "message", "agent"})


class Unit(NamedTuple):
    """A call, or an event that reports none: its start (nanoseconds), its id, and the events to read."""

    at: int
    id: str
    event_ids: Sequence[str]
    # The agent, if it is a model call.
    speaker: tuple[str | None] | None = None

    @property
    def place(self) -> tuple[int, str]:
        return self.at, self.id

    def is_between(self, first: Cursor | None, last: Cursor | None) -> bool:
        return (first is None or self.place > first) and (last is None or self.place < last)


class Outline:
    """The units that may hold messages, and the spans by trace and span id. `above` has the calls around its calls."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.above = CallsAbove()
        self.spans: dict[tuple[str, str], Row] = {}
        # The agents of calls, of events, and of the events of a trace that name none.
        self.agents: dict[str, str | None] = {}

    def add(self, run: TraceRun, events: Iterable[Row], calls: Iterable[Row], session_id: str | None = None) -> None:
        """Add a trace's events and calls; with `session_id` only those that have it, or have it from their trace."""
        self.agents[run.trace.id] = run.trace.agent_id
        told_by_calls: set[str] = set()
        for call in calls:
            self.above.add(call)
            self.agents[call["id"]] = call["agent_id"]
            told_by_calls.update(call["told_by"])
            if session_id in (None, call["session_id"]):
                speaker = (call["agent_id"],) if call["kind"] == "model" else None
                self.units.append(Unit(call["start_time"], call["id"], call["told_by"], speaker))
        for event in events:
            if event.get("span_id") is not None:
                self.spans.setdefault((event["trace_id"], event["span_id"]), event)
            own = session_id in (None, event.get("session_id") or run.trace.session_id)
            if own and event["id"] not in told_by_calls and _speaks(event):
                self.units.append(Unit(event["timestamp"], event["id"], [event["id"]]))

    def around(self, events: Iterable[EventRow]) -> set[str]:
        """Return the ids of the spans above these events, the nearest ones if there are more than `_AROUND`."""
        above_ids: dict[str, None] = {}
        level: list[Any] = list(events)
        while level and len(above_ids) < _AROUND:
            above = [
                self.spans[key]
                for event in level
                if (key := (event["trace_id"], event.get("parent_span_id"))) in self.spans
            ]
            level = [
                event for event in {event["id"]: event for event in above}.values() if event["id"] not in above_ids
            ]
            above_ids |= dict.fromkeys(event["id"] for event in level)
        return set(list(above_ids)[:_AROUND])


def _speaks(event: Row) -> bool:
    return event["status"] == "error" or event.get("event_type") not in _SILENT


class LookedAt(NamedTuple):
    """A trace's events and calls, with the columns that the order of units needs; complete up to `bound`, if set."""

    events: list[Row]
    calls: list[Row]
    bound: Cursor | None


# Places of one moment are ordered by id; these come before and after all ids.
_FIRST_ID, _LAST_ID = "", "~"


def before(moment: int) -> Cursor:
    return Cursor(moment - 1, _LAST_ID)


def behind(moment: int) -> Cursor:
    return Cursor(moment + 1, _FIRST_ID)


async def look_at(reader: Reader, run: TraceRun, side: Side, after: Cursor | None, most: int) -> LookedAt:
    """Return the events and calls of a trace that follow the cursor, and some before it: about `most` events."""
    trace_id = run.trace.id

    async def read(limit: int, last: Cursor | None) -> list[Row]:
        branch = Branch({"trace_id": trace_id})
        return await page(reader.database, rows.EVENT, [branch], limit, cursor=last, until=until, fields=_EVENT_FIELDS)

    until: int | None = None
    reading = Pieces(rows.EVENT, read)
    if side == "start":
        # What follows the cursor, and some before it, to know the earlier messages.
        begin, events = None, []
        if after is not None:
            until = after.place + (after.id == _LAST_ID)
            begin, events = Cursor(cbor.int64(1 - until), _FIRST_ID), await reading.all(most // 2)
        following, is_end = await next_events(reader.database, trace_id, begin, max(most // 4, 1), _EVENT_FIELDS)
        until = None if is_end or not following else following[-1]["timestamp"] + 1
        calls = await _calls(reader, trace_id, until, most)
        return LookedAt([*following[::-1], *events], calls, None if until is None else before(until))
    until = None if after is None else after.place + (after.id != _FIRST_ID)
    events = await reading.all(most)
    calls = await _calls(reader, trace_id, until, most)
    if reading.ended or not events:
        return LookedAt(events, calls, None)
    # The older half is read only to know the earlier messages. If one moment has more events than are looked at, the
    # next page begins before it.
    for event in (events[len(events) // 2], events[-1]):
        bound = behind(event["timestamp"])
        if after is None or bound < after:
            return LookedAt(events, calls, bound)
    return LookedAt(events, calls, Cursor(events[-1]["timestamp"], _FIRST_ID))


async def _calls(reader: Reader, trace_id: str, until: int | None, most: int) -> list[Row]:
    calls: list[Row] = []
    starts = await pages_of_trace(reader.database, trace_id)
    async for call in newest_first(reader.database, trace_id, starts, until=until, fields=CALL_FIELDS):
        calls.append(call | {"trace_id": trace_id})
        if len(calls) == _CALLS * most:
            break
    return calls
