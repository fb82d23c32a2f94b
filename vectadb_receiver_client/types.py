"""What the API takes and answers, as JSON has it.

Written by tests/vectadb_receiver_client/generate.py of the OpenAPI description.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict


class Activity(TypedDict):
    """How many traces began when; not `complete` if there are too many to count, and then `since` is later."""

    since: str | None
    until: str | None
    complete: bool
    buckets: list[Bucket]
    earlier: int
    later: int


class Alert(TypedDict):
    """What a webhook is told, as `webhook` names it in the settings. Several alerts may be sent as one message.
    `since` and `until` are the span of time whose cost or failure rate it is about; the other ids are those of a
    run.
    """

    id: str
    timestamp: str
    kind: Literal["cost", "failed_run", "failure_rate", "new_error"]
    text: str
    webhook: str
    state: Literal["delivered", "failed", "waiting"]
    attempts: int
    message_id: str
    next_attempt_at: str | None
    delivered_at: str | None
    last_error: str | None
    trace_id: str | None
    session_id: str | None
    agent_id: str | None
    service: str | None
    project: str | None
    since: str | None
    until: str | None


class Alerts(TypedDict):
    alerts: list[Alert]
    next_cursor: str | None


class BatchAccepted(TypedDict):
    """The result of a batch; `event_ids` has null in the place of each event that was not stored."""

    ingested: int
    failed: int
    trace_ids: list[str]
    errors: list[EventError]
    event_ids: list[str | None]
    ingested_count: int
    failed_count: int
    duplicates: int
    warnings: NotRequired[list[EventWarning]]


class BatchRequestOfEventAsRead(TypedDict):
    """A batch of events. A bad one costs only itself: it is among the `errors`."""

    events: list[EventAsRead]
    options: NotRequired[Options | None]


class BatchRequestOfEventRequest(TypedDict):
    """A batch of events. A bad one costs only itself: it is among the `errors`."""

    events: list[EventRequest]
    options: NotRequired[Options | None]


class Breakdown(TypedDict):
    """The rows that count most. `names` says how many there are, `complete` whether all were counted."""

    by: Literal["agent", "error", "model", "project", "score", "service", "tool"]
    since: str | None
    until: str | None
    steps: list[str]
    names: int
    complete: bool
    rows: list[Row]
    errors: list[ErrorRow]
    scores: list[ScoreRow]


class Bucket(TypedDict):
    """How many traces began in a span of time, and how many of them failed."""

    start: str
    traces: int
    failed: int


class Call(TypedDict):
    """One call of a model or a tool, or one invocation of an agent, however many events report it."""

    id: str
    kind: Literal["agent", "model", "tool"]
    name: str | None
    agent_id: str | None
    session_id: str | None
    trace_id: str
    parent_id: str | None
    provider: str | None
    start_time: str
    end_time: str
    duration_ns: int
    status: Literal["error", "ok", "unset"]
    error: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: float | None
    cost_from: Literal["given", "priced"] | None
    price: str | None
    told_by: list[str]
    tool_call_id: str | None
    response_id: str | None
    scores: list[Score]


class CallComparison(TypedDict):
    """Two calls, and what was said in them: all of their prompts."""

    a: Call
    b: Call
    texts: list[ComparedText]


class CallExplanation(TypedDict):
    """Why these events are one call."""

    call_id: str
    told_by: list[Teller]
    fields: dict[str, FieldOrigin]


class CallWithMessages(TypedDict):
    """A call with what was said: to a model or agent and by it, or passed to a tool and given back."""

    id: str
    kind: Literal["agent", "model", "tool"]
    name: str | None
    agent_id: str | None
    session_id: str | None
    trace_id: str
    parent_id: str | None
    provider: str | None
    start_time: str
    end_time: str
    duration_ns: int
    status: Literal["error", "ok", "unset"]
    error: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: float | None
    cost_from: Literal["given", "priced"] | None
    price: str | None
    told_by: list[str]
    tool_call_id: str | None
    response_id: str | None
    scores: list[Score]
    system: list[Part]
    sent: list[Message]
    answered: list[Message]
    missing: int
    arguments: Any
    result: Any


class Calls(TypedDict):
    calls: list[Call]
    pending: int
    next_cursor: str | None


class ComparedCall(TypedDict):
    id: str
    trace_id: str
    name: str | None
    agent_id: str | None
    depth: int
    start_time: str
    duration_ns: int
    status: Literal["error", "ok", "unset"]
    error: str | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


class ComparedStep(TypedDict):
    """A call of both runs, or of one of them; the other is null then."""

    kind: Literal["agent", "model", "tool"]
    a: ComparedCall | None
    b: ComparedCall | None
    differs: list[
        Literal[
            "agent",
            "answer",
            "arguments",
            "cost",
            "duration",
            "error",
            "instructions",
            "name",
            "prompt",
            "result",
            "status",
            "tokens",
        ]
    ]
    said: bool


class ComparedText(TypedDict):
    """What was said in two calls; `truncated` if it is longer than the 100,000 characters that are compared."""

    field: Literal["answer", "arguments", "instructions", "prompt", "result"]
    differs: bool
    changes: list[TextChange]
    truncated: bool


class Comparison(TypedDict):
    """Two traces, and their steps in order; `truncated` if one has more than the 2,000 calls that are compared."""

    a: Trace
    b: Trace
    steps: list[ComparedStep]
    truncated: bool


class Conversation(TypedDict):
    """A page of a conversation, in the order of time; `truncated` unless it is all of it."""

    turns: list[Turn]
    truncated: bool
    next_cursor: str | None


class Error(TypedDict):
    """Every error. `message` names the field and what was expected."""

    error: Literal[
        "invalid_argument",
        "unauthenticated",
        "permission_denied",
        "not_found",
        "unimplemented",
        "method_not_allowed",
        "request_timeout",
        "resource_exhausted",
        "unsupported_media_type",
        "unsupported_encoding",
        "internal",
        "unavailable",
    ]
    message: str


class ErrorRow(TypedDict):
    """Failures that differ in what differs from one time to the next, which `*` stands for. `where` is the call or
    step, `counts` has the number in each step, and `new` says that there were none before `since`, or before the
    last day where that is not given.
    """

    name: str
    where: str
    agent_ids: list[str]
    count: int
    counts: list[int]
    first_seen: str
    last_seen: str
    new: bool


class Event(TypedDict):
    """Something an agent did: a span, a span event, a log record or a JSON event."""

    id: str
    trace_id: str
    timestamp: str
    event_type: str | None
    agent_id: str | None
    session_id: str | None
    project: str | None
    name: str | None
    status: Literal["error", "ok", "unset"]
    properties: dict[str, Any]
    source: dict[str, Any] | None
    resource: dict[str, Any] | None
    scope: dict[str, Any] | None
    span_id: str | None
    parent_span_id: str | None
    kind: Literal[
        "unspecified", "internal", "server", "client", "producer", "consumer", "span_event", "log_record", "json"
    ]
    severity: str | None
    duration_ns: int | None
    flags: int | None
    observed_timestamp: str | None
    order: int | None
    created_at: str
    correlation: Literal["agent", "conversation", "created", "session", "trace_id"]


class EventAccepted(TypedDict):
    """The event is stored: on disk."""

    event_id: str
    trace_id: str
    created_at: str
    status: Literal["accepted"]
    warning: NotRequired[str]


class EventAsRead(TypedDict):
    """An event as `GET /api/v1/events` returns it. `created_at` and `correlation` are ignored, like unknown fields."""

    id: str
    trace_id: str
    timestamp: str
    kind: str
    event_type: NotRequired[str | None]
    agent_id: NotRequired[str | None]
    session_id: NotRequired[str | None]
    project: NotRequired[str | None]
    name: NotRequired[str | None]
    status: NotRequired[Literal["error", "ok", "unset"]]
    properties: NotRequired[dict[str, Any]]
    source: NotRequired[dict[str, Any] | None]
    resource: NotRequired[dict[str, Any] | None]
    scope: NotRequired[dict[str, Any] | None]
    span_id: NotRequired[str | None]
    parent_span_id: NotRequired[str | None]
    severity: NotRequired[str | None]
    duration_ns: NotRequired[int | None]
    flags: NotRequired[int | None]
    observed_timestamp: NotRequired[str | None]
    order: NotRequired[int | None]


class EventError(TypedDict):
    index: int
    error: str


class EventRequest(TypedDict):
    """One event as sent. "" means absent; unknown fields are ignored."""

    timestamp: NotRequired[str | None]
    properties: NotRequired[Any]
    trace_id: NotRequired[str | None]
    event_type: NotRequired[str | None]
    agent_id: NotRequired[str | None]
    session_id: NotRequired[str | None]
    project: NotRequired[str | None]
    source: NotRequired[dict[str, Any] | None]
    event_id: NotRequired[str | None]
    metadata: NotRequired[Any]
    context: NotRequired[Any]


class EventWarning(TypedDict):
    """Something about an event that was stored, such as that it said no time."""

    index: int
    warning: str


class EventWithScores(TypedDict):
    """An event, and the scores that are about it, or about the call that it tells of."""

    id: str
    trace_id: str
    timestamp: str
    event_type: str | None
    agent_id: str | None
    session_id: str | None
    project: str | None
    name: str | None
    status: Literal["error", "ok", "unset"]
    properties: dict[str, Any]
    source: dict[str, Any] | None
    resource: dict[str, Any] | None
    scope: dict[str, Any] | None
    span_id: str | None
    parent_span_id: str | None
    kind: Literal[
        "unspecified", "internal", "server", "client", "producer", "consumer", "span_event", "log_record", "json"
    ]
    severity: str | None
    duration_ns: int | None
    flags: int | None
    observed_timestamp: str | None
    order: int | None
    created_at: str
    correlation: Literal["agent", "conversation", "created", "session", "trace_id"]
    scores: list[Score]


class Events(TypedDict):
    events: list[Event]
    next_cursor: str | None


ExplainedValue = TypedDict("ExplainedValue", {"value": "str | None", "from": "str", "key": "str | None"})


class Explanation(TypedDict):
    """The explanation of an event's placement and fields."""

    event_id: str
    trace_id: str
    correlation: Literal["agent", "conversation", "created", "session", "trace_id"]
    rule: str
    session_id: ExplainedValue
    agent_id: ExplainedValue
    event_type: ExplainedValue


