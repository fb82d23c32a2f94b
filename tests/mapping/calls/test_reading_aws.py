"""What Amazon Bedrock and AWS Lambda log themselves tells, beside spans of the same, and by itself."""

import pytest
from events import SECOND, START, log, span

from mapping.calls.interpret import interpret
from mapping.calls.reading import tell

BODY = {
    "modelId": "eu.amazon.nova-pro-v1:0",
    "operation": "Converse",
    "schemaType": "ModelInvocationLog",
    "requestId": "r1",
    "input": {
        "inputBodyJson": {"messages": [{"role": "user", "content": [{"text": "A river?"}]}]},
        "inputTokenCount": 9,
    },
    "output": {"outputBodyJson": {"metrics": {"latencyMs": 750}}, "outputTokenCount": 3},
}
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "amazon.nova-pro-v1:0",
    "gen_ai.usage.output_tokens": 3,
}


def test_a_logged_call_begins_at_its_time_and_takes_as_long_as_it_says():
    telling = tell(log(body=BODY))
    assert (telling.kind, telling.start, telling.end) == ("model", START, START + SECOND * 3 // 4)
    assert (telling.name, telling.provider, telling.response_id) == ("eu.amazon.nova-pro-v1:0", "aws.bedrock", "r1")


@pytest.mark.parametrize(
    ("request_id", "calls"),
    # Without ids the tokens tell: the span has no input.
    [("r1", 1), ("r2", 2)],
)
def test_a_span_and_the_log_of_its_request_are_one_call(request_id, calls):
    of_span = tell(span(CALL | {"aws.request_id": request_id}, id="span"))
    run = interpret([of_span, tell(log(body=BODY, id="log", parent_span_id=None))])
    assert len(run.calls) == calls
    if calls == 1:
        (call,) = run.calls
        assert (call.told_by, call.joined_by, call.tokens.input) == (["span", "log"], {"log": "response id"}, 9)


def test_an_embedding_is_no_call_of_a_model_that_answers():
    telling = tell(log(body=BODY | {"modelId": "amazon.titan-embed-text-v2:0"}))
    assert (telling.kind, telling.tokens) == ("none", None)


@pytest.mark.parametrize(
    ("change", "answered"),
    [
        ({"output": None}, []),
        ({"output": {"outputBodyJson": [{"type": "message_start", "message": None}]}}, []),
        ({"output": {"outputBodyJson": {"content": "cut sh"}}, "input": "x"}, ["cut sh"]),
        ({"output": {"outputBodyJson": {"completions": [{"data": 7}]}}}, ['{"completions":[{"data":7}]}']),
        ({"modelId": {"a": 1}, "requestId": [], "output": None}, []),
    ],
)
def test_a_log_of_another_shape_is_read_as_far_as_it_goes(change, answered):
    telling = tell(log(body=BODY | change))
    assert telling.kind == "model"
    assert [part["text"] for message in telling.answered for part in message["parts"] if "text" in part] == answered


def test_lambda_s_report_of_a_failure_says_what_it_was():
    record = {"requestId": "r", "status": "error", "errorType": "Runtime.OutOfMemory"}
    body = {"time": "2026-11-12T09:40:13.001Z", "type": "platform.report", "record": record}
    telling = tell(log(body=body, name="platform.report", severity="ERROR", status="error"))
    assert (telling.kind, telling.failed, telling.failure.type) == ("error", True, "Runtime.OutOfMemory")
