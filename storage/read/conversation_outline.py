"""Where in a trace that stands of which a conversation is made: calls and events by time, without what they say.

Of a long trace it is a window: up to a bound, everything is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from mapping.semantics.event_types import EVENT_TYPES
from storage.read.paging import Branch, Cursor, Pieces, Row, page
from storage.read.reader import Reader
from storage.read.runs import TraceRun
from storage.surreal import cbor, rows
from storage.surreal.rows import EventRow

Side = Literal["start", "end"]

# Spans around others that are read.
_AROUND = 200

_EVENT_FIELDS = "id, newest, timestamp, status, event_type, span_id, parent_span_id, session_id, trace_id"
_CALL_FIELDS = "id, newest_start, kind, agent_id, session_id, told_by"
# Types of events that say nothing to anybody, unless they failed. Types of the client's own may.
_SILENT = frozenset({*EVENT_TYPES, "log", "span"} - {"model_call", "tool_call", "message", "agent"})


class Unit(NamedTuple):
    """A call, or an event that is none: since when (nanoseconds), and the events to be read of it."""

    at: int
    id: str
    event_ids: Sequence[str]
    # Of a call of a model: its agent.
    speaker: tuple[str | None] | None = None

    @property
    def place(self) -> tuple[int, str]:
        return self.at, self.id

    def is_between(self, first: Cursor | None, last: Cursor | None) -> bool:
        return (first is None or self.place > first) and (last is None or self.place < last)


class Outline:
    """What may say something, in the order of time, and the events around it by trace and span."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.spans: dict[tuple[str, str], Row] = {}
        # Whose the events of each trace are that name nobody.
        self.agents: dict[str, str | None] = {}

    def add(self, run: TraceRun, events: Iterable[Row], calls: Iterable[Row], session_id: str | None = None) -> None:
        """Add a trace's events and calls; of a session only those that are its own, by their word or their trace's."""
        self.agents[run.trace.id] = run.trace.agent_id
        told: set[str] = set()
        for call in calls:
            told.update(call["told_by"])
            if session_id in (None, call.get("session_id")):
                speaker = (call.get("agent_id"),) if call["kind"] == "model" else None
                self.units.append(Unit(-call["newest_start"], call["id"], call["told_by"], speaker))
        for event in events:
            if event.get("span_id") is not None:
                self.spans.setdefault((event["trace_id"], event["span_id"]), event)
            own = session_id in (None, event.get("session_id") or run.trace.session_id)
            if own and event["id"] not in told and _speaks(event):
                self.units.append(Unit(event["timestamp"], event["id"], [event["id"]]))

    def around(self, events: Iterable[EventRow]) -> set[str]:
        """Return the ids of the spans around these events, the nearest first, at most `_AROUND`."""
        found: dict[str, None] = {}
        level: list[Any] = list(events)
        while level and len(found) < _AROUND:
            above = [
                self.spans[key]
                for event in level
                if (key := (event["trace_id"], event.get("parent_span_id"))) in self.spans
            ]
            level = [event for event in {event["id"]: event for event in above}.values() if event["id"] not in found]
            found |= dict.fromkeys(event["id"] for event in level)
        return set(list(found)[:_AROUND])


def _speaks(event: Row) -> bool:
    return event["status"] == "error" or event.get("event_type") not in _SILENT


class LookedAt(NamedTuple):
    """The columns of a trace's events and calls that say where to read, all of them up to `bound` if there is one."""

    events: list[Row]
    calls: list[Row]
    bound: Cursor | None


# In order, the last and the first place of a moment: ids stand between them.
_FIRST_ID, _LAST_ID = "", "~"


def before(moment: int) -> Cursor:
    return Cursor(moment - 1, _LAST_ID)


def behind(moment: int) -> Cursor:
    return Cursor(moment + 1, _FIRST_ID)


async def look_at(reader: Reader, run: TraceRun, side: Side, after: Cursor | None, most: int) -> LookedAt:
    """Return where a trace's events and calls stand that follow the cursor, and some in front of it."""
    until = None
    if side == "end":
        until = None if after is None else after.place + (after.id != _FIRST_ID)
    elif run.trace.event_count > most:
        until = await _end_of_window(reader, run, after, most)

    def pieces(table: str, fields: str) -> Pieces:
        async def read(limit: int, last: Cursor | None) -> list[Row]:
            branch = Branch({"trace_id": run.trace.id})
            return await page(reader.database, table, [branch], limit, cursor=last, until=until, fields=fields)

        return Pieces(table, read)

    reading = pieces(rows.EVENT, _EVENT_FIELDS)
    events = await reading.all(most)
    calls = await pieces(rows.CALL, _CALL_FIELDS).all(most)
    if side == "start":
        return LookedAt(events, calls, None if until is None else before(until))
    if reading.ended or not events:
        return LookedAt(events, calls, None)
    # The older half says what was said before. Of one moment there may be more than are looked at: the next page begins
    # in front of it.
    for event in (events[len(events) // 2], events[-1]):
        bound = behind(event["timestamp"])
        if after is None or bound < after:
            return LookedAt(events, calls, bound)
    return LookedAt(events, calls, Cursor(events[-1]["timestamp"], _FIRST_ID))


async def _end_of_window(reader: Reader, run: TraceRun, after: Cursor | None, most: int) -> int | None:
    """Return the moment until which `most` events follow the trace's start, or half as many the cursor.

    None where that is all that follows. The events in front of the cursor are needed to know what was said before. An
    index gives the newest first, so those that are newer are passed over.
    """
    trace_id = run.trace.id
    newer, following = run.trace.event_count, most
    if after is not None:
        (counted,) = await reader.database.query(
            "SELECT VALUE count() FROM agent_event WHERE trace_id = $trace AND newest < $place GROUP ALL",
            trace=trace_id,
            place=cbor.int64(-after.place),
        )
        newer, following = (counted[0] if counted else 0), most // 2
    if newer <= following:
        return None
    (passed,) = await reader.database.query(
        "SELECT VALUE newest FROM agent_event WHERE trace_id = $trace ORDER BY newest LIMIT 1 START $over",
        trace=trace_id,
        over=newer - following,
    )
    return -passed[0] + 1 if passed else None