class FacetCounts(TypedDict):
    event_type: list[FacetValue]
    agent_id: list[FacetValue]
    service: list[FacetValue]
    project: list[FacetValue]
    status: list[FacetValue]


class FacetValue(TypedDict):
    value: str
    count: int


class Facets(TypedDict):
    """How many events there are of each kind, the most frequent values first; with words, of those that have one.
    Not `complete`: more have them than are counted, and these are the best.
    """

    took_ms: float
    index: IndexState
    events: int
    complete: bool
    facets: FacetCounts


FieldOrigin = TypedDict("FieldOrigin", {"event_id": "str", "from": "str | None", "key": "str | None"})


class Highlight(TypedDict):
    """A passage of an event's text; `ranges` are the places of the query's words, in Unicode code points."""

    text: str
    ranges: list[list[int]]


class IndexState(TypedDict):
    """The state of the search index, and how many events are stored and not searchable yet."""

    state: Literal["failed", "off", "preparing", "ready", "rebuilding", "reindexing", "waiting"]
    pending: int


class Indexing(TypedDict):
    """The state of the search index, its progress, and how many events are not searchable yet."""

    index_state: Literal["failed", "off", "preparing", "ready", "rebuilding", "reindexing", "waiting"]
    index_progress: float
    index_pending: int


