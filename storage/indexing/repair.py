"""Corrections of points after an upsert: events deleted meanwhile, session or agent inherited from the trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from storage.qdrant.base import VectorIndex
from storage.read.reader import Reader
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Points whose payload is set at a time.
_RENAMED = 250

_SILENT = {
    "session_id": "SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id AND session_id = NONE",
    "agent_id": "SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id AND agent_id = NONE",
}


async def drop_deleted(database: Database, index: VectorIndex, event_ids: Sequence[str]) -> None:
    """Delete points whose events were deleted while the points were made, possibly by another receiver."""
    if not database.embedded:
        await delete(database, index, event_ids)


async def delete(database: Database, index: VectorIndex, event_ids: Sequence[str]) -> None:
    """Delete points whose events are gone.

    An event may have been stored again since, and where clocks differ or step its record may stand before this one.
    """
    if event_ids:
        (there,) = await database.query(
            "SELECT VALUE id FROM $events", events=[cbor.record(rows.EVENT, event_id) for event_id in event_ids]
        )
        if gone := sorted({*event_ids}.difference(there)):
            await index.delete(gone)


async def tell_whose(reader: Reader, index: VectorIndex, event_ids: Sequence[str]) -> None:
    """Update the agent and the session of events' points."""
    for start in range(0, len(event_ids), _RENAMED):
        whose: defaultdict[tuple[str | None, str | None], list[str]] = defaultdict(list)
        for event in (await reader.events_by_id(event_ids[start : start + _RENAMED])).values():
            whose[event["agent_id"], event["session_id"]].append(event["id"])
        for (agent_id, session_id), ids in whose.items():
            payload = {"agent_id": agent_id, "session_id": session_id}
            await index.set_payload(ids, {field: value for field, value in payload.items() if value is not None})


async def pass_on(database: Database, reader: Reader, index: VectorIndex, trace_id: str) -> None:
    """Return the points of events without a session or agent those of their trace, by which they are shown."""
    run = await reader.trace(trace_id)
    for field, query in _SILENT.items():
        if run is not None and (value := getattr(run.trace, field)) is not None:
            (silent,) = await database.query(query, trace_id=trace_id)
            for start in range(0, len(silent), _RENAMED):
                await index.set_payload(silent[start : start + _RENAMED], {field: value})
