"""JSON events that people write by hand are understood, whatever they call things."""

from __future__ import annotations

import json

import msgspec
import pytest
from variations import shown

from mapping.calls.reading import tell
from mapping.correlation.placement import Placement
from mapping.json.events import Options, decode_event, map_event
from mapping.times import NS

PARIS = {"city": "Paris"}
TOOLS = [
    {"tool_name": "get_weather", "input": PARIS, "output": "sunny"},
    {"tool": "get_weather", "args": PARIS, "result": "sunny"},
    {"tool_name": "get_weather", "arguments": '{"city": "Paris"}', "result": "sunny"},
    {"name": "get_weather", "params": PARIS, "response": "sunny"},
    {"tool_name": "get_weather", "tool_input": PARIS, "tool_output": "sunny"},
    {"toolName": "get_weather", "toolInput": PARIS, "toolOutput": "sunny"},
    {"tool": {"name": "get_weather", "input": PARIS}, "output": "sunny"},
    {"function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}, "result": "sunny"},
    {
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": PARIS}}],
        "result": "sunny",
    },
]
PAIRS = [
    ("tool_call", {"tool": "get_weather", "input": PARIS}, "tool_result", {"tool": "get_weather", "output": "sunny"}),
    ("tool_start", {"tool": "get_weather", "args": PARIS}, "tool_end", {"tool": "get_weather", "result": "sunny"}),
    (
        "tool_use",
        {"id": "t1", "name": "get_weather", "input": PARIS},
        "tool_result",
        {"tool_use_id": "t1", "content": "sunny", "is_error": False},
    ),
]
ASKED = [{"role": "system", "content": "Be nice."}, {"role": "user", "content": "Hi"}]
OF_OPENAI = {
    "id": "chatcmpl-1",
    "model": "gpt-4o",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yo"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
}
OF_ANTHROPIC = {
    "id": "msg_1",
    "role": "assistant",
    "model": "gpt-4o",
    "content": [{"type": "text", "text": "Yo"}],
    "usage": {"input_tokens": 8, "output_tokens": 3, "cache_read_input_tokens": 4},
}
MODELS = [
    ("model_call", {"model": "gpt-4o", "messages": ASKED, "response": OF_OPENAI}),
    ("llm_call", {"request": {"model": "gpt-4o", "messages": ASKED}, "response": OF_OPENAI}),
    ("chat_completion", {"model": "gpt-4o", "system": "Be nice.", "messages": ASKED[1:], "response": OF_ANTHROPIC}),
    (
        "llm_call",
        {"model": "gpt-4o", "messages": ASKED, "output": "Yo", "usage": {"input_tokens": 12, "output_tokens": 3}},
    ),
    ("llm_call", {"model": "gpt-4o", "input": ASKED, "output": "Yo", "tokens": {"input": 12, "output": 3}}),
    ("llm_call", {"model_name": "gpt-4o", "messages": ASKED, "output": "Yo", "tokens_in": 12, "tokens_out": 3}),
    (
        "llm_call",
        {"model": "gpt-4o", "messages": ASKED, "output": "Yo", "token_usage": {"prompt": 12, "completion": 3}},
    ),
    (
        "llm_response",
        {"model": "gpt-4o", "messages": ASKED, "content": "Yo", "usage": {"input_tokens": 12, "output_tokens": 3}},
    ),
]


def understood(*events):
    placement, tellings = Placement([], agent_window=3_600 * NS), []
    for second, (event_type, properties) in enumerate(events):
        sent = {
            "timestamp": f"2026-11-29T10:00:{second:02d}Z",
            "event_type": event_type,
            "session_id": "s-1",
            "properties": properties,
        }
        event = map_event(decode_event(json.dumps(sent).encode()), Options(), f"00000000-0000-0000-0000-{second:012d}")
        assert placement.place(event, 0) is None
        tellings.append(tell(msgspec.structs.asdict(event) | {"duration_ns": event.duration}))
    return shown(tellings)


@pytest.mark.parametrize("properties", TOOLS)
def test_a_tool_s_call_has_its_name_arguments_and_result(properties):
    told = understood(("tool_call", properties))
    assert told["tools"] == ['get_weather {"city":"Paris"} -> sunny']
    assert told["errors"] == 0


@pytest.mark.parametrize(("started", "given", "ended", "gave"), PAIRS)
def test_a_tool_s_start_and_its_end_are_one_call(started, given, ended, gave):
    told = understood((started, given), (ended, gave))
    assert told["tools"] == ['get_weather {"city":"Paris"} -> sunny']
    assert told["turns"] == ['assistant calls: get_weather {"city":"Paris"}', "tool: sunny"]


def test_two_starts_and_two_ends_are_two_calls():
    start, end = {"tool": "get_weather", "args": PARIS}, {"tool": "get_weather", "result": "sunny"}
    told = understood(("tool_start", start), ("tool_start", start), ("tool_end", end), ("tool_end", end))
    assert told["tools"] == ['get_weather {"city":"Paris"} -> sunny'] * 2


@pytest.mark.parametrize(
    "properties",
    [
        {"tool": "get_weather", "args": PARIS, "output": "no such city", "is_error": True},
        {"tool": "get_weather", "args": PARIS, "success": False, "error_message": "no such city"},
        {"tool": "get_weather", "args": PARIS, "status": "error", "error": "no such city"},
    ],
)
def test_a_tool_s_failure_is_told_once(properties):
    told = understood(("tool_call", properties))
    assert told["tools"] == ['get_weather {"city":"Paris"} failed: no such city']
    assert told["failures"] == ["no such city"]


@pytest.mark.parametrize(("event_type", "properties"), MODELS)
def test_a_model_s_call_has_its_name_tokens_and_words(event_type, properties):
    told = understood((event_type, properties))
    assert (told["model names"], told["tokens"]) == (["gpt-4o"], "12/3")
    assert told["turns"] == ["system: Be nice.", "user: Hi", "assistant: Yo"]


def test_a_request_and_its_response_are_one_call():
    request = {"model": "gpt-4o", "messages": ASKED}
    told = understood(("llm_request", request), ("llm_response", {"model": "gpt-4o", "content": "Yo", "cost": 0.25}))
    assert (told["models"], told["cost"]) == (1, 0.25)
    assert told["turns"] == ["system: Be nice.", "user: Hi", "assistant: Yo"]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("user_message", "assistant_message"), ("user_input", "agent_response"), ("human_message", "ai_message")],
)
@pytest.mark.parametrize("word", ["content", "text", "message"])
def test_a_message_is_by_whom_its_type_names(asked, answered, word):
    assert understood((asked, {word: "Hi"}), (answered, {word: "Yo"}))["turns"] == ["user: Hi", "assistant: Yo"]


@pytest.mark.parametrize("answered", [("message", {"role": "assistant"}), ("assistant_message", {})])
def test_an_answer_with_its_tokens_is_a_model_s_call(answered):
    event_type, said = answered
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    told = understood(
        ("message", {"role": "user", "content": "Hi"}),
        (event_type, {**said, "content": "Yo", "model": "gpt-4o", "usage": usage}),
    )
    assert (told["model names"], told["tokens"]) == (["gpt-4o"], "5/2")
    assert told["turns"] == ["user: Hi", "assistant: Yo"]
