"""Corrections of points after an upsert: deleted events, and changes of an event's or a trace's session or agent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from storage.qdrant.base import VectorIndex
from storage.read.reader import Reader
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Points whose payload is set at a time.
_POINTS_AT_ONCE = 250

_WITHOUT = {
    "session_id": "SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id AND session_id = NONE",
    "agent_id": "SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id AND agent_id = NONE",
}


async def drop_deleted(database: Database, index: VectorIndex, event_ids: Sequence[str]) -> None:
    """Delete points whose events were deleted while the points were made, possibly by another receiver."""
    if not database.embedded:
        await delete(database, index, event_ids)


async def delete(database: Database, index: VectorIndex, event_ids: Sequence[str]) -> None:
    """Delete those of the points whose events no longer exist.

    An event may have been stored again since. If the clocks of receivers differ, or a clock was adjusted, the record of
    that commit may come before the record of the deletion.
    """
    if event_ids:
        (existing,) = await database.query(
            "SELECT VALUE id FROM $events", events=[cbor.record(rows.EVENT, event_id) for event_id in event_ids]
        )
        if gone := sorted({*event_ids}.difference(existing)):
            await index.delete(gone)


async def update_owners(reader: Reader, index: VectorIndex, event_ids: Sequence[str]) -> None:
    """Set the agent and the session of events' points to those that the events have now."""
    for start in range(0, len(event_ids), _POINTS_AT_ONCE):
        by_owner: defaultdict[tuple[str | None, str | None], list[str]] = defaultdict(list)
        for event in (await reader.events_by_id(event_ids[start : start + _POINTS_AT_ONCE])).values():
            by_owner[event["agent_id"], event["session_id"]].append(event["id"])
        for (agent_id, session_id), ids in by_owner.items():
            payload = {"agent_id": agent_id, "session_id": session_id}
            await index.set_payload(ids, {field: value for field, value in payload.items() if value is not None})


async def pass_on(database: Database, reader: Reader, index: VectorIndex, trace_id: str) -> None:
    """Set the session and the agent of a trace's points whose events name none to those of the trace."""
    run = await reader.trace(trace_id)
    for field, query in _WITHOUT.items():
        if run is not None and (value := getattr(run.trace, field)) is not None:
            (event_ids,) = await database.query(query, trace_id=trace_id)
            for start in range(0, len(event_ids), _POINTS_AT_ONCE):
                await index.set_payload(event_ids[start : start + _POINTS_AT_ONCE], {field: value})
