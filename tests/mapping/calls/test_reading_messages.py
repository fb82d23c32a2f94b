"""What an event says: system prompt, what was sent, what was answered; each complete, by who said it."""

import json

import pytest
from events import log, span, span_event, texts, told

from mapping.calls.reading import tell

CHAT = {"gen_ai.operation.name": "chat"}
SYSTEM, USER = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}
ASSISTANT = {"role": "assistant", "content": "Hello"}
CALL = {"type": "tool_call", "id": "c", "name": "find", "arguments": {"city": "Paris"}}
SERIALISED = [
    [
        {"lc": 1, "id": ["x", "SystemMessage"], "kwargs": {"content": "Be brief."}},
        {"lc": 1, "id": ["x", "HumanMessage"], "kwargs": {"content": "Hi"}},
    ]
]

ASKED = [
    ("the conventions'", {"gen_ai.input.messages": json.dumps([SYSTEM, USER])}),
    (
        "parts",
        {
            "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}],
            "gen_ai.system_instructions": '[{"type": "text", "content": "Be brief."}]',
        },
    ),
    (
        "a quoted system prompt",
        {"gen_ai.input.messages": json.dumps([USER]), "gen_ai.system_instructions": '"Be brief."'},
    ),
    ("a request", {"langfuse.observation.input": json.dumps({"messages": [SYSTEM, USER], "tools": []})}),
    (
        "Gemini's",
        {
            "gcp.vertex.agent.llm_request": json.dumps(
                {
                    "contents": [{"role": "user", "parts": [{"text": "Hi", "thought": None}]}],
                    "config": {"system_instruction": "Be brief."},
                }
            )
        },
    ),
    (
        "Gemini's in camel case",
        {
            "gcp.vertex.agent.llm_request": json.dumps(
                {"contents": [{"parts": [{"text": "Hi"}]}], "config": {"systemInstruction": "Be brief."}}
            )
        },
    ),
    (
        "flattened",
        {
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": "Be brief.",
            "llm.input_messages.1.message.role": "user",
            "llm.input_messages.1.message.content": "Hi",
        },
    ),
    (
        "flattened with a gap, serialised beside it",
        {
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.1.message.role": "user",
            "llm.input_messages.1.message.content": "Hi",
            "input.value": json.dumps({"messages": SERIALISED}),
        },
    ),
    ("LangChain's", {"gen_ai.prompt": json.dumps({"messages": SERIALISED})}),
    ("Responses'", {"input.value": json.dumps({"input": [USER], "instructions": "Be brief."})}),
    ("pairs", {"gen_ai.prompt": json.dumps({"messages": [["system", "Be brief."], ["user", "Hi"]]})}),
    (
        "as Python writes it",
        {
            "input.value": json.dumps(
                {
                    "messages": [
                        "ChatMessage(role=<Role.SYSTEM: 'system'>, blocks=[TextBlock(text='Be brief.')])",
                        "ChatMessage(role=<Role.USER: 'user'>, blocks=[TextBlock(text='Hi')])",
                    ]
                }
            )
        },
    ),
    (
        "Haystack's in Python",
        {
            "input.value": json.dumps(
                {
                    "messages": [
                        "ChatMessage(_role=<ChatRole.SYSTEM: 'system'>, _content=[TextContent(text='Be brief.')])",
                        "ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[TextContent(text='Hi')], _name=None)",
                    ]
                }
            )
        },
    ),
    (
        "VoltAgent's",
        {"llm.messages": json.dumps([SYSTEM, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}])},
    ),
    ("Mastra's", {"mastra.model_generation.input": json.dumps({"messages": [SYSTEM, USER]})}),
    ("MLflow's", {"mlflow.spanInputs": json.dumps({"model": "m", "messages": [SYSTEM, USER]})}),
]

