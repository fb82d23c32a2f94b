import pytest

from mapping.semantics.attribute_roles import (
    agent_of,
    agent_of_resource,
    find,
    is_error,
    own_name_of,
    session_of,
    tokens_of,
    tool_of,
    type_of,
)
from mapping.semantics.vocabulary import ROLES


def role(name, *levels):
    return find(*levels)[ROLES.index(name)]


@pytest.mark.parametrize(
    "attributes",
    [
        {"session.id": "s"},
        {"gen_ai.conversation.id": "s"},
        {"conversation.id": "s"},
        {"traceloop.association.properties.session_id": "s"},
        {"langfuse.session.id": "s"},
        {"langsmith.metadata.thread_id": "s"},
        {"langsmith.metadata.session_id": "s"},
        {"langsmith.metadata.conversation_id": "s"},
        {"ai.telemetry.metadata.sessionId": "s"},
    ],
)
def test_each_emitter_s_session_is_found(attributes):
    assert session_of(find(attributes)) == "s"


def test_langsmith_s_project_is_no_session():
    assert session_of(find({"langsmith.trace.session_id": "project"})) is None


@pytest.mark.parametrize(
    "key",
    [
        "gen_ai.agent.id",
        "gen_ai.agent.name",
        "agent.name",
        "traceloop.workflow.name",
        "agent_name",
        "ai.telemetry.functionId",
        "aws.agent.id",
        "agent_id",
        "originator",
    ],
)
def test_each_emitter_s_agent_is_found(key):
    assert agent_of(find({key: "a"})) == "a"


@pytest.mark.parametrize("key", ["graph.node.id", "langsmith.trace.name", "traceloop.entity.name"])
def test_a_node_s_or_run_s_own_name_is_an_agent_s_only_where_it_is_an_agent_s_span(key):
    assert agent_of(find({key: "a"})) is None
    assert own_name_of(find({key: "a"}), {key: "a"}, "the span") == "a"


@pytest.mark.parametrize(
    ("key", "kind"), [("langfuse.observation.type", "agent"), ("openinference.span.kind", "AGENT")]
)
def test_an_agent_of_langfuse_or_openinference_is_called_as_its_span(key, kind):
    properties = {key: kind}
    assert own_name_of(find(properties), properties, "planner") == "planner"
    assert own_name_of(find({}), {}, "planner") is None


ARN = "arn:aws:bedrock-agentcore:us-east-1:111122223333:runtime/planner-Ab1"


@pytest.mark.parametrize(
    ("resource", "agent"),
    [
        ({"cloud.resource_id": ARN, "service.name": "planner"}, ARN),
        ({"cloud.resource_id": "arn:aws:lambda:us-east-1:111122223333:function:f", "service.name": "f"}, None),
        ({"cloud.platform": "aws_bedrock_agentcore", "service.name": "planner"}, "planner"),
        ({"aws.service.type": "gen_ai_agent", "service.name": "planner"}, "planner"),
        ({"aws.log.group.names": "/aws/bedrock-agentcore/runtimes/planner", "service.name": "planner"}, "planner"),
        ({"aws.log.group.names": ["/aws/bedrock-agentcore/runtimes/p"], "service.name": "planner"}, "planner"),
        ({"service.name": "shop"}, None),
        ({}, None),
    ],
)
def test_a_resource_is_an_agent_only_on_agentcore(resource, agent):
    assert agent_of_resource(resource) == agent


SESSIONS_BY_PRECEDENCE = [
    "langfuse.session.id",
    "session.id",
    "gen_ai.conversation.id",
    "conversation.id",
    "traceloop.association.properties.session_id",
]


@pytest.mark.parametrize("stronger", range(4))
def test_sessions_have_a_precedence_whatever_the_order_they_stand_in(stronger):
    pair = {key: key for key in SESSIONS_BY_PRECEDENCE[stronger : stronger + 2]}
    assert session_of(find(pair)) == SESSIONS_BY_PRECEDENCE[stronger]
    assert session_of(find(dict(reversed(pair.items())))) == SESSIONS_BY_PRECEDENCE[stronger]


def test_an_agent_s_name_wins_over_its_id():
    assert agent_of(find({"gen_ai.agent.id": "id", "gen_ai.agent.name": "name"})) == "name"
    assert agent_of(find({"gen_ai.agent.id": "id"})) == "id"
    assert agent_of(find({"agent.name": "other", "gen_ai.agent.name": "name"})) == "name"


@pytest.mark.parametrize("absent", ["", None])
def test_empty_values_count_as_absent(absent):
    assert session_of(find({"session.id": absent, "gen_ai.conversation.id": "s"})) == "s"
    assert session_of(find({"session.id": absent}, {"session.id": "scope"})) == "scope"
    assert session_of(find({"session.id": absent})) is None


def test_the_record_wins_over_the_scope_and_that_over_the_resource():
    record, scope, resource = {"conversation.id": "record"}, {"gen_ai.conversation.id": "scope"}, {"session.id": "r"}
    assert session_of(find(record, scope, resource)) == "record"
    assert session_of(find({}, scope, resource)) == "scope"
    assert session_of(find(None, {}, resource)) == "r"
    assert session_of(find()) is None


