import json

import pytest

from mapping.errors import Code, Problem
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.sanitize.changes import MALFORMED, Changes
from mapping.values import TOO_DEEP

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


def map_span(changes=None, **fields):
    span = {"traceId": TRACE, "spanId": SPAN, **fields}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    return map_traces(JsonWire(), body.encode(), 7, changes=changes).events[0]


def map_record(changes=None, **fields):
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [fields]}]}]})
    return map_logs(JsonWire(), body.encode(), 7, changes=changes).events[0]


def map_value(value):
    return map_span(attributes=[{"key": "k", "value": value}]).properties["k"]


def refusal(function, *arguments, **fields):
    with pytest.raises(Problem) as caught:
        function(*arguments, **fields)
    assert caught.value.code is Code.INVALID_ARGUMENT
    return caught.value.message


@pytest.mark.parametrize("written", [1544712660000000000, "1544712660000000000", 1544712660e9])
def test_a_time_may_be_a_number_or_text(written):
    assert map_span(startTimeUnixNano=written).timestamp == 1_544_712_660_000_000_000
    assert map_record(timeUnixNano=written).timestamp == 1_544_712_660_000_000_000


@pytest.mark.parametrize(
    "written", [-1, "-1", 2**64, "9" * 40, "9" * 5000, 1.5, 1e300, "", "soon", " 1", "1_0", "\u0661"]
)
def test_what_is_no_time_is_kept_beside_the_time_of_receipt(written):
    event = map_span(startTimeUnixNano=written)
    assert (event.timestamp, event.properties) == (7, {MALFORMED: {"startTimeUnixNano": plain(written)}})
    event = map_span(startTimeUnixNano=3, endTimeUnixNano=written)
    assert (event.timestamp, event.duration, event.properties) == (
        3,
        None,
        {MALFORMED: {"endTimeUnixNano": plain(written)}},
    )
    event = map_record(timeUnixNano=written, observedTimeUnixNano=written)
    kept = {"timeUnixNano": plain(written), "observedTimeUnixNano": plain(written)}
    assert (event.timestamp, event.properties) == (7, {MALFORMED: kept})
    changes = Changes()
    span = {"traceId": TRACE, "spanId": SPAN, "startTimeUnixNano": 3, "events": [{"timeUnixNano": written}]}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    span, event = map_traces(JsonWire(), body.encode(), 7, changes=changes).events
    assert (event.timestamp, event.properties) == (3, {MALFORMED: {"timeUnixNano": plain(written)}})
    assert (span.properties, changes.malformed) == ({}, 1)
    assert changes.reasons[0].startswith("spans[].events[].timeUnixNano: expected an integer, 0 to ")


def plain(value):
    """Give a value as it is stored: an integer that 64 bits do not hold is kept as its digits."""
    return str(value) if isinstance(value, int) and value >= 2**63 else value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"intValue": 7}, 7),
        ({"intValue": "-7"}, -7),
        ({"intValue": 7.0}, 7),
        ({"intValue": str(2**63 - 1)}, 2**63 - 1),
        ({"intValue": 2**63}, str(2**63)),
        ({"intValue": "-9223372036854775809"}, "-9223372036854775809"),
        ({"intValue": "9" * 400}, "9" * 400),
        ({"doubleValue": 0.5}, 0.5),
        ({"doubleValue": 2}, 2.0),
        ({"doubleValue": "0.5"}, 0.5),
        ({"doubleValue": "Infinity"}, "Infinity"),
        ({"doubleValue": "-Infinity"}, "-Infinity"),
        ({"boolValue": False}, False),
        ({"stringValue": ""}, ""),
        ({"stringValue": "a\0b"}, "a\0b"),
        ({"stringValue": "cut \ud83d"}, "cut \ufffd"),
        ({"bytesValue": "AP8="}, b"\0\xff"),
        ({"bytesValue": "-_8"}, b"\xfb\xff"),
        ({"bytesValue": ""}, b""),
        ({"stringValue": None, "intValue": "1"}, 1),
        ({"newValue": {"a": [1]}}, None),
        ({}, None),
        (None, None),
        ({"arrayValue": {}}, []),
        ({"arrayValue": {"values": None}}, []),
        ({"kvlistValue": {"values": [{"key": "a"}, {"value": {"intValue": 1}}]}}, {"a": None, "": 1}),
    ],
)
def test_values_are_read_however_proto_json_writes_them(value, plain):
    assert map_value(value) == plain
    assert type(map_value(value)) is type(plain)


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ("1e999", "Infinity"),
        ("-1e999", "-Infinity"),
    ],
)
@pytest.mark.parametrize("written", ["%s", '"%s"'])
def test_doubles_that_json_has_no_word_for_are_kept_by_their_names(number, kept, written):
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"doubleValue": 0}}]}]}]})
    body = body.replace('"doubleValue": 0', '"doubleValue": ' + written % number)
    assert map_logs(JsonWire(), body.encode(), 7).events[0].properties["body"] == kept


