"""ExportLogsServiceRequest to events: a log record is one event, child of the span it names."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import msgspec

from mapping.ids import named
from mapping.model import Event, Mapped
from mapping.otlp.spans import Origin, origin_of
from mapping.otlp.wire import Wire, meaning, nanoseconds
from mapping.roles import agent_of, find, is_error, session_of, tokens_of, tool_of, type_of
from mapping.vocabulary import event_type

# https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber: four numbers a name, INFO to INFO4.
_NAMES = [f"{name}{step}" for name in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL") for step in ("", 2, 3, 4)]
_SEVERITIES: dict[int | str, str | None] = {
    0: None,
    "SEVERITY_NUMBER_UNSPECIFIED": None,
    **dict(enumerate(_NAMES, start=1)),
    **{f"SEVERITY_NUMBER_{name}": name for name in _NAMES},
}
_FAILURES = frozenset(_NAMES[16:])

_canonical = msgspec.msgpack.Encoder(order="deterministic").encode


def map_logs(wire: Wire, body: bytes, received: int) -> Mapped:
    """Map a request's log records. `received` is the moment for records that carry no time.

    Raises Problem (INVALID_ARGUMENT) for a body that does not decode and for ids of a wrong length.
    """
    mapped = Mapped()
    ordinals: dict[bytes, int] = {}
    for resource_logs in wire.logs(body).resource_logs or ():
        for scope_logs in resource_logs.scope_logs or ():
            origin = origin_of(wire, resource_logs.resource, scope_logs.scope)
            origin_digest = sha1(_canonical([origin.resource, origin.scope]), usedforsecurity=False).digest()
            for record in scope_logs.log_records or ():
                event, content = _map_record(wire, record, origin, received)
                digest = sha1(origin_digest + content, usedforsecurity=False).digest()
                # A line repeated on purpose is another event: its ordinal among the request's equals tells it apart.
                ordinal = ordinals.get(digest, 0)
                ordinals[digest] = ordinal + 1
                event.id = named("log", digest.hex(), str(ordinal))
                mapped.add(event)
                mapped.items += 1
    return mapped


def _map_record(wire: Wire, record: Any, origin: Origin, received: int) -> tuple[Event, bytes]:
    """Give the record's event, its id yet to be set, and the content that identifies it."""
    trace_id = wire.hex_id(record.trace_id, 32, "logRecords[].traceId") or None
    span_id = wire.hex_id(record.span_id, 16, "logRecords[].spanId") or None
    properties = wire.attributes(record.attributes)
    body = wire.value(record.body)
    time = nanoseconds(record.time_unix_nano, "logRecords[].timeUnixNano")
    observed = nanoseconds(record.observed_time_unix_nano, "logRecords[].observedTimeUnixNano")
    severity = meaning(record.severity_number, _SEVERITIES, None, "logRecords[].severityNumber")
    severity_text, event_name = record.severity_text or "", record.event_name or ""
    content = _canonical(
        [properties, body, time, observed, severity, severity_text, event_name, trace_id or "", span_id or ""]
    )

    found = find(properties, body if isinstance(body, dict) else None)
    name = _name(event_name, properties, body)
    failed = severity in _FAILURES
    kind = (event_type(name) if name else None) or type_of(found)
    if kind is None:
        kind = "tool_call" if tool_of(found) else "error" if failed or "exception.type" in properties else "log"
    if event_name:
        properties.setdefault("event.name", event_name)
    if severity_text and severity_text != severity:
        properties.setdefault("severity_text", severity_text)
    if body is not None:
        if "body" in properties:
            properties["attributes.body"] = properties["body"]
        properties["body"] = body
    input_tokens, output_tokens = tokens_of(found)
    event = Event(
        id="",
        timestamp=time or observed or received,
        kind="log_record",
        properties=properties,
        trace_id=trace_id,
        event_type=kind,
        agent_id=agent_of(found) or agent_of(origin.inherited),
        session_id=session_of(found) or session_of(origin.inherited),
        name=name,
        status="error" if failed or kind == "error" or is_error(found) else "unset",
        resource=origin.resource,
        scope=origin.scope,
        parent_span_id=span_id,
        severity=severity or severity_text or None,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
    return event, content


def _name(event_name: str, properties: dict[str, Any], body: object) -> str | None:
    """The record's own event name, then the older attribute, then a body that is one of the vocabulary's words."""
    if event_name:
        return event_name
    named_by = properties.get("event.name")
    if isinstance(named_by, str) and named_by:
        return named_by
    if isinstance(body, str) and len(body) < 100 and "." in body and event_type(body):
        return body
    return None