@pytest.mark.parametrize(
    ("value", "id_"), [(7, "7"), ("7", "7"), (True, None), (1.5, None), (["s"], None), (b"s", None)]
)
def test_an_id_is_text_or_a_whole_number(value, id_):
    assert session_of(find({"session.id": value})) == id_


GENAI = {
    "input": {"gen_ai.input.messages": "x"},
    "tool": {"gen_ai.tool.name": "x"},
    "arguments": {"gen_ai.tool.call.arguments": "x"},
    "result": {"gen_ai.tool.call.result": "x"},
    "output": {"gen_ai.output.messages": "x"},
    "error": {"error.type": "x"},
    "input_tokens": {"gen_ai.usage.input_tokens": 1},
    "output_tokens": {"gen_ai.usage.output_tokens": 1},
}
GENAI_OLDER = {
    "input": {"gen_ai.prompt": "x"},
    "output": {"gen_ai.completion": "x"},
    "input_tokens": {"gen_ai.usage.prompt_tokens": 1},
    "output_tokens": {"gen_ai.usage.completion_tokens": 1},
}
GENAI_EVENTS = {"input": {"content": "x"}, "output": {"message": "x"}, "error": {"exception.message": "x"}}
OPENINFERENCE = {
    "input": {"input.value": "x"},
    "tool": {"tool.name": "x"},
    "output": {"output.value": "x"},
    "error": {"exception.type": "x"},
    "input_tokens": {"llm.token_count.prompt": 1},
    "output_tokens": {"llm.token_count.completion": 1},
}


@pytest.mark.parametrize(
    ("name", "attributes"),
    [pair for emitter in (GENAI, GENAI_OLDER, GENAI_EVENTS, OPENINFERENCE) for pair in emitter.items()],
)
def test_each_role_of_genai_and_openinference_is_found(name, attributes):
    (value,) = attributes.values()
    assert role(name, attributes) == value


@pytest.mark.parametrize(
    ("attributes", "event_type"),
    [
        ({"gen_ai.operation.name": "execute_tool"}, "tool_call"),
        ({"gen_ai.operation.name": "invoke_agent", "openinference.span.kind": "LLM"}, "agent"),
        ({"openinference.span.kind": "RETRIEVER"}, "retrieval"),
        ({"traceloop.span.kind": "workflow"}, "workflow"),
        ({"langfuse.observation.type": "generation"}, "model_call"),
        ({"ai.operationId": "ai.generateText"}, "agent"),
        ({"operation.name": "ai.toolCall my-function"}, "tool_call"),
        ({"langfuse.observation.type": "span", "gen_ai.operation.name": "invoke_agent"}, "agent"),
        ({"gen_ai.operation.name": "dance"}, None),
        ({"gen_ai.operation.name": 7}, None),
        ({}, None),
    ],
)
def test_the_type_follows_from_the_emitter_s_word(attributes, event_type):
    assert type_of(find(attributes)) == event_type


def test_the_service_is_no_agent_and_tools_are_found():
    assert agent_of(find({"service.name": "shop"})) is None
    assert tool_of(find({"tool_name": "search"})) == "search"


@pytest.mark.parametrize(
    ("attributes", "failed"),
    [
        ({"error.type": "timeout"}, True),
        ({"exception.message": "no"}, True),
        ({"error": True}, True),
        ({"error": False}, False),
        ({"error": ""}, False),
        ({"error_code": 0}, False),
        ({"success": "false"}, True),
        ({"success": False}, True),
        ({"success": "true"}, False),
        ({"success": True}, False),
        ({"gen_ai.tool.status": "error"}, True),
        ({"gen_ai.tool.status": "success"}, False),
        ({"langfuse.observation.level": "ERROR"}, True),
        ({"langfuse.observation.level": "WARNING", "langfuse.observation.status_message": "slow"}, False),
        ({"logfire.level_num": 17}, True),
        ({"logfire.level_num": 13}, False),
        ({"success": [1]}, False),
        ({}, False),
    ],
)
def test_errors_are_found(attributes, failed):
    assert is_error(find(attributes)) is failed


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (5, 5),
        ("5", 5),
        (5.9, 5),
        (0, 0),
        (-5, 0),
        (True, 0),
        ("five", 0),
        ("-5", 0),
        ("9" * 5000, 0),
        (2**63 - 1, 0),
        (float("nan"), 0),
        (float("inf"), 0),
        ([5], 0),
        (b"5", 0),
    ],
)
def test_tokens_are_counts_or_nothing(value, count):
    assert tokens_of(find({"gen_ai.usage.input_tokens": value})) == (count, 0)
    assert tokens_of(find({"llm.token_count.completion": value})) == (0, count)


def test_tokens_may_come_as_an_object():
    key = "langfuse.observation.usage_details"
    assert tokens_of(find({key: '{"input": 12, "output": 3, "total": 15}'})) == (12, 3)
    assert tokens_of(find({key: {"input": 12}})) == (12, 0)
    assert tokens_of(find({key: '{"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}'})) == (12, 3)
    assert tokens_of(find({key: '{"input_tokens": 12, "output_tokens": 3, "total_tokens": 15}'})) == (12, 3)
    assert tokens_of(find({key: "[]"})) == (0, 0)
    assert tokens_of(find({key: "["})) == (0, 0)
