"""One item's fault is one item's: of a hundred with one that is wrong somewhere, the other ninety-nine are as ever."""

import base64
import functools
import json

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces
from mapping.sanitize.changes import Changes
from mapping.sanitize.sanitizer import Sanitizer

HUNDRED = 100
TRACE = "5b8efff798038103d269b633813fc60c"
ATTRIBUTES = [
    {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
    {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "7"}},
    {"key": "share", "value": {"doubleValue": 0.5}},
    {"key": "raw", "value": {"bytesValue": "AP8="}},
    {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"boolValue": True}]}}},
    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": "1"}}]}}},
]


def span(place):
    return {
        "traceId": TRACE,
        "spanId": f"{place + 1:016x}",
        "parentSpanId": f"{place + 500:016x}",
        "traceState": "a=b",
        "name": f"span {place}",
        "kind": 3,
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000001000000000",
        "attributes": ATTRIBUTES,
        "droppedAttributesCount": 1,
        "events": [{"timeUnixNano": "1700000000500000000", "name": "e", "attributes": ATTRIBUTES}],
        "links": [{"traceId": TRACE, "spanId": f"{place + 900:016x}", "attributes": ATTRIBUTES, "flags": 1}],
        "status": {"code": 2, "message": "no"},
        "flags": 257,
    }


def record(place):
    return {
        "timeUnixNano": "1700000000000000000",
        "observedTimeUnixNano": "1700000000000000001",
        "severityNumber": 9,
        "severityText": "INFO",
        "body": {"stringValue": f"line {place}"},
        "attributes": ATTRIBUTES,
        "flags": 1,
        "traceId": TRACE,
        "spanId": f"{place + 1:016x}",
        "eventName": "said",
    }


RESOURCE = {"attributes": ATTRIBUTES, "droppedAttributesCount": 2}
SCOPE = {"name": "lib", "version": "1", "attributes": ATTRIBUTES}


def request(signal):
    """Give a request of a hundred, each with its own resource and scope."""
    groups, scopes, items, item = SIGNALS[signal][:4]
    return {
        groups: [
            {"resource": RESOURCE, scopes: [{"scope": SCOPE, items: [item(place)], "schemaUrl": "u"}], "schemaUrl": "v"}
            for place in range(HUNDRED)
        ]
    }


SIGNALS = {
    "traces": ("resourceSpans", "scopeSpans", "spans", span, map_traces, ExportTraceServiceRequest),
    "logs": ("resourceLogs", "scopeLogs", "logRecords", record, map_logs, ExportLogsServiceRequest),
}

wrong = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1.5, 1e30]),
    st.text(st.characters(codec="utf-8"), max_size=5) | st.sampled_from(["NaN", "SPAN_KIND_CLIENT", "true", "12"]),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["stringValue", "intValue", "values", "key", "x"]), st.integers(0, 3), max_size=2),
)


def places(value, path=()):
    """Give the paths of all that a request's JSON holds."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def mapped_by(signal, wire, body):
    """Map as the receiver does, and give the ids of those spans and records that come out, by their places."""
    changes = Changes()
    mapped = SIGNALS[signal][4](wire, body, 5, changes=changes)
    Sanitizer().clean(mapped.events, changes)
    return {
        place: (event.id, event.properties, event.name, event.resource, event.scope)
        for place, event in zip(mapped.item_of, mapped.events, strict=True)
        if event.kind != "span_event"
    }, mapped


@pytest.mark.parametrize("signal", SIGNALS)
@given(data=st.data())
def test_a_value_of_any_kind_anywhere_in_one_of_a_hundred_in_json(signal, data):
    good = good_json(signal)
    whole = request(signal)
    one = 7
    group = SIGNALS[signal][0]
    path = data.draw(st.sampled_from([(), *places(whole[group][one])]))
    broken = json.loads(json.dumps(whole))  # in which nothing is the same object twice
    holder, key = broken[group], one
    for step in path:
        holder, key = holder[key], step
    holder[key] = data.draw(wrong)
    found, mapped = mapped_by(signal, JsonWire(), json.dumps(broken).encode())
    # Where a list of one was replaced by one of none, there is one fewer; of a longer one there are more.
    moved = mapped.items - HUNDRED
    assert [found[place if place < one else place + moved] for place in good if place != one] == [
        good[place] for place in good if place != one
    ]


@pytest.mark.parametrize("signal", SIGNALS)
@given(data=st.data())
def test_any_bytes_anywhere_in_one_of_a_hundred_in_protobuf(signal, data):
    request_of_hundred, good = good_protobuf(signal)
    ((_, groups),) = request_of_hundred.ListFields()
    written = [group.SerializeToString() for group in groups]
    one = 7
    broken = bytearray(protobuf_item(groups[one]))
    for at in data.draw(st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=4)):
        broken[at] = data.draw(st.integers(0, 255))
    # As it was, but for what stands behind the item's length.
    written[one] = written[one].replace(protobuf_item(groups[one]), bytes(broken))
    found, mapped = mapped_by(signal, ProtobufWire(), b"".join(length_delimited(1, group) for group in written))
    assert mapped.items == HUNDRED
    assert {place: found[place] for place in good if place != one} == {
        place: good[place] for place in good if place != one
    }


@functools.cache
def good_json(signal):
    return mapped_by(signal, JsonWire(), json.dumps(request(signal)).encode())[0]


@functools.cache
def good_protobuf(signal):
    message = as_protobuf(SIGNALS[signal][5], request(signal))
    return message, mapped_by(signal, ProtobufWire(), message.SerializeToString())[0]


def as_protobuf(message, value):
    return json_format.ParseDict(with_ids_in_base64(value), message())


def with_ids_in_base64(value):
    if isinstance(value, list):
        return [with_ids_in_base64(inner) for inner in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(inner)).decode()
            if key in {"traceId", "spanId", "parentSpanId"}
            else with_ids_in_base64(inner)
            for key, inner in value.items()
        }
    return value


def protobuf_item(group):
    scope = (group.scope_spans if hasattr(group, "scope_spans") else group.scope_logs)[0]
    return (scope.spans if hasattr(scope, "spans") else scope.log_records)[0].SerializeToString()


def length_delimited(number, value):
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(number):
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)
