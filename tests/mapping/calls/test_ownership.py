"""Whose an event is: session, agent, ids of responses and of tools' calls."""

import pytest
from events import json_event, log, span, told

from mapping.calls.reading import tell

AGENT = {"gen_ai.operation.name": "invoke_agent"}
CHAT = {"gen_ai.operation.name": "chat"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find"}


@pytest.mark.parametrize(
    "properties",
    [
        {"session.id": "s"},
        {"gen_ai.conversation.id": "s"},
        {"conversation.id": "s"},
        {"langfuse.session.id": "s"},
        {"langsmith.metadata.thread_id": "s"},
        {"traceloop.association.properties.session_id": "s"},
        {"spring.ai.chat.client.conversation.id": "s"},
        {"gcp.vertex.agent.session_id": "s"},
        {"mlflow.trace.session": '"s"'},
        {"lmnr.association.properties.session_id": "s"},
        {"mastra.metadata.threadId": "s"},
        {"ai.telemetry.metadata.sessionId": "s"},
        {"genkit:metadata:context": '{"sessionId": "s"}'},
        {"metadata": '{"thread_id": "s"}'},
        {"gen_ai.conversation.id": "", "metadata": {"thread_id": "s"}},
    ],
    ids=lambda properties: next(iter(properties)),
)
def test_the_session_is_told(properties):
    assert told(properties).session_id == "s"


@pytest.mark.parametrize(
    "properties",
    [
        {"user.id": "u", "user.email": "u@example.com"},
        {"enduser.id": "u"},
        {"user.name": "u"},
        {"langfuse.user.id": "u"},
        {"langsmith.metadata.user_id": "u"},
        {"traceloop.association.properties.user_id": "u"},
        {"mlflow.trace.user": '"u"'},
        {"ai.telemetry.metadata.userId": "u"},
        {"user_id": "u"},
        {"user.id": "unknown", "user_id": "u"},
    ],
    ids=lambda properties: next(iter(properties)),
)
def test_the_user_is_told(properties):
    assert told(properties).user == "u"


def test_the_user_may_be_the_resource_s_and_is_none_where_nobody_says():
    assert tell({**span({}), "resource": {"user.id": "u"}}).user == "u"
    assert told({"user.id": "", "gen_ai.operation.name": "chat"}).user is None


def test_what_is_no_session_is_not_told():
    assert told({"thread.id": 12}).session_id is None
    assert told({"metadata": '{"user": "u"}'}).session_id is None
    assert told({"gen_ai.conversation.id": "resp_0001"}).session_id is None


def test_a_session_is_inherited_from_the_resource_and_from_what_ingest_read():
    assert told({}, resource={"session.id": "r"}).session_id == "r"
    assert told({}, session_id="stored").session_id == "stored"
    assert told({"session.id": "s"}, session_id="stored").session_id == "s"


@pytest.mark.parametrize(
    ("properties", "name", "agent", "fallback"),
    [
        (AGENT | {"gen_ai.agent.name": "clerk", "gen_ai.agent.id": "8f2"}, "x", "clerk", "8f2"),
        (AGENT | {"gen_ai.agent.id": "8f2"}, "x", None, "8f2"),
        (AGENT, "invoke_agent clerk", "clerk", None),
        (AGENT | {"gen_ai.agent.name": "OpenAI Agent"}, "invoke_agent clerk", "clerk", None),
        (CHAT | {"gen_ai.agent.name": "OpenAI Agent"}, "chat m", None, "OpenAI Agent"),
        (CHAT | {"gen_ai.agent.name": "clerk"}, "chat m", "clerk", None),
        (CHAT | {"langsmith.metadata.lc_agent_name": "clerk"}, "x", "clerk", None),
        (CHAT | {"metadata": '{"lc_agent_name": "clerk"}'}, "x", "clerk", None),
        ({"openinference.span.kind": "AGENT", "graph.node.id": "clerk"}, "clerk.task._execute_core", "clerk", None),
        ({"openinference.span.kind": "AGENT"}, "clerk.run", "clerk", None),
        ({"openinference.span.kind": "AGENT"}, "CodeAgent.run", None, "CodeAgent"),
        ({"openinference.span.kind": "AGENT"}, "Sdk.Client.receive", None, None),
        (CHAT | {"ai.telemetry.functionId": "session.llm"}, "x", None, None),
        ({"lmnr.span.type": "DEFAULT"}, "night shift", None, None),
        ({"langfuse.observation.type": "agent"}, "clerk", "clerk", None),
        ({"traceloop.span.kind": "agent", "traceloop.entity.name": "clerk"}, "clerk.agent", "clerk", None),
        ({"entity.type": "agent", "entity.name": "clerk"}, "x", "clerk", None),
        (CHAT | {"ai.telemetry.functionId": "night-job"}, "x", None, "night-job"),
        (CHAT | {"originator": "codex_exec"}, "x", None, "codex_exec"),
        (CHAT | {"agent_name": "/home/user"}, "x", None, None),
        (CHAT, "x", None, None),
    ],
)
def test_an_agent_is_called_by_its_name_before_any_id(properties, name, agent, fallback):
    telling = told(properties, name=name)
    assert (telling.agent, telling.agent_fallback) == (agent, fallback)


def test_a_root_that_is_a_workflow_names_what_is_done_in_it():
    assert told({"lmnr.span.type": "DEFAULT"}, name="night shift", parent=None).agent_fallback == "night shift"
    assert told({"genkit:metadata:subtype": "flow", "genkit:name": "f"}, parent=None).agent_fallback == "f"
    assert told({"openinference.span.kind": "CHAIN"}, name="crew.kickoff", parent=None).agent_fallback == "crew"
    assert told({"spring.ai.kind": "chat_client"}, name="spring_ai chat_client", parent=None).agent_fallback is None


def test_a_step_of_llama_index_says_whose_it_is():
    step = {"openinference.span.kind": "CHAIN", "input.value": "AgentSetup(input=[], current_agent_name='clerk')"}
    assert told(step, scope="openinference.instrumentation.llama_index").agent == "clerk"
    assert told(step, scope="app").agent is None


def test_an_agent_on_agentcore_is_its_resource_where_nothing_names_it():
    arn = "arn:aws:bedrock-agentcore:us-east-1:111122223333:runtime/refunds"
    assert told(CHAT, resource={"cloud.resource_id": arn}).agent_fallback == arn
    assert told(CHAT, resource={"service.name": "svc"}).agent_fallback is None


def test_a_sender_of_json_names_the_agent():
    telling = tell(json_event({"content": "hi"}, event_type="message", agent_id="clerk", session_id="s"))
    assert (telling.agent, telling.session_id) == ("clerk", "s")


@pytest.mark.parametrize(
    "properties",
    [
        {"gen_ai.response.id": "r"},
        {"ai.response.id": "r"},
        {"response_id": "r"},
        {"output.value": '{"id": "resp_1", "object": "response"}'},
        {"langfuse.observation.output": '{"id":"chatcmpl-1","choices":[]}'},
    ],
    ids=lambda properties: next(iter(properties)),
)
def test_the_id_of_a_response_is_told(properties):
    assert told(CHAT | properties).response_id in ("r", "resp_1", "chatcmpl-1")


def test_a_request_s_id_is_a_response_s_only_where_its_program_means_that():
    assert told(CHAT | {"request_id": "q"}, scope="com.anthropic.claude_code.tracing").response_id == "q"
    assert told(CHAT | {"request_id": "q"}, scope="app").response_id is None


@pytest.mark.parametrize(
    "key",
    [
        "gen_ai.tool.call.id",
        "gen_ai.tool.call_id",
        "tool.call_id",
        "tool.call.id",
        "tool_call.id",
        "tool_use_id",
        "call_id",
        "ai.toolCall.id",
        "spring.ai.tool.call.id",
        "tool_call_id",
        "toolCallId",
    ],
)
def test_the_id_of_a_tool_s_call_is_told(key):
    assert told(TOOL | {key: "c"}).call_id == "c"


@pytest.mark.parametrize("placeholder", ["<not specified>", "", "None", "null", "unknown", "N/A", "0"])
def test_a_placeholder_is_no_id(placeholder):
    assert told(TOOL | {"gen_ai.tool.call.id": placeholder}).call_id is None


def test_the_model_that_answered_comes_before_the_one_that_was_asked_for():
    asked = CHAT | {"gen_ai.request.model": "m", "gen_ai.provider.name": "p"}
    assert told(asked | {"gen_ai.response.model": "m-2026"}).name == "m-2026"
    assert told(asked).name == "m"
    assert told(asked).provider == "p"
    assert told(asked | {"gen_ai.completion": '{"generations": [[{"model_name": "m-2026"}]]}'}).name == "m-2026"
    assert told(asked | {"gen_ai.completion": '{"model": "another"}'}).name == "m"


def test_records_of_one_moment_keep_the_order_that_they_say():
    assert tell(log({"event.sequence": 7})).order == 7
    assert tell(log({"CHAT_MESSAGE_INDEX": 2})).order == 2
    assert tell(span({})).order == 0


def test_a_provider_before_a_model_s_name_is_no_part_of_it():
    genkit = {"genkit:name": "openai/gpt-4o", "genkit:metadata:subtype": "model"}
    assert told(genkit, scope="genkit-tracer").name == "gpt-4o"
    assert told({"gen_ai.operation.name": "chat", "gen_ai.request.model": "openai/gpt-4o"}).name == "openai/gpt-4o"


def test_what_an_sdk_calls_every_service_is_no_name():
    assert told(resource={"service.name": "unknown_service:node"}).service is None
    assert told(resource={"service.name": "weather"}).service == "weather"


def test_the_agent_is_the_function_that_its_user_has_named():
    agent = {"ai.operationId": "ai.generateText", "ai.telemetry.functionId": "clerk"}
    assert told(agent, name="ai.generateText").agent == "clerk"
    assert told(agent | {"ai.telemetry.functionId": "session.llm"}, name="ai.generateText").agent is None


def test_gemini_cli_s_sub_agent_is_called_as_it_was_asked_for():
    asked = {"gen_ai.input.messages": '{"agent_name": "clerk", "prompt": "Hi"}', "gen_ai.agent.name": "gemini-cli"}
    agent = told({"gen_ai.operation.name": "agent_call"} | asked, scope="gemini-cli")
    assert (agent.kind, agent.agent) == ("agent", "clerk")
    model = told({"gen_ai.operation.name": "llm_call", "gen_ai.agent.name": "gemini-cli"}, scope="gemini-cli")
    assert (model.agent, model.agent_fallback) == (None, "gemini-cli")


def test_logfire_s_spans_of_openai_s_agents_are_known_by_their_templates():
    scope = {"scope": "logfire.openai_agents"}
    agent = told({"logfire.msg_template": "Agent run: {name!r}", "name": "clerk"}, name="Agent run: 'clerk'", **scope)
    assert (agent.kind, agent.agent) == ("agent", "clerk")
    tool = {
        "logfire.msg_template": "Function: {name}",
        "name": "find",
        "input": '{"city": "Lisbon"}',
        "output": "sunny",
    }
    call = told(tool, name="Function: find", **scope)
    assert (call.kind, call.name, call.arguments, call.result) == ("tool", "find", {"city": "Lisbon"}, "sunny")
    failed = {"logfire.msg_template": "Responses API with {gen_ai.request.model!r}", "gen_ai.request.model": "m"}
    assert told(failed, name="Responses API with 'm'", **scope).kind == "model"


def test_a_session_among_a_request_s_parameters_is_found():
    call = {"openinference.span.kind": "LLM", "llm.invocation_parameters": '{"metadata": {"session_id": "s"}}'}
    assert told(call).session_id == "s"
