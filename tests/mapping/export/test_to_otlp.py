"""What is written from an event as it is read becomes the same event again, and what it should be to others."""

import base64
import json

import msgspec
import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mapping.export.lines import WithTheirSpans
from mapping.export.to_otlp import requests_of
from mapping.json.events import Options, decode_event, map_event
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.semantics.log_parsing import LogParsing
from mapping.semantics.rules import compile_rules
from tests.mapping.export.shown import shown

TRACE, SPAN, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
START = 1_767_812_400_000_000_001
NEW_ID = "0f0e0d0c-0b0a-4908-8706-050403020100"


def attributes(**values):
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def span(**fields):
    ends = {"startTimeUnixNano": str(START), "endTimeUnixNano": str(START + 5)}
    return {"traceId": TRACE, "spanId": SPAN, "name": "run"} | ends | fields


def spans(*items, resource=(), scope=None):
    entry = {"resource": {"attributes": list(resource)}, "scopeSpans": [{"scope": scope, "spans": list(items)}]}
    return map_traces(JsonWire(), json.dumps({"resourceSpans": [entry]}).encode(), START).events


def logs(*items, resource=(), scope=None, reading=None):
    entry = {"resource": {"attributes": list(resource)}, "scopeLogs": [{"scope": scope, "logRecords": list(items)}]}
    body = json.dumps({"resourceLogs": [entry]}).encode()
    return map_logs(JsonWire(), body, START, **({"reading": reading} if reading else {})).events


def json_event(**fields):
    event = {"timestamp": "2026-01-07T19:00:00.000000001Z", "trace_id": TRACE} | fields
    return map_event(decode_event(json.dumps(event).encode()), Options(), NEW_ID)


def again(read):
    """Map what is written of the events, by id."""
    maps = {"traces": map_traces, "logs": map_logs}
    found = [
        event for request in requests_of(read) for event in maps[request.signal](JsonWire(), request.body, 1).events
    ]
    return {event.id: shown(event) for event in found}


def comes_back(events):
    read = [shown(event) for event in events]
    found = again(read)
    assert found == {event["id"]: event for event in read}
    return found


def written(events, signal):
    """Return the only request of this signal, once it has passed through OpenTelemetry's own messages."""
    (body,) = [request.body for request in requests_of([shown(e) for e in events]) if request.signal == signal]
    message = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}[signal]
    json_format.Parse(_with_base64_ids(body), message())  # raises for anything that OTLP does not have
    return json.loads(body)


def _with_base64_ids(body):
    def pairs(found):
        return {
            key: base64.b64encode(bytes.fromhex(value)).decode()
            if key in {"traceId", "spanId", "parentSpanId"}
            else value
            for key, value in found
        }

    return json.dumps(json.loads(body, object_pairs_hook=pairs))


VALUES = {
    "text": {"stringValue": "Zürich"},
    "empty": {"stringValue": ""},
    "largest": {"intValue": str(2**63 - 1)},
    "least": {"intValue": str(-(2**63))},
    "whole": {"doubleValue": 1.0},
    "small": {"doubleValue": 5e-324},
    "not a number": {"doubleValue": "NaN"},
    "truth": {"boolValue": False},
    "bytes": {"bytesValue": "AAEC/w=="},
    "nothing": {},
    "list": {"arrayValue": {"values": [{"intValue": "1"}, {}, {"arrayValue": {"values": []}}]}},
    "map": {"kvlistValue": {"values": [{"key": "", "value": {"kvlistValue": {"values": []}}}]}},
}


def test_values_of_every_type_come_back():
    typed = [{"key": key, "value": value} for key, value in VALUES.items()]
    comes_back(spans(span(attributes=typed), resource=typed, scope={"name": "s", "version": "1", "attributes": typed}))
    comes_back(logs({"traceId": TRACE, "attributes": typed, "body": {"kvlistValue": {"values": typed}}}))


def test_values_are_written_as_protobuf_has_them_in_json():
    typed = [{"key": key, "value": value} for key, value in VALUES.items()]
    (resource,) = written(spans(span(attributes=typed)), "traces")["resourceSpans"]
    (item,) = resource["scopeSpans"][0]["spans"]
    # What was changed in storing stays so: bytes are base64 text, and a double that is no number its name.
    stored = {"bytes": {"stringValue": "AAEC/w=="}, "not a number": {"stringValue": "NaN"}}
    assert {pair["key"]: pair["value"] for pair in item["attributes"]} == VALUES | stored


def test_records_of_one_moment_keep_their_order_however_they_are_exported():
    records = logs(*({"traceId": TRACE, "timeUnixNano": str(START), "body": {"stringValue": word}} for word in "abc"))
    assert [record.order for record in records] == [None, 1, 2]
    comes_back(records)
    comes_back(records[::-1])
    comes_back(records[1:2])


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["body", "event.name", "severity_text", "otel.links", "name", "attributes.body", "session_id", "x"]
        ),
        JSON_VALUES,
    )
)
def test_a_json_event_comes_back_whatever_it_holds(properties):
    comes_back([json_event(properties=properties, event_type="my own", agent_id="a", session_id="s")])


