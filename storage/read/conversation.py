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
from storage.surreal import rows
from storage.surreal.rows import EventRow

Side = Literal["start", "end"]

# Events that are looked at, of a trace or a session, and traces of a session: those on the side that is read from.
MOST_LOOKED_AT, MOST_TRACES = 50_000, 500
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
    """The maximum number of events that are read whole for a page, and of bytes of JSON of them."""

    events: int = 400
    bytes: int = 16 << 20


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
    outline.add(run, *await _looked_at(reader, trace_id), session_id)
    return await _page(reader, outline, side, after, size)


async def of_session(
    reader: Reader, session_id: str, side: Side, after: Cursor | None, size: PageSize = PAGE_SIZE
) -> Conversation | None:
    """Return a page of a session's conversation, None where there is no such session. Raises Problem (UNAVAILABLE)."""
    session = await reader.session(session_id)
    if session is None:
        return None
    outline = _Outline()
    seen = 0
    for run in _on_this_side(session.traces, side, after):
        events, calls = await _looked_at(reader, run.trace.id)
        outline.add(run, events, calls, session_id)
        seen += len(events)
        if seen >= MOST_LOOKED_AT:
            break
    return await _page(reader, outline, side, after, size)


def _on_this_side(traces: Sequence[TraceRun], side: Side, after: Cursor | None) -> Sequence[TraceRun]:
    """Return traces, which come newest first, in the order in which they are read."""
    if side == "end":
        return [run for run in traces if after is None or run.trace.start_time <= after.place][:MOST_TRACES]
    return [run for run in traces[::-1] if after is None or run.trace.last_event_at >= after.place][:MOST_TRACES]


def _speaks(event: Row) -> bool:
    return event["status"] == "error" or event.get("event_type") not in _SILENT


async def _looked_at(reader: Reader, trace_id: str) -> tuple[list[Row], list[Row]]:
    """Return the columns of a trace's events and calls that say where to read."""

    def pieces(table: str, fields: str) -> Pieces:
        async def read(limit: int, after: Cursor | None) -> list[Row]:
            branch = Branch({"trace_id": trace_id})
            return await page(reader.database, table, [branch], limit, cursor=after, fields=fields)

        return Pieces(table, read)

    events = await pieces(rows.EVENT, _EVENT_FIELDS).all(MOST_LOOKED_AT)
    return events, await pieces(rows.CALL, _CALL_FIELDS).all(MOST_LOOKED_AT)


async def _page(reader: Reader, outline: _Outline, side: Side, after: Cursor | None, size: PageSize) -> Conversation:
    units = sorted(outline.units, key=lambda unit: unit.place)
    here = None if after is None else (after.place, str(after.id))
    if side == "end":
        before = [unit for unit in units if here is None or unit.place < here]
        taken, events = await _read(reader, before[::-1], size)
        taken = taken[::-1]
        left = len(taken) < len(before)
    else:
        following = [unit for unit in units if here is None or unit.place > here]
        taken, events = await _read(reader, following, size)
        left = len(taken) < len(following)
    if not taken:
        return Conversation([], None)
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
    return Conversation(turns, Cursor(edge.at, edge.id) if left else None)


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
