"""Valid requests of every kind, to be mutated. Ids come from a `Random`: half of them from a small set, so that what
cases store meets in the same traces, sessions and agents."""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import ExportProfilesServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

START = 1_767_812_400_000_000_000  # 2026-01-07T19:00:00Z


def _id(random: Random, digits: int) -> str:
    few = random.random() < 0.5
    return f"{random.randint(1, 20) if few else random.getrandbits(digits * 4):0{digits}x}"


def _name(random: Random, word: str) -> str:
    """One of a few in a tenth of the cases: a list of sessions sums up every trace of each."""
    return f"{word}-{random.randint(1, 9) if random.random() < 0.1 else random.getrandbits(32)}"


def _attributes(random: Random) -> list[dict[str, Any]]:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("gen_ai.operation.name", {"stringValue": random.choice(("chat", "execute_tool", "invoke_agent"))}),
        ("gen_ai.conversation.id", {"stringValue": _name(random, "conversation")}),
        ("gen_ai.agent.name", {"stringValue": random.choice(("researcher", "clerk", "Zürich 🛫"))}),
        ("gen_ai.usage.input_tokens", {"intValue": str(random.randint(0, 9_000))}),
        ("temperature", {"doubleValue": random.random()}),
        ("stream", {"boolValue": True}),
        ("image", {"bytesValue": "AAEC/w=="}),
        ("messages", {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}, {"arrayValue": {}}]}}),
        (
            "arguments",
            {"kvlistValue": {"values": [{"key": "to", "value": {"stringValue": "ZRH"}}, {"key": "n", "value": {}}]}},
        ),
        ("exception.message", {"stringValue": "no seat left"}),
    ]
    return [{"key": key, "value": value} for key, value in random.sample(rows, random.randint(0, len(rows)))]


def spans(random: Random) -> dict[str, Any]:
    trace_id = _id(random, 32)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(random)},
                "scopeSpans": [
                    {
                        "scope": {"name": "travel", "version": "1.0", "attributes": _attributes(random)},
                        "spans": [_span(random, trace_id) for _ in range(random.choice((0, 1, 1, 2, 5)))],
                    }
                ],
            }
        ]
    }


def _span(random: Random, trace_id: str) -> dict[str, Any]:
    start = START + random.randrange(10**12)
    return {
        "traceId": trace_id,
        "spanId": _id(random, 16),
        "parentSpanId": _id(random, 16) if random.random() < 0.5 else "",
        "traceState": "a=b",
        "name": random.choice(("chat gpt-4o", "execute_tool pay", "")),
        "kind": random.randint(0, 5),
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 10**9),
        "attributes": _attributes(random),
        "events": [{"timeUnixNano": str(start), "name": "exception", "attributes": _attributes(random)}],
        "links": [{"traceId": _id(random, 32), "spanId": _id(random, 16), "attributes": _attributes(random)}],
        "status": {"code": random.randint(0, 2), "message": "m"},
    }


def logs(random: Random) -> dict[str, Any]:
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": _attributes(random)},
                "scopeLogs": [
                    {
                        "scope": {"name": "travel"},
                        "logRecords": [_log_record(random) for _ in range(random.choice((0, 1, 2, 5)))],
                    }
                ],
            }
        ]
    }


def _log_record(random: Random) -> dict[str, Any]:
    return {
        "timeUnixNano": str(START + random.randrange(10**12)),
        "observedTimeUnixNano": str(START),
        "severityNumber": random.randint(0, 24),
        "severityText": "warn",
        "body": random.choice(
            ({"stringValue": "seat asked for"}, {"kvlistValue": {"values": _attributes(random)}}, {})
        ),
        "attributes": _attributes(random),
        "traceId": _id(random, 32) if random.random() < 0.7 else "",
        "spanId": _id(random, 16) if random.random() < 0.7 else "",
        "eventName": random.choice(("", "gen_ai.user.message")),
    }


