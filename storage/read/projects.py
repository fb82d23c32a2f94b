"""Which project something belongs to, which there are, and how much one has."""

from __future__ import annotations

from storage.read.paging import Branch, Cursor, page
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Traces that are counted at a time.
_AT_ONCE = 1_000


async def project_of_trace(database: Database, trace_id: str) -> str | None:
    """Return a trace's project, None where it has none or is not there. Raises Problem (UNAVAILABLE)."""
    return await _project(database, rows.TRACE, trace_id)


async def project_of_event(database: Database, event_id: str) -> str | None:
    """Return an event's project, None where it has none or is not there. Raises Problem (UNAVAILABLE)."""
    return await _project(database, rows.EVENT, event_id)


async def _project(database: Database, table: str, record_id: str) -> str | None:
    (found,) = await database.query("SELECT VALUE project FROM $record", record=[cbor.record(table, record_id)])
    return found[0] if found else None


async def projects(database: Database) -> list[str]:
    """Return the projects that there are. Raises Problem (UNAVAILABLE)."""
    found: list[str] = []
    while True:
        (following,) = await database.query(
            "SELECT VALUE project FROM agent_trace WHERE project > $last ORDER BY project LIMIT 1",
            last=found[-1] if found else "",
        )
        if not following:
            return found
        found += following


async def counts_of(database: Database, project: str) -> dict[str, int]:
    """Return the number of a project's `events`, `traces` and `sessions`. Raises Problem (UNAVAILABLE)."""
    events = traces = 0
    sessions: set[str] = set()
    after: Cursor | None = None
    while True:
        piece = await page(
            database,
            rows.TRACE,
            [Branch({"project": project})],
            _AT_ONCE,
            cursor=after,
            fields="id, newest_start, event_count, session_id, "
            "type::record('agent_run', record::id(id)).sessions AS sessions",
        )
        traces += len(piece)
        for row in piece:
            events += row["event_count"]
            sessions.update(row.get("sessions") or (), [row["session_id"]] if row.get("session_id") else ())
        if len(piece) < _AT_ONCE:
            return {"events": events, "traces": traces, "sessions": len(sessions)}
        after = Cursor(piece[-1]["newest_start"], piece[-1]["id"])