class Link(TypedDict):
    """A span that a span says to have to do with; it may not be stored."""

    trace_id: str
    span_id: str
    trace_state: str | None
    flags: int | None
    attributes: dict[str, Any]


class LinkingSpan(TypedDict):
    """A span that says to have to do with another."""

    id: str
    trace_id: str
    span_id: str
    name: str | None
    timestamp: str


class Links(TypedDict):
    links: list[Link]
    linked_by: list[LinkingSpan]
    truncated: bool


class Message(TypedDict):
    role: str
    parts: list[Part]


class Messages(TypedDict):
    """The content of an event: the messages sent to a model and its answer, or a tool's call, and the error."""

    system: list[Part]
    sent: list[Message]
    answered: list[Message]
    missing: int
    tool: Tool | None
    error: str | None


class Occurrences(TypedDict):
    """How many events say the same, and in how many traces."""

    events: int
    traces: int


class Options(TypedDict):
    """`as_read`: the events are as this API gives them, of whatever kind, and are stored as the same."""

    auto_create_traces: NotRequired[bool]
    generate_embeddings: NotRequired[bool]
    extract_relationships: NotRequired[bool]
    as_read: NotRequired[bool]


class Outline(TypedDict):
    """A trace with all of its events in the order of time; `truncated` if these are only the newest."""

    error_count: int
    calls: int
    tools: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    unpriced_calls: int
    models: list[str]
    tool_names: list[str]
    agent_ids: list[str]
    user_ids: list[str]
    first_question: str | None
    last_answer: str | None
    first_error: str | None
    slowest: Step | None
    repeated: Repeated | None
    score_sums: list[ScoreSum]
    interpreted: bool
    id: str
    session_id: str | None
    agent_id: str | None
    status: Literal["completed", "failed", "running"]
    name: str | None
    service: str | None
    project: str | None
    origin: Literal["given", "inferred"]
    event_count: int
    start_time: str
    end_time: str | None
    duration_ns: int
    last_event_at: str
    created_at: str
    updated_at: str
    first_error_event: str | None
    scores: list[Score]
    events: list[OutlinedEvent]
    truncated: bool


