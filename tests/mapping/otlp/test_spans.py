import json
import re

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from mapping import ids
from mapping.errors import Code, Problem
from mapping.model import SPAN_KINDS
from mapping.otlp.json import JsonWire
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces
from mapping.sanitize.changes import Changes
from mapping.values import TOO_DEEP

TRACE, SPAN, PARENT = bytes(range(16)), bytes(range(8)), b"\xab" * 8
START = 1_767_812_400_000_000_123


def attribute(key, value):
    kind = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value", bytes: "bytes_value"}
    return KeyValue(key=key, value=AnyValue(**{kind[type(value)]: value}))


def attributes(values):
    return [attribute(key, value) for key, value in values.items()]


def span(trace_id=TRACE, span_id=SPAN, start_time_unix_nano=START, **fields):
    fields["attributes"] = attributes(fields.pop("attributes", {}))
    return Span(trace_id=trace_id, span_id=span_id, start_time_unix_nano=start_time_unix_nano, **fields)


def request(*spans, resource=(), scope=()):
    scope_spans = ScopeSpans(spans=spans)
    scope_spans.scope.attributes.extend(attributes(dict(scope)))
    resource_spans = ResourceSpans(scope_spans=[scope_spans])
    resource_spans.resource.attributes.extend(attributes(dict(resource)))
    return ExportTraceServiceRequest(resource_spans=[resource_spans])


def the_event(mapped):
    (event,) = mapped.events
    return event


