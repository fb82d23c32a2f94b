"""A trace or a session as one conversation (`mapping/calls/conversation.py`): which events it is made of, page by page.

What is said is said by calls, and by events that are none. They are ordered by time without being read, and of a page,
from the beginning or from the end, those are read whole that tell of them. What was said before, which calls of models
repeat, is known from a few of those in front of the page, and whose it is from the spans around.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from mapping.calls.conversation import Turn, turns_of
from mapping.calls.interpret import interpret
from mapping.calls.model import Telling
from mapping.calls.reading import tell
from storage.read.conversation_outline import Outline, Side, Unit, before, behind, look_at
from storage.read.paging import Cursor, Pace
from storage.read.reader import Reader
from storage.read.runs import TraceRun
from storage.surreal.rows import EventRow

# Calls and events in front of a page that are read to know what was said; and further calls of models, one an agent.
_IN_FRONT, _AGENTS_IN_FRONT = 20, 10
# An event of 1 MB takes the engine 5 ms.
_FIRST_PIECE = 8

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Conversation(NamedTuple):
    """A page of turns, in the order of time.

    `cursor` is where the next page begins, further from the side that is read from; None where there is none.
    """

    turns: list[Turn]
    cursor: Cursor | None


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
    outline = Outline()
    looked = await look_at(reader, run, side, after, size.looked_at)
    outline.add(run, looked.events, looked.calls, session_id)
    return await _page(reader, outline, side, after, looked.bound, size)


async def of_session(
    reader: Reader, session_id: str, side: Side, after: Cursor | None, size: PageSize = PAGE_SIZE
) -> Conversation | None:
    """Return a page of a session's conversation, None where there is no such session. Raises Problem (UNAVAILABLE)."""
    session = await reader.session(session_id)
    if session is None:
        return None
    outline = Outline()
    bounds: list[Cursor] = []
    seen = 0
    for number, run in enumerate(_on_this_side(session.traces, side, after)):
        edge = before(run.trace.start_time) if side == "start" else behind(run.trace.last_event_at)
        is_last = (number > size.traces or seen >= size.looked_at) and (
            after is None or (edge > after if side == "start" else edge < after)
        )
        looked = await look_at(reader, run, side, after, size.looked_at)
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


async def _page(
    reader: Reader, outline: Outline, side: Side, after: Cursor | None, bound: Cursor | None, size: PageSize
) -> Conversation:
    """Return the page that follows the cursor, of an outline that holds everything up to the bound."""
    units = sorted(outline.units, key=lambda unit: unit.place)
    if side == "end":
        following = [unit for unit in units if unit.is_between(bound, after)][::-1]
        taken, events = await _read(reader, following, size)
        taken = taken[::-1]
    else:
        following = [unit for unit in units if unit.is_between(after, bound)]
        taken, events = await _read(reader, following, size)
    left = len(taken) < len(following)
    if not taken:
        return Conversation([], bound)
    in_front = _in_front([unit for unit in units if unit.place < taken[0].place])
    known = await reader.as_sent(
        {event_id for unit in in_front for event_id in unit.event_ids[: size.events]} - events.keys()
    )
    around = await reader.as_sent(outline.around([*events.values(), *known.values()]) - events.keys() - known.keys())
    turns = await asyncio.to_thread(_turns, [*events.values(), *known.values(), *around.values()], taken)
    for turn in turns:
        agent_id = outline.agents.get(events[turn["event_id"]]["trace_id"])
        if agent_id is not None:
            turn.setdefault("agent_id", agent_id)
    edge = taken[0] if side == "end" else taken[-1]
    return Conversation(turns, Cursor(edge.at, edge.id) if left else bound)


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


def _turns(events: Iterable[EventRow], taken: Iterable[Unit]) -> list[Turn]:
    shown = {event_id for unit in taken for event_id in unit.event_ids}
    tellings: list[Telling] = [tell(event) for event in events]
    return [turn for turn in turns_of(interpret(tellings)) if turn["event_id"] in shown]
