"""Maps the JSON events of `/api/v1/events` to events."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec

from mapping import ids
from mapping.correlation.message_chain import conversation_of
from mapping.errors import invalid
from mapping.json.decoding import decode
from mapping.model import Event
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import DEFAULT_LIMITS, Limits, check_items
from mapping.semantics import log_bodies
from mapping.semantics.attribute_roles import agent_of, find, is_error, session_of, text_id, tool_of, type_of
from mapping.semantics.projects import DEFAULT_PROJECT_RULE, ProjectRule
from mapping.semantics.sources import source_id
from mapping.times import parse_rfc3339
from mapping.values import storable


def _said(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description)


_MOMENT = msgspec.Meta(
    description="RFC 3339 with its zone; nanoseconds are kept. Where it is absent, the time of its arrival is taken",
    examples=["2026-01-07T19:00:00Z"],
    extra_json_schema={"format": "date-time"},
)
_TRACE_ID = msgspec.Meta(
    max_length=ids.MAX_TRACE_ID,
    description="32 hex digits or a UUID, or any text of your own; one is found where absent",
)


class EventRequest(msgspec.Struct):
    """One event as sent. "" means absent; unknown fields are ignored."""

    timestamp: Annotated[str, _MOMENT] | None = None
    properties: Annotated[Any, _said("an object as it is; anything else is kept under `value`")] = None
    trace_id: Annotated[str, _TRACE_ID] | None = None
    event_type: Annotated[str, _said("such as tool_call or error; told by the properties where absent")] | None = None
    agent_id: str | None = None
    session_id: Annotated[str, _said("a conversation or task, whose latest trace the event goes into")] | None = None
    project: Annotated[str, _said("what it belongs to, of several that share the receiver")] | None = None
    source: Annotated[dict[str, Any], _said("where it was logged: system, log_group, log_stream, log_id")] | None = None
    event_id: Annotated[str, _said("your own id, which makes it safe to send the event again")] | None = None
    # Sent by the VectaDB SDK in place of `properties`.
    metadata: Annotated[Any, _said("added to the properties")] = None
    context: Annotated[Any, _said("added to the properties")] = None


class Options(msgspec.Struct, forbid_unknown_fields=False):
    """`as_read`: the events are as this API gives them, of whatever kind, and are stored as the same."""

    auto_create_traces: bool = True
    generate_embeddings: bool = True
    extract_relationships: bool = False
    as_read: bool = False


_E = TypeVar("_E")


class BatchRequest(msgspec.Struct, Generic[_E]):
    """A batch of events. A bad one costs only itself: it is among the `errors`."""

    events: list[_E]
    options: Options | None = None


# In a tuple: what a client calls status may be an object, which no set can be asked for.
_FAILED = ("error", "failed", "failure")

_event = msgspec.json.Decoder(EventRequest)
# The events are decoded one by one.
_batch = msgspec.json.Decoder(BatchRequest[msgspec.Raw])


def decode_batch(
    body: bytes, limits: Limits = DEFAULT_LIMITS, changes: Changes | None = None
) -> BatchRequest[msgspec.Raw]:
    """Decode the body of `/api/v1/events/batch`.

    Raises Problem: INVALID_ARGUMENT naming the field and what was expected, RESOURCE_EXHAUSTED for too many events.
    """
    batch = decode(_batch, body, "a JSON object with a list `events`", changes)
    check_items(len(batch.events), limits)
    return batch


def decode_event(body: bytes | msgspec.Raw, changes: Changes | None = None) -> EventRequest:
    """Decode one event. Raises Problem naming the field and what was expected."""
    return decode(_event, body, "an event as a JSON object", changes)


def map_event(
    request: EventRequest,
    options: Options,
    new_id: str,
    idempotency_key: str | None = None,
    *,
    arrived: int = 0,
    projects: ProjectRule = DEFAULT_PROJECT_RULE,
) -> Event:
    """Map one event. `new_id` (a UUID) is its id if nothing in the request identifies it.

    `arrived`, in nanoseconds since 1970, is its time if it says none. Raises Problem for an invalid timestamp, and for
    an event without any field.
    """
    if all(getattr(request, field) in (None, "", {}) for field in request.__struct_fields__):
        raise invalid(f"expected an event with at least one of {', '.join(request.__struct_fields__)}")
    try:
        timestamp = parse_rfc3339(request.timestamp) if request.timestamp else arrived
    except ValueError as error:
        raise invalid(f"timestamp: {error}") from None
    trace_id = ids.trace_id(request.trace_id or "")
    properties = _properties(request)
    source = storable(request.source) if request.source else None
    roles = find(properties)
    kind = request.event_type or type_of(roles) or ("tool_call" if tool_of(roles) else "log")
    failed = kind == "error" or is_error(roles) or properties.get("status") in _FAILED
    name = properties.get("name")
    event = Event(
        id=_id(request, source, new_id, idempotency_key, projects.of_key),
        timestamp=timestamp,
        kind="json",
        properties=properties,
        # OpenTelemetry's invalid id, zeros alone, is no trace for strangers to share.
        trace_id=trace_id if trace_id.strip("0") else None,
        event_type=kind,
        agent_id=request.agent_id or agent_of(roles) or text_id(properties.get("agent")),
        session_id=request.session_id or session_of(roles),
        project=projects.project_of(None, request.project),
        name=name if isinstance(name, str) and name else None,
        status="error" if failed else "unset",
        source=source,
        creates_trace=options.auto_create_traces,
        indexed=options.generate_embeddings,
    )
    event.conversation = conversation_of(event, [properties])
    event.caller = log_bodies.caller_of(properties)
    return event


def _id(
    request: EventRequest, source: dict[str, Any] | None, new_id: str, idempotency_key: str | None, project: str | None
) -> str:
    if request.event_id:
        return ids.event_id(request.event_id, project)
    if idempotency_key:
        return ids.named("idempotency_key", idempotency_key, *ids.within(project))
    return (source_id(source) if source else None) or new_id


def _properties(request: EventRequest) -> dict[str, Any]:
    """Return the properties as sent, with the VectaDB SDK's `metadata` and `context` merged in.

    What they say otherwise than the properties stands under its longer name: `metadata.KEY`.
    """
    properties = _fields(request.properties, "value")
    for field in ("metadata", "context"):
        for key, inner in _fields(getattr(request, field), field).items():
            if properties.setdefault(key, inner) != inner:
                properties[f"{field}.{key}"] = inner
    return properties


def _fields(value: Any, otherwise: str) -> dict[str, Any]:
    """Return an object's fields, or one field `otherwise` for any other value. A field nests as deep as in OTLP."""
    if value is None:
        return {}
    return {key: storable(inner) for key, inner in (value if isinstance(value, dict) else {otherwise: value}).items()}
