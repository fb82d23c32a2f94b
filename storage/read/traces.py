"""Lists of traces, newest first. By an agent or a session they hold the traces that any such took part in.

What was interpreted says who took part; of what is not yet, the trace itself does.
"""

from __future__ import annotations

from typing import Any

from mapping.model import TRACE_STATUSES
from storage.filters import TraceFilter
from storage.read.paging import Branch, Contains, Cursor, Row, page
from storage.read.runs import runs_of
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Traces that are sifted at a time.
_PIECE = 200


async def traces_of(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> list[Row]:
    """Return the rows of traces, newest first, at most `limit`."""
    if which.session_id is None and which.agent_id is None:
        equal = which.equal()
        branches = [Branch(equal)] if equal else [Branch({"status": status}) for status in TRACE_STATUSES]
        return await page(database, rows.TRACE, branches, limit, cursor=after, since=which.since, until=which.until)
    found: list[Row] = []
    while True:
        places = await _places(database, which, _PIECE, after)
        for row in await _rows(database, which, [trace_id for _, trace_id in places]):
            found.append(row)
            if len(found) == limit:
                return found
        if len(places) < _PIECE:
            return found
        after = Cursor(*places[-1])


async def _places(database: Database, which: TraceFilter, limit: int, after: Cursor | None) -> list[tuple[int, str]]:
    """Return starts (negated) and ids of traces that the session or agent took part in, or that name it themselves."""
    if which.session_id is not None:
        sources: list[tuple[str, Branch]] = [
            (rows.SESSION_RUN, Branch({"session_id": which.session_id})),
            (rows.TRACE, Branch({"session_id": which.session_id})),
        ]
    else:
        sources = [
            (rows.RUN, Branch({"agents": Contains(which.agent_id)})),
            (rows.TRACE, Branch({"agent_id": which.agent_id})),
        ]
    places: set[tuple[int, str]] = set()
    for table, branch in sources:
        cursor = after
        if after is not None and table == rows.SESSION_RUN:
            cursor = after._replace(id=[str(which.session_id), str(after.id)])
        found = await page(
            database, table, [branch], limit, cursor=cursor, since=which.since, until=which.until, fields="id, newest"
        )
        places |= {(row["newest"], row["id"] if isinstance(row["id"], str) else row["id"][1]) for row in found}
    return sorted(places)[:limit]


async def _rows(database: Database, which: TraceFilter, trace_ids: list[str]) -> list[Row]:
    """Return those of these traces that are asked for, in their order."""
    if not trace_ids:
        return []
    (found,) = await database.query(
        "SELECT * FROM $traces", traces=[cbor.record(rows.TRACE, trace_id) for trace_id in trace_ids]
    )
    runs = await runs_of(database, trace_ids)
    return [row for row in found if _fits(which, row, runs.get(row["id"]))]


def _fits(which: TraceFilter, trace: Row, run: Row | None) -> bool:
    sessions = {trace.get("session_id"), *(run or {}).get("sessions", ())}
    agents: Any = [trace.get("agent_id")] if run is None else run["agents"]
    return (
        which.session_id in (None, *sessions)
        and which.agent_id in (None, *agents)
        and which.service in (None, trace.get("service"))
        and which.status in (None, trace["status"])
    )
