"""The types of `/api/v1`'s answers about calls (`answers.py`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from mapping.calls.model import CallKind
from mapping.model import Status
from receiver.http.answers import Answer, Count, EventId, Moment, NextCursor, Scores, TraceId
from receiver.http.message_answers import Message
from receiver.http.message_answers import Part as MessagePart

Tokens = Annotated[Annotated[int, msgspec.Meta(ge=0)] | None, msgspec.Meta(description="null where nobody told")]
CallId = Annotated[str, msgspec.Meta(description="the id of the first event that tells of it")]


class Call(Answer, kw_only=True):
    """One call of a model or a tool, or one invocation of an agent, however many events report it."""

    id: CallId
    kind: CallKind
    name: Annotated[str | None, msgspec.Meta(description="the model's, tool's or agent's")]
    agent_id: Annotated[str | None, msgspec.Meta(description="the name of the nearest agent around it")]
    session_id: str | None
    trace_id: TraceId
    parent_id: Annotated[str | None, msgspec.Meta(description="the call around it")]
    provider: str | None
    start_time: Moment
    end_time: Moment
    duration_ns: Count
    status: Status
    error: Annotated[str | None, msgspec.Meta(description="what went wrong, in a line")]
    input_tokens: Tokens
    output_tokens: Tokens
    cache_read_tokens: Tokens
    cache_write_tokens: Tokens
    reasoning_tokens: Tokens
    cost_usd: Annotated[float | None, msgspec.Meta(description="null where it is not known")]
    cost_from: Literal["given", "priced"] | None
    price: Annotated[str | None, msgspec.Meta(description="what the price came from")]
    told_by: Annotated[list[EventId], msgspec.Meta(description="the events that tell of it")]
    tool_call_id: str | None
    response_id: str | None
    scores: Scores


class Calls(Answer):
    calls: list[Call]
    pending: Annotated[int, msgspec.Meta(ge=0, description="events that are not interpreted yet")]
    next_cursor: NextCursor


class CallWithMessages(Call, kw_only=True):
    """A call with what was said: to a model or agent and by it, or passed to a tool and given back."""

    system: list[MessagePart]
    sent: list[Message]
    answered: list[Message]
    missing: Annotated[int, msgspec.Meta(ge=0, description="messages before these that the sender dropped")]
    arguments: Any
    result: Any


class Teller(Answer):
    """An event that tells of a call, and the rule by which it is one of the call's."""

    event_id: EventId
    rule: str


class FieldOrigin(Answer):
    """The event that gave a field, and the key there; null where it stands in no key of its own."""

    event_id: EventId
    origin: str | None = msgspec.field(name="from")
    key: str | None


class CallExplanation(Answer):
    """Why these events are one call."""

    call_id: CallId
    told_by: list[Teller]
    fields: dict[str, FieldOrigin]
