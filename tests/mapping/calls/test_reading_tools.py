"""A tool's call: arguments and result out of what frameworks wrap them in, and whether it failed."""

import json

import pytest
from events import span, span_event, told

from mapping.calls.model import Failure
from mapping.calls.reading import tell

TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find"}
OI = {"openinference.span.kind": "TOOL", "tool.name": "find"}
CITY = {"city": "Paris"}
MESSAGE = {"content": "sunny", "type": "tool", "name": "find", "tool_call_id": "c", "status": "success"}


@pytest.mark.parametrize(
    "properties",
    [
        TOOL | {"gen_ai.tool.call.arguments": CITY},
        TOOL | {"gen_ai.tool.call.arguments": json.dumps(CITY)},
        TOOL | {"gcp.vertex.agent.tool_call_args": json.dumps(CITY)},
        TOOL | {"spring.ai.tool.call.arguments": json.dumps(CITY)},
        TOOL | {"gen_ai.input.messages": json.dumps({"callId": "c", "name": "find", "args": CITY})},
        TOOL
        | {"gen_ai.tool.call.arguments": json.dumps({"input_str": "{'city': 'Paris'}", "inputs": CITY, "tags": []})},
        OI | {"input.value": json.dumps(CITY)},
        OI | {"input.value": json.dumps({"kwargs": CITY})},
        OI | {"input.value": json.dumps({"args": [], "kwargs": CITY, "sanitize_inputs_outputs": True})},
        OI | {"input.value": json.dumps({"args": [CITY], "kwargs": {}})},
        OI | {"tool.parameters": json.dumps(CITY)},
        {"tool_name": "find", "call_id": "c", "tool_input": f"[TOOL INPUT: find]\n{json.dumps(CITY)}"},
        {"langfuse.observation.type": "tool", "langfuse.observation.input": json.dumps(CITY)},
        {"genkit:metadata:subtype": "tool", "genkit:input": json.dumps(CITY)},
        {"mlflow.spanType": '"TOOL"', "mlflow.spanInputs": json.dumps(CITY)},
        {"lmnr.span.type": "TOOL", "lmnr.span.input": json.dumps(CITY)},
        {"haystack.tool.name": "find", "haystack.agent.step.tool.input": json.dumps(CITY)},
        {"traceloop.span.kind": "tool", "traceloop.entity.input": json.dumps({"args": [], "kwargs": CITY})},
    ],
    ids=lambda properties: " ".join(list(properties)[-1:]),
)
def test_arguments_come_out_of_what_they_are_wrapped_in(properties):
    assert told(properties).arguments == CITY


def test_a_schema_is_no_argument():
    assert told(OI | {"tool.parameters": '{"type": "object", "properties": {}}'}).arguments is None


RESULTS = [
    ("a text", "sunny", "sunny"),
    ("quoted JSON", '"sunny"', "sunny"),
    ("an object", '{"sky": "sunny"}', {"sky": "sunny"}),
    ("a list", "[1, 2]", [1, 2]),
    ("an object's own result", '{"result": "sunny", "at": 3}', {"result": "sunny", "at": 3}),
    ("MCP's content", json.dumps({"content": [{"type": "text", "text": "sunny"}], "isError": False}), "sunny"),
    ("MCP's part", '{"type": "text", "text": "sunny"}', "sunny"),
    ("MCP's parts", json.dumps([{"type": "text", "text": "sunny"}, {"type": "text", "text": "warm"}]), "sunny\nwarm"),
    ("Bedrock's part", '[{"json": {"sky": "sunny"}}]', {"sky": "sunny"}),
    ("LangChain's message", json.dumps({"lc": 1, "kwargs": MESSAGE}), "sunny"),
    ("the same put out", json.dumps({"output": {"lc": 1, "kwargs": MESSAGE}, "kwargs": {}}), "sunny"),
    ("the same as an object", json.dumps({"type": "tool", "data": MESSAGE}), "sunny"),
    ("the same as Python writes it", "content='sunny' name='find' tool_call_id='c'", "sunny"),
    ("LlamaIndex's", json.dumps({"blocks": [{"text": "sunny"}], "raw_output": "sunny", "is_error": False}), "sunny"),
    ("opencode's", json.dumps({"title": "find", "metadata": {"exit": 0}, "output": "sunny"}), "sunny"),
    ("Gemini's response", '{"id": "c", "name": "find", "response": {"result": "sunny"}}', "sunny"),
    ("a text that looks like JSON", "{sunny", "{sunny"),
]