@given(
    st.dictionaries(
        st.sampled_from(["otel.links", "otel.end_time", "otel.trace_state", "otel.status_description", "event.name"]),
        JSON_VALUES,
    )
)
def test_a_span_comes_back_whatever_its_attributes_are_called(properties):
    read = shown(spans(span())[0]) | {"properties": properties}
    assert again([read])[read["id"]]["properties"] == properties


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": 3, "parentSpanId": PARENT, "traceState": "a=1", "status": {"code": 2, "message": "no"}},
        {"status": {"code": 1}},
        {"links": [{"traceId": TRACE, "spanId": PARENT, "attributes": attributes(why="x")}, {}]},
        {"endTimeUnixNano": "0"},
        {"startTimeUnixNano": "0"},
        {"startTimeUnixNano": "0", "endTimeUnixNano": "0"},
        {"endTimeUnixNano": str(START)},
        {"endTimeUnixNano": str(START - 7)},
        {"name": ""},
        {"attributes": attributes(**{"exception.type": "E", "gen_ai.operation.name": "chat", "session.id": "s"})},
        {"flags": 257, "droppedAttributesCount": 3, "droppedEventsCount": 2, "droppedLinksCount": 1},
        {"links": [{"traceId": TRACE, "spanId": PARENT, "traceState": "a=1", "flags": 1, "droppedAttributesCount": 4}]},
        {"events": [{"name": "e", "timeUnixNano": str(START), "droppedAttributesCount": 5}]},
    ],
    ids=",".join,
)
def test_a_span_comes_back(fields):
    comes_back(spans(span(**fields)))


