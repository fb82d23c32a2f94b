import json

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber

from mapping.errors import Code, Problem
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces
from mapping.sanitize.changes import Changes

TRACE, SPAN = bytes(range(16)), bytes(range(8))
TIME = 1_767_812_400_000_000_123


def text(value):
    return AnyValue(string_value=value)


def attributes(values):
    return [KeyValue(key=key, value=text(value)) for key, value in values.items()]


def record(**fields):
    fields["attributes"] = attributes(fields.pop("attributes", {}))
    return LogRecord(**{"time_unix_nano": TIME, **fields})


def request(*records, resource=(), scope=""):
    scope_logs = ScopeLogs(log_records=records)
    scope_logs.scope.name = scope
    resource_logs = ResourceLogs(scope_logs=[scope_logs])
    resource_logs.resource.attributes.extend(attributes(dict(resource)))
    return ExportLogsServiceRequest(resource_logs=[resource_logs])


def the_event(mapped):
    (event,) = mapped.events
    return event


def test_a_log_record_is_one_event_child_of_the_span_it_names(send):
    sent = record(
        trace_id=TRACE,
        span_id=SPAN,
        severity_number=SeverityNumber.SEVERITY_NUMBER_WARN,
        severity_text="warning",
        body=text("disk is nearly full"),
        attributes={"disk": "sda", "session.id": "s", "gen_ai.agent.name": "planner"},
    )
    mapped = send(request(sent, resource={"service.name": "shop"}, scope="logger"))
    event = the_event(mapped)
    assert (event.timestamp, event.kind, event.event_type, event.status) == (TIME, "log_record", "log", "unset")
    assert (event.trace_id, event.span_id, event.parent_span_id) == (TRACE.hex(), None, SPAN.hex())
    assert (event.session_id, event.agent_id, event.severity) == ("s", "planner", "WARN")
    assert event.properties == {
        "disk": "sda",
        "session.id": "s",
        "gen_ai.agent.name": "planner",
        "severity_text": "warning",
        "body": "disk is nearly full",
    }
    assert (event.resource, event.scope) == ({"service.name": "shop"}, {"name": "logger"})
    assert not event.is_root_span
    assert (mapped.items, mapped.item_of, mapped.rejected) == (1, [0], 0)


def test_a_record_without_ids_is_stored_for_other_rules_to_place(send):
    event = the_event(send(request(record(trace_id=bytes(16), span_id=bytes(8)))))
    assert (event.trace_id, event.parent_span_id) == (None, None)


@pytest.mark.parametrize(
    ("times", "timestamp"),
    [
        ({"time_unix_nano": 5, "observed_time_unix_nano": 9}, 5),
        ({"time_unix_nano": 0, "observed_time_unix_nano": 9}, 9),
        ({"time_unix_nano": 0}, 1_767_812_400_000_000_000),
        ({"time_unix_nano": 2**64 - 1}, 2**64 - 1),
    ],
)
def test_a_record_s_time_is_its_own_then_when_it_was_observed_then_received(send, times, timestamp):
    assert the_event(send(request(record(**times)))).timestamp == timestamp


@pytest.mark.parametrize(
    ("number", "text", "severity", "status"),
    [
        (1, "", "TRACE", "unset"),
        (9, "INFO", "INFO", "unset"),
        (10, "notice", "INFO2", "unset"),
        (16, "", "WARN4", "unset"),
        (17, "", "ERROR", "error"),
        (24, "", "FATAL4", "error"),
        (0, "warning", "WARN", "unset"),
        (0, "critical", "FATAL", "error"),
        (0, "loud", "loud", "unset"),
        (0, "", None, "unset"),
    ],
)
def test_severity_is_the_number_s_name_then_the_text(send, number, text, severity, status):
    event = the_event(send(request(record(severity_number=number, severity_text=text))))
    assert (event.severity, event.status) == (severity, status)


def test_a_body_may_be_a_structure_and_says_what_attributes_could(send):
    body = AnyValue(
        kvlist_value=KeyValueList(values=attributes({"session.id": "s", "gen_ai.tool.name": "search", "note": "x"}))
    )
    event = the_event(send(request(record(body=body))))
    assert event.properties == {"body": {"session.id": "s", "gen_ai.tool.name": "search", "note": "x"}}
    assert (event.session_id, event.event_type) == ("s", "tool_call")


def test_an_attribute_called_body_is_not_lost_to_the_body(send):
    event = the_event(send(request(record(body=text("said"), attributes={"body": "attribute"}))))
    assert event.properties == {"body": "said", "attributes.body": "attribute"}


@pytest.mark.parametrize(
    ("fields", "name", "event_type"),
    [
        ({"event_name": "gen_ai.choice", "attributes": {"event.name": "x"}}, "gen_ai.choice", "message"),
        ({"attributes": {"event.name": "claude_code.api_request"}}, "claude_code.api_request", "model_call"),
        ({"body": text("claude_code.tool_result")}, "claude_code.tool_result", "tool_call"),
        ({"body": text("tool")}, None, "log"),
        ({"body": text("the user prompt.")}, None, "log"),
        ({"event_name": "gen_ai.evaluation.result"}, "gen_ai.evaluation.result", "evaluation"),
        ({"event_name": "codex.tool_decision"}, "codex.tool_decision", "decision"),
        ({"event_name": "gen_ai.client.operation.exception"}, "gen_ai.client.operation.exception", "error"),
        ({"event_name": "our.own", "attributes": {"gen_ai.operation.name": "chat"}}, "our.own", "model_call"),
        ({"attributes": {"exception.type": "ValueError"}}, None, "error"),
        ({"severity_number": 17}, None, "error"),
        ({"severity_number": 17, "attributes": {"gen_ai.tool.name": "search"}}, None, "tool_call"),
        ({}, None, "log"),
    ],
)
def test_the_event_type_follows_from_the_event_s_name_then_the_attributes_then_the_severity(
    send, fields, name, event_type
):
    event = the_event(send(request(record(**fields))))
    assert (event.name, event.event_type) == (name, event_type)


