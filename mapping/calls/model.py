"""The types of the interpretation: what one event tells (`Telling`), and what happened (`Call`, `Run`).

Moments and durations are nanoseconds (`mapping.times`), costs billionths of a US dollar.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

# A message and its parts, as `mapping.messages` shows them: `{role, parts}`, `{type, text?, id?, name?, ...}`.
Part = dict[str, Any]
Message = dict[str, Any]

CallKind = Literal["model", "tool", "agent"]
CALL_KINDS: tuple[CallKind, ...] = ("model", "tool", "agent")
# What an event tells of:
# model, tool, agent  a call
# statement           a message that was said, by itself: a user's prompt, a message event
# error               a failure by itself: an exception, an error record
# none                nothing of a call: a wrapper around calls, a log, a hook
TellingKind = Literal["model", "tool", "agent", "statement", "error", "none"]
# How a call was told: a span, an event of a span, a log record, a JSON event.
Signal = Literal["span", "span_event", "log", "json"]


class Tokens(msgspec.Struct, frozen=True):
    """The tokens of a call. `input` includes what was read from and written to a cache, `output` includes reasoning.

    That holds whatever the emitter's own convention. None where it was not told.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


class Failure(msgspec.Struct, frozen=True):
    """What went wrong, in a line. `detail` is all that was told of it (a stack trace), to recognise it further up."""

    type: str | None
    message: str | None
    detail: str = ""


ScoreSource = Literal["person", "code", "model"]
# What a score is about; of an `event` that tells of a call it is the call.
About = Literal["trace", "session", "call", "event"]


class ToldScore(msgspec.Struct, kw_only=True, frozen=True):
    """A score as an event tells it: a number or a label, or a remark alone (`explanation`).

    `about` is the event itself, the one that it belongs to (`parent`), or the trace or session; it is `event_id`
    where that is given, or the call of a model with the `response_id`.
    """

    name: str
    value: float | None = None
    label: str | None = None
    explanation: str | None = None
    source: ScoreSource | None = None
    # Who gave it: a person's name, an evaluator's.
    author: str | None = None
    about: Literal["self", "parent", "trace", "session"] = "parent"
    event_id: str | None = None
    response_id: str | None = None
    # It says nothing, but that what was said before is taken back.
    withdrawn: bool = False


class Score(msgspec.Struct, kw_only=True):
    """A score, and what it is about. `told_by` is the event that tells it, `at` when it was given.

    `event_id` is the event that it names, None where that has not come.
    """

    id: str
    told_by: str
    trace_id: str
    at: int
    name: str
    about: About
    session_id: str | None = None
    call_id: str | None = None
    event_id: str | None = None
    value: float | None = None
    label: str | None = None
    explanation: str | None = None
    source: ScoreSource | None = None
    author: str | None = None


class ScoreSum(msgspec.Struct, kw_only=True):
    """What the scores of a name come to; mean, least and greatest are of the `valued` ones, which have a number."""

    name: str
    count: int
    valued: int = 0
    mean: float | None = None
    least: float | None = None
    greatest: float | None = None
    labels: dict[str, int] = {}


class Telling(msgspec.Struct, kw_only=True):
    """What one event tells, read from its properties alone by `reading.tell`.

    `id` is the event's. `span_id` is that of a span; `parent_span_id` is the span above it, or the span that a log
    record or a span event belongs to. `agent` is an agent that the event names itself: on an agent's span its own name,
    elsewhere the caller's. `call_id` is that of a tool's call, None where it is a placeholder; `response_id` that of a
    model's response, on a tool the one that called it. `waits` says that what looks like a failure is control flow (an
    interrupt that waits for a person). `partial` says that a model's span is no call of its own where others tell of
    the calls (a loop of steps; a wrapper).
    """

    id: str
    kind: TellingKind
    signal: Signal
    trace_id: str
    start: int
    end: int
    # The event's own word for itself: a span's name, an event's name.
    event_name: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    scope: str | None = None
    service: str | None = None
    session_id: str | None = None
    user: str | None = None
    emitter: str | None = None
    # The model's, tool's or agent's name.
    name: str | None = None
    provider: str | None = None
    agent: str | None = None
    # An id of the agent, or what it works in: a name for it where nothing names it better.
    agent_fallback: str | None = None
    response_id: str | None = None
    call_id: str | None = None
    tokens: Tokens | None = None
    cost: int | None = None
    status_ok: bool = False
    failed: bool = False
    waits: bool = False
    failure: Failure | None = None
    system: list[Part] = []
    sent: list[Message] = []
    answered: list[Message] = []
    arguments: Any = None
    result: Any = None
    partial: bool = False
    # The place of a log or span event among those of its moment, as it was sent.
    order: int = 0
    scores: list[ToldScore] = []


class Call(msgspec.Struct, kw_only=True):
    """One call of a model, one call of a tool, or one invocation of an agent.

    `told_by` are the ids of the events that tell of it; the first of them is where a click leads. `parent_id` is the
    call around it. `joined_by` gives for each event but the first the rule by which it was joined, `given_by` for a
    field the event that gave it.
    """

    id: str
    kind: CallKind
    name: str | None
    told_by: list[str]
    trace_id: str
    start: int
    end: int
    agent: str | None = None
    session_id: str | None = None
    parent_id: str | None = None
    provider: str | None = None
    status: Literal["ok", "error", "unset"] = "unset"
    failure: Failure | None = None
    # Whether the failure is its own, rather than one of a call below it that was passed up.
    fails_first: bool = False
    waits: bool = False
    tokens: Tokens = Tokens()
    # Whether it is told by a span that runs a loop of calls and knows no more than the last of them.
    partial: bool = False
    # The tokens and cost that totals count of it: an agent's are counted where no call below it has any.
    counts: bool = False
    cost: int | None = None
    # Where the cost is from: `given`, `priced`, or None where it is unknown.
    cost_from: str | None = None
    price: str | None = None
    tool_call_id: str | None = None
    response_id: str | None = None
    system: list[Part] = []
    sent: list[Message] = []
    answered: list[Message] = []
    arguments: Any = None
    result: Any = None
    emitters: list[str] = []
    joined_by: dict[str, str] = {}
    given_by: dict[str, str] = {}
    # What it was given, the latest first.
    scores: list[Score] = []


class Totals(msgspec.Struct, kw_only=True):
    """Sums over calls. `errors` counts failures, not those who tell of them.

    `unpriced` is the number of model calls with an unknown cost, `calls` that of all model calls counted.
    """

    models: int = 0
    tools: int = 0
    agents: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost: int = 0
    unpriced: int = 0


class Run(msgspec.Struct, kw_only=True):
    """What happened, as far as a set of events tells: its calls in the order of their start, and what they add up to.

    `agent_of` gives for each event the name of the agent it belongs to, where one is known; `call_of` the calls that it
    tells of. `statements`, `errors` and `waiting` are tellings that are no call's and belong in the conversation.
    `scores` are those of all that happened, the latest first.
    """

    calls: list[Call]
    totals: Totals
    by_trace: dict[str, Totals]
    by_session: dict[tuple[str, str], Totals]
    agent_of: dict[str, str]
    call_of: dict[str, str]
    statements: list[Telling] = []
    errors: list[Telling] = []
    # What waits for a person and is no call.
    waiting: list[Telling] = []
    scores: list[Score] = []