ANSWERS = [
    ("the conventions'", {"gen_ai.output.messages": json.dumps([ASSISTANT])}),
    ("a completion", {"output.value": json.dumps({"choices": [{"message": ASSISTANT}]})}),
    (
        "Anthropic's",
        {
            "output.value": json.dumps(
                {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
            )
        },
    ),
    (
        "Responses'",
        {
            "langfuse.observation.output": json.dumps(
                [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}]
            )
        },
    ),
    (
        "Gemini's",
        {"gcp.vertex.agent.llm_response": json.dumps({"content": {"role": "model", "parts": [{"text": "Hello"}]}})},
    ),
    (
        "pieces of a stream",
        {
            "gen_ai.output.messages": json.dumps(
                [{"role": "system", "parts": [{"text": "Hel"}]}, {"role": "model", "parts": [{"text": "lo"}]}]
            )
        },
    ),
    (
        "pieces, and all of it",
        {
            "gen_ai.output.messages": json.dumps(
                [{"role": "model", "parts": [{"text": text}]} for text in ("He", "l", "lo", "Hello")]
            )
        },
    ),
    (
        "chunks of Gemini's",
        {
            "gen_ai.completion": json.dumps(
                [{"candidates": [{"content": {"parts": [{"text": text}]}}]} for text in ("Hel", "lo")]
            )
        },
    ),
    (
        "flattened before its text",
        {
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "Hello",
            "output.value": "assistant: Hello",
        },
    ),
    (
        "LangChain's",
        {
            "gen_ai.completion": json.dumps(
                {
                    "generations": [
                        [{"text": "Hello", "message": {"lc": 1, "id": ["AIMessage"], "kwargs": {"content": "Hello"}}}]
                    ]
                }
            )
        },
    ),
    (
        "Genkit's",
        {"genkit:output": json.dumps({"message": {"role": "model", "content": [{"text": "Hello"}]}, "usage": {}})},
    ),
    (
        "Haystack's",
        {
            "haystack.agent.step.llm.output": json.dumps(
                {"replies": [{"role": "assistant", "meta": {}, "content": [{"text": "Hello"}]}]}
            )
        },
    ),
    ("Mastra's", {"mastra.model_generation.output": '{"text": "Hello", "files": [], "toolCalls": []}'}),
    (
        "Bedrock's",
        {"output.value": json.dumps({"output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}}})},
    ),
    ("the AI SDK's", {"ai.response.text": "Hello"}),
    ("Claude Code's", {"response.model_output": "Hello"}),
    ("a text", {"output.value": "Hello"}),
    ("a quoted text", {"mlflow.spanOutputs": '"Hello"'}),
]


@pytest.mark.parametrize("properties", [row[1] for row in ASKED], ids=[row[0] for row in ASKED])
def test_what_was_sent_is_read_from(properties):
    telling = told(CHAT | properties)
    assert [part["text"] for part in telling.system] == ["Be brief."]
    assert texts(telling.sent) == [("user", "Hi")]


@pytest.mark.parametrize("properties", [row[1] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_what_was_answered_is_read_from(properties):
    assert texts(told(CHAT | properties).answered) == [("assistant", "Hello")]


@pytest.mark.parametrize(
    "answer",
    [
        '{"queue":"billing","urgent":true}',
        '{"score": 4, "text": "kind"}',
        '{"message": "hi", "level": 3}',
        '{"results": [{"name": "a"}], "total": 1}',
        '{"content": "hi", "title": "x"}',
        '[{"id": 1}, {"id": 2}]',
        '{"role": "manager", "name": "Ana"}',
    ],
)
@pytest.mark.parametrize("key", ["ai.response.text", "ai.response.object", "output.value", "gen_ai.completion"])
def test_an_answer_that_is_json_is_whole(key, answer):
    assert texts(told(CHAT | {key: answer}).answered) == [("assistant", answer)]


CALLS = [
    {"parts": [CALL]},
    {"parts": [{"functionCall": {"name": "find", "args": {"city": "Paris"}, "id": "c"}}]},
    {
        "parts": [
            {"function_call": {"name": "find", "args": {"city": "Paris"}, "id": "c"}, "text": None, "thought": None}
        ]
    },
    {"content": [{"type": "toolUse", "name": "find", "toolUseId": "c", "input": {"city": "Paris"}}]},
    {"content": [{"toolUse": {"name": "find", "toolUseId": "c", "input": {"city": "Paris"}}}]},
    {"content": [{"type": "tool_use", "id": "c", "name": "find", "input": {"city": "Paris"}}]},
    {"content": [{"toolRequest": {"name": "find", "ref": "c", "input": {"city": "Paris"}}}]},
    {"content": [{"tool_call": {"tool_name": "find", "arguments": {"city": "Paris"}, "id": "c"}}]},
    {"content": [{"type": "tool-call", "toolCallId": "c", "toolName": "find", "input": {"city": "Paris"}}]},
    {
        "blocks": [
            {"block_type": "tool_call", "tool_call_id": "c", "tool_name": "find", "tool_kwargs": '{"city": "Paris"}'}
        ]
    },
    {"content": None, "tool_calls": [{"id": "c", "function": {"name": "find", "arguments": '{"city": "Paris"}'}}]},
    {
        "content": "ResponseFunctionToolCall(arguments='{\"city\": \"Paris\"}', call_id='c', name='find', "
        "type='function_call', id='fc_1')"
    },
]


@pytest.mark.parametrize("message", CALLS, ids=lambda message: str(message)[:40])
def test_a_call_of_a_tool_is_read_whoever_logged_it(message):
    (answer,) = told(CHAT | {"gen_ai.output.messages": [{"role": "assistant", **message}]}).answered
    assert answer["parts"] == [CALL]


RESULTS = [
    {"role": "tool", "tool_call_id": "c", "content": "sunny"},
    {"role": "user", "parts": [{"type": "tool_call_response", "id": "c", "response": "sunny"}]},
    {"role": "user", "parts": [{"functionResponse": {"id": "c", "name": "find", "response": {"result": "sunny"}}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "sunny"}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "c", "content": [{"text": "sunny"}]}}]},
    {"role": "tool", "content": [{"toolResponse": {"name": "find", "ref": "c", "output": "sunny"}}]},
    {
        "role": "tool",
        "content": [
            {"tool_call_result": {"result": "sunny", "origin": {"tool_name": "find", "id": "c"}, "error": False}}
        ],
    },
    {"type": "function_call_output", "call_id": "c", "output": "sunny"},
    {"type": "function_call_result", "callId": "c", "name": "find", "output": {"type": "text", "text": "sunny"}},
    {"role": "tool", "content": "sunny"},
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: str(result)[:50])
def test_a_result_is_the_tool_s_with_the_id_of_its_call(result):
    asked = {"role": "assistant", "parts": [CALL]}
    *_, message = told(CHAT | {"gen_ai.input.messages": [USER, asked, result]}).sent
    (part,) = message["parts"]
    assert message["role"] == "tool"
    assert (part["type"], part["id"], part["name"]) == ("tool_result", "c", "find")
    assert "sunny" in str(part["result"])


def test_a_result_says_that_the_tool_failed():
    for part in (
        {"functionResponse": {"id": "c", "name": "find", "response": {"error": "no city"}}},
        {"type": "tool_result", "tool_use_id": "c", "content": "no city", "is_error": True},
        {"tool_call_result": {"result": "no city", "origin": {"tool_name": "find", "id": "c"}, "error": True}},
        {"toolResult": {"toolUseId": "c", "status": "error", "content": [{"text": "no city"}]}},
    ):
        messages = [{"role": "assistant", "parts": [CALL]}, {"role": "user", "content": [part]}]
        *_, message = told(CHAT | {"gen_ai.input.messages": messages}).sent
        failed = {"type": "tool_result", "id": "c", "name": "find", "result": "no city", "failed": True}
        assert message["parts"] == [failed]


def test_items_of_responses_stand_where_messages_do():
    items = [
        USER,
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "find", "arguments": '{"city": "Paris"}'},
        {"type": "function_call_output", "call_id": "c", "output": "sunny"},
    ]
    sent = told(CHAT | {"input.value": json.dumps(items)}).sent
    assert [(message["role"], message["parts"][0]["type"]) for message in sent] == [
        ("user", "text"),
        ("assistant", "reasoning"),
        ("assistant", "tool_call"),
        ("tool", "tool_result"),
    ]
    assert sent[2]["parts"] == [CALL]


def test_what_a_model_s_own_tools_did_stands_beside_what_was_said():
    answer = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Sunny"}]}
    items = [{"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "Paris"}}, answer]
    (message,) = told(CHAT | {"output.value": json.dumps({"output": items})}).answered
    call, text = message["parts"]
    assert call == {
        "type": "tool_call",
        "id": "ws_1",
        "name": "web_search",
        "arguments": {"action": {"query": "Paris"}},
    }
    assert text["text"] == "Sunny"
    used = [
        {"type": "server_tool_use", "id": "c", "name": "find", "input": {"city": "Paris"}},
        {"type": "web_search_tool_result", "tool_use_id": "c", "content": [{"title": "x"}]},
    ]
    asked, given = told(CHAT | {"gen_ai.output.messages": [{"role": "assistant", "content": used}]}).answered
    assert asked == {"role": "assistant", "parts": [CALL]}
    assert (given["role"], given["parts"][0]["id"]) == ("tool", "c")


def test_smolagents_write_calls_and_results_as_text():
    call = {"id": "c", "type": "function", "function": {"name": "find", "arguments": {"city": "Paris"}}}
    messages = [
        USER,
        {"role": "tool-call", "content": f"Calling tools:\n{[call]}"},
        {"role": "tool-response", "content": "Observation:\nsunny"},
    ]
    _, asked, given = told(CHAT | {"gen_ai.input.messages": messages}).sent
    assert asked == {"role": "assistant", "parts": [CALL]}
    assert given["parts"] == [{"type": "tool_result", "id": "c", "name": "find", "result": "sunny"}]


def test_calls_without_ids_in_a_flattened_list_have_them_beside_it():
    flat = {
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "find",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"city": "Paris"}',
    }
    kwargs = {
        "content": "",
        "additional_kwargs": {
            "tool_calls": [{"id": "c", "function": {"name": "find", "arguments": '{"city": "Paris"}'}}]
        },
    }
    whole = {
        "output.value": json.dumps({"generations": [[{"message": {"lc": 1, "id": ["AIMessage"], "kwargs": kwargs}}]]})
    }
    (answer,) = told({"openinference.span.kind": "LLM"} | flat | whole).answered
    assert answer["parts"] == [CALL]


def test_several_answers_that_were_asked_for_stay_apart():
    answers = json.dumps([{"role": "assistant", "content": "Hel"}, {"role": "assistant", "content": "lo"}])
    telling = told(CHAT | {"gen_ai.output.messages": answers, "gen_ai.request.choice.count": 2})
    assert texts(telling.answered) == [("assistant", "Hel"), ("assistant", "lo")]


def test_gemini_cli_calls_the_model_system():
    history = [USER, {"role": "system", "parts": [CALL]}]
    properties = {"event.name": "gen_ai.client.inference.operation.details", "gen_ai.input.messages": history}
    assert [message["role"] for message in tell(log(CHAT | properties, scope="gemini-cli")).sent] == [
        "user",
        "assistant",
    ]


def test_an_agent_s_question_is_what_was_passed_to_it():
    agent = {"traceloop.span.kind": "agent"}
    assert texts(told(agent | {"traceloop.entity.input": '{"args": ["Hi"], "kwargs": {}}'}).sent) == [("user", "Hi")]
    assert texts(told(agent | {"input.value": '{"question": "Hi"}'}).sent) == [("user", "Hi")]
    assert told(agent | {"gen_ai.input.messages": []}).sent == []


def test_an_agent_s_answer_comes_after_the_conversation_before_it():
    conversation = json.dumps({"messages": [SYSTEM, USER, {"role": "assistant", "parts": [CALL]}, ASSISTANT]})
    answered = told({"openinference.span.kind": "AGENT", "output.value": conversation}).answered
    assert [message["parts"][0]["type"] for message in answered] == ["tool_call", "text"]


STATEMENTS = [
    (log(body={"content": "Hi"}, name="gen_ai.user.message"), "sent", ("user", "Hi")),
    (
        log(body={"role": "user", "content": {"parts": [{"text": "Hi", "thought": None}]}}, name="gen_ai.user.message"),
        "sent",
        ("user", "Hi"),
    ),
    (
        log(body={"content": {"role": "model", "parts": [{"text": "Hello"}]}}, name="gen_ai.user.message"),
        "answered",
        ("assistant", "Hello"),
    ),
    (log(body={"message": {"content": "Hello"}}, name="gen_ai.choice"), "answered", ("assistant", "Hello")),
    (
        log(body='{"message": {"role": "assistant", "content": "Hello"}}', name="gen_ai.choice"),
        "answered",
        ("assistant", None),
    ),
    (span_event({"content": '[{"text":"Hi"}]'}, name="gen_ai.user.message"), "sent", ("user", "Hi")),
    (
        span_event({"gen_ai.event.content": '{"role": "user", "content": "Hi"}'}, name="gen_ai.user.message"),
        "sent",
        ("user", "Hi"),
    ),
    (log({"event.name": "user_prompt", "prompt": "Hi"}, body="claude_code.user_prompt"), "sent", ("user", "Hi")),
    (log({"event.name": "assistant_response", "response": "Hello"}), "answered", ("assistant", "Hello")),
]


@pytest.mark.parametrize(("event", "field", "said"), [row for row in STATEMENTS if row[2][1]])
def test_a_message_event_is_one_message(event, field, said):
    assert texts(getattr(tell(event), field)) == [said]


def test_older_events_hold_all_that_was_sent_or_answered():
    asked = tell(span_event({"gen_ai.prompt": json.dumps([SYSTEM, USER])}, name="gen_ai.content.prompt"))
    assert (asked.kind, texts(asked.sent), asked.system[0]["text"]) == ("statement", [("user", "Hi")], "Be brief.")
    given = tell(span_event({"gen_ai.completion": json.dumps([ASSISTANT])}, name="gen_ai.content.completion"))
    assert texts(given.answered) == [("assistant", "Hello")]


def test_a_tool_s_message_names_its_call():
    for body in ({"id": "c", "content": "sunny"}, {"role": "tool", "tool_call_id": "c", "content": "sunny"}):
        (message,) = tell(log(body=body, name="gen_ai.tool.message")).sent
        assert message == {"role": "tool", "parts": [{"type": "tool_result", "id": "c", "result": "sunny"}]}


def test_claude_code_logs_its_requests_and_responses_whole():
    request = json.dumps({"system": "Be brief.", "messages": [USER]})
    asked = tell(log({"event.name": "api_request_body", "attributes.body": request}))
    assert (asked.kind, texts(asked.sent), asked.system[0]["text"]) == ("model", [("user", "Hi")], "Be brief.")
    response = {
        "role": "assistant",
        "content": [{"type": "text", "text": "Hello"}],
        "usage": {"input_tokens": 3, "output_tokens": 1},
    }
    given = tell(log({"event.name": "api_response_body", "attributes.body": json.dumps(response)}))
    assert (texts(given.answered), given.tokens.input) == ([("assistant", "Hello")], 3)


def test_claude_code_says_what_is_new_to_a_call():
    new = "[USER]\nHi\n\n[TOOL RESULT: toolu_1]\nsunny\n"
    user, tool = tell(span({"span.type": "llm_request", "new_context": new})).sent
    assert texts([user]) == [("user", "Hi")]
    assert tool["parts"] == [{"type": "tool_result", "id": "toolu_1", "result": "sunny"}]


PICTURES = [
    (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image", "media_type": "image/png", "size": 3},
    ),
    ({"type": "image_url", "image_url": {"url": "https://x/y.png"}}, {"type": "image", "url": "https://x/y.png"}),
    (
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
        {"type": "image", "media_type": "image/png", "size": 3},
    ),
    (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "image", "media_type": "image/png", "size": 3},
    ),
    (
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "image", "url": "https://x/y.png"},
    ),
    (
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}},
        {"type": "file", "media_type": "application/pdf", "size": 3},
    ),
    (
        {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}},
        {"type": "audio", "media_type": "audio/wav", "size": 3},
    ),
    (
        {"inline_data": {"mime_type": "image/png", "data": "AAAA"}, "text": None},
        {"type": "image", "media_type": "image/png", "size": 3},
    ),
    (
        {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://x/y"}},
        {"type": "video", "media_type": "video/mp4", "url": "gs://x/y"},
    ),
    (
        {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
        {"type": "image", "media_type": "image/png", "size": 3},
    ),
    ({"type": "uri", "modality": "image", "uri": "https://x/y.png"}, {"type": "image", "url": "https://x/y.png"}),
    (
        {"type": "file", "data": "AAAA", "mediaType": "application/pdf", "filename": "a.pdf"},
        {"type": "file", "media_type": "application/pdf", "name": "a.pdf", "size": 3},
    ),
    ({"type": "image", "image": "data:image/png;base64,AAAA"}, {"type": "image", "media_type": "image/png", "size": 3}),
    (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "audio", "media_type": "audio/wav", "size": 3},
    ),
    (
        {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
        {"type": "image", "media_type": "image/png", "size": 3},
    ),
    (
        {"media": {"url": "data:image/png;base64,AAAA", "contentType": "image/png"}},
        {"type": "image", "media_type": "image/png", "size": 3},
    ),
]


@pytest.mark.parametrize(("part", "shown"), PICTURES, ids=lambda part: str(part)[:50])
def test_a_picture_a_sound_or_a_file_says_what_it_is(part, shown):
    messages = [{"role": "user", "content": [{"type": "text", "text": "Which bird?"}, part]}]
    (message,) = told(CHAT | {"gen_ai.input.messages": messages}).sent
    assert message["parts"] == [{"type": "text", "text": "Which bird?"}, shown]


def test_json_text_of_parts_is_the_parts():
    content = json.dumps([{"type": "text", "text": "Which bird?"}, PICTURES[0][0]])
    properties = {"llm.request.type": "chat", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": content}
    (message,) = told(properties).sent
    assert message["parts"] == [{"type": "text", "text": "Which bird?"}, PICTURES[0][1]]


def test_a_system_prompt_among_a_request_s_parameters_is_found():
    call = {"openinference.span.kind": "LLM", "llm.invocation_parameters": '{"system": "Be brief.", "model": "m"}'}
    call |= {"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "Hi"}
    assert told(call).system == [{"type": "text", "text": "Be brief."}]


def test_a_conversation_that_is_quoted_as_one_message_is_one():
    quoted = json.dumps([{"role": "user", "content": "Hi"}, {"type": "function_call", "call_id": "c", "name": "find"}])
    sent = json.dumps([{"role": "user", "parts": [{"type": "text", "content": quoted}]}])
    call = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": sent}
    assert [message["role"] for message in told(call, scope="@traceloop/instrumentation-openai").sent] == [
        "user",
        "assistant",
    ]
    assert len(told(call).sent) == 1


def test_a_response_of_openai_s_in_a_list_is_an_answer():
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}
    for kind in (None, {"format": {"type": "text"}}):
        response = [{"id": "resp_1", "output": [item], "text": kind}]
        call = {"openinference.span.kind": "LLM", "output.value": json.dumps(response)}
        assert texts(told(call).answered) == [("assistant", "Hello")]


def test_the_system_prompt_stands_at_the_head_of_an_agent_s_conversation():
    agent = {"openinference.span.kind": "AGENT", "output.value": json.dumps({"messages": [SYSTEM, USER, ASSISTANT]})}
    telling = told(agent)
    assert telling.system == [{"type": "text", "text": "Be brief."}]
    assert texts(telling.answered) == [("assistant", "Hello")]