class OutlinedEvent(TypedDict):
    """The fields of an event that a waterfall needs, with shortened texts; fields that are null or 0 are left out."""

    id: str
    timestamp: str
    duration_ns: NotRequired[int]
    name: NotRequired[str]
    event_type: NotRequired[str]
    status: Literal["error", "ok", "unset"]
    kind: Literal[
        "unspecified", "internal", "server", "client", "producer", "consumer", "span_event", "log_record", "json"
    ]
    severity: NotRequired[str]
    span_id: NotRequired[str]
    parent_span_id: NotRequired[str]
    agent_id: NotRequired[str]
    input_tokens: NotRequired[int]
    output_tokens: NotRequired[int]
    call_id: NotRequired[str]
    call_name: NotRequired[str]
    correlation: Literal["agent", "conversation", "created", "session", "trace_id"]


class Overview(TypedDict):
    """Runs that began from `since` on and before `until`, which are whole hours; null where there are no runs."""

    count: int
    failed: int
    calls: int
    unpriced_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    p50_duration_ns: int | None
    p95_duration_ns: int | None
    since: str | None
    until: str | None
    earlier: int
    later: int
    steps: list[StepSums]


class Part(TypedDict):
    """A part of a message."""

    type: Literal["audio", "file", "image", "other", "reasoning", "text", "tool_call", "tool_result", "video"]
    text: NotRequired[str]
    id: NotRequired[str]
    name: NotRequired[str]
    media_type: NotRequired[str]
    size: NotRequired[int]
    url: NotRequired[str]
    picture: NotRequired[str]
    arguments: NotRequired[Any]
    result: NotRequired[Any]
    failed: NotRequired[bool]


class Place(TypedDict):
    """The place of a result in one of the lists that its score is made of."""

    rank: int
    score: float


class PruneRequest(TypedDict):
    """Which traces to delete. A misspelt field is an error: ignoring it could delete the wrong traces."""

    before: NotRequired[str | None]
    session_id: NotRequired[str | None]
    trace_id: NotRequired[str | None]
    max_events: NotRequired[int | float | None]
    project: NotRequired[str | None]
    dry_run: NotRequired[bool]


class Pruned(TypedDict):
    """How much was deleted, or would be; repeat the request until it is `done`."""

    dry_run: bool
    traces: int
    events: int
    done: bool
    kept: int


class ReindexRequest(TypedDict):
    """There are no options: the whole index is rebuilt, with the model in the settings."""


class Repeated(TypedDict):
    """A tool that was called so often with the same arguments."""

    name: str
    times: int


class Result(TypedDict):
    """A search result. `parts` if asked for; `more`, with `group_by`, is how many other hits its group has.
    `passage` is the key of what was said and done in the event, null if that is nothing; `occurrences` counts
    events that have it and pass the filters: this is the best of them. `prompt`: the event's system prompt was
    found.
    """

    score: float
    event: Event
    passage: NotRequired[str | None]
    occurrences: NotRequired[Occurrences]
    prompt: NotRequired[bool]
    more: NotRequired[int]
    highlights: list[Highlight]
    parts: NotRequired[dict[str, Place]]


class Row(TypedDict):
    count: int
    failed: int
    calls: int
    unpriced_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    p50_duration_ns: int | None
    p95_duration_ns: int | None
    name: str


class Score(TypedDict):
    """What a person, a program or a model said of how good something was: a number or a label, or a remark alone.
    `about` says what: the call with `call_id`, the event with `event_id`, the trace or the session. An event that
    it names and that has not come is null.
    """

    id: str
    told_by: str
    name: str
    value: float | None
    label: str | None
    explanation: str | None
    source: Literal["code", "model", "person"] | None
    author: str | None
    timestamp: str
    about: Literal["call", "event", "session", "trace"]
    trace_id: str
    session_id: str | None
    call_id: str | None
    event_id: str | None


