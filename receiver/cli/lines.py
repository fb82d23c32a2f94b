"""The kinds of what is imported: an event as it is read, OTLP in JSON or protobuf, or a line that AWS has logged."""

from __future__ import annotations

from typing import Any

import msgspec
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from mapping.errors import Problem
from mapping.json.decoding import decode
from mapping.otlp.protobuf_messages import ExportLogsServiceRequest, ExportTraceServiceRequest, parse
from mapping.times import parse_rfc3339

EVENT = "/api/v1/events/batch"
_OTLP = {"/v1/traces": "resourceSpans", "/v1/logs": "resourceLogs"}

_METRICS = "metrics are not stored here"
# How Amazon Bedrock names the form of its log of calls.
_BEDROCK_LOG = "ModelInvocationLog"

_ABSENT = (b"", b"null", b"[]")


class LineError(Exception):
    """A line is invalid; the message says what was expected."""


class _LineFields(msgspec.Struct, rename="camel"):
    """The fields of a line that identify its kind."""

    id: msgspec.Raw = msgspec.Raw()
    kind: msgspec.Raw = msgspec.Raw()
    resource_spans: msgspec.Raw = msgspec.Raw()
    resource_logs: msgspec.Raw = msgspec.Raw()
    resource_metrics: msgspec.Raw = msgspec.Raw()


class _LoggedLine(msgspec.Struct, rename="camel"):
    """The fields that tell a call that Amazon Bedrock has logged, or a span as CloudWatch keeps it."""

    schema_type: Any = None
    timestamp: Any = None
    trace_id: Any = None
    span_id: Any = None
    end_time_unix_nano: Any = None


class _OtlpScope(msgspec.Struct, rename="camel"):
    spans: list[msgspec.Raw] | None = None
    log_records: list[msgspec.Raw] | None = None


class _OtlpResource(msgspec.Struct, rename="camel"):
    scope_spans: list[_OtlpScope] | None = None
    scope_logs: list[_OtlpScope] | None = None


class _OtlpRequest(msgspec.Struct, rename="camel"):
    resource_spans: list[_OtlpResource] | None = None
    resource_logs: list[_OtlpResource] | None = None


_line = msgspec.json.Decoder(_LineFields)
_logged = msgspec.json.Decoder(_LoggedLine)
_request = msgspec.json.Decoder(_OtlpRequest)


def routes_of(text: bytes) -> list[str]:
    """Return the routes to which a line is sent: `EVENT`, or those of OTLP. Raises LineError."""
    try:
        line = decode(_line, text, "a JSON object")
    except Problem as problem:
        raise LineError(problem.message) from None
    values = {"resourceSpans": line.resource_spans, "resourceLogs": line.resource_logs}
    if routes := [route for route, field in _OTLP.items() if bytes(values[field]) not in _ABSENT]:
        return routes
    if bytes(line.id) and bytes(line.kind):
        return [EVENT]
    if bytes(line.resource_metrics):
        raise LineError(_METRICS)
    raise LineError(
        "expected an event as export writes it, with its id and kind, OTLP/JSON with resourceSpans or resourceLogs, "
        "or a line of AWS: a call that Bedrock has logged, or a span of CloudWatch's"
    )


def as_request(text: bytes) -> bytes:
    """Return a line that AWS has logged as a request of one log record whose body it is; any other line unchanged."""
    try:
        line = _logged.decode(text)
        body = text.decode()
    except ValueError:
        return text  # what is wrong with it is said where it is read
    if line.schema_type == _BEDROCK_LOG:
        at = _moment(line.timestamp)
    elif line.trace_id and line.span_id and line.end_time_unix_nano:
        at = line.end_time_unix_nano
    else:
        return text
    record = {"timeUnixNano": at, "body": {"stringValue": body}}
    return msgspec.json.encode({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})


def _moment(timestamp: object) -> int | None:
    try:
        return parse_rfc3339(str(timestamp))
    except ValueError:
        return None  # the time of its arrival counts


def counted(route: str, text: bytes) -> tuple[str, int]:
    """Return `spans` or `log_records`, and how many of them are in a request that this route has accepted."""
    request = decode(_request, text, "a request")  # it is valid, because the receiver has accepted it
    if route == "/v1/traces":
        scopes = [scope for resource in request.resource_spans or () for scope in resource.scope_spans or ()]
        return "spans", sum(len(scope.spans or ()) for scope in scopes)
    scopes = [scope for resource in request.resource_logs or () for scope in resource.scope_logs or ()]
    return "log_records", sum(len(scope.log_records or ()) for scope in scopes)


def counted_protobuf(data: bytes) -> tuple[str, str, int]:
    """Return the route that takes a request, `spans` or `log_records`, and how many of them it holds.

    The requests look alike: a span's times, a record's and a metric's name stand in fields of their own. Raises
    LineError.
    """
    spans = [span for group in _groups(ExportTraceServiceRequest, data, "resource_spans") for span in group.spans]
    if any(span.start_time_unix_nano or span.end_time_unix_nano for span in spans):
        return "/v1/traces", "spans", len(spans)
    records = [one for group in _groups(ExportLogsServiceRequest, data, "resource_logs") for one in group.log_records]
    if any(one.time_unix_nano or one.observed_time_unix_nano or one.severity_number for one in records):
        return "/v1/logs", "log_records", len(records)
    metrics = [one for group in _groups(ExportMetricsServiceRequest, data, "resource_metrics") for one in group.metrics]
    if any(one.name and one.WhichOneof("data") for one in metrics):
        raise LineError(_METRICS)
    if any(len(span.trace_id) == 16 and len(span.span_id) == 8 for span in spans):
        return "/v1/traces", "spans", len(spans)
    if any(one.HasField("body") for one in records):
        return "/v1/logs", "log_records", len(records)
    raise LineError("expected a protobuf request of traces or logs; this holds no span and no log record")


def rejected_protobuf(route: str, answer: bytes) -> tuple[int, str]:
    """Return how many items of a request were rejected, by the answer to it, and why."""
    if route == "/v1/traces":
        told = ExportTraceServiceResponse.FromString(answer).partial_success
        return told.rejected_spans, told.error_message
    partial = ExportLogsServiceResponse.FromString(answer).partial_success
    return partial.rejected_log_records, partial.error_message


def _groups(kind: Any, data: bytes, resources: str) -> list[Any]:
    """Return what stands under the scopes of a request, [] where it is none of this kind."""
    try:
        request: Message = kind.FromString(data) if kind is ExportMetricsServiceRequest else parse(kind, data)
    except (DecodeError, Problem):
        return []
    scopes = resources.replace("resource", "scope")
    return [scope for resource in getattr(request, resources) for scope in getattr(resource, scopes)]
