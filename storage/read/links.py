"""Which spans link to a span: the other direction of what a span says itself."""

from __future__ import annotations

from storage.read.paging import Row
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# A span that starts for thousands of messages may be linked to by as many.
_MOST = 100

_LINKED_BY = """
SELECT id, trace_id, project, span_id, name, timestamp FROM (SELECT VALUE in FROM $span<-links_to LIMIT $most);
"""


async def linked_by(
    database: Database, trace_id: str, span_id: str, project: str | None = None
) -> tuple[list[Row], bool]:
    """Return the spans that link to a span, in the order of time, and whether there are more than these.

    With a project those of it alone.
    """
    span = cbor.record(rows.SPAN, [trace_id, span_id])
    (found,) = await database.query(_LINKED_BY, span=span, most=_MOST + 1)
    found = [row for row in found if project in (None, row.get("project"))]
    return sorted(found[:_MOST], key=lambda row: (row["timestamp"], row["id"])), len(found) > _MOST