class ScoreAccepted(TypedDict):
    """The score is stored: on disk. With a key that was sent before it is the score that it was then."""

    score_id: str
    trace_id: str
    duplicate: bool
    status: Literal["accepted"]


class ScoreRequest(TypedDict):
    """A score. A misspelt field is an error: ignoring it would store a score that says something else."""

    name: str
    value: NotRequired[float | None]
    label: NotRequired[str | None]
    explanation: NotRequired[str | None]
    source: NotRequired[Literal["person", "code", "model"] | None]
    author: NotRequired[str | None]
    trace_id: NotRequired[str | None]
    span_id: NotRequired[str | None]
    call_id: NotRequired[str | None]
    event_id: NotRequired[str | None]
    session_id: NotRequired[str | None]
    project: NotRequired[str | None]
    timestamp: NotRequired[str | None]
    withdraw: NotRequired[bool]
    key: NotRequired[str | None]


class ScoreRow(TypedDict):
    """Scores of a name. The mean is that of the `valued` ones, which have a number, each to a millionth."""

    name: str
    count: int
    valued: int
    mean: float | None
    labels: dict[str, int]


class ScoreSum(TypedDict):
    """What the scores of a name come to. Mean, least and greatest are of the `valued` ones, which have a number."""

    name: str
    count: int
    valued: int
    mean: float | None
    least: float | None
    greatest: float | None
    labels: dict[str, int]


class SearchResults(TypedDict):
    """Results, best first; without a query the events that pass the filters, the newest first, in pages. `mode` is
    hybrid's `keyword` while the index is filled for another model. `reranked` is how many of the `candidates`
    MiniLM had the time to read.
    """

    query: str | None
    mode: Literal["hybrid", "keyword", "semantic"] | None
    took_ms: float
    index: IndexState
    reranked: int
    candidates: int
    results: list[Result]
    next_cursor: str | None


class Session(TypedDict):
    """The traces of one session, summed up."""

    error_count: int
    calls: int
    tools: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    unpriced_calls: int
    models: list[str]
    tool_names: list[str]
    agent_ids: list[str]
    user_ids: list[str]
    first_question: str | None
    last_answer: str | None
    first_error: str | None
    slowest: Step | None
    repeated: Repeated | None
    score_sums: list[ScoreSum]
    interpreted: bool
    id: str
    trace_count: int
    event_count: int
    first_event_at: str
    last_event_at: str
    duration_ns: int
    trace_ids: list[str]


class SessionComparison(TypedDict):
    """Two sessions, and their steps in order, as those of two traces."""

    a: Session
    b: Session
    steps: list[ComparedStep]
    truncated: bool


class SessionPart(TypedDict):
    """What a session did in a trace that other sessions have a part in, too."""

    error_count: int
    calls: int
    tools: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    unpriced_calls: int
    models: list[str]
    tool_names: list[str]
    agent_ids: list[str]
    user_ids: list[str]
    first_question: str | None
    last_answer: str | None
    first_error: str | None
    slowest: Step | None
    repeated: Repeated | None
    score_sums: list[ScoreSum]
    interpreted: bool
    event_count: int
    first_event_at: str
    last_event_at: str


class SessionTrace(TypedDict):
    """A trace of a session; `part` is the session's own part of it, null where that is all of it."""

    error_count: int
    calls: int
    tools: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    unpriced_calls: int
    models: list[str]
    tool_names: list[str]
    agent_ids: list[str]
    user_ids: list[str]
    first_question: str | None
    last_answer: str | None
    first_error: str | None
    slowest: Step | None
    repeated: Repeated | None
    score_sums: list[ScoreSum]
    interpreted: bool
    id: str
    session_id: str | None
    agent_id: str | None
    status: Literal["completed", "failed", "running"]
    name: str | None
    service: str | None
    project: str | None
    origin: Literal["given", "inferred"]
    event_count: int
    start_time: str
    end_time: str | None
    duration_ns: int
    last_event_at: str
    created_at: str
    updated_at: str
    part: SessionPart | None


class SessionWithTraces(TypedDict):
    """A session with its traces, newest first."""

    error_count: int
    calls: int
    tools: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    unpriced_calls: int
    models: list[str]
    tool_names: list[str]
    agent_ids: list[str]
    user_ids: list[str]
    first_question: str | None
    last_answer: str | None
    first_error: str | None
    slowest: Step | None
    repeated: Repeated | None
    score_sums: list[ScoreSum]
    interpreted: bool
    id: str
    trace_count: int
    event_count: int
    first_event_at: str
    last_event_at: str
    duration_ns: int
    trace_ids: list[str]
    traces: list[SessionTrace]


