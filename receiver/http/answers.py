"""The types of the answers of `/api/v1`: for the description (`receiver.http.openapi`), and for the tests, which check
every answer against them. `receiver.http.shown` makes them from what is stored, field by field in this order.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from mapping.calls.model import About, ScoreSource
from mapping.errors import Code
from mapping.model import SPAN_KINDS, Correlation
from storage.indexing.indexer import State
from storage.interpreting.interpreter import State as InterpretationState

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
