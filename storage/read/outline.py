"""The outline of a trace for a waterfall: all of its events, with few fields each.

Whole events are read in pages of 200 at most. In an outline they are 200 bytes each and come in one answer, since even
a trace of thousands is looked at as a whole.
"""

from __future__ import annotations

from typing import NamedTuple

from storage.read.paging import Branch, Cursor, Pieces, Row, page
from storage.read.reader import Reader
from storage.read.runs import TraceRun
from storage.surreal import rows

# The newest of a longer trace are given.
MOST_EVENTS = 10_000

_FIELDS = "duration_ns name event_type status kind severity span_id parent_span_id agent_id correlation".split()


class Outline(NamedTuple):
    """A trace and its events in the order of time: of each the columns that are read, where it has them.

    Tokens are those of the call that the event tells of first. `truncated` says that there are more.
    """

    run: TraceRun
    events: list[Row]
    truncated: bool


async def outline(reader: Reader, trace_id: str, most: int = MOST_EVENTS) -> Outline | None:
    """Return the outline of a trace with `most` events, or None if there is no such trace.

    Raises Problem (UNAVAILABLE).
    """
    run = await reader.trace(trace_id)
    if run is None:
        return None
    found, truncated = await outlined(reader, trace_id, most)
    calls = await _calls(reader, trace_id)
    for row in found:
        row.update(calls.get(row["id"], {}))
        row["agent_id"] = row.get("agent_id") or run.trace.agent_id
    return Outline(run, found[::-1], truncated)


async def outlined(reader: Reader, trace_id: str, most: int = MOST_EVENTS) -> tuple[list[Row], bool]:
    """Return the rows of a trace's newest events, newest first, without what they say; and whether there are more."""
    fields = f"id, newest, timestamp, {', '.join(_FIELDS)}"

    async def read(limit: int, after: Cursor | None) -> list[Row]:
        branch = Branch({"trace_id": trace_id})
        return await page(reader.database, rows.EVENT, [branch], limit, cursor=after, fields=fields)

    found = await Pieces(rows.EVENT, read).all(most + 1)
    return found[:most], len(found) > most


async def _calls(reader: Reader, trace_id: str) -> dict[str, Row]:
    """Return which of a trace's newest calls each event tells of, and with the first of them the call's tokens."""

    async def read(limit: int, after: Cursor | None) -> list[Row]:
        branch = Branch({"trace_id": trace_id})
        fields = "id, newest_start, input_tokens, output_tokens, told_by"
        return await page(reader.database, rows.CALL, [branch], limit, cursor=after, fields=fields)

    told: dict[str, Row] = {}
    for call in await Pieces(rows.CALL, read).all(MOST_EVENTS):
        told |= {event_id: {"call_id": call["id"]} for event_id in call["told_by"]}
        told[call["id"]] |= {field: call.get(field) for field in ("input_tokens", "output_tokens")}
    return told
