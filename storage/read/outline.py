"""A trace as a waterfall needs it: all of its events, and little of each.

Whole events are read in pages of 200 at most. Their outline is 200 bytes each and comes at once, for a trace of
thousands is looked at as a whole.
"""

from __future__ import annotations

import asyncio
from typing import Any

from mapping.sanitize.limits import cut
from mapping.times import format_rfc3339
from storage.read.paging import Branch, Cursor, Pieces, Row, page
from storage.read.reader import Reader
from storage.surreal import rows

# The newest of a longer trace are given.
MOST_EVENTS = 10_000
# Characters of a text; whoever wants more of it asks for the event.
_TEXT = 200

_FIELDS = "duration_ns name event_type status kind severity span_id parent_span_id agent_id counted correlation".split()
_SHOWN = (
    "duration_ns name event_type status kind severity span_id parent_span_id agent_id input_tokens output_tokens "
    "correlation"
).split()


async def outline(reader: Reader, trace_id: str) -> dict[str, Any] | None:
    """Give a trace with `events` in the order of time, each without what is null or 0; None where there is none.

    `truncated` says that there are more than `MOST_EVENTS`. Raises Problem (UNAVAILABLE).
    """
    trace = await reader.trace(trace_id)
    if trace is None:
        return None
    found, truncated = await outlined(reader, trace_id)
    events = await asyncio.to_thread(_all_shown, found, trace["agent_id"])  # 5 us each
    return {**trace, "events": events, "truncated": truncated}


async def outlined(reader: Reader, trace_id: str) -> tuple[list[Row], bool]:
    """Give the rows of a trace's newest events, newest first, without what they say; and whether there are more."""
    fields = f"id, newest, timestamp, {', '.join(_FIELDS)}"

    async def read(limit: int, after: Cursor | None) -> list[Row]:
        branch = Branch({"trace_id": trace_id})
        return await page(reader.database, rows.EVENT, [branch], limit, cursor=after, fields=fields)

    found = await Pieces(read).all(MOST_EVENTS + 1)
    return found[:MOST_EVENTS], len(found) > MOST_EVENTS


def _all_shown(found: list[Row], agent_id: str | None) -> list[dict[str, Any]]:
    return [_shown(row, agent_id) for row in reversed(found)]


def _shown(row: Row, agent_id: str | None) -> dict[str, Any]:
    if counted := row.get("counted"):
        row["input_tokens"], row["output_tokens"], _ = counted
    row["agent_id"] = row.get("agent_id") or agent_id
    shown = {"id": row["id"], "timestamp": format_rfc3339(row["timestamp"])}
    for field in _SHOWN:
        value = row.get(field)
        if value:
            shown[field] = cut(value, _TEXT) if isinstance(value, str) and len(value) > _TEXT else value
    return shown
