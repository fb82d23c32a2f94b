"""ExportTraceServiceRequest to events: a span is one event, each of its span events another, child of the span."""

from __future__ import annotations

from typing import Any

from mapping.errors import invalid
from mapping.ids import named
from mapping.model import SPAN_KINDS, Event, Mapped, Status
from mapping.otlp.wire import Wire
from mapping.roles import agent_of, find, is_error, session_of, tokens_of, tool_of, type_of
from mapping.vocabulary import event_type

_KINDS: dict[int | str, str] = {
    **dict(enumerate(SPAN_KINDS)),
    **{f"SPAN_KIND_{kind.upper()}": kind for kind in SPAN_KINDS},
}
_STATUSES: dict[int | str, Status] = {
    1: "ok",
    2: "error",
    "STATUS_CODE_OK": "ok",
    "STATUS_CODE_ERROR": "error",
}
_MISSING = "spans[].{}: expected an id; the span has none and was not stored"


def map_traces(wire: Wire, body: bytes, received: int) -> Mapped:
    """Map a request's spans. `received` is the moment for spans that carry no time.

    A span without trace id or span id is rejected with a reason. Raises Problem (INVALID_ARGUMENT) for a body that
    does not decode, for ids of a wrong length, and where no span has ids at all.
    """
    mapped = Mapped()
    for resource_spans in wire.traces(body).resource_spans:
        resource = wire.attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_of(wire, scope_spans.scope)
            inherited = find(scope and scope.get("attributes"), resource)
            for span in scope_spans.spans:
                _map_span(wire, span, resource, scope, inherited, mapped, received)
                mapped.items += 1
    if mapped.items and mapped.rejected == mapped.items:
        raise invalid(
            "spans[].traceId, spans[].spanId: expected 16 and 8 bytes, but no span of this request has both. "
            "A logs request sent to /v1/traces looks like this: logs go to /v1/logs"
        )
    return mapped


def scope_of(wire: Wire, scope: Any) -> dict[str, Any] | None:
    """Give an instrumentation scope as `{name, version, attributes}`, empty parts left out; None for an empty one."""
    parts: dict[str, Any] = {}
    if scope.name:
        parts["name"] = scope.name
    if scope.version:
        parts["version"] = scope.version
    if scope.attributes:
        parts["attributes"] = wire.attributes(scope.attributes)
    return parts or None


def moment(*candidates: int | str) -> int:
    """Give the first time that is set; zero means unset."""
    for candidate in candidates:
        if (time := int(candidate)) > 0:
            return time
    return 0


def _map_span(
    wire: Wire,
    span: Any,
    resource: dict[str, Any],
    scope: dict[str, Any] | None,
    inherited: list[Any],
    mapped: Mapped,
    received: int,
) -> None:
    trace_id = wire.hex_id(span.trace_id, 32, "spans[].traceId")
    span_id = wire.hex_id(span.span_id, 16, "spans[].spanId")
    parent_span_id = wire.hex_id(span.parent_span_id, 16, "spans[].parentSpanId") or None
    if not trace_id or not span_id:
        mapped.reject(_MISSING.format("spanId" if trace_id else "traceId"))
        return
    properties = wire.attributes(span.attributes)
    found = find(properties)
    status = _STATUSES.get(span.status.code, "unset")
    if span.status.message:
        properties["otel.status_description"] = span.status.message
    if status == "unset" and is_error(found):
        status = "error"
    if span.trace_state:
        properties["otel.trace_state"] = span.trace_state
    if span.links:
        properties["otel.links"] = [_link(wire, link) for link in span.links]
    start, end = int(span.start_time_unix_nano), int(span.end_time_unix_nano)
    input_tokens, output_tokens = tokens_of(found)
    event = Event(
        id=named("span", trace_id, span_id),
        timestamp=moment(start, end, received),
        kind=_KINDS.get(span.kind, "unspecified"),
        properties=properties,
        trace_id=trace_id,
        event_type=type_of(found)
        or ("tool_call" if tool_of(found) else "model_call" if input_tokens or output_tokens else "span"),
        agent_id=agent_of(found) or agent_of(inherited),
        session_id=session_of(found) or session_of(inherited),
        name=span.name or None,
        status=status,
        resource=resource,
        scope=scope,
        span_id=span_id,
        parent_span_id=parent_span_id,
        duration=end - start if 0 < start <= end else None,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
    mapped.add(event)
    for index, span_event in enumerate(span.events):
        mapped.add(_map_span_event(wire, span_event, index, event, received))


def _map_span_event(wire: Wire, span_event: Any, index: int, span: Event, received: int) -> Event:
    properties = wire.attributes(span_event.attributes)
    found = find(properties)
    kind = event_type(span_event.name) or "log"
    return Event(
        id=named("span_event", span.trace_id or "", span.span_id or "", str(index)),
        timestamp=moment(span_event.time_unix_nano, span.timestamp, received),
        kind="span_event",
        properties=properties,
        trace_id=span.trace_id,
        event_type=kind,
        agent_id=agent_of(found) or span.agent_id,
        session_id=session_of(found) or span.session_id,
        name=span_event.name or None,
        status="error" if kind == "error" or is_error(found) else "unset",
        resource=span.resource,
        scope=span.scope,
        parent_span_id=span.span_id,
    )


def _link(wire: Wire, link: Any) -> dict[str, Any]:
    return {
        "trace_id": wire.hex_id(link.trace_id, 32, "spans[].links[].traceId"),
        "span_id": wire.hex_id(link.span_id, 16, "spans[].links[].spanId"),
        "attributes": wire.attributes(link.attributes),
    }
