"""What an event says is shown as it was said, whoever logged it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.conversation import failure_line
from mapping.calls.reading import tell


def text(said, role="user"):
    return {"role": role, "parts": [{"type": "text", "text": said}]}


WORDS = {"model_call": "chat", "tool_call": "execute_tool", "message": None}


def said(properties, kind="internal", event_type="model_call", **fields):
    """What an event tells; a span says by an attribute what the others have as their type."""
    word = WORDS.get(event_type) if kind == "internal" else None
    event = {
        "id": "e",
        "trace_id": "t",
        "timestamp": 0,
        "name": None,
        "kind": kind,
        "status": "unset",
        "event_type": event_type,
        "properties": {"gen_ai.operation.name": word, **properties} if word else properties,
    }
    return tell(event | fields)


REASONED = {"type": "reasoning", "text": "They mean\n the Ebro."}
CALL = {"type": "tool_call", "id": "c1", "name": "depth", "arguments": {"at": "Tortosa", "unit": "m"}}
SENT = [
    text("How deep\n is  it?"),
    {"role": "assistant", "parts": [REASONED, {"type": "text", "text": "I look."}, CALL]},
]
ANSWERED = [text("Seven\n\nmetres.", "assistant")]


def result(value, role="tool", **more):
    return {"role": role, "parts": [{"type": "tool_result", "id": "c1", "result": value} | more]}


GENAI = {
    "gen_ai.system_instructions": '[{"type": "text", "content": "Be brief."}]',
    "gen_ai.input.messages": [
        {"role": "user", "parts": [{"type": "text", "content": "How deep\n is  it?"}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "They mean\n the Ebro."},
                {"type": "text", "content": "I look."},
                {"type": "tool_call", "id": "c1", "name": "depth", "arguments": {"at": "Tortosa", "unit": "m"}},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"metres": 7.0}}]},
    ],
    "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "Seven\n\nmetres."}]}],
}
OPENAI = {
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "How deep\n is  it?"},
        {
            "role": "assistant",
            "reasoning_content": "They mean\n the Ebro.",
            "content": "I look.",
            "tool_calls": [
                {"id": "c1", "function": {"name": "depth", "arguments": '{"at": "Tortosa", "unit": "m"}'}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": '{"metres":  7}'},
    ],
    "output": {"choices": [{"message": {"role": "assistant", "content": "Seven\n\nmetres."}}]},
}
ANTHROPIC = {
    "request": {
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "How deep\n is  it?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "They mean\n the Ebro.", "signature": "x"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "depth", "input": {"at": "Tortosa", "unit": "m"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "c1",
                        "is_error": True,
                        "content": [{"type": "text", "text": "no"}],
                    }
                ],
            },
        ],
    },
    "output": {"role": "assistant", "content": [{"type": "text", "text": "Seven\n\nmetres."}]},
}
CONVERSE = {
    "input": {
        "inputBodyJson": {
            "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
            "messages": [
                {"role": "user", "content": [{"text": "How deep\n is  it?"}]},
                {
                    "role": "assistant",
                    "content": [
                        {"reasoningContent": {"reasoningText": {"text": "They mean\n the Ebro.", "signature": "x"}}},
                        {"text": "I look."},
                        {
                            "toolUse": {
                                "toolUseId": "c1",
                                "name": "depth",
                                "input": {"at": "Tortosa", "unit": "m"},
                            }
                        },
                    ],
                },
                {
                    "role": "user",
                    "content": [{"toolResult": {"toolUseId": "c1", "content": [{"json": {"metres": 7}}]}}],
                },
            ],
        }
    },
    "output": {
        "outputBodyJson": {"output": {"message": {"role": "assistant", "content": [{"text": "Seven\n\nmetres."}]}}}
    },
}
VERCEL = {
    "ai.prompt.messages": json.dumps(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "How deep\n is  it?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "text": "They mean\n the Ebro."},
                    {"type": "text", "text": "I look."},
                    {
                        "type": "tool-call",
                        "toolCallId": "c1",
                        "toolName": "depth",
                        "input": {"at": "Tortosa", "unit": "m"},
                    },
                ],
            },
            {
                "role": "tool",
                "content": [
                    {
                        "type": "tool-result",
                        "toolCallId": "c1",
                        "toolName": "depth",
                        "output": {"type": "json", "value": {"metres": 7}},
                    }
                ],
            },
        ]
    ),
    "ai.response.text": "Seven\n\nmetres.",
}


@pytest.mark.parametrize(
    ("properties", "answer_of_the_tool"),
    [
        (GENAI, result({"metres": 7.0}, name="depth")),
        (OPENAI, result('{"metres":  7}', name="depth")),
        (ANTHROPIC, result("no", failed=True, name="depth")),
        (CONVERSE, result({"metres": 7}, name="depth")),
        (VERCEL, result({"metres": 7}, name="depth")),
    ],
    ids=["genai", "openai", "anthropic", "converse", "vercel"],
)
def test_a_call_of_a_model_is_shown_with_white_space_and_reasoning(properties, answer_of_the_tool):
    shown = said(properties)
    assert shown.system == [{"type": "text", "text": "Be brief."}]
    assert shown.sent == [*SENT, answer_of_the_tool]
    assert shown.answered == ANSWERED
    assert (shown.kind, shown.failure) == ("model", None)


def test_langchain_s_serialised_messages_are_read():
    def message(kind, **kwargs):
        return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", kind], "kwargs": kwargs}

    prompt = [
        message("SystemMessage", content="Be brief."),
        message("HumanMessage", content="How deep?"),
        message("AIMessage", content="", tool_calls=[{"name": "depth", "args": {"at": "Tortosa"}, "id": "c1"}]),
        message("ToolMessage", content="7", tool_call_id="c1", name="depth"),
    ]
    answer = message("AIMessageChunk", content="Seven.")
    shown = said(
        {
            "gen_ai.prompt": json.dumps({"messages": [prompt]}),
            "gen_ai.completion": json.dumps({"generations": [[{"text": "", "message": answer}]]}),
        }
    )
    assert shown.system == [{"type": "text", "text": "Be brief."}]
    assert shown.sent == [
        text("How deep?"),
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "c1", "name": "depth", "arguments": {"at": "Tortosa"}}],
        },
        result("7", name="depth"),
    ]
    assert shown.answered == [text("Seven.", "assistant")]


def test_text_alone_is_what_the_user_and_the_model_said():
    shown = said({"gen_ai.prompt": "How deep?", "gen_ai.completion": "Seven."})
    assert (shown.sent, shown.answered) == ([text("How deep?")], [text("Seven.", "assistant")])


def test_a_message_that_is_json_stays_the_text_it_was():
    shown = said({"messages": [{"role": "user", "content": '{"text": "hi"}'}, {"role": "user", "content": "[1, 2]"}]})
    assert shown.sent == [text('{"text": "hi"}'), text("[1, 2]")]


def test_a_picture_says_what_it_is_and_how_large():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    blob = {"type": "blob", "mime_type": "image/png", "content": "AA=="}
    (message,) = said({"messages": [{"role": "user", "content": [picture, blob]}]}).sent
    assert message["parts"] == [
        {"type": "image", "media_type": "image/png", "size": 3},
        {"type": "image", "media_type": "image/png", "size": 1},
    ]


@pytest.mark.parametrize(
    ("properties", "tool"),
    [
        (
            {"gen_ai.tool.name": "t", "gen_ai.tool.call.arguments": '{"a": 1}', "gen_ai.tool.call.result": "x  y"},
            {"name": "t", "arguments": {"a": 1}, "result": "x  y"},
        ),
        ({"tool_name": "t", "input": "news", "output": ["a"]}, {"name": "t", "arguments": "news", "result": ["a"]}),
        ({"input.value": "1"}, {"name": "span", "arguments": "1", "result": None}),
    ],
)
def test_a_tool_s_call_has_its_arguments_and_its_result(properties, tool):
    shown = said(properties, event_type="tool_call", name="span")
    assert {"name": shown.name, "arguments": shown.arguments, "result": shown.result} == tool
    assert (shown.sent, shown.answered) == ([], [])


@pytest.mark.parametrize(
    ("properties", "error"),
    [
        ({"exception.type": "KeyError", "exception.message": "'a'", "exception.stacktrace": "..."}, "KeyError: 'a'"),
        ({"error.type": "TimeoutError", "otel.status_description": "no answer"}, "TimeoutError: no answer"),
        ({"error.type": "KeyError", "otel.status_description": "KeyError: 'a'"}, "KeyError: 'a'"),
        ({"error.type": "500"}, "500"),
        ({"error": {"code": 3}}, '{"code":3}'),
        ({"success": False}, None),
    ],
)
def test_what_went_wrong_is_said_in_words(properties, error):
    for event_type in ("tool_call", "span"):
        told = said({"tool_name": "t", **properties}, event_type=event_type, status="error")
        assert failure_line(told.failure) == error


def test_a_log_line_that_says_an_error_is_the_error():
    body = {"level": "ERROR", "message": "it broke"}
    for properties, kind in (
        ({"body": "it broke"}, "log_record"),
        ({"body": body}, "log_record"),
        ({"message": "it broke"}, "json"),
    ):
        told = said(properties, kind=kind, event_type="error", status="error")
        assert (told.kind, failure_line(told.failure)) == ("error", "it broke")


@pytest.mark.parametrize("event_type", ["log", "error", "embedding"])
def test_a_line_that_was_logged_is_no_message(event_type):
    shown = said({"body": "a line", "input": "text"}, kind="log_record", event_type=event_type)
    assert (shown.system, shown.sent, shown.answered, shown.arguments) == ([], [], [], None)


@pytest.mark.parametrize(
    ("name", "properties", "message"),
    [
        ("gen_ai.user.message", {"content": "hi"}, text("hi")),
        ("gen_ai.user.message", {"content": '[{"text": "hi"}]'}, text("hi")),
        ("gen_ai.assistant.message", {"content": "hi"}, text("hi", "assistant")),
        ("gen_ai.tool.message", {"content": "7", "id": "c1"}, result("7")),
        ("gen_ai.choice", {"message": '{"role": "assistant", "content": "hi"}', "index": 0}, text("hi", "assistant")),
        ("gen_ai.choice", {"message": "hi", "finish_reason": "stop"}, text("hi", "assistant")),
        ("claude_code.user_prompt", {"prompt": "hi"}, text("hi")),
        ("claude_code.assistant_response", {"response": "hi"}, text("hi", "assistant")),
        (None, {"role": "agent", "content": "hi"}, text("hi", "agent")),
        (None, {"text": "hi"}, text("hi")),
        (None, {"output": "hi"}, text("hi", "assistant")),
    ],
)
def test_a_message_that_is_an_event_is_said_once(name, properties, message):
    for kind, logged in (("json", properties), ("span_event", properties), ("log_record", {"body": properties})):
        if name is None and kind != "json":
            continue
        shown = said(logged, event_type="message", name=name, kind=kind)
        assert shown.sent + shown.answered == [message]
        assert shown.kind == "statement"


def test_a_megabyte_is_shown_whole():
    long = "x" * (1 << 20)
    assert said({"messages": [{"role": "user", "content": long}]}).sent == [text(long)]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from("text role type content tool_calls function arguments kwargs messages".split()),
            inner,
        )
    ),
    max_leaves=12,
)
KEYS = "messages output gen_ai.prompt gen_ai.completion message tool_name body ai.response.toolCalls error".split()


@given(
    st.dictionaries(st.sampled_from(KEYS), values | values.map(json.dumps)),
    st.sampled_from(["model_call", "tool_call", "message", "error", None]),
    st.sampled_from(["internal", "log_record", "json"]),
)
def test_whatever_stands_for_messages_does_no_harm(properties, event_type, kind):
    told = said(properties, event_type=event_type, kind=kind, status="error", name="gen_ai.choice")
    parts = [*told.system, *(part for message in told.sent + told.answered for part in message["parts"])]
    assert {part["type"] for part in parts} <= {"text", "reasoning", "tool_call", "tool_result", "other"}
