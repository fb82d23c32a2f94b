"""What must be true of every answer. Each check gives the sentence that says what is wrong, or None."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from case import JSON, PROTOBUF, Case, How
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from http2 import METHODS
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import ExportProfilesServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from target import Answer

# 503 belongs to a store that is away. This one is not.
ALLOWED = frozenset({200, 400, 401, 404, 405, 413, 415, 417, 431})
# Those of them that OTLP names, for what a client does wrong: no UNKNOWN (2), no INTERNAL (13).
ALLOWED_OF_GRPC = frozenset(
    code.value[0]
    for code in (
        *(StatusCode.OK, StatusCode.CANCELLED, StatusCode.INVALID_ARGUMENT, StatusCode.DEADLINE_EXCEEDED),
        *(StatusCode.NOT_FOUND, StatusCode.RESOURCE_EXHAUSTED, StatusCode.UNIMPLEMENTED, StatusCode.UNAUTHENTICATED),
    )
)
# What gRPC's own library says with INTERNAL, as gRPC's protocol demands, before any code of the receiver's runs.
_OF_GRPCS_LIBRARY = "Compression bit set but no encoding configured"
# The answer to each path, and its field that counts what was rejected.
_RESPONSES: dict[str, tuple[Any, str]] = {
    "/v1/traces": (ExportTraceServiceResponse, "rejected_spans"),
    "/v1/logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "/v1/metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
    "/v1development/profiles": (ExportProfilesServiceResponse, "rejected_profiles"),
}
_OF_METHODS = {method.decode(): _RESPONSES[path] for path, method in METHODS.items()}


def of_answer(case: Case, answer: Answer) -> str | None:
    if answer.headers.get("grpc-message") == _OF_GRPCS_LIBRARY:
        return None
    if answer.status not in (ALLOWED_OF_GRPC if case.how is How.CALL else ALLOWED):
        return f"status {answer.status}: {answer.headers.get('grpc-message', '')} {answer.body[:300]!r}"
    if case.method == "HEAD" or answer.status in {417, 431}:
        return None
    try:
        if case.how is How.CALL:
            return _grpc(case, answer)
        return _otlp(case, answer) if case.path.startswith("/v1") else _api(case, answer)
    except (LookupError, ValueError, ParseError, DecodeError) as error:
        return f"the answer does not decode ({error!r}): {answer.status} {answer.body[:300]!r}"


def _grpc(case: Case, answer: Answer) -> str | None:
    if answer.status != 0:
        return None if answer.headers.get("grpc-message") else f"status {answer.status} without a message"
    if case.path not in _OF_METHODS:
        return None
    response, rejected = _OF_METHODS[case.path]
    return _partial(response.FromString(answer.body), rejected)


def _otlp(case: Case, answer: Answer) -> str | None:
    response: Any = Status()
    rejected = ""
    if answer.status == 200:
        of_path, rejected = _RESPONSES[unquote(case.path).removesuffix("/")]
        response = of_path()
    content_type = answer.headers.get("content-type")
    if content_type == PROTOBUF:
        response.ParseFromString(answer.body)
    elif content_type == JSON:
        Parse(answer.body, response)
    else:
        return f"an OTLP answer of type {content_type!r}: {answer.status} {answer.body[:300]!r}"
    if answer.status != 200:
        return None if response.message else "a Status without a message"
    return _partial(response, rejected)


def _partial(response: Any, rejected: str) -> str | None:
    partial = response.partial_success
    count = getattr(partial, rejected)
    return None if count >= 0 and bool(count) <= bool(partial.error_message) else f"partial success {partial}"


def _api(case: Case, answer: Answer) -> str | None:
    if not case.path.startswith("/api/"):
        return None
    told = json.loads(answer.body)
    if answer.status != 200:
        return None if told.get("message") and told.get("error") else f"an error that says nothing: {told}"
    if case.path == "/api/v1/events/batch":
        failed = [at for at, event_id in enumerate(told["event_ids"]) if event_id is None]
        counts = (told["ingested"] + told["failed"], [error["index"] for error in told["errors"]])
        if counts != (len(told["event_ids"]), failed):
            return f"a batch whose numbers do not agree: {told}"
    return None


def status_of_broken(back: bytes) -> str:
    if not back:
        return "hung up"
    return "HTTP/2" if _is_http2(back) else f"HTTP {back.split(b' ', 2)[1].decode('latin-1')}" if b" " in back else "?"


def of_broken(back: bytes) -> str | None:
    """Check what came back for broken bytes: nothing, or a refusal, or the answer to what was whole of it."""
    if not back or back.startswith(b"HTTP/1.1 100") or _is_http2(back):
        return None
    head, _, body = back.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/\d\.\d (\d{3}) ", head)
    # A handler's or the connection's own, both in one of the two encodings.
    ours = re.search(rb"(?i)^content-type: application/(json|x-protobuf)\r?$", head, re.MULTILINE)
    if found is None or int(found[1]) >= 500 or (body and not ours):
        return f"the answer to what is no request: {back[:300]!r}"
    return None


def _is_http2(back: bytes) -> bool:
    """Return whether it begins with a frame of SETTINGS or GOAWAY, as an answer in HTTP/2 does."""
    return len(back) >= 9 and back[3] in {4, 7} and not back.startswith(b"HTTP")
