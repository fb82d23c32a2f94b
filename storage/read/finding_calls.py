"""The call that an event reports, and the calls around one."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from storage.read.call_pages import around, pages_of, pages_of_trace
from storage.read.paging import Branch, Row, page, records
from storage.surreal import cbor, rows
from storage.surreal.database import Database

# Pages looked through at a time.
_AT_ONCE = 8
# Parts of a session, and pages of calls in them, among which the call is looked for that an event of it reports.
_PARTS, _PAGES = 1_000, 500
# Calls that are looked at before and after a tool's, and model calls that are returned of each.
_AROUND, _MODELS = 50, 2


async def call_of(database: Database, event_id: str) -> Row | None:
    """Return the call with this id, or the one that this event reports. Raises Problem (UNAVAILABLE)."""
    (events,) = await database.query(
        "SELECT trace_id, session_id, timestamp FROM $event", event=[cbor.record(rows.EVENT, event_id)]
    )
    if not events:
        return None
    (event,) = events
    moment = event["timestamp"]
    starts = await pages_of_trace(database, event["trace_id"])
    own = [(event["trace_id"], number) for number in around(starts, moment)]
    # A log record may report a call of its session that is in another trace.
    return await _among(database, own, event_id) or await _in_session(database, event, moment, event_id)


async def _in_session(database: Database, event: Row, moment: int, event_id: str) -> Row | None:
    if event.get("session_id") is None:
        return None
    parts = await page(
        database,
        rows.SESSION_RUN,
        [Branch({"session_id": event["session_id"]})],
        _PARTS,
        fields="id, newest_start, trace_id, first_event_at, last_event_at",
    )
    near = {
        part["trace_id"]: max(part["first_event_at"] - moment, moment - part["last_event_at"], 0)
        for part in parts
        if part["trace_id"] != event["trace_id"]
    }
    runs = await records(database, rows.RUN, sorted(near, key=lambda trace_id: near[trace_id]), "id, call_pages")
    places = [(run["id"], number) for run in runs for number in around(run.get("call_pages") or [], moment)]
    return await _among(database, places[:_PAGES], event_id)


async def _among(database: Database, places: Sequence[tuple[str, int]], event_id: str) -> Row | None:
    for start in range(0, len(places), _AT_ONCE):
        reported = None
        for _, calls in await pages_of(database, places[start : start + _AT_ONCE]):
            for call in calls:
                if call["id"] == event_id:
                    return call
                if event_id in call["told_by"]:
                    reported = call
        if reported is not None:
            return reported
    return None


async def models_around(database: Database, tool: Row) -> list[Row]:
    """Return the model calls that may have requested a tool's call, or were sent its result."""
    trace_id = tool["trace_id"]
    starts = await pages_of_trace(database, trace_id)
    near = sorted(around(starts, tool["start_time"])[:3])
    pages = await pages_of(database, [(trace_id, number) for number in near])
    return nearest_models([call for _, calls in pages for call in calls], tool)


def nearest_models(calls: Sequence[Row], tool: Row) -> list[Row]:
    """Return those of a run's calls, in order, that `models_around` returns."""
    at = bisect.bisect_right(calls, tool["start_time"], key=lambda row: row["start_time"])
    before, after = calls[max(at - _AROUND, 0) : at], calls[at : at + _AROUND]
    return [*_nearest(before[::-1], tool), *_nearest(after, tool)]


def _nearest(calls: Sequence[Row], tool: Row) -> list[Row]:
    models = [row for row in calls if row["kind"] == "model"]
    own = [row for row in models if row.get("agent_id") == tool.get("agent_id")]
    return (own or models)[:_MODELS]
