"""ExportLogsServiceRequest to events: a log record is one event, child of the span it names."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import msgspec

from mapping.ids import named
from mapping.model import Event, Mapped
from mapping.otlp.spans import moment, scope_of
from mapping.otlp.wire import Wire
from mapping.roles import agent_of, find, is_error, session_of, tokens_of, tool_of, type_of
from mapping.vocabulary import event_type

# https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber: four numbers a name.
_SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_ERROR = _SEVERITIES.index("ERROR")

_canonical = msgspec.msgpack.Encoder(order="deterministic").encode


def map_logs(wire: Wire, body: bytes, received: int) -> Mapped:
    """Map a request's log records. `received` is the moment for records that carry no time.

    Raises Problem (INVALID_ARGUMENT) for a body that does not decode and for ids of a wrong length.
    """
    mapped = Mapped()
    ordinals: dict[bytes, int] = {}
    for resource_logs in wire.logs(body).resource_logs:
        resource = wire.attributes(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            scope = scope_of(wire, scope_logs.scope)
            inherited = find(scope and scope.get("attributes"), resource)
            origin = sha1(_canonical([resource, scope]), usedforsecurity=False).digest()
            for record in scope_logs.log_records:
                mapped.add(_map_record(wire, record, resource, scope, inherited, origin, ordinals, received))
                mapped.items += 1
    return mapped


def _map_record(
    wire: Wire,
    record: Any,
    resource: dict[str, Any],
    scope: dict[str, Any] | None,
    inherited: list[Any],
    origin: bytes,
    ordinals: dict[bytes, int],
    received: int,
) -> Event:
    trace_id = wire.hex_id(record.trace_id, 32, "logRecords[].traceId") or None
    span_id = wire.hex_id(record.span_id, 16, "logRecords[].spanId") or None
    properties = wire.attributes(record.attributes)
    body = wire.value(record.body)
    time, observed = int(record.time_unix_nano), int(record.observed_time_unix_nano)
    severity = _severity(record.severity_number, record.severity_text)
    content = [properties, body, time, observed, severity, record.event_name, trace_id, span_id]
    digest = sha1(origin + _canonical(content), usedforsecurity=False).digest()
    # A line repeated on purpose is another event: the ordinal among identical records of the request tells them apart.
    ordinal = ordinals.get(digest, 0)
    ordinals[digest] = ordinal + 1

    found = find(properties, body if isinstance(body, dict) else None)
    name = _name(record.event_name, properties, body)
    failed = severity in _SEVERITIES[_ERROR:]
    kind = (event_type(name) if name else None) or type_of(found)
    if kind is None:
        kind = "tool_call" if tool_of(found) else "error" if failed or "exception.type" in properties else "log"
    if record.event_name:
        properties.setdefault("event.name", record.event_name)
    if record.severity_text and record.severity_text != severity:
        properties.setdefault("severity_text", record.severity_text)
    if body is not None:
        properties["body"] = body
    input_tokens, output_tokens = tokens_of(found)
    return Event(
        id=named("log", digest.hex(), str(ordinal)),
        timestamp=moment(time, observed, received),
        kind="log_record",
        properties=properties,
        trace_id=trace_id,
        event_type=kind,
        agent_id=agent_of(found) or agent_of(inherited),
        session_id=session_of(found) or session_of(inherited),
        name=name,
        status="error" if failed or kind == "error" or is_error(found) else "unset",
        resource=resource,
        scope=scope,
        parent_span_id=span_id,
        severity=severity,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )


def _severity(number: int | str, text: str) -> str | None:
    if isinstance(number, str):
        name = number.removeprefix("SEVERITY_NUMBER_").rstrip("234")
        number = _SEVERITIES.index(name) * 4 + 1 if name in _SEVERITIES else int(number) if number.isdecimal() else 0
    if 1 <= number <= 24:
        return _SEVERITIES[(number - 1) // 4]
    return text or None


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
