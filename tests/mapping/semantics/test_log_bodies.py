import json

import pytest

from mapping.semantics.attribute_roles import find, session_of, tokens_of
from mapping.semantics.log_bodies import (
    MAX_PARSED,
    ids_of,
    level_of,
    levels_of,
    parsed,
    platform_event,
    resource_of,
    type_of_body,
)

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
UUID = "5b8efff7-9803-8103-d269-b633813fc60c"


def test_the_text_of_a_json_object_is_the_object():
    assert parsed(' {"a": [1, null], "n": 100000000000000000000}\n') == {"a": [1, None], "n": "100000000000000000000"}


@pytest.mark.parametrize("body", ["", "{", "{not json}", "[1]", '"text"', "7", None, 7, ["a"], b"{}", "{" * 100_000])
def test_any_other_body_is_as_it_was(body):
    assert parsed(body) == body


def test_a_body_of_megabytes_stays_text():
    body = json.dumps({"a": "x" * MAX_PARSED})
    assert parsed(body) == body


@pytest.mark.parametrize(
    "body",
    [
        {"session.id": "s"},
        {"attributes": {"session.id": "s"}},
        {"metadata": {"session_id": "s"}},
        {"context": {"sessionId": "s"}},
        {"resource": {"attributes": {"session.id": "s"}}},
        {"requestMetadata": {"session_id": "s"}},
        {"body": {"session.id": "s"}, "attributes": {}},
    ],
)
def test_a_session_is_found_wherever_structured_logs_keep_it(body):
    assert session_of(find(*levels_of(body))) == "s"


def test_a_field_of_a_field_plays_its_role_and_nearer_ones_win():
    body = {
        "input": {"inputTokenCount": 3, "x": 1},
        "output": {"outputTokenCount": 4},
        "attributes": {"session.id": "far"},
    }
    assert tokens_of(find(*levels_of(body))) == (3, 4)
    assert session_of(find(*levels_of({**body, "session.id": "near"}))) == "near"


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"traceId": TRACE, "spanId": SPAN}, (TRACE, SPAN)),
        ({"trace_id": TRACE.upper(), "span_id": SPAN}, (TRACE, SPAN)),
        ({"otelTraceID": TRACE, "otelSpanID": "0"}, (TRACE, None)),
        ({"trace_id": "0" * 32, "span_id": SPAN}, (None, None)),
        ({"trace_id": "our-own-7", "span_id": SPAN}, (None, None)),
        ({"trace_id": 7}, (None, None)),
        ({"span_id": SPAN}, (None, None)),
        ({}, (None, None)),
        ({"requestMetadata": {"traceId": TRACE, "spanId": SPAN}}, (TRACE, SPAN)),
        ({"requestMetadata": {"trace_id": UUID}}, (UUID.replace("-", ""), None)),
        ({"requestMetadata": {"traceparent": f"00-{TRACE}-{SPAN}-01"}}, (TRACE, SPAN)),
        ({"requestMetadata": {"traceId": "mine", "spanId": SPAN}}, (None, None)),
        ({"requestMetadata": {"traceparent": f"00-{'0' * 32}-{SPAN}-01"}}, (None, None)),
        ({"requestMetadata": {"traceId": 7, "team": None}}, (None, None)),
        ({"requestMetadata": "none"}, (None, None)),
        ({"traceId": UUID}, (None, None)),
        ({"xray_trace_id": f"1-{TRACE[:8]}-{TRACE[8:]}"}, (TRACE, None)),
        ({"requestMetadata": {"traceId": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1"}}, (TRACE, None)),
        ({"xray_trace_id": "1-xyz"}, (None, None)),
    ],
)
def test_trace_and_span_are_read_from_a_body_where_they_are_ids(body, ids):
    assert ids_of(body) == ids


def test_resource_of_a_body():
    assert resource_of({"resource": {"attributes": {"a": 1}}}) == {"a": 1}
    assert resource_of({"resource": "invoice"}) == {}


INVOCATION = {"modelId": "m", "operation": "Converse", "schemaType": "ModelInvocationLog"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (INVOCATION, "model_call"),
        ({**INVOCATION, "output": {"outputBodyJson": {"content": [{"type": "text"}]}}}, "model_call"),
        ({**INVOCATION, "output": {"outputBodyJson": {"content": [{"type": "tool_use"}]}}}, "tool_call"),
        (
            {**INVOCATION, "output": {"outputBodyJson": {"output": {"message": {"content": [{"toolUse": {}}]}}}}},
            "tool_call",
        ),
        ({**INVOCATION, "output": {"outputBodyJson": [{"content_block": {"type": "tool_use"}}]}}, "tool_call"),
        ({**INVOCATION, "input": {"messages": [{"toolUse": {}}]}}, "model_call"),
        ({**INVOCATION, "errorCode": "ThrottlingException"}, "error"),
        ({"modelId": "m", "operation": "sell"}, None),
        ({"input": {"messages": [{"role": "user"}]}}, "message"),
        ({"output": {"messages": [{"role": "assistant"}]}}, "message"),
        ({"attributes": {}, "body": {"input": {"messages": [{}]}}}, "message"),
        ({"input": "text"}, None),
        ({"input": {"messages": []}}, None),
        ({}, None),
    ],
)
def test_a_body_s_shape_says_what_it_logs(body, kind):
    assert type_of_body(body) == kind


REPORT = {"type": "platform.report", "record": {"requestId": "r", "status": "timeout"}}


@pytest.mark.parametrize(
    ("body", "name", "severity"),
    [
        (REPORT, "platform.report", "ERROR"),
        (REPORT | {"record": {"status": "success"}}, "platform.report", None),
        (REPORT | {"type": "platform.runtimeDone"}, "platform.runtimeDone", None),
        (REPORT | {"type": "platform.initReport", "record": {"status": "error"}}, "platform.initReport", "ERROR"),
        (REPORT | {"record": "text"}, None, None),
        (REPORT | {"type": "invoice"}, None, None),
        ({"type": 7, "record": {}}, None, None),
        ({}, None, None),
    ],
)
def test_lambda_s_own_lines_have_a_name_and_the_severity_of_what_they_report(body, name, severity):
    assert (platform_event(body), level_of(body)) == (name, severity)