def test_a_span_is_one_event_at_its_start_with_its_duration(send):
    message = request(
        span(
            name="chat gpt-4o",
            kind=Span.SPAN_KIND_CLIENT,
            parent_span_id=PARENT,
            end_time_unix_nano=START + 5,
            trace_state="a=b",
            status=Status(code=Status.STATUS_CODE_ERROR, message="throttled"),
            attributes={"server.address": "api.example.com", "n": 7, "f": 0.5, "b": True, "raw": b"\0\xff"},
        ),
        resource={"service.name": "shop"},
    )
    message.resource_spans[0].scope_spans[0].scope.name = "tracer"
    message.resource_spans[0].scope_spans[0].scope.version = "1.2"
    mapped = send(message)
    event = the_event(mapped)
    assert event.id == ids.named("span", TRACE.hex(), SPAN.hex(), "client", str(START // 10**6))
    assert (event.timestamp, event.duration, event.ends_at) == (START, 5, START + 5)
    assert (event.kind, event.name) == ("client", "chat gpt-4o")
    assert (event.trace_id, event.span_id, event.parent_span_id) == (TRACE.hex(), SPAN.hex(), PARENT.hex())
    assert event.status == "error"
    assert event.properties == {
        "server.address": "api.example.com",
        "n": 7,
        "f": 0.5,
        "b": True,
        "raw": b"\0\xff",
        "otel.status_description": "throttled",
        "otel.trace_state": "a=b",
    }
    assert event.resource == {"service.name": "shop"}
    assert event.scope == {"name": "tracer", "version": "1.2"}
    assert (mapped.items, mapped.item_of, mapped.rejected) == (1, [0], 0)


def test_nested_values_keep_their_shape(send):
    message = request(span())
    inner = AnyValue(kvlist_value=KeyValueList(values=[attribute("", "empty key"), attribute("a.b", 1)]))
    message.resource_spans[0].scope_spans[0].spans[0].attributes.extend(
        [
            KeyValue(
                key="list", value=AnyValue(array_value=ArrayValue(values=[inner, AnyValue(), AnyValue(int_value=2)]))
            ),
            KeyValue(key="none", value=AnyValue()),
            KeyValue(key="nothing"),
            KeyValue(key="[]", value=AnyValue(array_value=ArrayValue())),
            KeyValue(key="{}", value=AnyValue(kvlist_value=KeyValueList())),
        ]
    )
    assert the_event(send(message)).properties == {
        "list": [{"": "empty key", "a.b": 1}, None, 2],
        "none": None,
        "nothing": None,
        "[]": [],
        "{}": {},
    }


def nested(levels, maps_at):
    value = AnyValue(bytes_value=b"\xff")
    for level in range(levels):
        if level in maps_at:
            value = AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", value=value)]))
        else:
            value = AnyValue(array_value=ArrayValue(values=[value]))
    return KeyValue(key="deep", value=value)


def test_values_nested_past_32_levels_are_kept_as_json_text(send):
    message = request(span())
    message.resource_spans[0].scope_spans[0].spans[0].attributes.append(nested(36, maps_at={1, 20}))
    stored = the_event(send(message)).properties["deep"]
    depth = 0
    while not isinstance(stored, str):
        stored = stored[0] if isinstance(stored, list) else stored["k"]
        depth += 1
    assert depth == 32
    assert stored == '[[{"k":["/w=="]}]]'


@pytest.mark.parametrize(
    "depth, whole", [(32, True), (33, True), (100, True), (128, True), (129, False), (100_000, False)]
)
def test_what_nests_deeper_than_protobuf_reads_is_kept_too_and_its_neighbours_with_it(received, depth, whole):
    # By hand: protobuf does not build either what it would not read.
    inner = AnyValue(bool_value=True).SerializeToString()
    heads, size = [], len(inner)
    for _ in range(depth):
        for tag in (b"\x0a", b"\x2a"):
            heads.append(tag + _varint(size))
            size += len(heads[-1])
    value = b"".join(reversed(heads)) + inner
    neighbour = request(span()).resource_spans[0].scope_spans[0].spans[0].SerializeToString()
    pair = b"\x0a\x01a\x12" + _varint(len(value)) + value
    spans = neighbour + b"\x4a" + _varint(len(pair)) + pair
    for tag in (b"\x12", b"\x12", b"\x0a"):  # ScopeSpans.spans, and so on outwards
        spans = tag + _varint(len(spans)) + spans
    stored = the_event(map_traces(ProtobufWire(), spans, received)).properties["a"]
    levels = 0
    while stored is not True and stored != TOO_DEEP:
        stored = json.loads(stored)[0] if isinstance(stored, str) else stored[0]
        levels += 1
    assert (levels, stored is True) == ((depth, True) if whole else (128, False))


def test_deep_bytes_that_are_no_list_are_kept_as_bytes(received):
    message = request(span())
    message.resource_spans[0].scope_spans[0].spans[0].attributes.append(nested(36, maps_at=set()))
    body = message.SerializeToString()
    broken = body.replace(b"\x3a\x01\xff", b"\x2a\x01\xff")  # the innermost bytes become a list of one byte
    assert broken != body
    changes = Changes()
    stored = the_event(map_traces(ProtobufWire(), broken, received, changes=changes)).properties["deep"]
    while isinstance(stored, list):
        (stored,) = stored
    assert isinstance(stored, bytes)
    assert stored.endswith(b"*\x01\xff")
    assert changes.malformed == 1


def _varint(number):
    return number.to_bytes(1, "little") if number < 128 else bytes([number & 127 | 128]) + _varint(number >> 7)


def test_of_an_attribute_that_comes_twice_the_last_counts(send):
    message = request(span(attributes={"a": 1}))
    message.resource_spans[0].scope_spans[0].spans[0].attributes.append(attribute("a", 2))
    assert the_event(send(message)).properties == {"a": 2}


@pytest.mark.parametrize("text", ["a\0b", "", "𝄞 é", "x" * 100_000])
def test_text_is_kept_to_the_character(send, text):
    assert the_event(send(request(span(name=text, attributes={f"k{text[:9]}": text})))).properties == {
        f"k{text[:9]}": text
    }


@pytest.mark.parametrize(
    ("start", "end", "timestamp", "duration", "kept"),
    [
        (5, 9, 5, 4, None),
        (5, 5, 5, 0, None),
        (5, 0, 5, None, None),
        (9, 5, 9, None, "1970-01-01T00:00:00.000000005Z"),
        (0, 5, 5, None, "1970-01-01T00:00:00.000000005Z"),
        (0, 0, 1_767_812_400_000_000_000, None, None),
        (2**64 - 1, 2**64 - 1, 2**64 - 1, 0, None),
        (1, 2**64 - 1, 1, None, "2554-07-21T23:34:33.709551615Z"),
    ],
)
def test_odd_times_are_kept(send, start, end, timestamp, duration, kept):
    event = the_event(send(request(span(start_time_unix_nano=start, end_time_unix_nano=end))))
    assert (event.timestamp, event.duration) == (timestamp, duration)
    assert event.properties.get("otel.end_time") == kept


@pytest.mark.parametrize(
    ("code", "given", "status"),
    [
        (Status.STATUS_CODE_UNSET, {}, "unset"),
        (Status.STATUS_CODE_OK, {}, "ok"),
        (Status.STATUS_CODE_ERROR, {}, "error"),
        (Status.STATUS_CODE_UNSET, {"error.type": "timeout"}, "error"),
        (Status.STATUS_CODE_OK, {"error.type": "retried"}, "ok"),
        (Status.STATUS_CODE_UNSET, {"error.type": ""}, "unset"),
        (Status.STATUS_CODE_UNSET, {"error": False}, "unset"),
    ],
)
def test_the_status_is_the_span_s_own_then_what_its_attributes_say(send, code, given, status):
    assert the_event(send(request(span(status=Status(code=code), attributes=given)))).status == status


@pytest.mark.parametrize(("number", "kind"), list(enumerate(SPAN_KINDS)))
def test_kinds_have_names(send, number, kind):
    assert the_event(send(request(span(kind=number)))).kind == kind


def test_a_kind_and_a_status_newer_than_this_are_no_fault(send):
    message = request(span(kind=77, status=Status(code=55)))
    event = the_event(map_traces(ProtobufWire(), message.SerializeToString(), 1))
    assert (event.kind, event.status) == ("unspecified", "unset")


def test_each_span_event_is_an_event_too_child_of_the_span(send):
    events = [
        Span.Event(
            time_unix_nano=START + 1,
            name="exception",
            attributes=attributes({"exception.type": "ValueError", "exception.message": "no such city"}),
        ),
        Span.Event(name="gen_ai.choice", attributes=attributes({"session.id": "other"})),
        Span.Event(time_unix_nano=START + 2, name="checkpoint"),
    ]
    given = {"session.id": "s", "gen_ai.agent.name": "planner"}
    mapped = send(request(span(events=events, attributes=given), span(span_id=PARENT), resource={"service.name": "x"}))
    parent, failure, choice, checkpoint, _ = mapped.events
    assert mapped.item_of == [0, 0, 0, 0, 1]
    assert mapped.items == 2
    assert [event.event_type for event in mapped.events] == ["span", "error", "message", "log", "span"]
    assert (failure.timestamp, choice.timestamp, checkpoint.timestamp) == (START + 1, START, START + 2)
    assert [event.status for event in (failure, choice, checkpoint)] == ["error", "unset", "unset"]
    assert failure.properties == {"exception.type": "ValueError", "exception.message": "no such city"}
    for index, child in enumerate((failure, choice, checkpoint)):
        assert child.id == ids.named("span_event", TRACE.hex(), SPAN.hex(), "", str(START // 10**6), str(index))
        assert (child.kind, child.trace_id, child.agent_id) == ("span_event", TRACE.hex(), "planner")
        assert (child.span_id, child.parent_span_id, child.is_root_span) == (None, SPAN.hex(), False)
        assert child.resource == parent.resource
    assert [event.session_id for event in mapped.events] == ["s", "s", "other", "s", None]


def test_links_are_kept(send):
    link = Span.Link(trace_id=TRACE[::-1], span_id=SPAN[::-1], attributes=attributes({"why": "retry"}))
    assert the_event(send(request(span(links=[link])))).properties == {
        "otel.links": [{"trace_id": TRACE[::-1].hex(), "span_id": SPAN[::-1].hex(), "attributes": {"why": "retry"}}]
    }


def test_what_the_record_says_wins_over_its_scope_and_that_over_its_resource(send):
    levels = {
        "resource": {"session.id": "resource", "gen_ai.agent.id": "resource"},
        "scope": {"gen_ai.conversation.id": "scope"},
    }
    bare, own = send(request(span(), span(span_id=PARENT, attributes={"conversation.id": "own"}), **levels)).events
    assert (bare.session_id, bare.agent_id) == ("scope", "resource")
    assert (own.session_id, own.agent_id) == ("own", "resource")
    assert bare.scope == {"attributes": {"gen_ai.conversation.id": "scope"}}


def test_the_service_s_name_is_no_agent(send):
    assert the_event(send(request(span(), resource={"service.name": "shop"}))).agent_id is None


def test_a_span_without_ids_is_rejected_and_its_neighbours_are_not(send):
    mapped = send(request(span(trace_id=b""), span(), span(span_id=bytes(8)), span(trace_id=bytes(16))))
    assert the_event(mapped).span_id == SPAN.hex()
    assert (mapped.items, mapped.rejected, mapped.item_of) == (4, 3, [1])
    assert mapped.reasons == [
        "spans[].traceId: expected an id; the span has none and was not stored",
        "spans[].spanId: expected an id; the span has none and was not stored",
    ]


def test_a_request_in_which_no_span_has_ids_is_refused_and_says_where_logs_go(send):
    with pytest.raises(Problem, match="logs go to /v1/logs") as caught:
        send(request(span(trace_id=b""), span(span_id=b"")))
    assert caught.value.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"trace_id": TRACE[:15]}, "spans[].traceId"),
        ({"trace_id": bytes(15)}, "spans[].traceId"),
        ({"span_id": SPAN + b"\1"}, "spans[].spanId"),
    ],
)
def test_a_span_whose_own_id_has_a_wrong_length_is_rejected_by_its_field(send, fields, field):
    mapped = send(request(span(**fields), span()))
    assert (mapped.items, mapped.rejected, len(mapped.events)) == (2, 1, 1)
    assert mapped.reasons[0].startswith(f"{field}: expected")
    assert mapped.reasons[0].endswith("not stored")
    with pytest.raises(Problem, match=re.escape(f"{field}: expected")) as caught:
        send(request(span(**fields)))
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_a_malformed_id_of_another_span_is_left_out_and_counted(send):
    changes = Changes()
    event = the_event(send(request(span(parent_span_id=b"\1", links=[Span.Link(trace_id=b"\1")])), changes=changes))
    assert event.is_root_span
    assert event.properties["otel.links"] == [{"trace_id": "", "span_id": "", "attributes": {}}]
    assert changes.ids == 2


