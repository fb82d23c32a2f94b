"""The types of the answers of `/api/v1`: for the description (`receiver.http.openapi`), and for the tests, which check
every answer against them. `receiver.http.shown` makes them from what is stored, field by field in this order.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from mapping.calls.model import About, ScoreSource
from mapping.errors import Code
from mapping.model import SPAN_KINDS, Correlation, Status, TraceStatus
from storage.indexing.indexer import State
from storage.interpreting.interpreter import State as InterpretationState
from storage.search.results import Mode

Count = Annotated[int, msgspec.Meta(ge=0)]
Moment = Annotated[
    str,
    msgspec.Meta(
        description="UTC, with nanoseconds",
        examples=["2026-01-07T19:00:00.000000000Z"],
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$",
        extra_json_schema={"format": "date-time"},
    ),
]
TraceId = Annotated[str, msgspec.Meta(description="32 hex digits, or as a client of JSON events gave it")]
EventId = Annotated[str, msgspec.Meta(description="a UUID", extra_json_schema={"format": "uuid"})]
Kind = Annotated[
    str,
    msgspec.Meta(
        description="the span's kind, or what else it was",
        extra_json_schema={"enum": [*SPAN_KINDS, "span_event", "log_record", "json"]},
    ),
]
NextCursor = Annotated[
    str | None, msgspec.Meta(description="the `cursor` of the next page; null where this one is the last")
]


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """Strict, so that tests find a field that is not described. Clients are told to expect further ones."""


class Error(Answer):
    """Every error. `message` names the field and what was expected."""

    error: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(Code)})]
    message: str


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


class Score(Answer):
    """What a person, a program or a model said of how good something was: a number or a label, or a remark alone.

    `about` says what: the call with `call_id`, the event with `event_id`, the trace or the session. An event that it
    names and that has not come is null.
    """

    id: str
    told_by: Annotated[EventId, msgspec.Meta(description="the event that tells it")]
    name: str
    value: float | None
    label: str | None
    explanation: Annotated[str | None, msgspec.Meta(description="its first 300 characters; the event has all of it")]
    source: ScoreSource | None
    author: Annotated[str | None, msgspec.Meta(description="who gave it: a person, an evaluator")]
    timestamp: Moment
    about: About
    trace_id: TraceId
    session_id: str | None
    call_id: str | None
    event_id: str | None


Scores = Annotated[list[Score], msgspec.Meta(description="the latest first; of a trace a hundred, of a call twenty")]


class ScoreSum(Answer):
    """What the scores of a name come to. Mean, least and greatest are of the `valued` ones, which have a number."""

    name: str
    count: Count
    valued: Count
    mean: float | None
    least: float | None
    greatest: float | None
    labels: dict[str, Count]


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


class Step(Answer):
    """A call of a model or a tool, by its name."""

    name: str
    duration_ns: Count


class Repeated(Answer):
    """A tool that was called so often with the same arguments."""

    name: str
    times: Count


class Sums(Answer, kw_only=True):
    """Sums over calls. Input includes what was read from and written to a cache, output includes reasoning."""

    error_count: Count
    calls: Annotated[int, msgspec.Meta(ge=0, description="calls of models")]
    tools: Annotated[int, msgspec.Meta(ge=0, description="calls of tools")]
    input_tokens: Count
    output_tokens: Count
    cache_read_tokens: Count
    cache_write_tokens: Count
    reasoning_tokens: Count
    cost_usd: float
    unpriced_calls: Annotated[int, msgspec.Meta(ge=0, description="calls of models whose cost is not known")]
    models: list[str]
    tool_names: list[str]
    agent_ids: list[str]
    user_ids: list[str]
    first_question: str | None
    last_answer: str | None
    first_error: str | None
    slowest: Annotated[Step | None, msgspec.Meta(description="the call of a model or tool that took longest")]
    repeated: Annotated[
        Repeated | None, msgspec.Meta(description="what came most often with the same arguments, three times at least")
    ]
    score_sums: list[ScoreSum]
    interpreted: Annotated[bool, msgspec.Meta(description="whether the sums hold all events")]


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
    correlation: Correlation


class Outline(Trace, kw_only=True):
    """A trace with all of its events in the order of time; `truncated` if these are only the newest."""

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


class IndexState(Answer):
    """The state of the search index, and how many events are stored and not searchable yet."""

    state: State
    pending: Count


class Highlight(Answer):
    """A passage of an event's text; `ranges` are the places of the query's words, in Unicode code points."""

    text: str
    ranges: list[tuple[Count, Count]]


class Place(Answer):
    """The place of a result in one of the lists that its score is made of."""

    rank: Annotated[int, msgspec.Meta(ge=1)]
    score: float


class Occurrences(Answer):
    """How many events say the same, and in how many traces."""

    events: Count
    traces: Count


class Result(Answer, kw_only=True):
    """A search result. `parts` if asked for; `more`, with `group_by`, is how many other hits its group has.

    `passage` is the key of what was said and done in the event, null if that is nothing; `occurrences` counts events
    that have it and pass the filters: this is the best of them. `prompt`: the event's system prompt was found.
    """

    score: float
    event: Event
    passage: Annotated[str, msgspec.Meta(pattern="^[0-7][0-9a-f]{15}$")] | None = None
    occurrences: Occurrences | msgspec.UnsetType = msgspec.UNSET
    prompt: bool = False
    more: Count | msgspec.UnsetType = msgspec.UNSET
    highlights: list[Highlight]
    parts: dict[str, Place] | msgspec.UnsetType = msgspec.UNSET


class SearchResults(Answer):
    """Results, best first; without a query the events that pass the filters, the newest first, in pages.

    `mode` is hybrid's `keyword` while the index is filled for another model. `reranked` is how many of the `candidates`
    MiniLM had the time to read.
    """

    query: str | None
    mode: Mode | None
    took_ms: float
    index: IndexState
    reranked: Count
    candidates: Count
    results: list[Result]
    next_cursor: NextCursor


class Similar(Answer):
    """The events nearest to one in meaning."""

    event_id: EventId
    took_ms: float
    index: IndexState
    results: list[Result]


class FacetValue(Answer):
    value: str
    count: Count


class FacetCounts(Answer):
    event_type: list[FacetValue]
    agent_id: list[FacetValue]
    service: list[FacetValue]
    project: list[FacetValue]
    status: list[FacetValue]


class Facets(Answer):
    """How many events there are of each kind, the most frequent values first; with words, of those that have one.

    Not `complete`: more have them than are counted, and these are the best.
    """

    took_ms: float
    index: IndexState
    events: Count
    complete: bool
    facets: FacetCounts


class ExplainedValue(Answer):
    """A value, the place it comes from, and the key there; null if there is no key."""

    value: str | None
    origin: str = msgspec.field(name="from")
    key: str | None


class Explanation(Answer):
    """The explanation of an event's placement and fields."""

    event_id: EventId
    trace_id: TraceId
    correlation: Correlation
    rule: str
    session_id: ExplainedValue
    agent_id: ExplainedValue
    event_type: ExplainedValue


class Indexing(Answer):
    """The state of the search index, its progress, and how many events are not searchable yet."""

    index_state: State
    index_progress: Annotated[float, msgspec.Meta(ge=0, le=1)]
    index_pending: Count


class Stats(Indexing):
    events: Count
    traces: Count
    sessions: Count
    indexed: Annotated[int, msgspec.Meta(ge=0, description="events in the search index")]
    interpretation_state: InterpretationState
    interpretation_pending: Annotated[int, msgspec.Meta(ge=0, description="events that are not interpreted yet")]
    interpretation_lag_seconds: Annotated[float, msgspec.Meta(ge=0, description="since when the first of them waits")]
    version: str


class Pruned(Answer):
    """How much was deleted, or would be; repeat the request until it is `done`."""

    dry_run: bool
    traces: Count
    events: Count
    done: bool
    kept: Annotated[
        int,
        msgspec.Meta(
            ge=0, description="traces of the session that hold others, too, and stay until they are interpreted"
        ),
    ]
