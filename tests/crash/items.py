"""What the senders send: spans, log records and JSON events whose every item carries a mark of its own.

An item is known by its mark (`properties.mark`), whatever id it is stored under: what was sent, acknowledged and stored
is compared without asking the receiver how it makes ids.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

_NOON = 1_790_000_000_000_000_000
_SECOND = 10**9
_JSON = {"Content-Type": "application/json"}
_PROTOBUF = {"Content-Type": "application/x-protobuf"}
# Few, so that requests of different senders meet in the same traces.
_SESSIONS, _ROUNDS = 12, 2
_AGENTS = 4


class Request(NamedTuple):
    """A request that may be sent again. `marks` says how many events of each mark it makes."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    marks: Counter[str]


def make(rnd: Random, label: str) -> Request:
    """Make a request; `label` begins its marks and is unlike any other's."""
    return rnd.choice((_spans, _spans, _logs, _events, _events, _event_with_key))(rnd, label)


def _attributes(values: Mapping[str, str | int]) -> list[KeyValue]:
    return [
        KeyValue(key=key, value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value))
        for key, value in values.items()
    ]


def _session(rnd: Random, label: str) -> str:
    """Return one of the sessions of two rounds, in which fewer events hang together than are interpreted together."""
    rounds = int(re.findall(r"\d+", label)[0]) // _ROUNDS
    return f"session-{rounds}-{rnd.randrange(_SESSIONS)}"


def _said(mark: str) -> str:
    return f"Please look at order {mark} once more."


def _spans(rnd: Random, label: str) -> Request:
    """Model calls and tools under one root. One span in four has a span event, which is stored as one of its own."""
    request, marks = ExportTraceServiceRequest(), Counter[str]()
    scope = request.resource_spans.add().scope_spans.add()
    trace_id, root = rnd.randbytes(16), rnd.randbytes(8)
    for number in range(rnd.choice((1, 10, 60))):
        mark = f"{label}n{number}"
        marks[mark] += 1
        at = _NOON + rnd.randrange(3600) * _SECOND
        model = number % 2 == 0
        span = Span(
            trace_id=trace_id,
            span_id=rnd.randbytes(8) if number else root,
            parent_span_id=root if number else b"",
            name="chat" if model else "execute_tool",
            start_time_unix_nano=at,
            end_time_unix_nano=at + 5,
            status=Status(code=Status.STATUS_CODE_ERROR) if rnd.random() < 0.2 else None,
            attributes=_attributes(
                {
                    "gen_ai.operation.name": "chat" if model else "execute_tool",
                    "gen_ai.conversation.id": _session(rnd, label),
                    "gen_ai.usage.input_tokens": rnd.randrange(100),
                    "gen_ai.usage.output_tokens": rnd.randrange(100),
                    "input.value": _said(mark),
                    "mark": mark,
                }
            ),
        )
        if rnd.random() < 0.25:
            marks[f"{mark}e"] += 1
            span.events.add(name="note", time_unix_nano=at + 1, attributes=_attributes({"mark": f"{mark}e"}))
        scope.spans.append(span)
    return Request("/v1/traces", _PROTOBUF, request.SerializeToString(), marks)


def _logs(rnd: Random, label: str) -> Request:
    """Log lines of a session. Some are repeated on purpose, to the byte: each of them is an event."""
    request, marks = ExportLogsServiceRequest(), Counter[str]()
    scope = request.resource_logs.add().scope_logs.add()
    for number in range(rnd.choice((1, 10, 60))):
        mark = f"{label}n{number}"
        record = LogRecord(
            time_unix_nano=_NOON + rnd.randrange(3600) * _SECOND,
            severity_number=rnd.choice((9, 17)),
            body=AnyValue(string_value=_said(mark)),
            attributes=_attributes({"session.id": _session(rnd, label), "mark": mark}),
        )
        for _ in range(rnd.choice((1, 1, 1, 2))):
            marks[mark] += 1
            scope.log_records.append(record)
    return Request("/v1/logs", _PROTOBUF, request.SerializeToString(), marks)


def _event(rnd: Random, mark: str) -> dict[str, object]:
    """An event that a session or an agent places, or nothing does."""
    return {
        "timestamp": f"2026-09-21T14:{rnd.randrange(60):02d}:{rnd.randrange(60):02d}Z",
        "event_type": rnd.choice(("tool_call", "decision", "error")),
        **rnd.choice(({"session_id": _session(rnd, mark)}, {"agent_id": f"agent-{rnd.randrange(_AGENTS)}"}, {})),
        "properties": {"input": _said(mark), "mark": mark},
    }


def _events(rnd: Random, label: str) -> Request:
    """A batch, each event with the id of its sender, or the place in a log that it comes from."""
    marks = Counter(f"{label}n{number}" for number in range(rnd.choice((1, 10, 60))))
    events = [
        _event(rnd, mark)
        | rnd.choice(
            (
                {"event_id": f"id-{mark}"},
                {"source": {"system": "cloudwatch", "log_group": "g", "log_id": f"log-{mark}"}},
            )
        )
        for mark in marks
    ]
    return Request("/api/v1/events/batch", _JSON, json.dumps({"events": events}).encode(), marks)


def _event_with_key(rnd: Random, label: str) -> Request:
    headers = _JSON | {"Idempotency-Key": f"key-{label}"}
    return Request("/api/v1/events", headers, json.dumps(_event(rnd, label)).encode(), Counter([label]))
