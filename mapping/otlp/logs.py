"""ExportLogsServiceRequest to events: a log record is one event, child of the span it names, unless it is a span."""

from __future__ import annotations

from collections import Counter
from hashlib import sha1
from typing import Any

import msgspec

from mapping.correlation.message_chain import conversation_of
from mapping.errors import invalid
from mapping.ids import named
from mapping.model import Event, Mapped
from mapping.otlp.span_records import is_span_record, map_span_record, parts_of
from mapping.otlp.spans import ScopeContext, note_dropped, scopes_of
from mapping.otlp.vectadb_attributes import EVENT_ID, take_back
from mapping.otlp.wire import Wire, count, id_if_any, meaning, nanoseconds, whole
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import DEFAULT_LIMITS, Limits, check_items
from mapping.semantics import bedrock_log, id_patterns, log_bodies, rules
from mapping.semantics.attribute_roles import (
    agent_of,
    agent_of_resource,
    find,
    is_error,
    session_of,
    text_id,
    tokens_of,
    tool_of,
    type_of,
)
from mapping.semantics.event_types import record_name, record_type
from mapping.semantics.log_parsing import DEFAULT_LOG_PARSING, LogParsing
from mapping.semantics.projects import DEFAULT_PROJECT_RULE, ProjectRule
from mapping.semantics.severities import NAMES, level, level_in
from mapping.semantics.sources import source_id
from mapping.values import json_text

_SEVERITIES: dict[int | str, str | None] = {
    0: None,
    "SEVERITY_NUMBER_UNSPECIFIED": None,
    **dict(enumerate(NAMES, start=1)),
    **{f"SEVERITY_NUMBER_{name}": name for name in NAMES},
}
_FAILURES = frozenset(NAMES[16:])

_MS = 1_000_000
# The Collector's CloudWatch receiver: its resources carry this, its records CloudWatch's id of the line as `id`.
_COLLECTED = "cloudwatch.log.group.name"

# An invocation of a function, as OpenTelemetry calls what AWS Lambda and id_patterns.py call a request.
_INVOCATION = "faas.invocation_id"

_canonical = msgspec.msgpack.Encoder(order="deterministic").encode


def map_logs(
    wire: Wire,
    body: bytes,
    received: int,
    limits: Limits = DEFAULT_LIMITS,
    reading: LogParsing = DEFAULT_LOG_PARSING,
    changes: Changes | None = None,
    number: int = 0,
    projects: ProjectRule = DEFAULT_PROJECT_RULE,
) -> Mapped:
    """Map a request's log records. `received` is the time of records without one.

    `number` tells the request from others of the same bytes. Their records are others if they were sent one by one.

    A malformed trace or span id is left out, a value of a wrong kind is kept as it came; that, and what else had to be
    changed, is counted in `changes`. Raises Problem: INVALID_ARGUMENT for a body that does not decode, or holds nothing
    that is a record, RESOURCE_EXHAUSTED for more records than `limits` allow.
    """
    mapped, changes = Mapped(), Changes() if changes is None else changes
    ordinals: dict[bytes, int] = {}
    of_moment: Counter[int] = Counter()
    request = wire.logs(body, changes)
    others = [str(number)] if number and _is_sent_alone(request) else []
    fields = ("scope_logs", "log_records")
    for origin, records in scopes_of(wire, request.resource_logs, fields, limits, mapped, changes, projects):
        origin_digest = sha1(_canonical([origin.resource, origin.scope]), usedforsecurity=False).digest()
        for record in records:
            if record is None:
                mapped.reject_item("logRecords[]: expected an object; what it is was not stored")
                continue
            raw = wire.value(record.body, changes)
            held = log_bodies.parsed(raw)
            if is_span_record(held):
                check_items(len(mapped.events) + parts_of(held), limits)
                map_span_record(held, origin, mapped, received, changes, projects)
                mapped.items += 1
                continue
            event, content = _map_record(wire, record, raw, held, origin, received, reading, changes)
            if not event.id:
                digest = sha1(origin_digest + content, usedforsecurity=False).digest()
                # A line repeated on purpose is another event: its ordinal among its equals in the request tells.
                ordinal = ordinals.get(digest, 0)
                ordinals[digest] = ordinal + 1
                event.id = named("log", digest.hex(), str(ordinal), *others)
            event.order = of_moment[event.timestamp] or None
            of_moment[event.timestamp] += 1
            if EVENT_ID in event.properties:
                take_back(event)
            mapped.add(event)
            mapped.items += 1
    if mapped.items and mapped.rejected == mapped.items:
        raise invalid(f"no record of this request could be read: {'; '.join(mapped.reasons)}")
    return mapped


def _is_sent_alone(request: Any) -> bool:
    """Return whether a request is of one record, which an SDK has stamped by a clock of milliseconds."""
    groups = [group for group in request.resource_logs or () if group is not None]
    scopes = [scope for group in groups for scope in group.scope_logs or () if scope is not None]
    records = [record for scope in scopes for record in scope.log_records or ()]
    if len(records) != 1 or records[0] is None:
        return False
    observed = whole(records[0].observed_time_unix_nano) or 0
    return observed > 0 and observed % _MS == 0


