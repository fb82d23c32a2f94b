"""The alerts there were, and how far they are told."""

from __future__ import annotations

from typing import Any

from storage.read.paging import Branch, page, read_cursor, write_cursor
from storage.surreal import rows
from storage.surreal.database import Database

_ORDER = "newest"
# What its cursors are of.
_ALERTS = "alerts"


async def alerts(
    database: Database, limit: int, cursor: str | None, project: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of alerts as they are stored, newest first, and the cursor of the next one, None after the last.

    With a project those of its runs: a cost or a failure rate is of all of them together.

    Raises Problem (INVALID_ARGUMENT) for an invalid cursor.
    """
    found = await page(
        database,
        rows.ALERT,
        [Branch({"listed": True} | ({} if project is None else {"project": project}))],
        limit + 1,
        cursor=None if cursor is None else read_cursor(cursor, _ALERTS),
        by=_ORDER,
    )
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], write_cursor(last[_ORDER], last["id"], _ALERTS)
