"""From mapped events to stored ones, and what is counted on the way."""

from __future__ import annotations

import time

from aiohttp import web

from mapping.model import Event
from receiver.http.context import METRICS
from storage.commit import Outcome, Stored
from storage.writer import Writer


async def store(request: web.Request, writer: Writer, signal: str, events: list[Event]) -> list[Outcome]:
    """Write the events; on return they are on disk. Gives each one's outcome, in order.

    Raises Problem (UNAVAILABLE) where the store cannot take them now.
    """
    if not events:
        return []
    metrics, began = request.app[METRICS], time.perf_counter()
    outcomes = await writer.write(events)
    metrics.committed(time.perf_counter() - began, signal)
    stored = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
    duplicates = sum(outcome.duplicate for outcome in stored)
    metrics.accepted(len(stored) - duplicates, signal)
    metrics.duplicates(duplicates, signal)
    return outcomes
