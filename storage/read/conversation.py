"""A trace or a session as one conversation (`mapping/calls/conversation.py`), page by page.

Messages come from calls, and from events that report no call. These are ordered by time from a few columns of those
that are near; only the events of one page, from the beginning or from the end, are read whole. A few calls before the
page are read with it, because model calls repeat earlier messages, and so are the spans and calls above, because they
name the agent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from mapping.calls.conversation import Turn, turns_of
from mapping.calls.interpret import interpret
from mapping.calls.reading import tell
from mapping.values import first
from storage.read.calls_above import CallsAbove
from storage.read.conversation_outline import Outline, Side, Unit, before, behind, look_at
from storage.read.paging import Cursor, Pace
from storage.read.reader import Reader
from storage.read.runs import TraceRun
from storage.surreal.rows import EventRow

# Calls and events before a page that are read to know the earlier messages; and the last model calls of other agents.
_IN_FRONT, _AGENTS_IN_FRONT = 20, 10
# An event of 1 MB takes the engine 5 ms.
_FIRST_PIECE = 8
# Events that are looked at first; more only where they come to fewer turns than these.
_LOOKS, _ENOUGH = (1_000, 8_000), 20

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Conversation(NamedTuple):
    """A page of turns, in the order of time, and the cursor of the next page, None if this is the last one."""

    turns: list[Turn]
    cursor: Cursor | None


class PageSize(NamedTuple):
    """The maximum number of events that are read whole for a page, and of bytes of their JSON.

    `looked_at` is the maximum number of events of a trace or a session whose order is read from a few columns, and
    `traces` that of a session's traces, both beginning on the side that is read from. Later pages read further ones.
    """

    events: int = 400
    bytes: int = 16 << 20
    looked_at: int = 50_000
    traces: int = 500


PAGE_SIZE = PageSize()


def place_at(moment: int, side: Side) -> Cursor:
    """Return the place after which what was said from a moment on begins, or with `end` what was said before it."""
    return before(moment) if side == "start" else behind(moment - 1)


async def of_trace(
    reader: Reader,
    trace_id: str,
    side: Side,
    after: Cursor | None,
    session_id: str | None = None,
    size: PageSize = PAGE_SIZE,
) -> Conversation | None:
    """Return a page of a trace's conversation, or of a session's part of it; None if there is no such trace.

    Raises Problem (UNAVAILABLE).
    """
    run = await reader.trace(trace_id)
    if run is None:
        return None

    async def look(most: int) -> tuple[Outline, Cursor | None]:
        outline = Outline()
        looked = await look_at(reader, run, side, after, most)
        outline.add(run, looked.events, looked.calls, session_id)
        return outline, looked.bound

    return await _looking(reader, look, side, after, size)


async def of_session(
    reader: Reader,
    session_id: str,
    side: Side,
    after: Cursor | None,
    size: PageSize = PAGE_SIZE,
    *,
    project: str | None = None,
) -> Conversation | None:
    """Return a page of a session's conversation, with a project what is in that; None if there is no such session.

    Raises Problem (UNAVAILABLE).
    """
    session = await reader.session(session_id, project)
    if session is None:
        return None

    async def look(most: int) -> tuple[Outline, Cursor | None]:
        outline = Outline()
        bounds: list[Cursor] = []
        seen = 0
        for number, run in enumerate(_on_this_side(session.traces, side, after)):
            edge = before(run.trace.start_time) if side == "start" else behind(run.trace.last_event_at)
            is_last = (number > size.traces or seen >= most) and (
                after is None or (edge > after if side == "start" else edge < after)
            )
            looked = await look_at(reader, run, side, after, most)
            outline.add(run, looked.events, looked.calls, session_id)
            bounds += [looked.bound] if looked.bound else []
            seen += len(looked.events)
            if is_last:  # its messages belong to the next page; this page needs to know them, if they are earlier
                bounds.append(edge)
                break
        return outline, (min if side == "start" else max)(bounds, default=None)

    return await _looking(reader, look, side, after, size)


def _on_this_side(traces: Sequence[TraceRun], side: Side, after: Cursor | None) -> list[TraceRun]:
    """Return traces, given newest first, in the order in which they are read, and the one before the cursor."""
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


async def _looking(
    reader: Reader,
    look: Callable[[int], Awaitable[tuple[Outline, Cursor | None]]],
    side: Side,
    after: Cursor | None,
    size: PageSize,
) -> Conversation:
    """Return a page, made of an outline of so many events as it needs and its bound, which `look` returns."""
    for most in (*(most for most in _LOOKS if most < size.looked_at), size.looked_at):
        outline, bound = await look(most)
        told = await _page(reader, outline, side, after, bound, size)
        if len(told.turns) >= _ENOUGH or told.cursor != bound or bound is None:
            break
    return told


async def _page(
    reader: Reader, outline: Outline, side: Side, after: Cursor | None, bound: Cursor | None, size: PageSize
) -> Conversation:
    """Return the page that follows the cursor, of an outline that is complete up to `bound`."""
    units = sorted(outline.units, key=lambda unit: unit.place)
    if side == "end":
        following = [unit for unit in units if unit.is_between(bound, after)][::-1]
        shown, events = await _read(reader, following, size)
        shown = shown[::-1]
    else:
        following = [unit for unit in units if unit.is_between(after, bound)]
        shown, events = await _read(reader, following, size)
    left = len(shown) < len(following)
    if not shown:
        return Conversation([], bound)
    in_front = _in_front([unit for unit in units if unit.place < shown[0].place])
    known = await reader.as_sent(
        {event_id for unit in in_front for event_id in unit.event_ids[: size.events]} - events.keys()
    )
    above = outline.around([*events.values(), *known.values()])
    above |= await outline.above.read(reader.database, [*events, *known])
    around = await reader.as_sent(above - events.keys() - known.keys())
    read = [*events.values(), *known.values(), *around.values()]
    turns = await asyncio.to_thread(_turns, read, shown, outline.above)
    for turn in turns:
        # The interpreter has seen all spans above a call.
        agent_id = first((outline.agents.get(turn.get("call_id", "")), turn.get("agent_id")))
        if agent_id is None:
            agent_id = outline.agents[events[turn["event_id"]]["trace_id"]]
        if agent_id is not None:
            turn["agent_id"] = agent_id
    edge = shown[0] if side == "end" else shown[-1]
    return Conversation(turns, Cursor(edge.at, edge.id) if left else bound)


async def _read(reader: Reader, units: Sequence[Unit], most: PageSize) -> tuple[list[Unit], dict[str, EventRow]]:
    """Read the events of these units in turn until a page is full. Return the units that were read, and the events."""
    pace = Pace(_FIRST_PIECE)
    events: dict[str, EventRow] = {}
    read: list[Unit] = []
    size = 0
    while len(read) < len(units) and len(events) < most.events and size < most.bytes:
        piece: list[Unit] = []
        ids: dict[str, None] = {}
        for unit in units[len(read) :]:
            if piece and len(ids) + len(unit.event_ids) > min(pace.rows, most.events - len(events)):
                break
            piece.append(unit)
            ids |= dict.fromkeys(unit.event_ids[: most.events])
        new = await pace.keep(reader.as_sent(ids.keys() - events.keys()))
        events |= new
        read += piece
        size += await asyncio.to_thread(_size, new.values())
    return read, events


def _size(events: Iterable[EventRow]) -> int:
    return sum(len(_encode(event["properties"])) for event in events)


def _in_front(units: Sequence[Unit]) -> list[Unit]:
    """Return the last units, and the last model call of each agent."""
    latest = {unit.speaker: unit for unit in units if unit.speaker is not None}
    speakers = sorted(latest.values(), key=lambda unit: unit.at)[-_AGENTS_IN_FRONT:]
    return list({unit.id: unit for unit in (*speakers, *units[-_IN_FRONT:])}.values())


def _turns(events: Iterable[EventRow], units: Iterable[Unit], above: CallsAbove) -> list[Turn]:
    shown = {event_id for unit in units for event_id in unit.event_ids}
    tellings = above.linked([tell(event) for event in events])
    return [turn for turn in turns_of(interpret(tellings)) if turn["event_id"] in shown]