@pytest.mark.parametrize(("given", "result"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS])
def test_results_come_out_of_what_they_are_wrapped_in(given, result):
    assert told(TOOL | {"gen_ai.tool.call.result": given}).result == result
    assert not told(TOOL | {"gen_ai.tool.call.result": given}).failed


def test_the_message_of_a_tool_brings_the_id_of_its_call():
    for given in (json.dumps({"output": {"lc": 1, "kwargs": MESSAGE}}), "content='sunny' tool_call_id='c'"):
        assert told(OI | {"output.value": given}).call_id == "c"


def test_a_result_that_had_to_be_an_object_is_what_it_holds():
    adk = {"scope": "gcp.vertex.agent"}
    assert told(TOOL | {"gcp.vertex.agent.tool_response": '{"result": "sunny"}'}, **adk).result == "sunny"
    failed = told(TOOL | {"gcp.vertex.agent.tool_response": '{"error": "no such city"}'}, **adk)
    assert (failed.failed, failed.failure) == (True, Failure(None, "no such city"))
    assert told(TOOL | {"gen_ai.tool.call.result": '{"error": "none found"}'}).failed is False
    run = {"langsmith.span.kind": "tool", "gen_ai.completion": '{"output": "sunny"}'}
    assert told(TOOL | run, scope="langsmith").result == "sunny"


FAILED = [
    ("AG2", json.dumps([False, {"name": "find", "role": "function", "content": "no city"}])),
    ("AgentScope", json.dumps({"content": [{"type": "text", "text": "no city"}], "state": "error", "id": "c"})),
    ("MCP", json.dumps({"content": [{"type": "text", "text": "no city"}], "isError": True})),
    ("LangChain", json.dumps({"lc": 1, "kwargs": MESSAGE | {"content": "no city", "status": "error"}})),
    ("LangChain in Python", "content='no city' tool_call_id='c' status='error'"),
    ("LlamaIndex", '{"blocks": [], "raw_output": "no city", "is_error": true}'),
    (
        "Gemini CLI",
        json.dumps(
            {
                "status": "error",
                "request": {"callId": "c"},
                "response": {
                    "callId": "c",
                    "responseParts": [{"functionResponse": {"response": {"error": "no city"}}}],
                    "resultDisplay": "no city",
                },
            }
        ),
    ),
]


@pytest.mark.parametrize("given", [row[1] for row in FAILED], ids=[row[0] for row in FAILED])
def test_a_result_may_say_that_the_tool_failed(given):
    telling = told(TOOL | {"gen_ai.tool.call.result": given}, status="ok")
    assert (telling.failed, telling.failure, telling.result) == (True, Failure(None, "no city"), "no city")


def test_success_as_a_text_counts():
    assert told({"span.type": "tool", "tool_name": "find", "success": "false"}).failed
    assert not told({"span.type": "tool", "tool_name": "find", "success": "true"}).failed


def test_what_stands_for_a_tool_gives_way_to_its_name():
    proxied = {"span.type": "tool", "tool_name": "mcp_tool"}
    assert told(proxied | {"tool_parameters": '{"mcp_tool_name": "find"}'}).name == "find"
    assert told(proxied).name == "mcp_tool"
    assert told(proxied | {"tool_input": "{}", "tool_parameters": '{"mcp_tool_name": "find"}'}).arguments == {}


