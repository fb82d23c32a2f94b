"""ExportTraceServiceRequest to events: a span is one event, each of its span events another, child of the span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mapping.errors import Problem, invalid
from mapping.ids import named
from mapping.model import SPAN_KINDS, Event, Mapped, Status
from mapping.otlp.vectadb_attributes import EVENT_ID, take_back
from mapping.otlp.wire import Wire, count, id_if_any, meaning, nanoseconds
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import DEFAULT_LIMITS, Limits, check_items
from mapping.semantics.attribute_roles import (
    agent_of,
    agent_of_resource,
    find,
    is_error,
    own_name_of,
    session_of,
    span_type,
)
from mapping.semantics.event_types import event_type, readable_name
from mapping.semantics.projects import DEFAULT_PROJECT_RULE, ProjectRule
from mapping.semantics.sources import source_of
from mapping.times import format_rfc3339
from mapping.values import INT64_MAX

_KINDS: dict[int | str, str] = {
    **dict(enumerate(SPAN_KINDS)),
    **{f"SPAN_KIND_{kind.upper()}": kind for kind in SPAN_KINDS},
}
_STATUSES: dict[int | str, Status] = {
    0: "unset",
    1: "ok",
    2: "error",
    "STATUS_CODE_UNSET": "unset",
    "STATUS_CODE_OK": "ok",
    "STATUS_CODE_ERROR": "error",
}
# What a sender counts that it has dropped: the field, its name in JSON, and the property, which OpenTelemetry names so
# for exporters that have no such field.
DROPPED = {
    kind: (f"dropped_{kind}_count", f"dropped{kind.capitalize()}Count", f"otel.dropped_{kind}_count")
    for kind in ("attributes", "events", "links")
}
_MS = 1_000_000
# A resource's; a scope's is beside its name.
SCHEMA_URL = "otel.schema_url"
# Logfire's word for a span that is still open. The placeholder has an id of its own and says nothing that the finished
# span does not: it is taken, and not stored.
_PLACEHOLDER = ("logfire.span_type", "pending_span")
_MISSING = "spans[].{}: expected an id; the span has none and was not stored"


def map_traces(
    wire: Wire,
    body: bytes,
    received: int,
    limits: Limits = DEFAULT_LIMITS,
    changes: Changes | None = None,
    projects: ProjectRule = DEFAULT_PROJECT_RULE,
) -> Mapped:
    """Map a request's spans. `received` is the time of spans without one.

    A span without trace id or span id, or with one that is malformed, is rejected with a reason; one with a malformed
    parent's stands at the top, and a value of a wrong kind is kept as it came. What had to be changed is counted in
    `changes`. Raises Problem: INVALID_ARGUMENT for a body that does not decode, and where no span has ids at all,
    RESOURCE_EXHAUSTED for more spans and span events than `limits` allow.
    """
    mapped, changes = Mapped(), Changes() if changes is None else changes
    request = wire.traces(body, changes)
    fields = ("scope_spans", "spans")
    for origin, spans in scopes_of(wire, request.resource_spans, fields, limits, mapped, changes, projects):
        for span in spans:
            if span is None:
                mapped.reject_item("spans[]: expected an object; what it is was not stored")
                continue
            check_items(len(mapped.events) + 1 + len(span.events or ()), limits)
            map_span(wire, span, origin, mapped, received, changes)
            mapped.items += 1
    if mapped.items and mapped.rejected == mapped.items:
        raise invalid(
            f"no span of this request has both ids: {'; '.join(mapped.reasons)}. "
            "A logs request sent to /v1/traces looks like this: logs go to /v1/logs"
        )
    return mapped


class ScopeContext(NamedTuple):
    """What the spans or records of one scope share, among it the session, agent and project that these name."""

    resource: dict[str, Any]
    scope: dict[str, Any] | None
    session_id: str | None
    agent_id: str | None
    project: str | None
    source: dict[str, Any] | None


def scopes_of(
    wire: Wire,
    resources: Any,
    fields: tuple[str, str],
    limits: Limits,
    mapped: Mapped,
    changes: Changes,
    projects: ProjectRule,
) -> Iterator[tuple[ScopeContext, Any]]:
    """Yield each scope's origin and items. `fields` are those of a resource's scopes and of a scope's items.

    A resource's or scope's list that is no object is rejected as one item.
    Raises Problem (RESOURCE_EXHAUSTED) for too many items, and for as many resources or scopes, which may be empty.
    """
    scopes_field, items_field = fields
    check_items(len(resources or ()), limits)
    scope_count = item_count = 0
    for resource in resources or ():
        if resource is None:
            mapped.reject_item("resources[]: expected an object; what it is was not stored")
            continue
        scopes = getattr(resource, scopes_field) or ()
        scope_count += len(scopes)
        check_items(scope_count, limits)
        for scope in scopes:
            if scope is None:
                mapped.reject_item("scopes[]: expected an object; what it is was not stored")
                continue
            items = getattr(scope, items_field) or ()
            item_count += len(items)
            check_items(item_count, limits)
            yield origin_of(wire, resource, scope, changes, projects), items


def origin_of(wire: Wire, of_resource: Any, of_scope: Any, changes: Changes, projects: ProjectRule) -> ScopeContext:
    """Read the resource and scope of a list of each.

    The scope is `{name, version, attributes, schema_url}`, empty parts left out, None if all are.
    """
    resource, scope = of_resource.resource, of_scope.scope
    attributes = wire.attributes(resource.attributes, changes) if resource else {}
    if of_resource.schema_url:
        attributes[SCHEMA_URL] = of_resource.schema_url
    if resource:
        note_dropped(attributes, resource, "resource.", changes)
    changes.give_back(attributes)
    parts: dict[str, Any] = {}
    if scope and scope.name:
        parts["name"] = scope.name
    if scope and scope.version:
        parts["version"] = scope.version
    if scope:
        own = wire.attributes(scope.attributes, changes)
        note_dropped(own, scope, "scope.", changes)
        changes.give_back(own)
        if own:
            parts["attributes"] = own
    if of_scope.schema_url:
        parts["schema_url"] = of_scope.schema_url
    return scope_context(attributes, parts or None, projects)


def scope_context(resource: dict[str, Any], scope: dict[str, Any] | None, projects: ProjectRule) -> ScopeContext:
    """Return a resource and a scope (`origin_of`) with what they name."""
    inherited = find((scope or {}).get("attributes"), resource)
    agent_id = agent_of(inherited) or agent_of_resource(resource)
    project = projects.project_of(resource)
    return ScopeContext(resource, scope, session_of(inherited), agent_id, project, source_of(resource))


def note_dropped(
    properties: dict[str, Any], message: Any, path: str, changes: Changes, kinds: Iterable[str] = ("attributes",)
) -> None:
    """Add how much its sender says was dropped of an item."""
    for kind in kinds:
        field, name, key = DROPPED[kind]
        if (given := getattr(message, field)) and (number := count(given, path + name, changes)):
            properties[key] = number


def map_span(wire: Wire, span: Any, origin: ScopeContext, mapped: Mapped, received: int, changes: Changes) -> None:
    """Add a span's event, and those of its span events, to `mapped`, or reject it there."""
    try:
        trace_id = wire.hex_id(span.trace_id, 32, "spans[].traceId")
        span_id = wire.hex_id(span.span_id, 16, "spans[].spanId")
    except Problem as problem:
        mapped.reject(f"{problem.message}; the span was not stored")
        return
    if not trace_id or not span_id:
        mapped.reject(_MISSING.format("spanId" if trace_id else "traceId"))
        return
    parent_span_id = id_if_any(wire, span.parent_span_id, 16, changes)
    properties = wire.attributes(span.attributes, changes)
    if is_placeholder(properties):
        return
    roles = find(properties)
    status = _status(span.status, properties, changes)
    if status == "unset" and is_error(roles):
        status = "error"
    if span.trace_state:
        properties["otel.trace_state"] = span.trace_state
    if span.links:
        properties["otel.links"] = [_link(wire, link, changes) for link in span.links]
    start = nanoseconds(span.start_time_unix_nano, "spans[].startTimeUnixNano", changes)
    end = nanoseconds(span.end_time_unix_nano, "spans[].endTimeUnixNano", changes)
    duration = end - start if 0 < start <= end <= start + INT64_MAX else None
    if duration is None and end:
        properties["otel.end_time"] = format_rfc3339(end)  # before the start, or without one: kept, not counted
    kind = span_type(roles, properties, span.name, (origin.scope or {}).get("name"))
    names_itself = kind == "agent" or (kind == "workflow" and parent_span_id is None)
    own_name = own_name_of(roles, properties, span.name) if names_itself else None
    side = meaning(span.kind, _KINDS, "unspecified", "spans[].kind", changes)
    flags = count(span.flags, "spans[].flags", changes) or None
    note_dropped(properties, span, "spans[].", changes, DROPPED)
    changes.give_back(properties)
    own = identity(trace_id, span_id, side, start)
    event = Event(
        id=named("span", *own),
        timestamp=start or end or received,
        kind=side,
        properties=properties,
        trace_id=trace_id,
        event_type=kind,
        agent_id=agent_of(roles, own_name) or origin.agent_id,
        session_id=session_of(roles) or origin.session_id,
        project=origin.project,
        name=readable_name(span.name, properties) or None,
        status=status,
        source=origin.source,
        resource=origin.resource,
        scope=origin.scope,
        span_id=span_id,
        parent_span_id=parent_span_id,
        duration=duration,
        flags=flags,
    )
    if EVENT_ID in properties:
        take_back(event)
    mapped.add(event)
    for index, span_event in enumerate(span.events or ()):
        mapped.add(_map_span_event(wire, span_event, (*own, str(index)), event, changes))


