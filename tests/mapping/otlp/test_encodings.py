"""The same request in protobuf and in JSON maps to equal events, however the JSON is written."""

import json
import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from mapping.errors import Problem
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces
from mapping.semantics.vocabulary import KEYS

texts = st.text(max_size=8) | st.sampled_from(["chat", "TOOL", 'x_y":', '"start_time_unix_nano":', "\\"])
keys = st.text(max_size=4) | st.sampled_from(sorted(KEYS)) | st.sampled_from(["span_id", "body", "event.name"])
leaves = st.one_of(
    st.just(AnyValue()),
    st.builds(AnyValue, string_value=texts),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(AnyValue, double_value=st.floats(allow_nan=False) | st.just(math.nan)),
    st.builds(AnyValue, bytes_value=st.binary(max_size=4)),
)


def pairs_of(values):
    return st.lists(st.builds(KeyValue, key=keys, value=values), max_size=3)


values = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda items: AnyValue(array_value=ArrayValue(values=items)), st.lists(inner, max_size=3))
        | st.builds(lambda items: AnyValue(kvlist_value=KeyValueList(values=items)), pairs_of(inner))
    ),
    max_leaves=4,
)
attributes = pairs_of(values)
times = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 1_767_812_400_000_000_000])
trace_ids = st.sampled_from([b"", bytes(16)]) | st.binary(min_size=16, max_size=16)
span_ids = st.sampled_from([b"", bytes(8)]) | st.binary(min_size=8, max_size=8)

spans = st.builds(
    Span,
    trace_id=trace_ids,
    span_id=span_ids,
    parent_span_id=span_ids,
    trace_state=texts,
    name=texts,
    kind=st.integers(0, 5),
    start_time_unix_nano=times,
    end_time_unix_nano=times,
    attributes=attributes,
    events=st.lists(st.builds(Span.Event, time_unix_nano=times, name=texts, attributes=attributes), max_size=2),
    links=st.lists(st.builds(Span.Link, trace_id=trace_ids, span_id=span_ids, attributes=attributes), max_size=1),
    status=st.none() | st.builds(Status, message=texts, code=st.integers(0, 2)),
)
records = st.builds(
    LogRecord,
    time_unix_nano=times,
    observed_time_unix_nano=times,
    severity_number=st.integers(0, 24),
    severity_text=texts,
    body=st.none() | values,
    attributes=attributes,
    trace_id=trace_ids,
    span_id=span_ids,
    event_name=texts,
)
resources = st.none() | st.builds(Resource, attributes=attributes)
scopes = st.none() | st.builds(InstrumentationScope, name=texts, version=texts, attributes=attributes)
scope_spans = st.builds(ScopeSpans, scope=scopes, spans=st.lists(spans, max_size=2))
scope_logs = st.builds(ScopeLogs, scope=scopes, log_records=st.lists(records, max_size=2))
trace_requests = st.builds(
    ExportTraceServiceRequest,
    resource_spans=st.lists(
        st.builds(ResourceSpans, resource=resources, scope_spans=st.lists(scope_spans, max_size=2)), max_size=2
    ),
)
log_requests = st.builds(
    ExportLogsServiceRequest,
    resource_logs=st.lists(
        st.builds(ResourceLogs, resource=resources, scope_logs=st.lists(scope_logs, max_size=2)), max_size=2
    ),
)
ways_of_writing = st.fixed_dictionaries(
    {
        "preserving_proto_field_name": st.booleans(),
        "use_integers_for_enums": st.booleans(),
        "always_print_fields_with_no_presence": st.booleans(),
    }
)


def outcome(signal, wire, body):
    """Return what comes out, in bytes: NaN is not equal to itself."""
    try:
        return msgspec.msgpack.encode(signal(wire, body, 1))
    except Problem as problem:
        return problem.message


@given(trace_requests, ways_of_writing)
def test_spans_map_alike_from_protobuf_and_json(as_json, request, way):
    expected = outcome(map_traces, ProtobufWire(), request.SerializeToString())
    assert outcome(map_traces, JsonWire(), as_json(request, **way)) == expected


@given(log_requests, ways_of_writing)
def test_log_records_map_alike_from_protobuf_and_json(as_json, request, way):
    expected = outcome(map_logs, ProtobufWire(), request.SerializeToString())
    assert outcome(map_logs, JsonWire(), as_json(request, **way)) == expected


@given(trace_requests)
def test_fields_set_to_null_are_absent(as_json, request):
    body = json.loads(as_json(request))

    def with_nulls(value):
        """Write out, as null, what each message leaves out."""
        if isinstance(value, list):
            return [with_nulls(inner) for inner in value]
        if isinstance(value, dict):
            absent = dict.fromkeys(["name", "kind", "status", "attributes", "events", "links", "resource", "scope"])
            return absent | {key: with_nulls(inner) for key, inner in value.items()}
        return value

    expected = outcome(map_traces, JsonWire(), json.dumps(body).encode())
    assert outcome(map_traces, JsonWire(), json.dumps(with_nulls(body)).encode()) == expected


@given(st.binary())
def test_no_bytes_raise_anything_but_a_problem(body):
    for signal in (map_traces, map_logs):
        for wire in (ProtobufWire(), JsonWire()):
            assert outcome(signal, wire, body)  # what it maps to, or why it is refused


@given(trace_requests, st.data())
def test_a_request_damaged_on_the_way_maps_or_is_refused(as_json, request, data):
    for wire, body in ((ProtobufWire(), request.SerializeToString()), (JsonWire(), as_json(request))):
        damaged = bytearray(body)
        for _ in range(data.draw(st.integers(1, 3))):
            if damaged:
                damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        assert outcome(map_traces, wire, bytes(damaged))
        assert outcome(map_logs, wire, bytes(damaged))
