import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.search_text.text import PART_ROOM, PARTS, parts_of, text_of, words_of
from mapping.search_text.words import MESSAGES_ROOM, TEXT_LIMIT
from mapping.semantics.vocabulary import KEYS, REDACTED


def lines(properties, name=None):
    return text_of(name, properties).splitlines()


def test_what_was_asked_called_answered_and_went_wrong_stand_in_this_order_whatever_the_order_sent():
    properties = {
        "request.note": "the rest",
        "error.message": "an error",
        "gen_ai.output.messages": "an output",
        "gen_ai.tool.call.result": "a result",
        "gen_ai.tool.call.arguments": "arguments",
        "gen_ai.tool.name": "a tool",
        "gen_ai.input.messages": "an input",
    }
    expected = [
        "name",
        "an input",
        "an output",
        "a tool",
        "arguments",
        "a result",
        "an error",
        "request note: the rest",
    ]
    assert lines(properties, "name") == expected
    assert lines(dict(reversed(properties.items())), "name") == expected


def test_genai_messages_are_read_as_what_was_said():
    messages = [
        {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]},
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": "rainy, 57F"}]},
    ]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "Rain."}], "finish_reason": "stop"}]
    expected = ["response: rainy, 57F", "Rain."]
    structured = {"gen_ai.input.messages": messages, "gen_ai.output.messages": answer}
    assert words_of(None, structured).earlier == [["Weather in Paris?"], ["get_weather", "city: Paris"]]
    assert lines(structured) == expected
    assert lines({key: json.dumps(value) for key, value in structured.items()}) == expected


def test_openinference_s_flattened_messages_are_read_as_what_was_said():
    properties = {
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.tool_calls.0.tool_call.id": "call_62136355",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "get_weather",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"city": "Paris"}',
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Weather in Paris?",
        "llm.input_messages.1.message.contents.0.message_content.type": "text",
        "llm.input_messages.1.message.contents.0.message_content.text": "In French.",
        "input.value": "Weather in Paris?",
        "input.mime_type": "text/plain",
        "openinference.span.kind": "LLM",
        "llm.token_count.prompt": 5,
        "session.id": "s-1",
    }
    assert lines(properties) == ["Weather in Paris?", "In French.", "get_weather", "city: Paris"]


def test_older_genai_prompts_are_read_as_what_was_said():
    properties = {
        "gen_ai.completion.0.content": "Rain.",
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "Hi",
    }
    assert lines(properties) == ["Hi", "Rain."]


def test_free_form_properties_are_read_as_key_and_value_nested_ones_included():
    properties = {
        "decision": "book_flight",
        "reasoning": "Weather is good for travel",
        "price": 120.5,
        "refundable": True,
        "trip": {"destination": "NYC", "date": "2026-01-15", "legs": [{"seat": "12A"}]},
        "type": "refund",
    }
    assert lines(properties) == [
        "decision: book_flight",
        "reasoning: Weather is good for travel",
        "price: 120.5",
        "refundable: True",
        "trip: destination: NYC",
        "trip: date: 2026-01-15",
        "trip: seat: 12A",
        "type: refund",
    ]


def test_the_seed_s_own_event_is_searched_by_tool_input_and_output():
    properties = {
        "tool_name": "booking_api",
        "input": {"destination": "NYC", "date": "2026-01-15"},
        "output": "Flight booked successfully",
    }
    assert lines(properties) == ["destination: NYC", "date: 2026-01-15", "Flight booked successfully", "booking_api"]


@pytest.mark.parametrize(
    "properties",
    [
        {"user.id": "u-1"},
        {"userId": "u-1"},
        {"order_ids": ["o-1"]},
        {"input": {"id": "x", "callId": "y"}},
        {"session.id": "s-1", "gen_ai.agent.name": "planner"},
        {"note_hash": "abc"},
        {"otel.links": [{"trace_id": "a", "attributes": {"why": "retry"}}]},
        {"process.pid": 7, "server.address": "db", "telemetry.sdk.name": "opentelemetry"},
    ],
)
def test_ids_and_the_machinery_are_not_searched(properties):
    assert text_of(None, properties) == ""


@pytest.mark.parametrize(
    "noise",
    [
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "QUJD" * 40 + "==",
        "data:image/png;base64," + "iVBORw0KGgo" * 20,
    ],
)
def test_ids_and_base64_inside_text_are_left_out(noise):
    assert lines({"input": f"before {noise} after"}) == ["before after"]
    assert text_of(None, {"input": noise, "picture": noise}) == ""


@pytest.mark.parametrize("redacted", sorted(REDACTED))
def test_values_that_the_emitter_redacted_are_not_searched(redacted):
    assert text_of(None, {"input": redacted, "note": f" {redacted}\n", "deep": [{"content": redacted}]}) == ""


def test_what_has_no_words_gives_none():
    nothing = {"a": None, "b": "", "c": " \n", "d": [], "e": {}, "f": b"bytes", "g": [0.1] * 1000, "h": '{"x": []}'}
    assert text_of(None, nothing) == ""
    assert text_of("", {}) == ""


