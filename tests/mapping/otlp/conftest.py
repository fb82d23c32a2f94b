"""Requests are written as protobuf messages; `send` maps one in either encoding, the JSON one with OTLP's hex ids."""

import base64
import json

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces

RECEIVED = 1_767_812_400_000_000_000


@pytest.fixture(scope="session")
def received():
    return RECEIVED


@pytest.fixture(scope="session")
def as_json():
    """Return a request as OTLP/JSON; keyword arguments are those of json_format.MessageToDict."""

    def write(request, **options):
        return json.dumps(_with_hex_ids(json_format.MessageToDict(request, **options))).encode()

    return write


@pytest.fixture(params=["protobuf", "json"])
def send(request, as_json):
    """Map a request's message, sent in each of the encodings."""

    def send_message(message, **given):
        signal = map_traces if isinstance(message, ExportTraceServiceRequest) else map_logs
        if request.param == "json":
            return signal(JsonWire(), as_json(message), RECEIVED, **given)
        return signal(ProtobufWire(), message.SerializeToString(), RECEIVED, **given)

    return send_message


def _with_hex_ids(value):
    if isinstance(value, list):
        return [_with_hex_ids(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _hex(inner) if _is_id(key) else _with_hex_ids(inner) for key, inner in value.items()}
    return value


def _is_id(key):
    return key in {"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"}


def _hex(text):
    return base64.b64decode(text).hex()
