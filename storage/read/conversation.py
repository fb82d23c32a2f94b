"""A trace or a session as one conversation (`mapping/calls/conversation.py`): which events it is made of, page by page.

What is said is said by calls, and by events that are none. They are ordered by time without being read, and of a page,
from the beginning or from the end, those are read whole that tell of them. What was said before, which calls of models
repeat, is known from a few of those in front of the page, and whose it is from the spans around.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from mapping.calls.conversation import Turn, turns_of
from mapping.calls.interpret import interpret
from mapping.calls.model import Telling
from mapping.calls.reading import tell
from mapping.semantics.event_types import EVENT_TYPES
from storage.read.paging import Branch, Cursor, Pace, Pieces, Row, page
from storage.read.reader import Reader
from storage.read.runs import TraceRun
from storage.surreal import cbor, rows
from storage.surreal.rows import EventRow

Side = Literal["start", "end"]

# Calls and events in front of a page that are read to know what was said; and further calls of models, one an agent.
_IN_FRONT, _AGENTS_IN_FRONT = 20, 10
# Spans around others that are read.
_AROUND = 200
# An event of 1 MB takes the engine 5 ms.
_FIRST_PIECE = 8

_EVENT_FIELDS = "id, newest, timestamp, status, event_type, span_id, parent_span_id, session_id, trace_id"
_CALL_FIELDS = "id, newest_start, kind, agent_id, session_id, told_by"
# Types of events that say nothing to anybody, unless they failed. Types of the client's own may.
_SILENT = frozenset({*EVENT_TYPES, "log", "span"} - {"model_call", "tool_call", "message", "agent"})

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Conversation(NamedTuple):
    """A page of turns, in the order of time.

    `cursor` is where the next page begins, further from the side that is read from; None where there is none.
    """

    turns: list[Turn]
    cursor: Cursor | None


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


class _Outline:
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


class PageSize(NamedTuple):
    """The maximum number of events that are read whole for a page, and of bytes of JSON of them.

    `looked_at` is the maximum number of events of which it is known where they stand, of a trace or a session, and
    `traces` that of a session's traces: those on the side that is read from. Pages go on behind them.
    """

    events: int = 400
    bytes: int = 16 << 20
    looked_at: int = 50_000
    traces: int = 500


PAGE_SIZE = PageSize()


async def of_trace(
    reader: Reader,
    trace_id: str,
    side: Side,
    after: Cursor | None,
    session_id: str | None = None,
    size: PageSize = PAGE_SIZE,
) -> Conversation | None:
    """Return a page of a trace's conversation, or of a session's part of it; None where there is no such trace.

    Raises Problem (UNAVAILABLE).
    """
    run = await reader.trace(trace_id)
    if run is None:
        return None
    outline = _Outline()
    looked = await _looked_at(reader, run, side, after, size.looked_at)
    outline.add(run, looked.events, looked.calls, session_id)
    return await _page(reader, outline, side, after, looked.bound, size)


async def of_session(
    reader: Reader, session_id: str, side: Side, after: Cursor | None, size: PageSize = PAGE_SIZE
) -> Conversation | None:
    """Return a page of a session's conversation, None where there is no such session. Raises Problem (UNAVAILABLE)."""
    session = await reader.session(session_id)
    if session is None:
        return None
    outline = _Outline()
    bounds: list[Cursor] = []
    seen = 0
    for number, run in enumerate(_on_this_side(session.traces, side, after)):
        edge = _before(run.trace.start_time) if side == "start" else _behind(run.trace.last_event_at)
        is_last = (number > size.traces or seen >= size.looked_at) and (
            after is None or (edge > after if side == "start" else edge < after)
        )
        looked = await _looked_at(reader, run, side, after, size.looked_at)
        outline.add(run, looked.events, looked.calls, session_id)
        bounds += [looked.bound] if looked.bound else []
        seen += len(looked.events)
        if is_last:  # what is said in it belongs to the next page, and tells this one what was said before
            bounds.append(edge)
            break
    bound = (min if side == "start" else max)(bounds, default=None)
    return await _page(reader, outline, side, after, bound, size)


def _on_this_side(traces: Sequence[TraceRun], side: Side, after: Cursor | None) -> list[TraceRun]:
    """Return traces, which come newest first, in the order in which they are read, and one in front of the cursor."""
    if side == "end":
        runs = [run for run in traces if after is None or run.trace.start_time <= after.place]
        return sorted(runs, key=lambda run: run.trace.last_event_at, reverse=True)
    if after is None:
        return [*traces[::-1]]
    in_front = [run for run in traces if run.trace.last_event_at < after.place]
    return [
        *sorted(in_front, key=lambda run: run.trace.last_event_at)[-1:],
        *(run for run in traces[::-1] if run.trace.last_event_at >= after.place),
    ]


def _speaks(event: Row) -> bool:
    return event["status"] == "error" or event.get("event_type") not in _SILENT


class _LookedAt(NamedTuple):
    """The columns of a trace's events and calls that say where to read, all of them up to `bound` if there is one."""

    events: list[Row]
    calls: list[Row]
    bound: Cursor | None


# In order, the last and the first place of a moment: ids stand between them.
_FIRST_ID, _LAST_ID = "", "~"


def _before(moment: int) -> Cursor:
    return Cursor(moment - 1, _LAST_ID)