class Sessions(TypedDict):
    sessions: list[Session]
    next_cursor: str | None


class Similar(TypedDict):
    """The events nearest to one in meaning."""

    event_id: str
    took_ms: float
    index: IndexState
    results: list[Result]


class Stats(TypedDict):
    index_state: Literal["failed", "off", "preparing", "ready", "rebuilding", "reindexing", "waiting"]
    index_progress: float
    index_pending: int
    events: int
    traces: int
    sessions: int
    indexed: int
    interpretation_state: Literal["failed", "ready", "rebuilding", "waiting"]
    interpretation_pending: int
    interpretation_lag_seconds: float
    version: str


class Step(TypedDict):
    """A call of a model or a tool, by its name."""

    name: str
    duration_ns: int


class StepSums(TypedDict):
    count: int
    failed: int
    calls: int
    unpriced_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    p50_duration_ns: int | None
    p95_duration_ns: int | None
    start: str


class Teller(TypedDict):
    """An event that tells of a call, and the rule by which it is one of the call's."""

    event_id: str
    rule: str


class TextChange(TypedDict):
    """A piece of two texts: of both, or of one."""

    whose: Literal["a", "b", "both"]
    text: str
    left_out: int


class Tool(TypedDict):
    """A tool's call, as far as it is known."""

    name: str | None
    arguments: Any
    result: Any
    error: str | None


class Trace(TypedDict):
    """One run of an agent."""

    error_count: int
    calls: int
    tools: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    unpriced_calls: int
    models: list[str]
    tool_names: list[str]
    agent_ids: list[str]
    user_ids: list[str]
    first_question: str | None
    last_answer: str | None
    first_error: str | None
    slowest: Step | None
    repeated: Repeated | None
    score_sums: list[ScoreSum]
    interpreted: bool
    id: str
    session_id: str | None
    agent_id: str | None
    status: Literal["completed", "failed", "running"]
    name: str | None
    service: str | None
    project: str | None
    origin: Literal["given", "inferred"]
    event_count: int
    start_time: str
    end_time: str | None
    duration_ns: int
    last_event_at: str
    created_at: str
    updated_at: str


class TraceWithEvents(TypedDict):
    """A trace, the scores of all that is in it, and a page of its events in the order of time."""

    error_count: int
    calls: int
    tools: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    unpriced_calls: int
    models: list[str]
    tool_names: list[str]
    agent_ids: list[str]
    user_ids: list[str]
    first_question: str | None
    last_answer: str | None
    first_error: str | None
    slowest: Step | None
    repeated: Repeated | None
    score_sums: list[ScoreSum]
    interpreted: bool
    id: str
    session_id: str | None
    agent_id: str | None
    status: Literal["completed", "failed", "running"]
    name: str | None
    service: str | None
    project: str | None
    origin: Literal["given", "inferred"]
    event_count: int
    start_time: str
    end_time: str | None
    duration_ns: int
    last_event_at: str
    created_at: str
    updated_at: str
    scores: list[Score]
    events: list[Event]
    next_cursor: str | None


class Traces(TypedDict):
    traces: list[Trace]
    left_out: int
    next_cursor: str | None


class Turn(TypedDict):
    """A message, the event it is from, and its time."""

    parts: list[Part]
    role: str
    event_id: str
    timestamp: str
    status: Literal["error", "ok", "unset"]
    depth: int
    name: NotRequired[str]
    agent_id: NotRequired[str]
    call_id: NotRequired[str]


class EventsParameters(TypedDict, total=False):
    """Of `events`."""

    trace_id: str | None
    """a trace id; may also be written `trace`"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    event_type: str | None
    """an event type"""
    project: str | None
    """a project"""
    status: Literal["ok", "error", "unset"] | None
    """one of ok, error, unset"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    limit: int | None
    """a whole number from 1 to 200"""
    cursor: str | None
    """the next_cursor of the page before"""