@pytest.mark.parametrize(
    ("value", "kept", "field"),
    [
        ({"intValue": "x"}, "x", "intValue"),
        ({"intValue": 1.5}, 1.5, "intValue"),
        ({"intValue": 1e30}, 1e30, "intValue"),
        ({"intValue": "1e3"}, "1e3", "intValue"),
        ({"intValue": True}, True, "attributes[0].value.intValue"),
        ({"doubleValue": "x"}, "x", "doubleValue"),
        ({"bytesValue": "?"}, "?", "bytesValue"),
        ({"bytesValue": "A"}, "A", "bytesValue"),
        ({"bytesValue": "é"}, "é", "bytesValue"),
        ({"bytesValue": [1, 2]}, [1, 2], "bytesValue"),
        ({"boolValue": "true"}, "true", "boolValue"),
        ({"boolValue": 1}, 1, "boolValue"),
        ({"stringValue": 1}, 1, "stringValue"),
        ({"stringValue": {"a": None}}, {"a": None}, "stringValue"),
        ({"arrayValue": [1, "a"]}, [1, "a"], "arrayValue"),
        ({"arrayValue": {"values": "a"}}, {"values": "a"}, "arrayValue"),
        ({"arrayValue": {"values": [None, {"intValue": 1}]}}, [None, 1], "values[0]"),
        ({"kvlistValue": {"values": [5, {"key": "a", "value": {"intValue": 1}}]}}, {"[0]": 5, "a": 1}, "values[0]"),
        ({"kvlistValue": {"values": {"a": {"intValue": 1}, "b": 2}}}, {"a": 1, "b": 2}, "values"),
        ("plain", "plain", "value"),
        (["plain"], ["plain"], "value"),
        (2**70, str(2**70), "value"),
    ],
)
def test_a_value_of_a_wrong_kind_is_kept_as_it_came_said_and_counted(value, kept, field):
    changes = Changes()
    good = [{"key": "good", "value": {"intValue": "5"}}, {"key": "none", "value": {"arrayValue": {"values": None}}}]
    event = map_span(changes, attributes=[{"key": "k", "value": value}, *good])
    assert event.properties == {"k": kept, "good": 5, "none": []}
    assert type(event.properties["k"]) is type(kept)
    assert changes.malformed >= 1
    assert field in changes.reasons[0]
    assert "expected" in changes.reasons[0]


@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        (["x", {"key": "a", "value": {"intValue": 1}}], {"[0]": "x", "a": 1}),
        ({"a": {"stringValue": "b"}, "c": 1}, {"a": "b", "c": 1}),
        ("x", {"[0]": "x"}),
        ([{"key": 5, "value": {"intValue": 1}}], {"5": 1}),
    ],
)
def test_attributes_that_are_no_list_of_key_and_value_are_kept(attributes, kept):
    assert map_span(attributes=attributes).properties == kept
    assert map_record(attributes=attributes).properties == kept


@pytest.mark.parametrize(
    ("field", "written", "kept"),
    [
        ("kind", {"a": 1}, {"kind": {"a": 1}}),
        ("kind", True, {"kind": True}),
        ("flags", -1, {"flags": -1}),
        ("droppedLinksCount", "many", {"droppedLinksCount": "many"}),
        ("status", "ERROR", {"status": "ERROR"}),
        ("status", {"code": [2]}, {"status.code": [2]}),
        ("events", "x", {"events[0]": "x"}),
        ("links", [None], {"links[0]": None}),
    ],
)
def test_a_field_of_a_wrong_kind_is_kept_by_its_name(field, written, kept):
    changes = Changes()
    event = map_span(changes, **{field: written, "startTimeUnixNano": 3, "name": "whole"})
    assert (event.name, event.timestamp, event.properties) == ("whole", 3, {MALFORMED: kept})
    assert changes.malformed == 1