def _behind(moment: int) -> Cursor:
    return Cursor(moment + 1, _FIRST_ID)


async def _looked_at(reader: Reader, run: TraceRun, side: Side, after: Cursor | None, most: int) -> _LookedAt:
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
        return _LookedAt(events, calls, None if until is None else _before(until))
    if reading.ended or not events:
        return _LookedAt(events, calls, None)
    # The older half says what was said before. Of one moment there may be more than are looked at: the next page begins
    # in front of it.
    for event in (events[len(events) // 2], events[-1]):
        bound = _behind(event["timestamp"])
        if after is None or bound < after:
            return _LookedAt(events, calls, bound)
    return _LookedAt(events, calls, Cursor(events[-1]["timestamp"], _FIRST_ID))


async def _end_of_window(reader: Reader, run: TraceRun, after: Cursor | None, most: int) -> int | None:
    """Return the moment until which `most` events follow the trace's start, or half as many the cursor.

    None where that is all that follows.
    The events in front of the cursor are needed to know what was said before. An index gives the newest first, so those
    that are newer are passed over.
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
    (passed,) = await reader.database.query(
        "SELECT VALUE newest FROM agent_event WHERE trace_id = $trace ORDER BY newest LIMIT 1 START $over",
        trace=trace_id,
        over=max(newer - following, 0),
    )
    return None if newer <= following or not passed else -passed[0] + 1


async def _page(
    reader: Reader, outline: _Outline, side: Side, after: Cursor | None, bound: Cursor | None, size: PageSize
) -> Conversation:
    """Return the page that follows the cursor, of an outline that holds everything up to the bound."""
    units = sorted(outline.units, key=lambda unit: unit.place)
    if side == "end":
        following = [unit for unit in units if _is_between(bound, unit, after)][::-1]
        taken, events = await _read(reader, following, size)
        taken = taken[::-1]
    else:
        following = [unit for unit in units if _is_between(after, unit, bound)]
        taken, events = await _read(reader, following, size)
    left = len(taken) < len(following)
    if not taken:
        return Conversation([], bound)
    in_front = _in_front([unit for unit in units if unit.place < taken[0].place])
    known = await reader.as_sent(
        {event_id for unit in in_front for event_id in unit.event_ids[: size.events]} - events.keys()
    )
    around = await reader.as_sent(_around(outline, [*events.values(), *known.values()]) - events.keys() - known.keys())
    turns = await asyncio.to_thread(_turns, [*events.values(), *known.values(), *around.values()], taken)
    for turn in turns:
        agent_id = outline.agents.get(events[turn["event_id"]]["trace_id"])
        if agent_id is not None:
            turn.setdefault("agent_id", agent_id)
    edge = taken[0] if side == "end" else taken[-1]
    return Conversation(turns, Cursor(edge.at, edge.id) if left else bound)


def _is_between(first: Cursor | None, unit: Unit, last: Cursor | None) -> bool:
    return (first is None or unit.place > first) and (last is None or unit.place < last)


async def _read(reader: Reader, units: Sequence[Unit], most: PageSize) -> tuple[list[Unit], dict[str, EventRow]]:
    """Read the events of these units one after the other, until it is enough for a page."""
    pace = Pace(_FIRST_PIECE)
    events: dict[str, EventRow] = {}
    taken: list[Unit] = []
    size = 0
    while len(taken) < len(units) and len(events) < most.events and size < most.bytes:
        piece: list[Unit] = []
        ids: dict[str, None] = {}
        for unit in units[len(taken) :]:
            if piece and len(ids) + len(unit.event_ids) > min(pace.rows, most.events - len(events)):
                break
            piece.append(unit)
            ids |= dict.fromkeys(unit.event_ids[: most.events])
        found = await pace.keep(reader.as_sent(ids.keys() - events.keys()))
        events |= found
        taken += piece
        size += await asyncio.to_thread(_size, found.values())
    return taken, events


def _size(events: Iterable[EventRow]) -> int:
    return sum(len(_encode(event["properties"])) for event in events)


def _in_front(units: Sequence[Unit]) -> list[Unit]:
    """Return the last units, and the last call of a model of each agent."""
    latest = {unit.speaker: unit for unit in units if unit.speaker is not None}
    speakers = sorted(latest.values(), key=lambda unit: unit.at)[-_AGENTS_IN_FRONT:]
    return list({unit.id: unit for unit in (*speakers, *units[-_IN_FRONT:])}.values())


def _around(outline: _Outline, events: Iterable[EventRow]) -> set[str]:
    """Return the ids of the spans around these events, the nearest first, at most `_AROUND`."""
    found: dict[str, None] = {}
    level: list[Any] = list(events)
    while level and len(found) < _AROUND:
        above = [
            outline.spans[key]
            for event in level
            if (key := (event["trace_id"], event.get("parent_span_id"))) in outline.spans
        ]
        level = [event for event in {event["id"]: event for event in above}.values() if event["id"] not in found]
        found |= dict.fromkeys(event["id"] for event in level)
    return set(list(found)[:_AROUND])


def _turns(events: Iterable[EventRow], taken: Iterable[Unit]) -> list[Turn]:
    shown = {event_id for unit in taken for event_id in unit.event_ids}
    tellings: list[Telling] = [tell(event) for event in events]
    return [turn for turn in turns_of(interpret(tellings)) if turn["event_id"] in shown]
