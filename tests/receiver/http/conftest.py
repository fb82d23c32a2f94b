"""Requests of both signals in both encodings, so that every row of the OTLP table is tested for the four of them."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.json_format import Parse
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

TRACE_ID = "5b8efff798038103d269b633813fc60c"


@dataclass(frozen=True)
class Sender:
    """A client of one signal in one encoding. Items are given as OTLP/JSON writes them."""

    signal: str
    content_type: str
    request: Any
    response: Any
    path_to_items: tuple[str, str, str]

    @property
    def is_protobuf(self):
        return self.content_type == "application/x-protobuf"

    @property
    def path(self):
        return f"/v1/{self.signal}"

    def item(self, number=1, **fields):
        """A span or a log record that differs from every other number's."""
        if self.signal == "logs":
            return {
                "timeUnixNano": str(number),
                "traceId": TRACE_ID,
                "body": {"stringValue": f"line {number}"},
            } | fields
        return {
            "traceId": TRACE_ID,
            "spanId": f"{number:016x}",
            "name": f"span {number}",
            "startTimeUnixNano": "1767812400000000000",
            "endTimeUnixNano": "1767812401000000000",
        } | fields

    def body(self, *items):
        resources, scopes, leaves = self.path_to_items
        return self.encode({resources: [{scopes: [{leaves: list(items)}]}]})

    def encode(self, request):
        if self.content_type == "application/json":
            return json.dumps(request).encode()
        # proto's own JSON has ids in base64, OTLP's in hex.
        return Parse(json.dumps(_with_base64_ids(request)), self.request()).SerializeToString()

    def parse(self, body):
        return self._parse(body, self.response())

    def parse_status(self, body):
        return self._parse(body, Status())

    def _parse(self, body, message):
        if self.content_type == "application/json":
            return Parse(body, message)
        message.ParseFromString(body)
        return message

    def rejected(self, response):
        partial = response.partial_success
        return partial.rejected_spans if self.signal == "traces" else partial.rejected_log_records

    async def to(self, receiver, *items, **headers):
        return await receiver.post(self.path, self.body(*items), self.content_type, **headers)


def _with_base64_ids(value):
    if isinstance(value, list):
        return [_with_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _base64(inner) if key.lower().endswith(("traceid", "spanid")) else _with_base64_ids(inner)
        for key, inner in value.items()
    }


def _base64(digits):
    import base64

    return base64.b64encode(bytes.fromhex(digits)).decode()


SENDERS = [
    Sender(signal, content_type, request, response, path)
    for signal, request, response, path in (
        ("traces", ExportTraceServiceRequest, ExportTraceServiceResponse, ("resourceSpans", "scopeSpans", "spans")),
        ("logs", ExportLogsServiceRequest, ExportLogsServiceResponse, ("resourceLogs", "scopeLogs", "logRecords")),
    )
    for content_type in ("application/x-protobuf", "application/json")
]


@pytest.fixture(params=SENDERS, ids=lambda sender: f"{sender.signal}-{sender.content_type.rpartition('-')[2][-8:]}")
def sender(request):
    return request.param


@pytest.fixture(params=SENDERS[:2], ids=["protobuf", "json"])
def spans(request):
    return request.param


@pytest.fixture(params=SENDERS[2:], ids=["protobuf", "json"])
def logs(request):
    return request.param
