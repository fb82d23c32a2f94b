"""The model: an agent's trace contains events. Moments and durations are nanoseconds (`times.py`)."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

Status = Literal["ok", "error", "unset"]
TraceStatus = Literal["running", "completed", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
TRACE_STATUSES: tuple[TraceStatus, ...] = get_args(TraceStatus)
Correlation = Literal["trace_id", "session", "conversation", "agent", "created"]

SPAN_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")


class MessageHashes(msgspec.Struct, frozen=True):
    """A call's messages as hashes (`mapping/correlation/message_chain.py`).

    `lists` are those of its first messages, growing, up to all. The first `unanswered` of the lists hold no message of
    the model. `answer` is the hash of all messages and the answer, None where that is not known. `root` is the hash of
    the first message.
    """

    root: str
    lists: list[str]
    unanswered: int
    answer: str | None


# What a list of messages that was heard says:
# open      it may go on. The model's answer is its last message, or is not known.
# answered  the model's answer is known, so that what goes on has it; only a failed call repeats such a list.
# expected  a later call began with it. The call that it was has not come yet, and will say so when it comes.
State = Literal["open", "answered", "expected"]


class ChainRecord(msgspec.Struct, kw_only=True):
    """A record of the message chain: the hash of a list of messages, and its trace. `at` is the event's time.

    Its id may also be a marker: `placement.run_mark` for a trace made for an agent, `placement.caller_mark` for the
    last conversation of a caller of models.
    """

    id: str
    trace: str
    at: int
    state: State


class Event(msgspec.Struct, kw_only=True):
    """Something an agent did: a span, a span event, a log record or a JSON event.

    `trace_id` is the sender's until `Placement.place` has decided. `kind` is the span's kind
    (`SPAN_KINDS`), or `span_event`, `log_record`, `json`.
    """

    id: str
    timestamp: int
    kind: str
    properties: dict[str, Any]
    trace_id: str | None = None
    correlation: Correlation | None = None
    event_type: str | None = None
    agent_id: str | None = None
    session_id: str | None = None
    # The sender's until `Placement.place` has decided: an event belongs to the project of its trace.
    project: str | None = None
    name: str | None = None
    status: Status = "unset"
    source: dict[str, Any] | None = None
    resource: dict[str, Any] | None = None
    scope: dict[str, Any] | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    severity: str | None = None
    duration: int | None = None
    # OTLP's flags of a span or record (those of W3C's trace context, and whether the parent is remote), and when a
    # record was seen by what collected it.
    flags: int | None = None
    observed_timestamp: int | None = None
    # The place among those of its moment in the request, None of the first: some write all records of a call at once.
    order: int | None = None
    # The messages of a model's call, where they may have to say which trace it belongs to: not of spans.
    conversation: MessageHashes | None = None
    # Whose call a cloud's log tells of, where it may have to say which conversation the event belongs to.
    caller: str | None = None
    # Whether the event may make a trace of its own (`auto_create_traces`).
    creates_trace: bool = True
    # Whether its sender may write to its project alone, because the key says so.
    is_confined: bool = False
    # Whether it is to be searched.
    indexed: bool = True

    @property
    def is_root_span(self) -> bool:
        return self.span_id is not None and self.parent_span_id is None

    @property
    def ends_at(self) -> int:
        return self.timestamp + (self.duration or 0)


class Trace(msgspec.Struct, kw_only=True):
    """What is known of a trace: the result of `trace_rollup.absorb` over its events, in any order.

    A field that the first event with a value decides is stored with the moment of that event (`*_at`), so that an
    earlier event that arrives late can replace it. `root_status` is set when a root span has ended; `status` follows.
    """

    id: str
    start_time: int
    last_event_at: int
    status: TraceStatus = "running"
    root_status: TraceStatus | None = None
    end_time: int | None = None
    session_id: str | None = None
    session_at: int | None = None
    agent_id: str | None = None
    agent_at: int | None = None
    service: str | None = None
    service_at: int | None = None
    # That of the event that made it; it never changes.
    project: str | None = None
    name: str | None = None
    name_at: int | None = None
    name_from_root: bool = False
    origin: Literal["given", "inferred"] = "given"
    event_count: int = 0
    created_at: int = 0
    updated_at: int = 0
    revision: int = 0


class Mapped(msgspec.Struct):
    """A request's items as events.

    `item_of[i]` is the index of the item (span, log record) that `events[i]` comes from: a client is told about items.
    """

    events: list[Event] = msgspec.field(default_factory=list)
    item_of: list[int] = msgspec.field(default_factory=list)
    items: int = 0
    rejected: int = 0
    reasons: list[str] = msgspec.field(default_factory=list)

    def add(self, event: Event) -> None:
        self.events.append(event)
        self.item_of.append(self.items)

    def reject_item(self, reason: str) -> None:
        """Reject an item of which there is nothing to be read."""
        self.reject(reason)
        self.items += 1

    def reject(self, reason: str) -> None:
        self.rejected += 1
        if len(self.reasons) < MAX_REASONS and reason not in self.reasons:
            self.reasons.append(reason)


# A client reads the first few reasons; thousands of them help nobody.
MAX_REASONS = 5