class TracesParameters(TypedDict, total=False):
    """Of `traces`."""

    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    service: str | None
    """a service name"""
    project: str | None
    """a project"""
    status: Literal["running", "completed", "failed"] | None
    """one of running, completed, failed"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    runs: bool | None
    """true: traces with a call or a session, and what is not interpreted yet; false: the others"""
    filter: str | None
    """terms of the filter language, such as agent:research* status:failed cost>0.1"""
    sort: Literal["start", "duration", "tokens", "cost", "events", "errors"] | None
    """one of start, duration, tokens, cost, events, errors"""
    limit: int | None
    """a whole number from 1 to 200"""
    cursor: str | None
    """the next_cursor of the page before"""


class TraceParameters(TypedDict, total=False):
    """Of `trace`."""

    limit: int | None
    """a whole number from 1 to 200"""
    cursor: str | None
    """the next_cursor of the page before"""


class SimilarParameters(TypedDict, total=False):
    """Of `similar`."""

    group_by: Literal["trace", "session"] | None
    """one of trace, session"""
    trace_id: str | None
    """a trace id; may also be written `trace`"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    event_type: str | None
    """an event type"""
    project: str | None
    """a project"""
    status: Literal["ok", "error", "unset"] | None
    """one of ok, error, unset"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    service: str | None
    """a service name"""
    passage: str | None
    """a passage: the key in a search result"""
    limit: int | None
    """a whole number from 1 to 200"""


class LinksParameters(TypedDict, total=False):
    """Of `links`."""

    project: str | None
    """a project: what is in it"""


class SessionsParameters(TypedDict, total=False):
    """Of `sessions`."""

    project: str | None
    """a project"""
    filter: str | None
    """terms of the filter language, such as agent:research* status:failed cost>0.1"""
    sort: Literal["start", "duration", "tokens", "cost", "events", "errors"] | None
    """one of start, duration, tokens, cost, events, errors"""
    limit: int | None
    """a whole number from 1 to 200"""
    cursor: str | None
    """the next_cursor of the page before"""


class SessionParameters(TypedDict, total=False):
    """Of `session`."""

    project: str | None
    """a project: what is in it"""


class SearchParameters(TypedDict, total=False):
    """Of `search`."""

    q: str | None
    """the text to search for; without it events are listed, newest first"""
    mode: Literal["hybrid", "semantic", "keyword"] | None
    """one of hybrid, semantic, keyword"""
    group_by: Literal["trace", "session"] | None
    """one of trace, session"""
    parts: bool | None
    """true or false"""
    trace_id: str | None
    """a trace id; may also be written `trace`"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    event_type: str | None
    """an event type"""
    project: str | None
    """a project"""
    status: Literal["ok", "error", "unset"] | None
    """one of ok, error, unset"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    service: str | None
    """a service name"""
    passage: str | None
    """a passage: the key in a search result"""
    limit: int | None
    """a whole number from 1 to 200"""
    cursor: str | None
    """the next_cursor of the page before"""


class FacetsParameters(TypedDict, total=False):
    """Of `facets`."""

    q: str | None
    """words, of which the events counted have one"""
    trace_id: str | None
    """a trace id; may also be written `trace`"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    event_type: str | None
    """an event type"""
    project: str | None
    """a project"""
    status: Literal["ok", "error", "unset"] | None
    """one of ok, error, unset"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    service: str | None
    """a service name"""
    passage: str | None
    """a passage: the key in a search result"""
    limit: int | None
    """a whole number from 1 to 200"""


class StatsParameters(TypedDict, total=False):
    """Of `stats`."""

    project: str | None
    """a project: what is in it"""


class OverviewParameters(TypedDict, total=False):
    """Of `overview`."""

    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    project: str | None
    """a project: what is in it"""


class BreakdownParameters(TypedDict, total=False):
    """Of `breakdown`."""

    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    project: str | None
    """a project: what is in it"""
    limit: int | None
    """a whole number from 1 to 200"""


class AlertsParameters(TypedDict, total=False):
    """Of `alerts`."""

    project: str | None
    """a project: what is in it"""
    limit: int | None
    """a whole number from 1 to 200"""
    cursor: str | None
    """the next_cursor of the page before"""


class ActivityParameters(TypedDict, total=False):
    """Of `activity`."""

    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    service: str | None
    """a service name"""
    project: str | None
    """a project"""
    status: Literal["running", "completed", "failed"] | None
    """one of running, completed, failed"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    runs: bool | None
    """true: traces with a call or a session, and what is not interpreted yet; false: the others"""
    filter: str | None
    """terms of the filter language, such as agent:research* status:failed cost>0.1"""
    buckets: int | None
    """a whole number from 1 to 200"""


