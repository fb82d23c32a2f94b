"""Events and traces as rows of their tables, and back."""

from __future__ import annotations

import hashlib
import secrets
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypedDict, cast

from mapping.model import ChainRecord, Correlation, Event, Status, Trace
from storage.surreal import cbor

EVENT, TRACE, QUEUE = "agent_event", "agent_trace", "index_queue"
CONVERSATION, ORIGIN = "conversation", "origin"
CALL, RUN, SESSION_RUN = "agent_call", "agent_run", "session_run"
# Sums over the rows of `session_run` of a session, which the engine keeps.
SESSION = "agent_session"
# Spans that others link to. There are no such records: they are what edges lead to.
LINKS_TO, SPAN = "links_to", "span"
INTERPRETATION_QUEUE = "interpretation_queue"
# Counts by time, and what is to be counted.
FIGURES, FIGURES_QUEUE = "figures", "figures_queue"
RECEIVER = "receiver"
# What webhooks are told, and runs that may be something to tell of.
ALERT, ALERT_QUEUE = "alert", "alert_queue"
# Parts of the queues, which receivers share among them: divisible by 2, 3, 4 and 6, so that so many have equally much.
PARTS = 12

# Fields of an event that are stored in a row of their own, shared with other events.
_ORIGIN_FIELDS = ("resource", "scope")
# Fields of a trace that are datetimes in the store and nanoseconds in the model.
_DATETIMES = frozenset("start_time end_time last_event_at created_at updated_at".split())
# Columns by which traces are ordered, and which the model does not have; the name says what comes first.
_ORDERS = frozenset("newest_start newest_activity oldest_activity oldest_update".split())


def revision_after(known: int | None) -> int:
    """Return the revision of a row that is written, given the one it has, or None where it is new.

    A new row's is the time in nanoseconds: one that was deleted and made anew must not look as it was when it was read.
    """
    return time.time_ns() if known is None else known + 1


def order_of(table: str) -> str:
    """Return the field by which an index gives the rows of a table newest first: a negated time in nanoseconds."""
    return "newest" if table == EVENT else "newest_start"


# As many as OpenTelemetry's SDKs let a span have.
_MOST_LINKS = 128

Fields = tuple[int, bytes]


class EventRow(TypedDict):
    """A stored event, with its resource and scope. Times are nanoseconds; fields that it does not have are None."""

    id: str
    trace_id: str
    timestamp: int
    event_type: str | None
    agent_id: str | None
    session_id: str | None
    project: str | None
    name: str | None
    status: Status
    properties: dict[str, Any]
    source: dict[str, Any] | None
    resource: dict[str, Any] | None
    scope: dict[str, Any] | None
    span_id: str | None
    parent_span_id: str | None
    kind: str
    severity: str | None
    duration_ns: int | None
    flags: int | None
    observed_timestamp: int | None
    order: int | None
    created_at: int
    correlation: Correlation
    # False for an event that is excluded from search.
    indexed: bool | None


class OriginRow(NamedTuple):
    """The row of an event's resource and scope: its id, and the encoded row."""

    id: str
    row: bytes


class EventEncoder:
    """Encodes the rows of one request's events, which share their origins.

    It must not outlive the events, because it knows resources and scopes by their `id()`.
    """

    def __init__(self, created_at: int) -> None:
        self._created_at = cbor.fields({"created_at": cbor.datetime(created_at)})
        self._shared: dict[tuple[int, int], tuple[Fields, OriginRow | None]] = {}

    def encode(self, event: Event) -> tuple[Fields, OriginRow | None]:
        """Encode the event's origin, and all fields of its row that do not depend on its placement.

        Raises ValueError for an event that cannot be stored.
        """
        key = (id(event.resource), id(event.scope))
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = self._origin(event)
        (shared_count, shared_encoded), origin = shared
        count, encoded = _event_fields(event)
        return (count + shared_count, encoded + shared_encoded), origin

    def _origin(self, event: Event) -> tuple[Fields, OriginRow | None]:
        count, encoded = self._created_at
        parts = {field: value for field in _ORIGIN_FIELDS if (value := getattr(event, field)) is not None}
        if not parts:
            return (count, encoded), None
        fields = cbor.fields(parts)
        origin_id = hashlib.blake2b(fields[1], digest_size=16).hexdigest()
        row = cbor.row(cbor.fields({"id": cbor.record(ORIGIN, origin_id)}), fields)
        return (count + 1, encoded + cbor.fields({"origin": cbor.record(ORIGIN, origin_id)})[1]), OriginRow(
            origin_id, row
        )


# Fields that are encoded unchanged. The placement decides others, and the origin has its own.
_ENCODED_APART = {
    *("id", "timestamp", "observed_timestamp", "indexed", "trace_id", "correlation", "project"),
    *_ORIGIN_FIELDS,
}
_AS_IT_IS = [
    field for field in EventRow.__annotations__ if field in Event.__struct_fields__ and field not in _ENCODED_APART
]


