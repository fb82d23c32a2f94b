"""Maps events as they are read back to events: the lines of an export, of this receiver or another.

An event's id, session, agent, type, status and name are kept as they are. Only fields that it does not show are derived
from the properties again: the list of messages, and whose call it is.
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
from mapping.otlp.wire import UINT32_MAX, UINT64_MAX
from mapping.sanitize.changes import Changes
from mapping.semantics import log_bodies
from mapping.semantics.projects import DEFAULT_PROJECT_RULE, ProjectRule
from mapping.times import parse_rfc3339
from mapping.values import INT64_MAX, storable

KINDS = (*SPAN_KINDS, "span_event", "log_record", "json")

_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")


class EventAsRead(msgspec.Struct):
    """An event as `GET /api/v1/events` returns it. `created_at` and `correlation` are ignored, like unknown fields."""

    id: str
    trace_id: str
    timestamp: str
    kind: str
    event_type: str | None = None
    agent_id: str | None = None
    session_id: str | None = None
    # Absent in what an earlier version has exported: then its resource says it.
    project: str | msgspec.UnsetType | None = msgspec.UNSET
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
    flags: int | None = None
    observed_timestamp: str | None = None
    order: int | None = None


_decoder = msgspec.json.Decoder(EventAsRead)


def event_as_read(
    body: bytes | msgspec.Raw,
    changes: Changes | None = None,
    *,
    indexed: bool = True,
    projects: ProjectRule = DEFAULT_PROJECT_RULE,
) -> Event:
    """Decode and map one event. `indexed` says whether it is to be searchable.

    Raises Problem naming the field and what was expected.
    """
    read = decode(_decoder, body, "an event as GET /api/v1/events gives it", changes)
    _check(read)
    timestamp = _moment("timestamp", read.timestamp)
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
        project=_project(read, projects),
        name=read.name or None,
        status=read.status,
        source=None if read.source is None else _fields(read.source),
        resource=None if read.resource is None else _fields(read.resource),
        scope=None if read.scope is None else _fields(read.scope),
        span_id=read.span_id or None,
        parent_span_id=read.parent_span_id or None,
        severity=read.severity or None,
        duration=read.duration_ns,
        flags=read.flags or None,
        observed_timestamp=None
        if read.observed_timestamp is None
        else _moment("observed_timestamp", read.observed_timestamp),
        order=read.order or None,
        indexed=indexed,
    )
    _link(event)
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
    _check_number("duration_ns", read.duration_ns)
    _check_number("order", read.order)
    _check_number("flags", read.flags, UINT32_MAX)


def _project(read: EventAsRead, projects: ProjectRule) -> str | None:
    if read.project is msgspec.UNSET:
        return projects.project_of(read.resource)
    return projects.project_of(None, read.project)


def _check_number(field: str, number: int | None, most: int = INT64_MAX) -> None:
    if number is not None and not 0 <= number <= most:
        raise invalid(f"{field}: expected 0 to {most}, got {number}")


def _moment(field: str, written: str) -> int:
    try:
        return parse_rfc3339(written)
    except ValueError as error:
        raise invalid(f"{field}: {error}") from None


def _link(event: Event) -> None:
    """Set the messages that later calls may continue, and whose call it is."""
    if event.kind not in {"log_record", "json"}:
        return
    levels = [event.properties]
    if event.kind == "log_record":
        body = event.properties.get("body")
        levels = [{key: value for key, value in event.properties.items() if key != "body"}]
        if isinstance(body, dict):
            levels += log_bodies.levels_of(body)
    event.conversation = conversation_of(event, levels)
    event.caller = next(filter(None, map(log_bodies.caller_of, levels)), None)


def _fields(value: dict[str, Any]) -> dict[str, Any]:
    return {key: storable(inner) for key, inner in value.items()}