def test_the_same_words_weigh_once():
    assert lines({"input": "hello", "gen_ai.prompt": "hello", "event.name": "greeting"}, "greeting") == [
        "greeting",
        "hello",
    ]


def test_text_that_only_looks_like_json_is_read_as_it_stands():
    assert lines({"input": "[draft] {see below}"}) == ["[draft] {see below}"]


def test_space_is_folded():
    assert lines({"input": "a\n\n  b\tc"}) == ["a b c"]


def test_text_is_cut_at_the_limit_and_what_comes_first_is_kept():
    text = text_of("name", {"rest": "r" * 10_000, "input": "word " * 10_000})
    assert len(text) == TEXT_LIMIT
    assert text.startswith("name\nword word")
    assert len(text_of(None, {str(number): "x" * 50 for number in range(10_000)})) <= TEXT_LIMIT


def test_each_part_finds_room_whatever_stands_before_it():
    properties = {
        "gen_ai.input.messages": "asked " * 10_000,
        "gen_ai.output.messages": "answered " * 10_000,
        "gen_ai.tool.call.result": "found " * 10_000,
        "error.message": "refused " * 10_000,
        "note": "noted " * 10_000,
    }
    text = text_of("name", properties)
    assert len(text) == TEXT_LIMIT
    first, *others = text.split("\n")
    assert (first, len(others)) == ("name", 5)
    assert all(len(line) >= PART_ROOM - 1 for line in others)
    assert len(others[0]) > 5_000


@pytest.mark.parametrize("as_text", [False, True])
def test_of_a_long_conversation_the_end_is_searched(as_text):
    messages = [{"role": "user", "content": f"question {number} " + "so " * 50} for number in range(1_000)]
    value = json.dumps(messages) if as_text else messages
    searched = lines({"gen_ai.input.messages": value})
    assert searched[-1].startswith("question 999 ")
    assert [line.split()[1] for line in searched] == [str(number) for number in range(1_000 - len(searched), 1_000)]
    assert MESSAGES_ROOM <= len("\n".join(searched)) < MESSAGES_ROOM + 200


def test_a_structured_log_is_read_as_a_record_with_attributes_is():
    body = {"input": {"messages": [{"role": "user", "content": "Hi"}]}, "errorCode": "ThrottlingException"}
    expected = ["Hi", "ThrottlingException", "region: us-east-1"]
    assert lines({"body": {**body, "region": "us-east-1"}}) == expected
    stored = {
        "body": body,
        "attributes": {"session.id": "s", "region": "us-east-1"},
        "resource": {"attributes": {"cloud.provider": "aws"}},
        "timeUnixNano": 1_767_812_400_000_000_000,
    }
    assert lines({"body": stored}) == expected


def test_tools_on_offer_parameters_and_schemas_are_not_searched():
    properties = {
        "gen_ai.tool.definitions": '[{"name": "unused_tool"}]',
        "llm.tools.0.tool.json_schema": '{"name": "unused_tool"}',
        "llm.invocation_parameters": '{"temperature": 0}',
        "ai.prompt.tools": ['{"name": "unused_tool"}'],
        "ai.settings.maxRetries": 2,
        "logfire.json_schema": '{"type": "object"}',
        "model_request_parameters": '{"function_tools": [{"name": "unused_tool"}]}',
        "gen_ai.tool.json_schema": '{"type": "object"}',
        "tool.parameters": '{"type": "object"}',
        "langsmith.metadata.ls_method": "traceable",
        "gen_ai.request.temperature": 0.5,
        "body": {"input": {"inputTokenCount": 5, "inputContentType": "application/json"}},
    }
    assert text_of(None, properties) == ""
    assert lines({"gen_ai.request.model": "gpt-4o"}) == ["request model: gpt-4o"]


def test_the_parts_of_a_text_can_be_asked_for():
    parts = parts_of(
        "chat", {"gen_ai.completion.0.content": "Rain.", "input": "Weather?", "note": "x", "logger": "chat"}
    )
    assert tuple(parts) == PARTS
    assert {part: words for part, words in parts.items() if words} == {
        "input": ["Weather?"],
        "output": ["Rain."],
        "rest": ["note: x"],
    }


@pytest.mark.parametrize(
    "value",
    [["x" * 119 + " "] * 100_000, "x" * 119 * 200_000, ("x" * 119 + ".") * 100_000, "data:" * 1_000_000, [{}] * 10**5],
)
def test_values_of_any_size_are_read_in_moments(value):
    start = time.process_time()
    assert len(text_of(None, {"input": value, "note": value})) <= TEXT_LIMIT
    assert time.process_time() - start < 2


def test_text_in_json_in_text_without_end_is_read_as_far_as_it_goes():
    text = "hello"
    for _ in range(12):
        text = json.dumps([text])
    assert lines({"input": text}) == ["hello"]
    assert text_of(None, {"input": "[" * 900 + '"too deep"' + "]" * 900}) == ""


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.none() | st.text(), st.dictionaries(st.text() | st.sampled_from(sorted(KEYS)), anything))
def test_any_properties_give_text_within_the_limit(name, properties):
    assert len(text_of(name, properties)) <= TEXT_LIMIT