def _event_fields(event: Event) -> Fields:
    row: dict[str, Any] = {field: value for field in _AS_IT_IS if (value := getattr(event, field)) is not None}
    row["id"] = cbor.record(EVENT, event.id)
    row["timestamp"] = cbor.datetime(event.timestamp)
    row["newest"] = cbor.int64(-event.timestamp)
    if event.duration is not None:
        row["duration_ns"] = cbor.int64(event.duration)
    if event.observed_timestamp is not None:
        row["observed_timestamp"] = cbor.datetime(event.observed_timestamp)
    if not event.indexed:
        row["indexed"] = False
    return cbor.fields(row)


@lru_cache(maxsize=1_024)  # events of a trace often come together
def placement_fields(trace_id: str, correlation: str, project: str | None) -> Fields:
    named = {} if project is None else {"project": project}
    trace = cbor.record(TRACE, trace_id)
    return cbor.fields({"trace_id": trace_id, "trace": trace, "correlation": correlation, **named})


def links(event: Event) -> Iterator[dict[str, Any]]:
    """Yield the edges from a span to those that it links to, one to each."""
    seen: set[tuple[str, str]] = set()
    written = event.properties.get("otel.links") if event.span_id else None
    for place, link in enumerate(written[:_MOST_LINKS] if isinstance(written, list) else ()):
        span = (str(link.get("trace_id") or ""), str(link.get("span_id") or "")) if isinstance(link, dict) else ("", "")
        if all(span) and span not in seen:
            seen.add(span)
            yield {
                "id": cbor.record(LINKS_TO, [event.id, str(place)]),
                "in": cbor.record(EVENT, event.id),
                "out": cbor.record(SPAN, [*span]),
            }


def trace_row(trace: Trace) -> dict[str, Any]:
    row: dict[str, Any] = {
        field: cbor.datetime(value) if field in _DATETIMES else cbor.int64(value) if isinstance(value, int) else value
        for field in trace.__struct_fields__
        if (value := getattr(trace, field)) is not None
    }
    row["id"] = cbor.record(TRACE, trace.id)
    row["newest_start"], row["newest_activity"] = cbor.int64(-trace.start_time), cbor.int64(-trace.last_event_at)
    row["oldest_update"], row["oldest_activity"] = cbor.int64(trace.updated_at), cbor.int64(trace.last_event_at)
    return row


def trace_of_row(row: dict[str, Any]) -> Trace:
    return Trace(**{field: value for field, value in row.items() if field not in _ORDERS})


def part_of(key: str, *, shared: bool) -> int:
    """Return the part of a queue that a record is in: what has one key stays in order. 0 where nobody shares it."""
    return zlib.crc32(key.encode()) % PARTS if shared else 0


def queue_record(name: str, part: int, event_ids: Sequence[str] = (), **lists: Sequence[str]) -> dict[str, Any]:
    """Return a record of the index queue: events to be indexed, and lists of what else is to be done."""
    fields = {"part": part, "event_ids": list(event_ids), "size": len(event_ids), "traces": [], **lists}
    return {"id": cbor.record(QUEUE, f"{name}-{part}"), **fields}


def queue_name() -> str:
    """Return a name for a record of a queue: names are in the order of time."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


def interpretation_record(name: str, part: int, traces: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a record of the interpretation queue: traces that have changed, each with its new events.

    A trace without new events, because some were deleted, counts as one event in `size`. A record without traces has
    everything made anew that other rules have made.
    """
    return {
        "id": cbor.record(INTERPRETATION_QUEUE, f"{name}-{part}"),
        "part": part,
        "traces": [[trace_id, list(event_ids)] for trace_id, event_ids in traces.items()],
        "size": sum(max(len(event_ids), 1) for event_ids in traces.values()),
    }


def chain_row(record: ChainRecord) -> dict[str, Any]:
    return {
        "id": cbor.record(CONVERSATION, record.id),
        "trace": cbor.record(TRACE, record.trace),
        "at": cbor.int64(record.at),
        "state": record.state,
    }


def chain_record_of_row(row: dict[str, Any]) -> ChainRecord:
    return ChainRecord(**row)


def event_of_row(row: dict[str, Any], trace: Mapping[str, Any] | None = None) -> EventRow:
    """Return an event. If it has no session or agent, these are the given trace's."""
    event: Any = {field: row.get(field) for field in EventRow.__annotations__}
    if trace is not None:
        event["session_id"] = trace.get("session_id") if event["session_id"] is None else event["session_id"]
        event["agent_id"] = trace.get("agent_id") if event["agent_id"] is None else event["agent_id"]
    return cast("EventRow", event)