def test_ids_are_read_from_a_line_where_attributes_give_none(send):
    event = the_event(send(request(record(body=text("session_id=s agent_id=a request_id=r")))))
    assert (event.session_id, event.agent_id) == ("s", "a")
    sent = record(body=text("session_id=s agent_id=a"), attributes={"session.id": "own", "gen_ai.agent.id": "own"})
    assert (the_event(send(request(sent))).session_id, the_event(send(request(sent))).agent_id) == ("own", "own")


def test_a_request_stands_in_for_a_session_only_where_there_is_neither_session_nor_trace(send):
    line = text("request_id=r-1 refused")
    assert the_event(send(request(record(body=line)))).session_id == "r-1"
    assert the_event(send(request(record(body=line, trace_id=TRACE)))).session_id is None
    assert the_event(send(request(record(body=line), resource={"session.id": "s"}))).session_id == "s"


def test_a_json_body_is_stored_parsed_and_a_traceback_is_an_error(send):
    body = {"level": "warn", "trace_id": TRACE.hex(), "n": 1}
    event = the_event(send(request(record(body=text(json.dumps(body))))))
    assert event.properties["body"] == body
    assert (event.severity, event.trace_id, event.parent_span_id) == ("WARN", TRACE.hex(), None)
    event = the_event(send(request(record(body=text("Traceback (most recent call last):\n  x\nKeyError: 1")))))
    assert (event.event_type, event.status) == ("error", "error")


def test_a_record_s_own_trace_wins_over_its_body_s(send):
    body = text(json.dumps({"trace_id": "ab" * 16, "span_id": "cd" * 8}))
    event = the_event(send(request(record(body=body, trace_id=TRACE))))
    assert (event.trace_id, event.parent_span_id) == (TRACE.hex(), None)
    event = the_event(send(request(record(body=body))))
    assert (event.trace_id, event.parent_span_id) == ("ab" * 16, "cd" * 8)


def test_the_event_name_is_kept_as_the_attribute_it_used_to_be(send):
    assert the_event(send(request(record(event_name="a.b")))).properties == {"event.name": "a.b"}


def test_the_same_request_gives_the_same_ids_and_lines_repeated_in_it_are_different_events(send):
    message = request(*(record(body=text(line)) for line in ("a", "b", "a", "a")))
    first, second = send(message), send(message)
    assert [event.id for event in first.events] == [event.id for event in second.events]
    assert len({event.id for event in first.events}) == 4


@pytest.mark.parametrize(
    "other",
    [
        {"body": text("other")},
        {"body": AnyValue(int_value=1)},
        {"body": AnyValue(bytes_value=b"line")},
        {"time_unix_nano": TIME + 1},
        {"observed_time_unix_nano": TIME},
        {"severity_number": 9},
        {"severity_number": 10},
        {"severity_text": "INFO"},
        {"event_name": "a"},
        {"attributes": {"a": "b"}},
        {"trace_id": TRACE},
        {"span_id": SPAN},
    ],
)
def test_records_that_differ_in_anything_are_different_events(send, other):
    one = the_event(send(request(record(body=text("line")))))
    assert the_event(send(request(record(**{"body": text("line"), **other})))).id != one.id


def test_the_same_line_from_another_resource_or_scope_is_another_event(send):
    events = [
        the_event(send(request(record(), **origin)))
        for origin in ({}, {"resource": {"host": "a"}}, {"scope": "logger"})
    ]
    assert len({event.id for event in events}) == 3


def test_the_order_of_attributes_does_not_make_another_record(send):
    one, other = (request(record(attributes=given)) for given in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}))
    assert the_event(send(one)).id == the_event(send(other)).id


@pytest.mark.parametrize(
    ("fields", "kept"),
    [({"trace_id": TRACE[:15]}, (None, None)), ({"span_id": SPAN + b"\1", "trace_id": TRACE}, (TRACE.hex(), None))],
)
def test_an_id_of_a_wrong_length_is_left_out_and_counted(send, fields, kept):
    changes = Changes()
    event = the_event(send(request(record(**fields)), changes=changes))
    assert (event.trace_id, event.parent_span_id) == kept
    assert changes.ids == 1


def test_requests_without_items_map_to_nothing(send):
    assert send(ExportLogsServiceRequest()).items == 0
    assert map_logs(ProtobufWire(), b"", 1).items == 0


def test_logs_sent_to_the_route_of_traces_are_refused_and_say_where_they_go(as_json):
    message = request(record(body=text("line"), severity_text="INFO"))
    for wire, body in ((ProtobufWire(), message.SerializeToString()), (JsonWire(), as_json(message))):
        with pytest.raises(Problem, match="logs go to /v1/logs") as caught:
            map_traces(wire, body, 1)
        assert caught.value.code is Code.INVALID_ARGUMENT


def test_spans_sent_to_the_route_of_logs_are_refused(as_json):
    message = ExportTraceServiceRequest()
    span = message.resource_spans.add().scope_spans.add().spans.add(trace_id=TRACE, span_id=SPAN, name="chat")
    span.attributes.extend(attributes({"a": "b"}))
    with pytest.raises(Problem, match="spans go to /v1/traces"):
        map_logs(JsonWire(), as_json(message), 1)
    with pytest.raises(Problem, match="expected a protobuf ExportLogsServiceRequest"):
        map_logs(ProtobufWire(), message.SerializeToString(), 1)