def identity(trace_id: str, span_id: str, kind: str, start: int) -> tuple[str, ...]:
    """Return what tells a span from others that have its ids.

    That is its kind, since a server may share its client's id, as Zipkin's do; and its start, since a run that is
    replayed may have the ids of the first. A span that is sent once while it runs and again when it has ended has the
    same. Milliseconds, because who hands spans on may cut their times; and `internal` is `unspecified`, because some
    formats have no word for it.
    """
    side = "" if kind in {"internal", "unspecified"} else kind
    return trace_id, span_id, side, str(start // _MS)


def is_placeholder(properties: dict[str, Any]) -> bool:
    """Return whether a span with these attributes is taken and not stored."""
    return bool(properties.get(_PLACEHOLDER[0]) == _PLACEHOLDER[1])


def _status(status: Any, properties: dict[str, Any], changes: Changes) -> Status:
    """Read a span's status; its message becomes the property that OpenTelemetry's other exporters use."""
    if not status:
        return "unset"
    if status.message:
        properties["otel.status_description"] = status.message
    return meaning(status.code, _STATUSES, "unset", "spans[].status.code", changes)


def _map_span_event(wire: Wire, span_event: Any, own: tuple[str, ...], span: Event, changes: Changes) -> Event:
    properties = wire.attributes(span_event.attributes, changes)
    at = nanoseconds(span_event.time_unix_nano, "spans[].events[].timeUnixNano", changes)
    note_dropped(properties, span_event, "spans[].events[].", changes)
    changes.give_back(properties)
    roles = find(properties)
    kind = (event_type(span_event.name) if span_event.name else None) or "log"
    if kind == "model_call":
        kind = "message"  # the call is the span; what it notes on the way are messages
    event = Event(
        id=named("span_event", *own),
        timestamp=at or span.timestamp,
        kind="span_event",
        properties=properties,
        trace_id=span.trace_id,
        event_type=kind,
        agent_id=agent_of(roles) or span.agent_id,
        session_id=session_of(roles) or span.session_id,
        project=span.project,
        name=span_event.name or None,
        status="error" if kind == "error" or is_error(roles) else "unset",
        source=span.source,
        resource=span.resource,
        scope=span.scope,
        parent_span_id=span.span_id,
    )
    if EVENT_ID in properties:
        take_back(event)
    return event


def _link(wire: Wire, link: Any, changes: Changes) -> dict[str, Any]:
    properties = wire.attributes(link.attributes, changes)
    note_dropped(properties, link, "spans[].links[].", changes)
    read: dict[str, Any] = {
        "trace_id": id_if_any(wire, link.trace_id, 32, changes) or "",
        "span_id": id_if_any(wire, link.span_id, 16, changes) or "",
        "attributes": properties,
    }
    if link.trace_state:
        read["trace_state"] = link.trace_state
    if link.flags and (flags := count(link.flags, "spans[].links[].flags", changes)):
        read["flags"] = flags
    return read
