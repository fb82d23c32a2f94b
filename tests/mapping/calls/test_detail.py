"""A call with what was said in it is read from its tellers, and it can be said why they are one call."""

from __future__ import annotations

from histories import telling

from mapping.calls.detail import call_with_messages
from mapping.calls.explain import RULES, explain_call
from mapping.calls.interpret import interpret
from mapping.calls.model import Tokens
from mapping.calls.reading import tell


def words(role, text):
    return {"role": role, "parts": [{"type": "text", "text": text}]}


def asked(**call):
    return {"role": "assistant", "parts": [{"type": "tool_call", **call}]}


def test_what_a_log_and_a_span_tell_of_a_call_stands_in_one():
    span = telling(id="s", kind="model", span_id="s", start=0, end=9, answered=[words("assistant", "Hello.")])
    log = telling(
        id="l",
        kind="model",
        signal="log",
        parent_span_id="s",
        start=9,
        end=9,
        sent=[words("user", "Hi?")],
        tokens=Tokens(input=3, output=2),
    )
    call = call_with_messages("model", ["s", "l"], [log, span])
    assert (call.sent, call.answered) == ([words("user", "Hi?")], [words("assistant", "Hello.")])


def test_a_tool_s_arguments_are_those_that_the_model_asked_with():
    model = telling(
        id="m", kind="model", span_id="m", start=0, end=1, answered=[asked(id="c1", name="look", arguments={"n": 1})]
    )
    tool = telling(id="t", kind="tool", span_id="t", start=2, end=3, name="look", call_id="c1")
    call = call_with_messages("tool", ["t"], [tool, model])
    assert call.arguments == {"n": 1}
    assert call.given_by["arguments"] == "m"


def test_a_model_s_messages_may_be_records_that_name_its_span():
    model = telling(id="m", kind="model", span_id="m", start=0, end=1)
    choice = telling(
        id="l",
        kind="statement",
        signal="log",
        parent_span_id="m",
        start=1,
        end=1,
        event_name="gen_ai.choice",
        answered=[asked(id="c1", name="look", arguments={"n": 1})],
    )
    tool = telling(id="t", kind="tool", span_id="t", start=2, end=3, name="look", call_id="c1")
    assert call_with_messages("tool", ["t"], [tool, model, choice]).arguments == {"n": 1}


def test_a_call_whose_events_are_gone_is_none():
    assert call_with_messages("tool", ["t"], []) is None


def test_it_says_which_rule_joined_which_event_and_which_key_gave_each_field():
    common = {"trace_id": "t", "session_id": None, "resource": {}, "status": "unset", "scope": None}
    span = common | {
        "id": "s",
        "kind": "client",
        "timestamp": 1,
        "duration_ns": 9,
        "name": "chat m",
        "span_id": "s",
        "properties": {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.response.id": "r1"},
    }
    log = common | {
        "id": "l",
        "kind": "log_record",
        "timestamp": 9,
        "name": "gen_ai.client.inference.operation.details",
        "parent_span_id": "elsewhere",
        "properties": {
            "event.name": "gen_ai.client.inference.operation.details",
            "gen_ai.operation.name": "chat",
            "gen_ai.response.id": "r1",
            "gen_ai.usage.input_tokens": 5,
        },
    }
    (call,) = interpret([tell(span), tell(log)]).calls
    explained = explain_call(call, {"s": span, "l": log})
    assert [(told["event_id"], told["rule"]) for told in explained["told_by"]][1] == ("l", RULES["response id"])
    assert explained["fields"]["name"] == {"event_id": "s", "from": "properties", "key": "gen_ai.request.model"}
    assert explained["fields"]["input_tokens"]["event_id"] == "l"
    assert explained["fields"]["input_tokens"]["key"] == "gen_ai.usage.input_tokens"
