"""Two traces, sessions or calls beside each other: their steps aligned, what was said in them (`mapping/comparing`).

What was said stands in the events. Of a run so many are read as an answer can wait for; steps beyond that are aligned
by their names, and whether they said the same is left open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Generic, NamedTuple, TypeVar

import msgspec

from mapping.calls.detail import call_with_messages
from mapping.calls.model import Call, Telling
from mapping.calls.reading import tell
from mapping.comparing.steps import Said, Step, aligned, in_order, said_in, said_in_one
from storage.filters import CallFilter
from storage.read.call_detail import call_detail, lacks_something, told_by
from storage.read.call_pages import oldest_first, pages_of_trace
from storage.read.calls import calls
from storage.read.finding_calls import nearest_models
from storage.read.paging import Pace, Row
from storage.read.reader import Reader
from storage.read.runs import TraceRun
from storage.read.sessions import Session
from storage.surreal.rows import EventRow

_FIRST_PIECE = 8
_encode = msgspec.json.Encoder(enc_hook=str).encode


class RunSize(NamedTuple):
    """How much of a run is compared: its first calls; of these so many events are read, and bytes of their JSON."""

    calls: int = 2_000
    events: int = 4_000
    bytes: int = 16 << 20
    # Calls of a session among which the first are looked for.
    looked_at: int = 10_000


RUN_SIZE = RunSize()
_Run = TypeVar("_Run")


class Pair(NamedTuple):
    """A step of both runs, or of one: `a` or `b` is None where only the other run has it."""

    a: Step | None
    b: Step | None


class Comparison(NamedTuple, Generic[_Run]):
    """Two traces or sessions with their steps. `truncated` is True where one has more calls than are compared."""

    a: _Run
    b: _Run
    steps: list[Pair]
    truncated: bool


async def of_traces(
    reader: Reader, a: str, b: str, size: RunSize = RUN_SIZE
) -> tuple[Comparison[TraceRun] | None, str | None]:
    """Return the comparison of two traces; else None, and which of them is not there. Raises Problem (UNAVAILABLE)."""
    return await _compared(reader, reader.trace, _of_trace, (a, b), size)


async def of_sessions(
    reader: Reader, a: str, b: str, project: str | None = None, size: RunSize = RUN_SIZE
) -> tuple[Comparison[Session] | None, str | None]:
    """Return the comparison of two sessions, or of what of them is in a project, as `of_traces` does.

    Raises Problem (UNAVAILABLE).
    """
    read = partial(reader.session, project=project)
    return await _compared(reader, read, partial(_of_session, project), (a, b), size)


async def _compared(
    reader: Reader,
    read: Callable[[str], Awaitable[_Run | None]],
    calls_of: Callable[[Reader, str, RunSize], Awaitable[list[Row]]],
    ids: tuple[str, str],
    size: RunSize,
) -> tuple[Comparison[_Run] | None, str | None]:
    runs = [await read(one) for one in ids]
    for one, run in zip(ids, runs, strict=True):
        if run is None:
            return None, one
    steps, truncated = [], False
    for one in ids:
        of_run, is_cut = await _steps(reader, await calls_of(reader, one, size), size)
        steps.append(of_run)
        truncated = truncated or is_cut
    pairs = await asyncio.to_thread(_paired, *steps)
    first, second = [run for run in runs if run is not None]
    return Comparison(first, second, pairs, truncated), None


def _paired(ones: list[Step], others: list[Step]) -> list[Pair]:
    first, second = in_order(ones), in_order(others)
    return [Pair(None if i is None else first[i], None if j is None else second[j]) for i, j in aligned(first, second)]


async def _of_trace(reader: Reader, trace_id: str, size: RunSize) -> list[Row]:
    starts = await pages_of_trace(reader.database, trace_id)
    return await oldest_first(reader.database, trace_id, starts, size.calls + 1)


async def _of_session(project: str | None, reader: Reader, session_id: str, size: RunSize) -> list[Row]:
    which = CallFilter(session_id=session_id, project=project)
    return (await calls(reader.database, which, "start", size.looked_at)).calls[::-1]


async def _steps(reader: Reader, found: Sequence[Row], size: RunSize) -> tuple[list[Step], bool]:
    """Return the first of these calls as steps, and whether there are more."""
    first = found[: size.calls]
    events = await _events(reader, first, size)
    said = await asyncio.to_thread(_said, first, events)
    return [_step(row, said.get(row["id"])) for row in first], len(found) > len(first)


async def _events(reader: Reader, calls: Iterable[Row], size: RunSize) -> dict[str, EventRow]:
    """Return the events of calls, the first ones in full, until they are as many as may be read."""
    waiting = list(dict.fromkeys(event_id for row in calls for event_id in told_by(row)))[: size.events]
    pace = Pace(_FIRST_PIECE)
    events: dict[str, EventRow] = {}
    bytes_read = at = 0
    while at < len(waiting) and bytes_read < size.bytes:
        piece = waiting[at : at + pace.rows]
        new = await pace.keep(reader.as_sent(piece))
        bytes_read += await asyncio.to_thread(_size, new.values())
        events |= new
        at += len(piece)
    return events


def _size(events: Iterable[EventRow]) -> int:
    return sum(len(_encode(event["properties"])) for event in events)


def _said(calls: Sequence[Row], events: Mapping[str, EventRow]) -> dict[str, Said]:
    """Return what was said in those of the calls whose events were all read."""
    tellings = {event_id: tell(event) for event_id, event in events.items()}
    read = [row for row in calls if all(event_id in tellings for event_id in told_by(row))]
    models = [row for row in read if row["kind"] == "model"]
    found: list[Call] = []
    for row in read:
        call = _call(row, [row], tellings)
        if row["kind"] == "tool" and call is not None and lacks_something(call):
            call = _call(row, [*nearest_models(models, row), row], tellings)
        if call is not None:
            call.id, call.agent = row["id"], row.get("agent_id")
            found.append(call)
    return said_in(found)


def _call(row: Row, of: Iterable[Row], tellings: Mapping[str, Telling]) -> Call | None:
    those = dict.fromkeys(event_id for one in of for event_id in told_by(one))
    return call_with_messages(row["kind"], row["told_by"], [tellings[event_id] for event_id in those])


def _step(row: Row, said: Said | None) -> Step:
    return Step(
        id=row["id"],
        kind=row["kind"],
        trace_id=row["trace_id"],
        name=row.get("name"),
        agent=row.get("agent_id"),
        parent_id=row.get("parent_id"),
        status=row["status"],
        error=row.get("error"),
        input_tokens=row.get("input_tokens"),
        output_tokens=row.get("output_tokens"),
        start=row["start_time"],
        end=row["end_time"],
        cost=row.get("cost_nano_usd"),
        said=said,
    )


class ComparedCalls(NamedTuple):
    """Two calls with all that was said in them."""

    a: Row
    b: Row
    said: tuple[Said, Said]


async def of_calls(reader: Reader, a: str, b: str) -> tuple[ComparedCalls | None, str | None]:
    """Return two calls, by their ids or those of events; else None, and which of them is not there.

    Raises Problem (UNAVAILABLE).
    """
    found = []
    for event_id in (a, b):
        detail = await call_detail(reader, event_id)
        if detail is None:
            return None, event_id
        found.append(detail)
    one, other = found
    said = [await asyncio.to_thread(said_in_one, each.call) if each.call else Said() for each in found]
    return ComparedCalls(one.row, other.row, (said[0], said[1])), None