def events_of_a_span(count):
    return [
        {"name": f"e{n}", "timeUnixNano": str(START + n // 2), "attributes": attributes(n=str(n))} for n in range(count)
    ]


def test_span_events_stand_in_their_span_in_the_order_they_had():
    given = list(reversed(spans(span(events=events_of_a_span(12)))))
    comes_back(given)
    (resource,) = written(given, "traces")["resourceSpans"]
    (item,) = resource["scopeSpans"][0]["spans"]
    assert [event["name"] for event in item["events"]] == [f"e{n}" for n in range(12)]
    assert b"vectadb" not in msgspec.json.encode(item)


def test_some_of_a_spans_events_come_back_as_what_they_were():
    all_of_them = spans(span(events=events_of_a_span(5)))
    comes_back([all_of_them[0], all_of_them[2], all_of_them[5]])


def test_a_span_event_without_its_span_is_a_log_record_to_others_and_comes_back():
    exception = {"name": "exception", "timeUnixNano": str(START), "attributes": attributes(**{"exception.type": "E"})}
    _, event = spans(span(events=[exception], attributes=attributes(**{"session.id": "s"})))
    comes_back([event])
    (resource,) = written([event], "logs")["resourceLogs"]
    (record,) = resource["scopeLogs"][0]["logRecords"]
    assert (record["eventName"], record["traceId"], record["spanId"]) == ("exception", TRACE, SPAN)


@pytest.mark.parametrize(
    "fields",
    [
        {"severityNumber": 17, "severityText": "Error", "spanId": PARENT},
        {"severityText": "WARNING"},
        {"severityText": "odd"},
        {"severityNumber": 10, "severityText": "INFO2"},
        {"eventName": "gen_ai.choice"},
        {"eventName": "a", "attributes": attributes(**{"event.name": "b"})},
        {
            "attributes": attributes(**{"event.name": "user_prompt", "body": "an attribute"}),
            "body": {"stringValue": "a"},
        },
        {"body": {"stringValue": "gen_ai.user.message"}},
        {"body": {"stringValue": '{"session_id": "s", "agent": "a", "n": 1.0, "event.name": "b"}'}},
        {"body": {"stringValue": "session_id=abc agent_id=x said hello"}},
        {"body": {"stringValue": ""}},
        {"body": {"arrayValue": {"values": [{"stringValue": "a"}]}}},
        {"timeUnixNano": "0", "observedTimeUnixNano": "7"},
        {"timeUnixNano": str(2**64 - 1)},
        {"observedTimeUnixNano": str(START + 9), "flags": 1, "droppedAttributesCount": 3},
    ],
    ids=str,
)
def test_a_log_record_comes_back(fields):
    comes_back(logs({"traceId": TRACE, "timeUnixNano": str(START)} | fields))


def test_what_is_said_of_resource_and_scope_comes_back():
    request = {
        "resource": {"attributes": attributes(a="b"), "droppedAttributesCount": 2},
        "scopeSpans": [
            {"scope": {"name": "s", "droppedAttributesCount": 1}, "spans": [span()], "schemaUrl": "of scope"}
        ],
        "schemaUrl": "of resource",
    }
    events = map_traces(JsonWire(), json.dumps({"resourceSpans": [request]}).encode(), START).events
    comes_back(events)
    (item,) = written(events, "traces")["resourceSpans"]
    assert {key: item[key] for key in ("resource", "schemaUrl")} == {
        key: request[key] for key in ("resource", "schemaUrl")
    }
    assert {key: item["scopeSpans"][0][key] for key in ("scope", "schemaUrl")} == {
        key: request["scopeSpans"][0][key] for key in ("scope", "schemaUrl")
    }


def test_all_that_otlp_says_of_a_span_or_record_is_written_again():
    """Field by field: what opentelemetry-proto has beside what is mapped to something of another name."""
    whole_span = span(
        traceState="a=1",
        flags=257,
        droppedAttributesCount=1,
        droppedEventsCount=2,
        droppedLinksCount=3,
        links=[{"traceId": TRACE, "spanId": PARENT, "traceState": "b=2", "flags": 1, "droppedAttributesCount": 4}],
    )
    (resource,) = written(spans(whole_span), "traces")["resourceSpans"]
    (item,) = resource["scopeSpans"][0]["spans"]
    assert {key: item[key] for key in whole_span if key != "links"} == {
        key: whole_span[key] for key in whole_span if key != "links"
    }
    assert item["links"] == [link | {"attributes": []} for link in whole_span["links"]]
    whole_record = {"traceId": TRACE, "timeUnixNano": "5", "observedTimeUnixNano": "9", "flags": 1}
    whole_record["droppedAttributesCount"] = 3
    (resource,) = written(logs(whole_record), "logs")["resourceLogs"]
    (item,) = resource["scopeLogs"][0]["logRecords"]
    assert {key: item[key] for key in whole_record} == whole_record


def test_equal_log_records_stay_two():
    assert len(comes_back(logs(*[{"traceId": TRACE, "body": {"stringValue": "again"}}] * 2))) == 2


def test_a_record_of_cloudwatch_comes_back():
    resource = attributes(**{"cloudwatch.log.group.name": "g", "cloudwatch.log.stream": "s"})
    comes_back(logs({"traceId": TRACE, "attributes": attributes(id="log-1")}, resource=resource))


def test_what_rules_said_comes_back_without_them():
    rules = compile_rules([{"name": "r", "match": "by (?P<agent>\\w+)", "event_type": "decision", "level": "WARN"}])
    comes_back(logs({"traceId": TRACE, "body": {"stringValue": "by me"}}, reading=LogParsing(rules=rules)))


@pytest.mark.parametrize(
    "fields",
    [
        {"trace_id": "a name of its own"},
        {"timestamp": "0001-01-01T00:00:00Z"},
        {"timestamp": "9999-12-31T23:59:59.999999999Z"},
        {"timestamp": "1970-01-01T00:00:00Z"},
        {"source": {"system": "s", "log_id": 7, "more": [1, {"a": None}]}},
        {"properties": {"status": "failed", "name": "n"}},
        {"properties": "text"},
        {"session_id": "s", "agent_id": "a", "event_type": "e"},
    ],
    ids=str,
)
def test_a_json_event_comes_back(fields):
    comes_back([json_event(**fields)])


def test_a_session_that_was_masked_or_inherited_comes_back():
    read = shown(spans(span(attributes=attributes(**{"session.id": "[REDACTED]"})))[0])
    read |= {"session_id": "[REDACTED] 0123456789ab", "agent_id": "of the trace"}
    assert again([read]) == {read["id"]: read}


def test_what_is_no_uuid_or_out_of_place_is_an_attribute_like_any_other():
    given = {"vectadb.event_id": "no uuid", "vectadb.kind": "json"}
    (event,) = spans(span(attributes=attributes(**given)))
    assert event.properties == given
    given = {"vectadb.event_id": NEW_ID, "vectadb.kind": "json", "vectadb.status": "good", "vectadb.trace_id": "x"}
    (event,) = spans(span(attributes=attributes(**given)))
    assert (event.id, event.kind, event.status, event.trace_id) == (NEW_ID, "unspecified", "unset", TRACE)
    assert event.properties == {key: given[key] for key in list(given)[1:]}


def held_back(pages, **most):
    held = WithTheirSpans(**most)
    return [*map(held.take, pages), held.rest()]


def test_span_events_wait_for_the_page_of_their_span():
    parent, *children = [shown(event) for event in spans(span(events=events_of_a_span(3)))]
    log = shown(logs({"traceId": TRACE})[0])
    pages = held_back([[children[2], log], [children[1], parent], [children[0]]])
    assert pages == [[log], [parent, children[2], children[1]], [], [children[0]]]


def test_span_events_wait_until_there_are_too_many():
    _, *children = [shown(event) for event in spans(span(events=events_of_a_span(3)))]
    assert held_back([children[:2], children[2:]], most=1) == [children[:2], [], children[2:]]