def test_text_that_is_none_is_kept_as_the_text_it_would_be():
    assert map_span(name=5).name == "5"
    assert map_record(severityText=["a"]).severity == '["a"]'


def test_a_resource_or_scope_that_is_no_object_is_kept():
    span = {"traceId": TRACE, "spanId": SPAN, "name": "whole"}
    body = {"resourceSpans": [{"resource": "shop", "scopeSpans": [{"scope": ["lib"], "spans": [span]}]}]}
    (event,) = map_traces(JsonWire(), json.dumps(body).encode(), 7).events
    assert (event.name, event.resource, event.scope) == (
        "whole",
        {MALFORMED: "shop"},
        {"attributes": {MALFORMED: ["lib"]}},
    )


@pytest.mark.parametrize("item", [None, 5, "x", ["a"]])
def test_a_span_or_record_that_is_no_object_is_rejected_by_itself(item):
    good = {"traceId": TRACE, "spanId": SPAN}
    body = {"resourceSpans": [5, {"scopeSpans": ["x", {"spans": [item, good]}]}]}
    mapped = map_traces(JsonWire(), json.dumps(body).encode(), 7)
    assert (mapped.items, mapped.rejected, len(mapped.events), mapped.item_of) == (4, 3, 1, [3])
    body = {"resourceLogs": [5, {"scopeLogs": ["x", {"logRecords": [item, {}]}]}]}
    mapped = map_logs(JsonWire(), json.dumps(body).encode(), 7)
    assert (mapped.items, mapped.rejected, len(mapped.events), mapped.item_of) == (4, 3, 1, [3])


@pytest.mark.parametrize("kind", [3, "3", 3.0, "SPAN_KIND_CLIENT"])
def test_a_kind_may_be_a_number_or_a_name(kind):
    assert map_span(kind=kind).kind == "client"


@pytest.mark.parametrize("kind", ["CLIENT", "", "SPAN_KIND_", 1.5])
def test_a_kind_that_is_none_is_kept(kind):
    event = map_span(kind=kind)
    assert (event.kind, event.properties) == ("unspecified", {MALFORMED: {"kind": kind}})


@pytest.mark.parametrize("kind", [6, -1, 2**70, "77"])
def test_a_kind_newer_than_this_is_no_fault(kind):
    assert map_span(kind=kind).kind == "unspecified"


def test_status_and_severity_may_be_names():
    assert map_span(status={"code": "STATUS_CODE_ERROR"}).status == "error"
    assert map_record(severityNumber="SEVERITY_NUMBER_WARN2").severity == "WARN2"
    changes = Changes()
    assert map_span(changes, status={"code": "BAD"}).properties == {MALFORMED: {"status.code": "BAD"}}
    assert map_record(changes, severityNumber="LOUD").properties == {MALFORMED: {"severityNumber": "LOUD"}}
    of_status, of_severity = changes.reasons
    assert of_status.startswith("spans[].status.code: expected a number or one of STATUS_CODE_UNSET, ")
    assert of_severity.startswith("logRecords[].severityNumber: expected a number or one of SEVERITY_NUMBER_")


MALFORMED_IDS = [
    TRACE[:-1],
    TRACE + "0",
    "0" * 31,
    "g" * 32,
    TRACE[:-2] + " a",
    "W47/95gDgQPSabYzgT/GDA==",
    "é" * 32,
]


@pytest.mark.parametrize("written", MALFORMED_IDS)
def test_a_span_whose_own_id_is_not_of_hex_digits_of_its_length_is_rejected_by_itself(written):
    spans = [{"traceId": written, "spanId": SPAN}, {"traceId": TRACE, "spanId": SPAN}]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    mapped = map_traces(JsonWire(), body.encode(), 7)
    assert (mapped.items, mapped.rejected, len(mapped.events)) == (2, 1, 1)
    (reason,) = mapped.reasons
    assert reason.startswith("spans[].traceId: expected 32 hex digits (16 bytes) or nothing, got ")


