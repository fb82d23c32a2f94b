"""The outline of a trace for a waterfall: all of its events, with few fields each.

Whole events are read in pages of at most 200. In an outline an event takes 200 bytes and all events are in one answer,
because a waterfall shows a trace of thousands as a whole.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from storage.read.call_pages import newest_first, pages_of_trace
from storage.read.paging import ROWS_AT_ONCE, Branch, Cursor, Pieces, Row, page
from storage.read.reader import Reader
from storage.read.runs import TraceRun
from storage.surreal import rows

# Of a longer trace, the newest events are returned.
MOST_EVENTS = 10_000

_FIELDS = (
    *("id", "newest", "timestamp", "duration_ns", "name", "event_type", "status", "kind", "severity", "span_id"),
    *("parent_span_id", "agent_id", "correlation"),
)
# What a call is read for: the event that tells of it first has its id and its tokens, those without a name have its.
_CALL_FIELDS = ("id", "told_by", "name", "input_tokens", "output_tokens")


class Outline(NamedTuple):
    """A trace and its events in the order of time, each with the columns of an outline, None where it has none.

    The first event that reports a call has the call's tokens, and one without a name has the call's as `call_name`.
    `truncated` is True if the trace has more events.
    """

    run: TraceRun
    events: list[Row]
    truncated: bool


async def outline(
    reader: Reader, trace_id: str, most: int = MOST_EVENTS, *, rows_at_once: int = ROWS_AT_ONCE
) -> Outline | None:
    """Return the outline of a trace with at most `most` events, or None if there is no such trace.

    A query reads at most `rows_at_once` of them. Raises Problem (UNAVAILABLE).
    """
    run = await reader.trace(trace_id)
    if run is None:
        return None
    # At once: while one is decoded here, the engine reads the other.
    (events, truncated), calls = await asyncio.gather(
        outlined(reader, trace_id, most, rows_at_once), _calls(reader, trace_id)
    )
    for row in events:
        row.update(calls.get(row["id"], {}))
        row["call_name"] = None if row["name"] else row.get("call_name")
        row["agent_id"] = row.get("agent_id") or run.trace.agent_id
    return Outline(run, events[::-1], truncated)


async def outlined(
    reader: Reader, trace_id: str, most: int = MOST_EVENTS, rows_at_once: int = ROWS_AT_ONCE
) -> tuple[list[Row], bool]:
    """Return a trace's newest events, newest first, without their properties; and whether there are more."""

    async def read(limit: int, after: Cursor | None) -> list[Row]:
        branch = Branch({"trace_id": trace_id})
        return await page(reader.database, rows.EVENT, [branch], limit, cursor=after, fields=_FIELDS)

    events = await Pieces(rows.EVENT, read, rows_at_once).all(most + 1)
    return events[:most], len(events) > most


async def _calls(reader: Reader, trace_id: str) -> dict[str, Row]:
    """Return by event the id and name of the call that it reports, and for the first of a call's events its tokens."""
    call_of: dict[str, Row] = {}
    read = 0
    starts = await pages_of_trace(reader.database, trace_id)
    async for call in newest_first(reader.database, trace_id, starts, fields=_CALL_FIELDS):
        for event_id in call["told_by"]:
            call_of[event_id] = {"call_id": call["id"], "call_name": call["name"]}
        call_of[call["id"]] |= {field: call[field] for field in ("input_tokens", "output_tokens")}
        read += 1
        if read == MOST_EVENTS:
            break
    return call_of
