"""Events as they are read, back to events: what an export holds, of this receiver or another.

Nothing is read from the properties that the event says itself: its id, session, agent, type, status and name are kept
as they are. Only what it does not show is had from the properties again: the list of messages, and whose call it is of.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mapping import ids
from mapping.correlation.message_chain import conversation_of
from mapping.errors import invalid
from mapping.json.decoding import decode
from mapping.model import SPAN_KINDS, Event, Status
from mapping.otlp.wire import UINT64_MAX
from mapping.sanitize.changes import Changes
from mapping.semantics import log_bodies
from mapping.times import parse_rfc3339
from mapping.values import INT64_MAX, storable

KINDS = (*SPAN_KINDS, "span_event", "log_record", "json")

_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")


class EventAsRead(msgspec.Struct):
    """An event as `GET /api/v1/events` gives it. `created_at` and `correlation` are found anew, like unknown fields."""

    id: str
    trace_id: str
    timestamp: str
    kind: str
    event_type: str | None = None
    agent_id: str | None = None
    session_id: str | None = None
    name: str | None = None
    status: Status = "unset"
    properties: dict[str, Any] = {}
    source: dict[str, Any] | None = None
    resource: dict[str, Any] | None = None
    scope: dict[str, Any] | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    severity: str | None = None
    duration_ns: int | None = None


_decoder = msgspec.json.Decoder(EventAsRead)


def event_as_read(body: bytes | msgspec.Raw, changes: Changes | None = None, *, indexed: bool = True) -> Event:
    """Decode and map one event. `indexed` says whether it is to be searched.

    Raises Problem naming the field and what was expected.
    """
    read = decode(_decoder, body, "an event as GET /api/v1/events gives it", changes)
    _check(read)
    try:
        timestamp = parse_rfc3339(read.timestamp)
    except ValueError as error:
        raise invalid(f"timestamp: {error}") from None
    if read.kind in (*SPAN_KINDS, "span_event") and not 0 < timestamp <= UINT64_MAX - (read.duration_ns or 0):
        raise invalid("timestamp: expected a span's, between 1970 and 2554")
    event = Event(
        id=read.id.lower(),
        timestamp=timestamp,
        kind=read.kind,
        properties=_fields(read.properties),
        trace_id=ids.trace_id(read.trace_id),
        event_type=read.event_type or None,
        agent_id=read.agent_id or None,
        session_id=read.session_id or None,
        name=read.name or None,
        status=read.status,
        source=None if read.source is None else _fields(read.source),
        resource=None if read.resource is None else _fields(read.resource),
        scope=None if read.scope is None else _fields(read.scope),
        span_id=read.span_id or None,
        parent_span_id=read.parent_span_id or None,
        severity=read.severity or None,
        duration=read.duration_ns,
        indexed=indexed,
    )
    _tell(event)
    return event


def _check(read: EventAsRead) -> None:
    if ids.event_id(read.id) != read.id.lower():
        raise invalid(f"id: expected a UUID, got {read.id[:80]!r}")
    if read.kind not in KINDS:
        raise invalid(f"kind: expected one of {', '.join(KINDS)}; got {read.kind[:40]!r}")
    if not 0 < len(read.trace_id) <= ids.MAX_TRACE_ID or not read.trace_id.strip("0"):
        raise invalid(
            f"trace_id: expected 1 to {ids.MAX_TRACE_ID} characters, not all zero; got {read.trace_id[:80]!r}"
        )
    for field in ("span_id", "parent_span_id"):
        given = getattr(read, field)
        if given and not _SPAN_ID.fullmatch(given):
            raise invalid(f"{field}: expected 16 hex digits in lower case, got {given[:80]!r}")
    if (read.kind in SPAN_KINDS) != bool(read.span_id):
        raise invalid(f"span_id: expected of a span, and of nothing else; the kind is {read.kind}")
    if read.span_id and not _TRACE_ID.fullmatch(read.trace_id):
        raise invalid(f"trace_id: expected 32 hex digits in lower case of a span's, got {read.trace_id[:80]!r}")
    if not isinstance((read.scope or {}).get("attributes", {}), dict):
        raise invalid("scope.attributes: expected an object")
    if read.duration_ns is not None and not 0 <= read.duration_ns <= INT64_MAX:
        raise invalid(f"duration_ns: expected 0 to {INT64_MAX}, got {read.duration_ns}")


def _tell(event: Event) -> None:
    """Tell the event which messages others may go on with, and whose call it is of."""
    levels = [event.properties]
    if event.kind == "log_record":
        body = event.properties.get("body")
        levels = [{key: value for key, value in event.properties.items() if key != "body"}]
        if isinstance(body, dict):
            levels += log_bodies.levels_of(body)
    if event.kind in {"log_record", "json"}:
        event.conversation = conversation_of(event, levels)
        event.caller = next(filter(None, map(log_bodies.caller_of, levels)), None)


def _fields(value: dict[str, Any]) -> dict[str, Any]:
    return {key: storable(inner) for key, inner in value.items()}