def metrics(random: Random) -> dict[str, Any]:
    point = {"timeUnixNano": str(START), "attributes": _attributes(random)}
    rows: list[dict[str, Any]] = [
        {"name": "tokens", "sum": {"dataPoints": [point | {"asInt": "7"}, point], "isMonotonic": True}},
        {"name": "queue", "gauge": {"dataPoints": [point | {"asDouble": 0.5}]}},
        {"name": "wait", "histogram": {"dataPoints": [point | {"bucketCounts": ["1", "2"], "explicitBounds": [1.0]}]}},
        {"name": "wait", "exponentialHistogram": {"dataPoints": [point | {"positive": {"bucketCounts": ["1"]}}]}},
        {"name": "wait", "summary": {"dataPoints": [point | {"quantileValues": [{"quantile": 0.5, "value": 1.0}]}]}},
    ]
    chosen = random.sample(rows, random.randint(0, len(rows)))
    return {"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"scope": {"name": "travel"}, "metrics": chosen}]}]}


def profiles(random: Random) -> dict[str, Any]:
    rows = [{"timeUnixNano": str(START), "durationNano": "5", "samples": [{}, {}]} for _ in range(random.randrange(3))]
    return {
        "resourceProfiles": [{"resource": {"attributes": _attributes(random)}, "scopeProfiles": [{"profiles": rows}]}],
        "dictionary": {"stringTable": ["", "cpu"]},
    }


def event(random: Random) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "trace_id": _id(random, 32),
        "event_type": random.choice(("tool_call", "log", "")),
        "agent_id": f"agent-{random.randint(1, 9)}",
        "session_id": _name(random, "session"),
        "event_id": f"event-{random.randint(1, 20) if random.random() < 0.3 else random.getrandbits(40)}",
        "source": {"system": "cloudwatch", "log_group": "g", "log_stream": "s", "log_id": str(random.getrandbits(40))},
        "properties": {"tool_name": "web_search", "input": {"q": ["a", 1, 0.5, None, {"b": True}]}, "status": "failed"},
        "metadata": {"input": 1, "tags": ["x"]},
        "context": "ctx",
    }
    chosen = random.sample(sorted(fields), random.randint(0, len(fields)))
    return {"timestamp": "2026-01-07T19:00:00.123456789Z"} | {name: fields[name] for name in chosen}


def batch(random: Random) -> dict[str, Any]:
    sent: dict[str, Any] = {"events": [event(random) for _ in range(random.choice((0, 1, 3, 8)))]}
    if random.random() < 0.4:
        sent["options"] = {
            "auto_create_traces": random.random() < 0.5,
            "generate_embeddings": random.random() < 0.5,
            "extract_relationships": random.random() < 0.5,
        }
    return sent


def score(random: Random) -> dict[str, Any]:
    about = random.choice(({"trace_id": _id(random, 32)}, {"session_id": _name(random, "session")}))
    given = {"value": random.choice((0, 1, -0.5, 1e300)), "label": "pass", "explanation": "why", "author": "judge"}
    chosen = random.sample(sorted(given), random.randint(1, len(given)))
    return {"name": _name(random, "score"), **about} | {name: given[name] for name in chosen}


# The requests of OTLP by their paths.
OTLP: dict[str, Callable[[Random], dict[str, Any]]] = {
    "/v1/traces": spans,
    "/v1/logs": logs,
    "/v1/metrics": metrics,
    "/v1development/profiles": profiles,
}
_MESSAGES: dict[str, type[Message]] = {
    "resourceSpans": ExportTraceServiceRequest,
    "resourceLogs": ExportLogsServiceRequest,
    "resourceMetrics": ExportMetricsServiceRequest,
    "resourceProfiles": ExportProfilesServiceRequest,
}


def protobuf(request: dict[str, Any]) -> bytes:
    """Encode a request of OTLP's. proto's own JSON has ids in base64, OTLP's in hex."""
    (message,) = (message for field, message in _MESSAGES.items() if field in request)
    return ParseDict(_with_base64_ids(request), message()).SerializeToString()


def _with_base64_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(inner)).decode()
        if key in {"traceId", "spanId", "parentSpanId"}
        else _with_base64_ids(inner)
        for key, inner in value.items()
    }