def test_a_client_and_a_server_may_share_an_id(send):
    message = Span.Event(name="checkpoint")
    shared = [span(kind=kind, events=[message]) for kind in (Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_SERVER)]
    mapped = send(request(*shared))
    assert len({event.id for event in mapped.events}) == 4
    assert [event.id for event in send(request(*reversed(shared))).events] == [
        event.id for event in (*mapped.events[2:], *mapped.events[:2])
    ]


def test_a_parent_id_of_zeros_is_no_parent(send):
    assert the_event(send(request(span(parent_span_id=bytes(8))))).is_root_span


def test_requests_without_items_map_to_nothing(send):
    assert send(ExportTraceServiceRequest()).items == 0
    assert send(request()).items == 0
    assert map_traces(ProtobufWire(), b"", 1).items == 0


@pytest.mark.parametrize("body", [b"\xff", b"1234", b'{"resourceSpans": []}', b"\x0a\xff\xff\xff\x7f"])
def test_bytes_that_are_no_protobuf_are_refused(body):
    with pytest.raises(Problem, match="body: expected a protobuf ExportTraceServiceRequest") as caught:
        map_traces(ProtobufWire(), body, 1)
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_text_that_is_no_utf_8_gets_a_replacement_and_is_counted(as_json):
    message = request(span(name="abc def", attributes={"key": "abc", "other": "abc", "fine": "é"}), span())
    for wire, body in ((ProtobufWire(), message.SerializeToString()), (JsonWire(), as_json(message))):
        changes = Changes()
        event = map_traces(wire, body.replace(b"abc", b"a\xe9c"), 1, changes=changes).events[0]
        assert event.name == "a\ufffdc def"
        assert event.properties == {"key": "a\ufffdc", "other": "a\ufffdc", "fine": "é"}
        assert changes.replaced == 3


@pytest.mark.parametrize(
    ("given", "event_type"),
    [
        ({"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 3}, "model_call"),
        ({"openinference.span.kind": "TOOL"}, "tool_call"),
        ({"gen_ai.tool.name": "search"}, "tool_call"),
        ({"llm.token_count.prompt": 3, "llm.token_count.completion": 4}, "model_call"),
        ({"gen_ai.operation.name": "dance"}, "span"),
        ({}, "span"),
    ],
)
def test_the_event_type_follows_from_the_vocabulary_then_from_tool_and_tokens(send, given, event_type):
    event = the_event(send(request(span(attributes=given))))
    assert event.event_type == event_type
    assert event.properties == given  # the emitter's own word stays beside it
