"""The scores that are about an event, and the trace of what is to be scored."""

from __future__ import annotations

import msgspec

from mapping.calls.model import Score
from storage.read.finding_calls import call_of
from storage.read.reader import Reader
from storage.surreal import cbor, rows
from storage.surreal.database import Database
from storage.surreal.rows import EventRow


async def scores_about(reader: Reader, event: EventRow) -> list[Score]:
    """Return the scores about an event, or about the call that it tells of, the latest first."""
    run = await reader.trace(event["trace_id"])
    if run is None or not run.scores:
        return []
    call = await call_of(reader.database, event["id"])
    of_call = [] if call is None else msgspec.convert(call.get("scores", []), list[Score])
    about_it = {score.id: score for score in of_call}
    about_it |= {score.id: score for score in run.scores if score.event_id == event["id"]}
    return sorted(about_it.values(), key=lambda score: (-score.at, score.id))


async def trace_of_event(database: Database, event_id: str, project: str | None = None) -> str | None:
    """Return the trace of an event, None if there is no such event, with a project in that.

    Raises Problem (UNAVAILABLE).
    """
    (found,) = await database.query("SELECT trace_id, project FROM $event", event=[cbor.record(rows.EVENT, event_id)])
    return found[0]["trace_id"] if found and project in (None, found[0].get("project")) else None