def _map_record(
    wire: Wire,
    record: Any,
    raw: Any,
    body: Any,
    origin: ScopeContext,
    received: int,
    reading: LogParsing,
    changes: Changes,
) -> tuple[Event, bytes]:
    """Return the record's event and the content that identifies it where the event has no id yet.

    `raw` is its body, and `body` the same, or the object whose JSON text it is.
    """
    trace_id = id_if_any(wire, record.trace_id, 32, changes)
    span_id = id_if_any(wire, record.span_id, 16, changes)
    properties = wire.attributes(record.attributes, changes)
    time = nanoseconds(record.time_unix_nano, "logRecords[].timeUnixNano", changes)
    observed = nanoseconds(record.observed_time_unix_nano, "logRecords[].observedTimeUnixNano", changes)
    severity = meaning(record.severity_number, _SEVERITIES, None, "logRecords[].severityNumber", changes)
    flags = count(record.flags, "logRecords[].flags", changes) or None
    note_dropped(properties, record, "logRecords[].", changes)
    changes.give_back(properties)
    severity_text, event_name = record.severity_text or "", record.event_name or ""
    content = _canonical(
        [properties, raw, time, observed, severity, severity_text, event_name, trace_id or "", span_id or ""]
    )
    fields: dict[str, Any] = body if isinstance(body, dict) else {}
    if trace_id is None and fields:
        trace_id, span_id = log_bodies.ids_of(fields)
    event = Event(
        id="",
        timestamp=time or observed or received,
        kind="log_record",
        properties=properties,
        trace_id=trace_id,
        project=origin.project,
        source=origin.source,
        resource=origin.resource,
        scope=origin.scope,
        parent_span_id=span_id,
        severity=severity or level(severity_text) or level_in((properties, fields)) or log_bodies.level_of(fields),
        flags=flags,
        observed_timestamp=observed or None,
    )
    _tell(event, raw, fields, event_name, origin, reading)
    if event_name:
        properties.setdefault("event.name", event_name)
    if severity_text and severity_text != event.severity:
        properties.setdefault("severity_text", severity_text)
    event.severity = event.severity or severity_text or None
    if body is not None:
        if "body" in properties:
            properties["attributes.body"] = properties["body"]
        properties["body"] = body
    if origin.source and _COLLECTED in origin.resource and (log_id := text_id(properties.get("id"))):
        # A Collector that reads a line again gives it another time of observation: CloudWatch's own id tells.
        event.source = {**origin.source, "log_id": log_id}
        event.id = source_id(event.source) or ""
    return event, content


def _tell(
    event: Event, raw: object, fields: dict[str, Any], event_name: str, origin: ScopeContext, reading: LogParsing
) -> None:
    """Set the event's fields from its attributes, its body (`raw`, and its `fields` if it has any) and the rules."""
    properties = event.properties
    levels = [properties, *log_bodies.levels_of(fields)] if fields else [properties]
    roles = find(*levels)
    session_id, agent_id, request_id = session_of(roles), agent_of(roles), None
    is_known = bedrock_log.is_model_invocation(fields)
    # Bedrock's log is known whole.
    if isinstance(raw, str) and not is_known and (session_id is None or agent_id is None):
        written = id_patterns.ids_in(raw, reading.ids)
        session_id, agent_id, request_id = session_id or written.session, agent_id or written.agent, written.request
    request_id = request_id or text_id(properties.get(_INVOCATION))
    if fields:
        agent_id = agent_id or agent_of_resource(log_bodies.resource_of(fields))
    name = event.name = record_name(event_name, levels, raw) or log_bodies.platform_event(fields)
    kind = (record_type(name) if name else None) or type_of(roles) or log_bodies.type_of_body(fields)
    if reading.rules:
        text = raw if isinstance(raw, str) else json_text(raw)
        if (said := rules.apply(reading.rules, text, fields)) is not None:
            session_id, agent_id, kind = said.session or session_id, said.agent or agent_id, said.event_type or kind
            event.severity = said.level or event.severity
            for key, value in said.properties.items():
                properties.setdefault(key, value)
            properties["rule"] = said.rule
    failed = event.severity in _FAILURES
    if kind is None:
        exception = failed or is_error(roles) or _is_exception(properties, raw)
        kind = (
            "tool_call"
            if tool_of(roles)
            else "model_call"
            if any(tokens_of(roles))
            else "error"
            if exception
            else "log"
        )
    event.event_type = kind
    event.status = "error" if failed or kind == "error" or is_error(roles) else "unset"
    event.session_id = session_id or origin.session_id
    event.agent_id = agent_id or origin.agent_id
    event.conversation = conversation_of(event, levels)
    event.caller = log_bodies.caller_of(fields) if fields else None
    if event.session_id is None and event.trace_id is None and event.conversation is None:
        event.session_id = request_id


def _is_exception(properties: dict[str, Any], body: object) -> bool:
    return "exception.type" in properties or (
        isinstance(body, str) and "Traceback (most recent call last):" in body[: id_patterns.SEARCHED]
    )
