"""A picture of a message: its bytes, read from the event that holds it, or from another one of the same call."""

from __future__ import annotations

import asyncio

from mapping.messages.pictures import find_picture
from storage.read.call_detail import told_by
from storage.read.finding_calls import call_of
from storage.read.reader import Reader
from storage.surreal.rows import EventRow


async def picture(reader: Reader, event_id: str, wanted: str) -> bytes | None:
    """Return the bytes of the picture with this id, None if there is none. Raises Problem (UNAVAILABLE)."""
    events = await reader.as_sent([event_id])
    found = await _first(events, wanted)
    if found is None and (call := await call_of(reader.database, event_id)) is not None:
        found = await _first(await reader.as_sent(told_by(call)), wanted)
    return found


async def _first(events: dict[str, EventRow], wanted: str) -> bytes | None:
    for event in events.values():
        if (found := await asyncio.to_thread(find_picture, event["properties"], wanted)) is not None:
            return found
    return None
