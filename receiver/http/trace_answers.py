"""The types of `/api/v1`'s answers about traces and sessions (`answers.py`)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from mapping.model import Correlation, Status, TraceStatus
from receiver.http.answers import (
    Answer,
    Count,
    EventId,
    Kind,
    Moment,
    NextCursor,
    Scores,
    Sums,
    TraceId,
)
from receiver.http.event_answers import Event


class Trace(Sums, kw_only=True):
    """One run of an agent."""

    id: TraceId
    session_id: str | None
    agent_id: str | None
    status: TraceStatus
    name: str | None
    service: str | None
    project: str | None
    origin: Literal["given", "inferred"]
    event_count: Count
    start_time: Moment
    end_time: Moment | None
    duration_ns: Annotated[int, msgspec.Meta(ge=0, description="until its root ended, else until the last activity")]
    last_event_at: Moment
    created_at: Moment
    updated_at: Moment


class Traces(Answer):
    traces: list[Trace]
    left_out: Annotated[
        int,
        msgspec.Meta(ge=0, description="traces without a call or a session in the time of this page, up to 1,000"),
    ]
    next_cursor: NextCursor


class TraceWithEvents(Trace, kw_only=True):
    """A trace, the scores of all that is in it, and a page of its events in the order of time."""

    scores: Scores
    events: list[Event]
    next_cursor: NextCursor


class OutlinedEvent(Answer, kw_only=True):
    """The fields of an event that a waterfall needs, with shortened texts; fields that are null or 0 are left out."""

    id: EventId
    timestamp: Moment
    duration_ns: Count | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    event_type: str | msgspec.UnsetType = msgspec.UNSET
    status: Status
    kind: Kind
    severity: str | msgspec.UnsetType = msgspec.UNSET
    span_id: str | msgspec.UnsetType = msgspec.UNSET
    parent_span_id: str | msgspec.UnsetType = msgspec.UNSET
    agent_id: str | msgspec.UnsetType = msgspec.UNSET
    input_tokens: Count | msgspec.UnsetType = msgspec.UNSET
    output_tokens: Count | msgspec.UnsetType = msgspec.UNSET
    call_id: Annotated[
        EventId | msgspec.UnsetType,
        msgspec.Meta(description="the call that it tells of; its tokens stand with the first"),
    ] = msgspec.UNSET
    call_name: Annotated[
        str | msgspec.UnsetType, msgspec.Meta(description="of an event without a name, that of the call")
    ] = msgspec.UNSET
    correlation: Correlation


class Outline(Trace, kw_only=True):
    """A trace with all of its events in the order of time; `truncated` if these are only the newest."""

    first_error_event: Annotated[EventId | None, msgspec.Meta(description="the event that tells of the first error")]
    scores: Scores
    events: list[OutlinedEvent]
    truncated: bool


class Bucket(Answer):
    """How many traces began in a span of time, and how many of them failed."""

    start: Moment
    traces: Count
    failed: Count


class Activity(Answer):
    """How many traces began when; not `complete` if there are too many to count, and then `since` is later."""

    since: Moment | None
    until: Moment | None
    complete: bool
    buckets: list[Bucket]
    earlier: Annotated[int, msgspec.Meta(ge=0, description="traces that began years before all others: not counted")]
    later: Annotated[int, msgspec.Meta(ge=0, description="traces that began years after all others: not counted")]


class Session(Sums, kw_only=True):
    """The traces of one session, summed up."""

    id: str
    trace_count: Count
    event_count: Count
    first_event_at: Moment
    last_event_at: Moment
    duration_ns: Count
    trace_ids: list[TraceId]


class Sessions(Answer):
    sessions: list[Session]
    next_cursor: NextCursor


class SessionPart(Sums, kw_only=True):
    """What a session did in a trace that other sessions have a part in, too."""

    event_count: Count
    first_event_at: Moment
    last_event_at: Moment


class SessionTrace(Trace, kw_only=True):
    """A trace of a session; `part` is the session's own part of it, null where that is all of it."""

    part: SessionPart | None


class SessionWithTraces(Session, kw_only=True):
    """A session with its traces, newest first."""

    traces: list[SessionTrace]