def test_strands_notes_arguments_and_result_in_the_tool_s_span():
    asked = span_event({"role": "tool", "content": '{"city": "Paris"}', "id": "c"}, name="gen_ai.tool.message")
    assert (tell(asked).arguments, tell(asked).call_id, tell(asked).sent) == (CITY, "c", [])
    given = span_event({"message": '[{"text": "sunny"}]', "id": "c"}, name="gen_ai.choice")
    assert (tell(given).result, tell(given).call_id) == ("sunny", "c")


def test_strands_notes_both_as_messages_by_the_later_conventions():
    name = "gen_ai.client.inference.operation.details"
    asked = {"role": "tool", "parts": [{"type": "tool_call", "id": "c", "name": "find", "arguments": CITY}]}
    telling = tell(span_event({"gen_ai.input.messages": json.dumps([asked])}, name=name))
    assert (telling.kind, telling.call_id, telling.arguments) == ("statement", "c", CITY)
    given = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": [{"text": "sunny"}]}]}
    telling = tell(span_event({"gen_ai.output.messages": json.dumps([given])}, name=name))
    assert (telling.call_id, telling.result) == ("c", "sunny")


def test_llama_index_s_tracer_writes_calls_as_python_does():
    step = {"llamaindex.step.input_summary": "ToolCall(tool_name='find', tool_kwargs={'city': 'Paris'}, tool_id='c')"}
    telling = tell(span(step, name="FunctionTool.acall", scope="llamaindex.opentelemetry.tracer"))
    assert (telling.name, telling.arguments, telling.call_id) == ("find", CITY, "c")
    block = "TextBlock(block_type='text', text='sunny')"
    output = f"ToolCallResult(tool_name='find', tool_output=ToolOutput(blocks=[{block}], tool_n..."
    assert tell(span_event({"output": output}, name="step.output")).result == "sunny"


def test_langwatch_says_of_its_values_what_they_are():
    given = {"langwatch.input": '{"type": "json", "value": {"city": "Lisbon"}}'}
    given |= {"langwatch.output": '{"type": "text", "value": "sunny"}'}
    telling = told({"langwatch.span.type": "tool"} | given, name="find")
    assert (telling.name, telling.arguments, telling.result) == ("find", {"city": "Lisbon"}, "sunny")


def test_honeyhive_s_arguments_are_attributes_of_their_own():
    given = {"honeyhive_event_type": "tool", "honeyhive_event_name": "find", "honeyhive_inputs.city": "Lisbon"}
    telling = told(given | {"honeyhive_outputs.result": "sunny"})
    assert (telling.name, telling.arguments, telling.result) == ("find", {"city": "Lisbon"}, "sunny")


def test_agentops_s_tools_have_keys_of_their_own():
    given = {"agentops.tool.input": '{"args": [], "kwargs": {"city": "Lisbon"}}', "agentops.tool.output": "sunny"}
    telling = told({"agentops.span.kind": "tool", "operation.name": "chat"} | given, name="find.tool")
    assert (telling.kind, telling.name, telling.arguments) == ("tool", "find", {"city": "Lisbon"})
    assert telling.result == "sunny"


def test_beeai_s_arguments_stand_beside_its_options():
    given = {"tool.name": "find", "input.value": '{"input": {"city": "Lisbon"}, "options": null}'}
    assert told(OI | given).arguments == {"city": "Lisbon"}


def test_genkit_s_second_version_puts_a_result_into_an_object():
    given = {"genkit:name": "find", "genkit:input": '{"city": "Lisbon"}', "genkit:output": '{"output": "sunny"}'}
    second = told(given | {"genkit:metadata:subtype": "tool.v2"}, scope="genkit-tracer")
    assert (second.kind, second.name, second.result) == ("tool", "find", "sunny")
    assert told(given | {"genkit:metadata:subtype": "tool"}, scope="genkit-tracer").result == {"output": "sunny"}
