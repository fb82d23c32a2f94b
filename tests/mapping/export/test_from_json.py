"""An event as it is read becomes the event that it was, with all that its trace counts of it."""

import json

import msgspec
import pytest

from mapping.errors import Problem
from mapping.export.from_json import event_as_read
from mapping.json.events import Options, decode_event, map_event
from mapping.model import Event
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from tests.mapping.export.shown import shown

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
START = 1_767_812_400_000_000_001
ID = "0f0e0d0c-0b0a-4908-8706-050403020100"


def attributes(values):
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.usage.input_tokens": "7",
    "gen_ai.usage.output_tokens": "5",
    "gen_ai.usage.cost": "0.5",
    "session.id": "s",
}
MESSAGES = json.dumps([{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}])


def of_spans():
    events = [{"name": "exception", "timeUnixNano": str(START), "attributes": attributes(CALL)}]
    item = {"traceId": TRACE, "spanId": SPAN, "name": "run", "attributes": attributes(CALL), "events": events}
    times = {"startTimeUnixNano": str(START), "endTimeUnixNano": str(START + 1)}
    scope = {"name": "s", "version": "1", "attributes": attributes({"a": "b"})}
    request = {"resourceSpans": [{"scopeSpans": [{"scope": scope, "spans": [item | times]}]}]}
    return map_traces(JsonWire(), json.dumps(request).encode(), 1).events


def of_logs():
    invocation = {"modelId": "m", "operation": "Converse", "input": {"inputTokenCount": 3}, "output": {}}
    items = [
        {"observedTimeUnixNano": str(START + 7), "flags": 1, "droppedAttributesCount": 2},
        {"severityText": "odd", "body": {"stringValue": "session_id=x"}},
        {"body": {"stringValue": json.dumps(invocation)}},
        {"eventName": "api_request", "spanId": SPAN, "attributes": attributes(CALL)},
        {"eventName": "api_request", "attributes": attributes(CALL)},
        {"attributes": attributes(CALL | {"gen_ai.input.messages": MESSAGES}), "body": {"stringValue": "x"}},
    ]
    records = [{"traceId": TRACE, "timeUnixNano": str(START)} | item for item in items]
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()
    return map_logs(JsonWire(), body, 1).events


def of_json():
    properties = CALL | {"gen_ai.input.messages": MESSAGES, "nested": [{"a": None}, 1.0, 2**63 - 1]}
    event = {"timestamp": "0001-01-01T00:00:00Z", "trace_id": "of my own", "properties": properties}
    return [map_event(decode_event(json.dumps(event | {"source": {"x": 1}}).encode()), Options(), ID)]


@pytest.mark.parametrize("make", [of_spans, of_logs, of_json])
def test_an_event_as_it_is_read_is_the_same_event(make):
    for event in make():
        assert event_as_read(msgspec.json.encode(shown(event))) == event


@pytest.mark.parametrize("make", [of_spans, of_logs, of_json])
def test_the_samples_have_messages_that_others_may_go_on_with(make):
    assert make is of_spans or any(event.conversation for event in make())


GIVEN = {"id": ID, "trace_id": TRACE, "timestamp": "2026-01-07T19:00:00Z", "kind": "json"}


def test_what_is_left_out_is_absent_and_what_is_unknown_is_ignored():
    event = event_as_read(json.dumps(GIVEN | {"created_at": "x", "correlation": 5, "else": {}}).encode(), indexed=False)
    at = 1_767_812_400_000_000_000
    assert event == Event(id=ID, trace_id=TRACE, timestamp=at, kind="json", properties={}, indexed=False)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": "five"}, "id: expected a UUID, got 'five'"),
        ({"id": 5}, "id: expected `str`"),
        ({"kind": "spam"}, "kind: expected one of unspecified, internal,"),
        ({"timestamp": "now"}, "timestamp: expected RFC 3339"),
        ({"trace_id": "000"}, "trace_id: expected 1 to 200 characters, not all zero"),
        ({"trace_id": "x" * 201}, "trace_id: expected 1 to 200 characters"),
        ({"span_id": SPAN}, "span_id: expected of a span, and of nothing else; the kind is json"),
        ({"kind": "internal"}, "span_id: expected of a span"),
        ({"kind": "internal", "span_id": "B7AD6B7169203331"}, "span_id: expected 16 hex digits in lower case"),
        ({"kind": "internal", "span_id": SPAN, "trace_id": "mine"}, "trace_id: expected 32 hex digits"),
        ({"kind": "span_event", "timestamp": "0001-01-01T00:00:00Z"}, "timestamp: expected a span's"),
        ({"parent_span_id": "x"}, "parent_span_id: expected 16 hex digits"),
        ({"status": "good"}, "status: Invalid enum value 'good'"),
        ({"properties": []}, "properties: expected `object`"),
        ({"scope": {"attributes": 5}}, "scope.attributes: expected an object"),
        ({"duration_ns": -1}, "duration_ns: expected 0 to"),
        ({"order": -1}, "order: expected 0 to"),
        ({"order": 2**63}, "order: expected 0 to"),
        ({"flags": 2**32}, "flags: expected 0 to"),
        ({"observed_timestamp": "now"}, "observed_timestamp: expected RFC 3339"),
        ({"duration_ns": 1.5}, "duration_ns: expected `int | null`"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(fields, message):
    with pytest.raises(Problem) as problem:
        event_as_read(json.dumps(GIVEN | fields).encode())
    assert problem.value.message.startswith(message)
