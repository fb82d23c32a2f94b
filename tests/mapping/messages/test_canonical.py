"""Who logs a conversation decides its form; what was said is the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.messages.canonical import call_of


def user(content):
    return {"role": "user", "content": content}


SYSTEM = ["system", ["text", "Be brief."]]
SENT = [
    ["user", ["text", "How deep is it?"]],
    ["assistant", ["text", "I look."], ["call", "c1", "depth", {"at": "Tortosa", "unit": "m"}]],
    ["tool", ["result", "c1", [["other", {"metres": 7}]]]],
]
ANSWERED = [["assistant", ["text", "Seven metres."]]]

OPENAI_MESSAGES = [
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": "How deep\n is it?"},
    {
        "role": "assistant",
        "content": "I look.",
        "refusal": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "depth", "arguments": '{"unit": "m", "at": "Tortosa"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": '{"metres": 7}'},
]
OPENAI_ANSWER = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Seven metres."}}]}

GENAI = {
    "gen_ai.system_instructions": '[{"type": "text", "content": "Be brief."}]',
    "gen_ai.input.messages": [
        {"role": "user", "parts": [{"type": "text", "content": "How deep is it?"}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "They mean the Ebro."},
                {"type": "text", "content": "I look."},
                {"type": "tool_call", "id": "c1", "name": "depth", "arguments": {"at": "Tortosa", "unit": "m"}},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"metres": 7.0}}]},
    ],
    "gen_ai.output.messages": [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "Seven metres."}],
            "finish_reason": "stop",
        }
    ],
}

OPENINFERENCE = {
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": "Be brief.",
    "llm.input_messages.1.message.role": "user",
    "llm.input_messages.1.message.contents.0.message_content.type": "text",
    "llm.input_messages.1.message.contents.0.message_content.text": "How deep is it?",
    "llm.input_messages.2.message.role": "assistant",
    "llm.input_messages.2.message.content": "I look.",
    "llm.input_messages.2.message.tool_calls.0.tool_call.id": "c1",
    "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "depth",
    "llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments": '{"at": "Tortosa", "unit": "m"}',
    "llm.input_messages.3.message.role": "tool",
    "llm.input_messages.3.message.tool_call_id": "c1",
    "llm.input_messages.3.message.content": '{"metres": 7}',
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "Seven metres.",
}

# Bedrock and Anthropic have a tool's result said by the user.
BY_USER = [*SENT[:2], ["user", SENT[2][1]]]
CONVERSE = {
    "modelId": "m",
    "operation": "Converse",
    "input": {
        "inputBodyJson": {
            "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
            "messages": [
                {"role": "user", "content": [{"text": "How deep is it?"}]},
                {
                    "role": "assistant",
                    "content": [
                        {"text": "I look."},
                        {"toolUse": {"toolUseId": "c1", "name": "depth", "input": {"unit": "m", "at": "Tortosa"}}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "toolResult": {
                                "toolUseId": "c1",
                                "content": [{"json": {"metres": 7}}],
                                "status": "success",
                            }
                        }
                    ],
                },
            ],
        }
    },
    "output": {
        "outputBodyJson": {
            "output": {"message": {"role": "assistant", "content": [{"text": "Seven metres."}]}},
            "stopReason": "end_turn",
        }
    },
}
ANTHROPIC = {
    "modelId": "m",
    "operation": "InvokeModel",
    "input": {
        "inputBodyJson": {
            "anthropic_version": "bedrock-2023-05-31",
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "How deep is it?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "They mean the Ebro.", "signature": "x"},
                        {"type": "text", "text": "I look."},
                        {"type": "tool_use", "id": "c1", "name": "depth", "input": {"unit": "m", "at": "Tortosa"}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "c1",
                            "content": '{"metres": 7}',
                            "cache_control": {"type": "ephemeral"},
                        }
                    ],
                },
            ],
        }
    },
    "output": {
        "outputBodyJson": {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": "Seven metres."}],
            "stop_reason": "end_turn",
        }
    },
}
GEMINI = {
    "request": {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "How deep is it?"}]},
            {"role": "model", "parts": [{"text": "Seven metres."}]},
            {"role": "user", "parts": [{"text": "Sure?"}]},
        ],
    },
    "response": {"candidates": [{"content": {"role": "model", "parts": [{"text": "Yes."}]}}]},
}


@pytest.mark.parametrize(
    "attributes",
    [
        {"messages": OPENAI_MESSAGES, "output": OPENAI_ANSWER},
        {"input": {"messages": OPENAI_MESSAGES}, "response": "Seven  metres."},
        {"input.value": json.dumps({"messages": OPENAI_MESSAGES}), "output.value": json.dumps(OPENAI_ANSWER)},
        {"system": "Be brief.", "messages": json.dumps(OPENAI_MESSAGES[1:]), "choices": OPENAI_ANSWER["choices"]},
        GENAI,
        {key: json.dumps(value) if isinstance(value, list) else value for key, value in GENAI.items()},
        OPENINFERENCE,
    ],
)
def test_the_same_call_is_read_from_every_form(attributes):
    assert call_of([attributes]) == (SYSTEM, SENT, ANSWERED)


@pytest.mark.parametrize("attributes", [CONVERSE, ANTHROPIC])
def test_bedrock_s_own_forms_are_read(attributes):
    assert call_of([attributes]) == (SYSTEM, BY_USER, ANSWERED)


def test_gemini_s_form_is_read():
    messages = [
        ["user", ["text", "How deep is it?"]],
        ["assistant", ["text", "Seven metres."]],
        ["user", ["text", "Sure?"]],
    ]
    assert call_of([GEMINI]) == (SYSTEM, messages, [["assistant", ["text", "Yes."]]])


def test_agentcore_s_form_is_read():
    body = {
        "input": {"messages": [{"role": "user", "content": {"content": '[{"text": "hi"}]'}}]},
        "output": {"messages": [{"role": "assistant", "content": {"message": "Hello!", "finish_reason": "end_turn"}}]},
    }
    assert call_of([{}, body]) == (["system"], [["user", ["text", "hi"]]], [["assistant", ["text", "Hello!"]]])


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"input": "hi", "prompt": "hello", "output": "well"},
        {"messages": "three new messages"},
        {"messages": []},
        {"messages": [{"text": "no role"}]},
        {"messages": [{"role": "system", "content": "Be brief."}]},
        {"messages": [{"role": "user", "content": "hi"}, "and more"]},
        {"input": "[" * 100_000},
        {"messages": [{"role": "user", "content": "no one's conversation"}] * 50_001},
        {"messages": [{"role": "user", "content": [{"text": "nor this"}] * 50_000}]},
        {"gen_ai.output.messages": GENAI["gen_ai.output.messages"]},
    ],
)
def test_what_has_no_list_of_messages_is_no_such_call(attributes):
    assert call_of([attributes]) is None


@pytest.mark.parametrize(
    "output",
    [
        None,
        "",
        " ",
        [],
        {},
        {"usage": {"tokens": 3}},
        # A stream, in pieces that are not known
        [{"choices": [{"delta": {"content": "Sev"}}]}],
        [3, 4],
    ],
)
def test_an_answer_that_cannot_be_told_is_not_known(output):
    assert call_of([{"messages": OPENAI_MESSAGES, "output": output}]).answered == []


def test_an_answer_in_the_pieces_of_a_stream_is_known():
    pieces = [
        {"type": "message_start", "message": {"role": "assistant", "content": []}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Sev"}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "en"}},
    ]
    answered = call_of([{"messages": OPENAI_MESSAGES, "output": pieces}]).answered
    assert answered == [["assistant", ["text", "Seven"]]]


def test_the_line_that_was_logged_is_no_answer():
    assert call_of([{"messages": OPENAI_MESSAGES, "message": "called the model"}]).answered == []


def test_a_system_message_in_the_middle_is_a_part_of_the_conversation():
    messages = [*OPENAI_MESSAGES[:2], {"role": "system", "content": "Now in French."}]
    assert call_of([{"messages": messages}]).sent == [SENT[0], ["system", ["text", "Now in French."]]]


def test_texts_in_pieces_are_the_text_in_one_piece():
    pieces = [{"type": "text", "text": "How deep"}, {"type": "text", "text": "is it?"}]
    assert call_of([{"messages": [{"role": "user", "content": pieces}]}]).sent == [SENT[0]]


def nested(end):
    """JSON text in JSON text, 900 levels in all."""
    value = json.dumps(end)
    for _ in range(10):
        value = json.dumps(json.loads("[" * 90 + json.dumps(value) + "]" * 90))
    return value


def said_by_a_tool(value):
    for _ in range(200):
        value = [{"type": "tool_result", "content": value}]
    return value


@pytest.mark.parametrize(
    "content",
    [
        nested,
        lambda end: [{"type": "tool_call", "arguments": nested(end)}],
        lambda end: [{"type": "tool_result", "content": said_by_a_tool(end)}],
    ],
)
def test_of_what_nests_without_end_the_beginning_is_compared(content):
    one, other = (call_of([{"messages": [user("hi"), user(content(end))]}]) for end in "ab")
    assert one == other


def test_flattened_keys_of_very_many_steps_do_no_harm():
    deep = f"llm.input_messages.0.message.{'x.' * 5000}y"
    call = call_of(
        [{"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi", deep: 1}]
    )
    assert call.sent == [["user", ["text", "hi"]]]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from("text role type".split()), inner)
    ),
    max_leaves=12,
)


@given(st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": values})), values)
def test_whatever_stands_for_messages_does_no_harm(messages, output):
    call = call_of([{"messages": messages, "output": output}])
    assert call is None or all(role in {"user", "assistant"} and parts for role, *parts in call.sent)


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(inner) for key, inner in reversed(value.items())}
    return [reordered(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("attributes", [CONVERSE, ANTHROPIC, GEMINI, GENAI, {"messages": OPENAI_MESSAGES}])
def test_the_order_of_keys_and_white_space_say_nothing(attributes):
    text = json.dumps(reordered(attributes), indent=3).replace("How deep is it?", "  How\\tdeep is\\n it? ")
    assert call_of([json.loads(text)]) == call_of([attributes])