@pytest.mark.parametrize("written", MALFORMED_IDS)
def test_an_id_that_a_record_is_well_without_is_left_out_and_counted(written):
    changes = Changes()
    record = {"traceId": written, "spanId": SPAN, "body": {"stringValue": "kept"}}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    (event,) = map_logs(JsonWire(), body.encode(), 7, changes=changes).events
    assert (event.trace_id, event.parent_span_id, event.properties["body"]) == (None, SPAN, "kept")
    assert changes.ids == 1


def test_ids_may_be_in_capitals():
    event = map_span(traceId=TRACE.upper(), spanId=SPAN.upper(), parentSpanId=SPAN.upper())
    assert (event.trace_id, event.span_id, event.parent_span_id) == (TRACE, SPAN, SPAN)
    assert event.id == map_span().id


def test_fields_may_be_spelt_as_in_the_proto():
    body = json.dumps(
        {
            "resource_spans": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"string_value": "shop"}}]},
                    "scope_spans": [
                        {
                            "spans": [
                                {
                                    "trace_id": TRACE,
                                    "span_id": SPAN,
                                    "start_time_unix_nano": "5",
                                    "endTimeUnixNano": "9",
                                    "attributes": [{"key": "span_id", "value": {"stringValue": '"trace_id": "x"'}}],
                                }
                            ]
                        }
                    ],
                }
            ]
        },
        indent=1,
    )
    (event,) = map_traces(JsonWire(), body.encode(), 7).events
    assert (event.trace_id, event.span_id, event.timestamp, event.duration) == (TRACE, SPAN, 5, 4)
    assert event.properties == {"span_id": '"trace_id": "x"'}
    assert event.resource == {"service.name": "shop"}


def test_unknown_fields_are_skipped_at_every_depth():
    unknown = {"trace_flags": 1, "count": "3", "x": {"y": [None, {"spanId": 5}]}}
    event = map_span(**unknown, status={**unknown, "code": 1}, attributes=[{**unknown, "key": "a"}])
    assert (event.status, event.properties) == ("ok", {"a": None})


@pytest.mark.parametrize(
    "body", [b"{}", b'{"resourceSpans": []}', b'{"resourceSpans": null}', b'{"resourceSpans": [{}]}', b' {"x": 1}\n']
)
def test_requests_without_items_map_to_nothing(body):
    assert map_traces(JsonWire(), body, 7).items == 0
    assert map_logs(JsonWire(), body.replace(b"Spans", b"Logs"), 7).items == 0


@pytest.mark.parametrize("body", [b"", b"1234", b"null", b"[]", b"{", b'{"resourceSpans": [1]}', b"\x0a\x00", b"\xff"])
def test_what_is_no_request_is_refused(body):
    refusal(map_traces, JsonWire(), body, 7)
    refusal(map_logs, JsonWire(), body.replace(b"Spans", b"Logs"), 7)


def nested_request(depth, opening, closing):
    value = opening * depth + '{"intValue":1}' + closing * depth
    body = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%s","attributes":[{"value":%s}]}]}]}]}'
    return (body % (TRACE, SPAN, value)).encode()


SHAPES = [('{"arrayValue":{"values":[', "]}}"), ('{"kvlistValue":{"values":[{"value":', "}]}}")]


@pytest.mark.parametrize("opening, closing", SHAPES)
@pytest.mark.parametrize(
    "depth, whole", [(31, True), (33, True), (128, True), (129, False), (300, False), (20_000, False)]
)
def test_any_depth_is_stored_and_says_where_it_was_cut(opening, closing, depth, whole):
    (event,) = map_traces(JsonWire(), nested_request(depth, opening, closing), 7).events
    stored, levels = event.properties[""], 0
    while stored != 1:
        if isinstance(stored, str):
            if stored == TOO_DEEP:
                break
            stored = json.loads(stored)
        stored = stored[0] if isinstance(stored, list) else stored[""]
        levels += 1
    assert (levels, stored) == ((depth, 1) if whole else (128, TOO_DEEP))


def test_a_large_body_of_nothing_but_brackets_is_refused():
    body = nested_request(100_000, *SHAPES[0])
    assert "nested too deeply" in refusal(map_traces, JsonWire(), body, 7)
