"""The types of `/api/v1`'s answers about events (`answers.py`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from mapping.model import Correlation, Status
from receiver.http.answers import (
    Answer,
    Count,
    EventId,
    Kind,
    Moment,
    NextCursor,
    Scores,
    TraceId,
)


class EventAccepted(Answer):
    """The event is stored: on disk."""

    event_id: EventId
    trace_id: TraceId
    created_at: Annotated[str, msgspec.Meta(description="the event's timestamp as it was sent, or when it arrived")]
    status: Literal["accepted"]
    warning: str | msgspec.UnsetType = msgspec.UNSET


class EventError(Answer):
    index: Count
    error: str


class EventWarning(Answer):
    """Something about an event that was stored, such as that it said no time."""

    index: Count
    warning: str


class BatchAccepted(Answer):
    """The result of a batch; `event_ids` has null in the place of each event that was not stored."""

    ingested: Count
    failed: Count
    trace_ids: list[TraceId]
    errors: list[EventError]
    event_ids: list[EventId | None]
    ingested_count: Count
    failed_count: Count
    duplicates: Count
    warnings: list[EventWarning] | msgspec.UnsetType = msgspec.UNSET


class Event(Answer):
    """Something an agent did: a span, a span event, a log record or a JSON event."""

    id: EventId
    trace_id: TraceId
    timestamp: Moment
    event_type: str | None
    agent_id: str | None
    session_id: str | None
    project: Annotated[str | None, msgspec.Meta(description="that of its trace")]
    name: str | None
    status: Status
    properties: Annotated[
        dict[str, Any], msgspec.Meta(description="attributes under their own keys; a log's body under `body`")
    ]
    source: dict[str, Any] | None
    resource: dict[str, Any] | None
    scope: dict[str, Any] | None
    span_id: str | None
    parent_span_id: str | None
    kind: Kind
    severity: str | None
    duration_ns: int | None
    flags: Annotated[
        int | None, msgspec.Meta(description="OTLP's flags of a span or record: the low 8 bits are W3C's trace flags")
    ]
    observed_timestamp: Moment | None
    order: Annotated[
        int | None, msgspec.Meta(description="the place among its request's records of its moment; null of the first")
    ]
    created_at: Moment
    correlation: Annotated[Correlation, msgspec.Meta(description="the rule that placed the event in its trace")]


class EventWithScores(Event):
    """An event, and the scores that are about it, or about the call that it tells of."""

    scores: Scores


class Link(Answer):
    """A span that a span says to have to do with; it may not be stored."""

    trace_id: str
    span_id: str
    trace_state: str | None
    flags: int | None
    attributes: dict[str, Any]


class LinkingSpan(Answer):
    """A span that says to have to do with another."""

    id: EventId
    trace_id: TraceId
    span_id: str
    name: str | None
    timestamp: Moment


class Links(Answer):
    links: list[Link]
    linked_by: list[LinkingSpan]
    truncated: Annotated[bool, msgspec.Meta(description="more spans link to it than these")]


class Events(Answer):
    events: list[Event]
    next_cursor: NextCursor