class SessionConversationParameters(TypedDict, total=False):
    """Of `session_conversation`."""

    project: str | None
    """a project: what is in it"""
    from_: Literal["end", "start"] | None
    """one of end, start"""
    at: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z: what was said
    from there on; with from=end, what was said before
    """
    cursor: str | None
    """the next_cursor of the page before"""


class ConversationParameters(TypedDict, total=False):
    """Of `conversation`."""

    session_id: str | None
    """a session id: only its part; may also be written `session`"""
    from_: Literal["end", "start"] | None
    """one of end, start"""
    at: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z: what was said
    from there on; with from=end, what was said before
    """
    cursor: str | None
    """the next_cursor of the page before"""


class CallsParameters(TypedDict, total=False):
    """Of `calls`."""

    trace_id: str | None
    """a trace id; may also be written `trace`"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    project: str | None
    """a project"""
    name: str | None
    """the name of a model, tool or agent"""
    model: str | None
    """the name of a model"""
    kind: Literal["model", "tool", "agent"] | None
    """one of model, tool, agent"""
    status: Literal["ok", "error", "unset"] | None
    """one of ok, error, unset"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    min_duration: str | None
    """how long it took at least, such as 500ms, 2s or 1m30s"""
    filter: str | None
    """terms of the filter language, such as tool:web_* error:timeout duration>5s"""
    sort: Literal["start", "duration", "tokens", "cost"] | None
    """one of start, duration, tokens, cost"""
    limit: int | None
    """a whole number from 1 to 200"""
    cursor: str | None
    """the next_cursor of the page before"""


class CompareSessionsParameters(TypedDict, total=False):
    """Of `compare_sessions`."""

    project: str | None
    """a project: what is in it"""


class ExportEventsParameters(TypedDict, total=False):
    """Of `export_events`."""

    format: Literal["jsonl", "otlp"] | None
    """one of jsonl, otlp"""
    trace_id: str | None
    """a trace id; may also be written `trace`"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    event_type: str | None
    """an event type"""
    project: str | None
    """a project"""
    status: Literal["ok", "error", "unset"] | None
    """one of ok, error, unset"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""


class ExportTracesParameters(TypedDict, total=False):
    """Of `export_traces`."""

    format: Literal["jsonl", "otlp"] | None
    """one of jsonl, otlp"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    service: str | None
    """a service name"""
    project: str | None
    """a project"""
    status: Literal["running", "completed", "failed"] | None
    """one of running, completed, failed"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    runs: bool | None
    """true: traces with a call or a session, and what is not interpreted yet; false: the others"""
    filter: str | None
    """terms of the filter language, such as agent:research* status:failed cost>0.1"""


class ExportSessionsParameters(TypedDict, total=False):
    """Of `export_sessions`."""

    format: Literal["jsonl", "otlp"] | None
    """one of jsonl, otlp"""
    project: str | None
    """a project"""
    filter: str | None
    """terms of the filter language, such as agent:research* status:failed cost>0.1"""


class ExportCallsParameters(TypedDict, total=False):
    """Of `export_calls`."""

    format: Literal["jsonl", "otlp"] | None
    """one of jsonl, otlp"""
    trace_id: str | None
    """a trace id; may also be written `trace`"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    project: str | None
    """a project"""
    name: str | None
    """the name of a model, tool or agent"""
    model: str | None
    """the name of a model"""
    kind: Literal["model", "tool", "agent"] | None
    """one of model, tool, agent"""
    status: Literal["ok", "error", "unset"] | None
    """one of ok, error, unset"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    min_duration: str | None
    """how long it took at least, such as 500ms, 2s or 1m30s"""
    filter: str | None
    """terms of the filter language, such as tool:web_* error:timeout duration>5s"""


class ExportSearchParameters(TypedDict, total=False):
    """Of `export_search`."""

    format: Literal["jsonl", "otlp"] | None
    """one of jsonl, otlp"""
    q: str | None
    """the text to search for; without it events are listed, newest first"""
    mode: Literal["hybrid", "semantic", "keyword"] | None
    """one of hybrid, semantic, keyword"""
    group_by: Literal["trace", "session"] | None
    """one of trace, session"""
    trace_id: str | None
    """a trace id; may also be written `trace`"""
    session_id: str | None
    """a session id; may also be written `session`"""
    agent_id: str | None
    """an agent id; may also be written `agent`"""
    event_type: str | None
    """an event type"""
    project: str | None
    """a project"""
    status: Literal["ok", "error", "unset"] | None
    """one of ok, error, unset"""
    since: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    until: str | datetime | None
    """a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"""
    service: str | None
    """a service name"""
    passage: str | None
    """a passage: the key in a search result"""
    limit: int | None
    """a whole number from 1 to 200"""
