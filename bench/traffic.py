"""Made-up agent traffic: runs of ten spans (an agent, model calls, tool calls), each with eleven attributes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

GRPC, GRPC_TRACES = "application/grpc", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
SPANS_A_RUN = 10
START = 1_790_000_000_000_000_000

_GOALS = ("book a flight", "refund the order", "summarise the ticket", "find the invoice", "plan the migration")
_PLACES = ("Lisbon", "Oslo", "Nairobi", "Quito", "Osaka", "Perth", "Gdansk", "Tunis")
_TOOLS = ("search_flights", "lookup_order", "read_file", "send_mail", "query_database", "create_ticket")
_FAILURES = ("connection reset by peer", "quota exceeded", "no such order", "timed out after 30 s")


class Body(NamedTuple):
    """A request to send, and how many items (spans, records, events) it holds."""

    path: str
    content_type: str
    data: bytes
    items: int


def _attribute(key: str, value: str | int) -> KeyValue:
    of = AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)
    return KeyValue(key=key, value=of)


def _run(rnd: random.Random, number: int) -> Iterator[Span]:
    """Return the spans of one agent's run, children first, as an SDK exports them."""
    trace_id = rnd.randbytes(16)
    ids = [rnd.randbytes(8) for _ in range(SPANS_A_RUN)]
    goal, place, agent = rnd.choice(_GOALS), rnd.choice(_PLACES), f"agent-{number % 10}"
    start = START + number * 10**9
    for place_in_run in reversed(range(SPANS_A_RUN)):
        root, tool = place_in_run == 0, place_in_run % 2 == 0
        failed = tool and not root and rnd.random() < 0.05
        name = "invoke_agent" if root else f"execute_tool {rnd.choice(_TOOLS)}" if tool else "chat gpt-4o"
        span = Span(
            trace_id=trace_id,
            span_id=ids[place_in_run],
            parent_span_id=b"" if root else ids[0],
            name=name,
            kind=Span.SPAN_KIND_CLIENT,
            start_time_unix_nano=start + place_in_run * 10**8,
            end_time_unix_nano=start + place_in_run * 10**8 + rnd.randrange(10**6, 10**8),
            status=Status(code=Status.STATUS_CODE_ERROR, message=rnd.choice(_FAILURES)) if failed else None,
        )
        operation = "invoke_agent" if root else "execute_tool" if tool else "chat"
        words = f"{goal} to {place} for customer {rnd.randrange(10**6)}"
        span.attributes.extend(
            _attribute(key, value)
            for key, value in (
                ("gen_ai.operation.name", operation),
                ("gen_ai.conversation.id", f"session-{number // 3}"),
                ("gen_ai.agent.name", agent),
                ("gen_ai.provider.name", "openai"),
                ("gen_ai.request.model", "gpt-4o"),
                ("gen_ai.tool.name" if tool and not root else "gen_ai.response.id", name.rpartition(" ")[2]),
                ("gen_ai.input.messages", f'[{{"role":"user","parts":[{{"type":"text","content":"{words}"}}]}}]'),
                ("gen_ai.output.messages", f'[{{"role":"assistant","parts":[{{"type":"text","content":"{words}"}}]}}]'),
                ("gen_ai.usage.input_tokens", rnd.randrange(2000)),
                ("gen_ai.usage.output_tokens", rnd.randrange(500)),
                ("server.address", "api.example.com"),
            )
        )
        yield span


def _resource() -> Resource:
    return Resource(
        attributes=[_attribute("service.name", "travel"), _attribute("telemetry.sdk.name", "opentelemetry")]
    )


def _traces(rnd: random.Random, number: int, items: int) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add(resource=_resource())
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "bench"
    for run in range(items // SPANS_A_RUN):
        scope_spans.spans.extend(_run(rnd, number * items // SPANS_A_RUN + run))
    return request


def _logs(rnd: random.Random, number: int, items: int) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add(resource=_resource())
    scope_logs = resource_logs.scope_logs.add()
    trace_id = b""
    for item in range(items):
        if item % SPANS_A_RUN == 0:
            trace_id = rnd.randbytes(16)
        text = f"{rnd.choice(_GOALS)} to {rnd.choice(_PLACES)}: step {item}, {rnd.choice(_FAILURES)}, {rnd.random()}"
        record = LogRecord(
            time_unix_nano=START + number * 10**9 + item * 10**6,
            severity_number=9,
            body=AnyValue(string_value=text),
            trace_id=trace_id,
            span_id=rnd.randbytes(8),
        )
        record.attributes.append(_attribute("session.id", f"session-{number // 3}"))
        scope_logs.log_records.append(record)
    return request


def _hex_ids(value: object) -> object:
    """OTLP/JSON writes ids as hex, where protobuf's own mapping to JSON writes base64."""
    if isinstance(value, dict):
        return {
            key: bytes.fromhex(_from_base64(inner)).hex()
            if key in {"traceId", "spanId", "parentSpanId"}
            else _hex_ids(inner)
            for key, inner in value.items()
        }
    return [_hex_ids(inner) for inner in value] if isinstance(value, list) else value


def _from_base64(text: str) -> str:
    return msgspec.json.decode(f'"{text}"', type=bytes).hex()


def trace_protobuf(rnd: random.Random, number: int, items: int) -> Body:
    return Body("/v1/traces", "application/x-protobuf", _traces(rnd, number, items).SerializeToString(), items)


def trace_grpc(rnd: random.Random, number: int, items: int) -> Body:
    data = _traces(rnd, number, items).SerializeToString()
    return Body(GRPC_TRACES, GRPC, data, items)


def trace_json(rnd: random.Random, number: int, items: int) -> Body:
    message = _hex_ids(MessageToDict(_traces(rnd, number, items), use_integers_for_enums=True))
    return Body("/v1/traces", "application/json", msgspec.json.encode(message), items)


def log_protobuf(rnd: random.Random, number: int, items: int) -> Body:
    return Body("/v1/logs", "application/x-protobuf", _logs(rnd, number, items).SerializeToString(), items)


def event_batch(rnd: random.Random, number: int, items: int) -> Body:
    events = [
        {
            "timestamp": f"2026-09-21T16:{number // 60 % 60:02d}:{number % 60:02d}.{item:06d}Z",
            "event_type": "tool_call" if item % 2 else "decision",
            "agent_id": f"agent-{number % 10}",
            "session_id": f"session-{number * items // SPANS_A_RUN + item // SPANS_A_RUN}",
            "properties": {
                "tool_name": rnd.choice(_TOOLS),
                "input": f"{rnd.choice(_GOALS)} to {rnd.choice(_PLACES)}",
                "output": {"ok": True, "took_ms": rnd.randrange(1000), "detail": f"{rnd.random()}"},
            },
        }
        for item in range(items)
    ]
    return Body("/api/v1/events/batch", "application/json", msgspec.json.encode({"events": events}), items)


# The scenarios by name: how a request is made, and how many items it has.
SCENARIOS: dict[str, tuple[Callable[[random.Random, int, int], Body], int]] = {
    "spans, protobuf, 100 a request": (trace_protobuf, 100),
    "spans, gRPC, 100 a request": (trace_grpc, 100),
    "spans, protobuf, 500 a request": (trace_protobuf, 500),
    "spans, JSON, 100 a request": (trace_json, 100),
    "spans, JSON, 500 a request": (trace_json, 500),
    "log records, protobuf, 100 a request": (log_protobuf, 100),
    "JSON events, 100 a batch": (event_batch, 100),
}
