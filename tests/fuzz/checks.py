"""What must be true of every answer. Each check gives the sentence that says what is wrong, or None."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from cases import JSON, PROTOBUF, Case
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from target import Answer

# 503 belongs to a store that is away. This one is not.
ALLOWED = frozenset({200, 400, 401, 404, 405, 413, 415, 417, 431})
_RESPONSES = {"/v1/traces": ExportTraceServiceResponse, "/v1/logs": ExportLogsServiceResponse}


def of_answer(case: Case, answer: Answer) -> str | None:
    if answer.status not in ALLOWED:
        return f"status {answer.status}: {answer.body[:300]!r}"
    if case.method == "HEAD" or answer.status in {417, 431}:
        return None
    try:
        return _otlp(case, answer) if case.path.startswith("/v1") else _api(case, answer)
    except (ValueError, ParseError, DecodeError) as error:
        return f"the answer does not decode ({error}): {answer.status} {answer.body[:300]!r}"


def _otlp(case: Case, answer: Answer) -> str | None:
    path = unquote(case.path)
    response: Any = _RESPONSES[path]() if answer.status == 200 else Status()
    content_type = answer.headers.get("content-type")
    if content_type == PROTOBUF:
        response.ParseFromString(answer.body)
    elif content_type == JSON:
        Parse(answer.body, response)
    else:
        return f"an OTLP answer of type {content_type!r}: {answer.status} {answer.body[:300]!r}"
    if answer.status != 200:
        return None if response.message else "a Status without a message"
    partial = response.partial_success
    rejected = partial.rejected_spans if path == "/v1/traces" else partial.rejected_log_records
    return None if rejected >= 0 and bool(rejected) <= bool(partial.error_message) else f"partial success {partial}"


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


def of_broken(back: bytes) -> str | None:
    """Check what came back for bytes that break HTTP: nothing, or a refusal, or the answer to what was whole of it."""
    if not back or back.startswith(b"HTTP/1.1 100"):
        return None
    head, _, body = back.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/\d\.\d (\d{3}) ", head)
    # A handler's or the connection's own, both in one of the two encodings.
    ours = re.search(rb"(?i)^content-type: application/(json|x-protobuf)\r?$", head, re.MULTILINE)
    if found is None or int(found[1]) >= 500 or (body and not ours):
        return f"the answer to what is no request: {back[:300]!r}"
    return None
