"""Storing mapped events, shared by the OTLP and JSON routes."""

from __future__ import annotations

from mapping.errors import Code, Problem
from mapping.model import Event
from receiver.http.metrics import Metrics
from receiver.settings import Key
from storage.write.commit import Outcome
from storage.write.writer import MAX_EVENTS, Writer

_SERVICE = "service.name"


async def store(
    metrics: Metrics,
    writer: Writer,
    signal: str,
    events: list[Event],
    items: int,
    key: Key | None,
    transport: str = "http",
) -> list[Outcome]:
    """Write the events of so many items to disk, and return each event's outcome, in order.

    `key` is the sender's. If it has a service, events of others are not stored; where all of them are such, Problem
    (PERMISSION_DENIED) is raised. If it has a project, they belong to that one, whatever they say themselves.

    Raises Problem (UNAVAILABLE) if the store cannot accept all of them now. Some may be stored already; sent again they
    are duplicates, except JSON events without an id, key or source.
    """
    if key is not None and key.project:
        for event in events:
            event.project, event.is_confined = key.project, True
    service = key.service if key is not None else ""
    denied = {index: problem for index, event in enumerate(events) if (problem := _denied(event, service))}
    if events and len(denied) == len(events):
        metrics.failed(items, signal, transport)
        raise denied[0]
    taken = [event for index, event in enumerate(events) if index not in denied] if denied else events
    outcomes: list[Outcome] = []
    try:
        # Those of 20 MiB (48,000 spans), encoded at once, took 5 s in which nobody else was answered, and 1.5 GB where
        # 0.6 will do.
        for start in range(0, len(taken), MAX_EVENTS):
            outcomes += await writer.write(taken[start : start + MAX_EVENTS])
    except Problem:
        metrics.refused(items, signal, transport)
        raise
    stored = iter(outcomes)
    return [denied.get(index) or next(stored) for index in range(len(events))] if denied else outcomes


def _denied(event: Event, service: str) -> Problem | None:
    """Return why an event may not be sent, None if it may. A JSON event has no resource: it gets the key's service."""
    if not service:
        return None
    if event.kind == "json" and event.resource is None:
        event.resource = {_SERVICE: service}
    given = (event.resource or {}).get(_SERVICE)
    if given == service:
        return None
    got = "there is none" if given is None else f"got {str(given)[:80]!r}"
    return Problem(Code.PERMISSION_DENIED, f"resource {_SERVICE}: this API key sends for {service!r} alone; {got}")
