"""Spans that come as log records: CloudWatch keeps each as a line of JSON (`aws/spans`, AgentCore's stream `spans`).

A line has the span with its scope and its resource, attributes as plain objects, enums by the ends of their names. What
becomes of it is the event that the span itself would have become: sent by both ways it is one. What the record has
beside the line says no more than where it was read.
"""

from __future__ import annotations

import re
from typing import Any

from mapping.model import Mapped
from mapping.otlp.json import JsonWire
from mapping.otlp.json_messages import AsIs, KeyValue, Span, SpanEvent, SpanLink, SpanStatus
from mapping.otlp.spans import ScopeContext, map_span, scope_context
from mapping.sanitize.changes import Changes
from mapping.semantics.projects import ProjectRule

_WIRE = JsonWire()
_HEX32, _HEX16 = re.compile(r"[0-9a-fA-F]{32}"), re.compile(r"[0-9a-fA-F]{16}")
_TIMES = {"startTimeUnixNano", "endTimeUnixNano"}


def is_span_record(body: Any) -> bool:
    """Return whether a log record's body is a span: it has both ids, a name, a start and an end."""
    return (
        isinstance(body, dict)
        and body.keys() >= _TIMES
        and isinstance(body.get("name"), str)
        and _is_id(body.get("traceId"), _HEX32)
        and _is_id(body.get("spanId"), _HEX16)
    )


def map_span_record(
    body: dict[str, Any],
    origin: ScopeContext,
    mapped: Mapped,
    received: int,
    changes: Changes,
    projects: ProjectRule,
) -> None:
    """Map such a body (`is_span_record`); `origin` is the record's. A value of a wrong kind is kept, and counted."""
    resource = {**origin.resource, **_attributes_in(body.get("resource"))}
    given = _object(body.get("scope"))
    scope = {key: given[key] for key in ("name", "version") if isinstance(given.get(key), str) and given[key]}
    if own := _attributes_in(given):
        scope["attributes"] = own
    map_span(_WIRE, _span(body), scope_context(resource, scope or None, projects), mapped, received, changes)


def parts_of(body: dict[str, Any]) -> int:
    """Return how many events a body makes."""
    return 1 + len(_objects(body.get("events")))


def _span(body: dict[str, Any]) -> Span:
    status = _object(body.get("status"))
    return Span(
        trace_id=body["traceId"],
        span_id=body["spanId"],
        parent_span_id=_text(body.get("parentSpanId")),
        trace_state=_text(body.get("traceState")),
        name=body["name"],
        kind=_named("SPAN_KIND_", body.get("kind")),
        start_time_unix_nano=body["startTimeUnixNano"],
        end_time_unix_nano=body["endTimeUnixNano"],
        attributes=_attributes(body),
        dropped_attributes_count=body.get("droppedAttributesCount"),
        events=[
            SpanEvent(
                time_unix_nano=event.get("timeUnixNano"),
                name=_text(event.get("name")),
                attributes=_attributes(event),
                dropped_attributes_count=event.get("droppedAttributesCount"),
            )
            for event in _objects(body.get("events"))
        ],
        dropped_events_count=body.get("droppedEventsCount"),
        links=[
            SpanLink(
                trace_id=_text(link.get("traceId")),
                span_id=_text(link.get("spanId")),
                trace_state=_text(link.get("traceState")),
                attributes=_attributes(link),
                flags=link.get("flags"),
            )
            for link in _objects(body.get("links"))
        ],
        dropped_links_count=body.get("droppedLinksCount"),
        status=SpanStatus(message=_text(status.get("message")), code=_named("STATUS_CODE_", status.get("code"))),
        flags=body.get("flags"),
    )


def _attributes(holder: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=AsIs(given=value)) for key, value in _attributes_in(holder).items()]


def _attributes_in(holder: object) -> dict[str, Any]:
    return _object(_object(holder).get("attributes"))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _named(beginning: str, value: Any) -> Any:
    """Return an enum's name as OTLP has it; a number, and what is neither, as it came."""
    return beginning + value if isinstance(value, str) and value.isalpha() else value


def _is_id(value: object, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None and value.strip("0") != ""
