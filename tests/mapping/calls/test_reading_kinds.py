"""What an event tells of: a call, a statement, a failure or nothing; and what it is called."""

import pytest
from events import SECOND, START, json_event, log, span, span_event, told

from mapping.calls.reading import tell

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
RUN = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find"}

SPANS = [
    ("the conventions' chat", "model", "m", span(CHAT)),
    ("the conventions' tool", "tool", "find", span(RUN)),
    ("a tool that only its span's name says", "tool", "find", span(name="execute_tool find")),
    ("an agent", "agent", "clerk", span({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk"})),
    (
        "an agent by its span's name",
        "agent",
        "clerk",
        span({"gen_ai.operation.name": "invoke_agent"}, name="invoke_agent clerk"),
    ),
    ("an agent's making", "none", None, span({"gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "clerk"})),
    ("a workflow", "none", None, span({"gen_ai.operation.name": "invoke_workflow"})),
    ("ADK's pieces put together", "none", None, span(RUN | {"gen_ai.tool.name": "(merged tools)"})),
    (
        "ADK's call without an operation",
        "model",
        "g",
        span({"gcp.vertex.agent.llm_request": "{}", "gen_ai.request.model": "g"}),
    ),
    ("MCP's server", "tool", "find", span({"mcp.method.name": "tools/call"}, name="tools/call find")),
    ("MCP's client", "none", None, span({"mcp.method.name": "tools/call"}, name="MCP send tools/call find")),
    ("Claude Code's tool", "tool", "Bash", span({"span.type": "tool", "tool_name": "Bash"}, name="claude_code.tool")),
    (
        "its execution: how the tool ended",
        "tool",
        None,
        span({"span.type": "tool.execution", "tool_use_id": "t"}, name="claude_code.tool.execution"),
    ),
    ("Qwen Code's hook", "none", None, span({"tool.name": "find", "error": "no"}, name="qwen-code.hook")),
    (
        "Qwen Code's execution",
        "tool",
        "find",
        span({"gen_ai.tool.name": "find", "tool.call_id": "c"}, name="qwen-code.tool.execution"),
    ),
    ("Codex's answer with tokens", "model", None, span({"gen_ai.usage.input_tokens": 1}, name="handle_responses")),
    ("Codex's answer that names a tool", "none", None, span({"tool_name": "sh"}, name="handle_responses")),
    ("Codex's tool", "tool", "sh", span({"tool_name": "sh", "call_id": "c"}, name="sh")),
    (
        "Codex's scoring of a tool",
        "none",
        None,
        span({"tool_name": "sh", "call_id": "c"}, name="guardian_scoring_observation"),
    ),
    ("opencode's tool", "tool", "bash", span({"tool.name": "bash", "tool.call_id": "c"}, name="Tool.execute")),
    (
        "LlamaIndex's preparation",
        "none",
        None,
        span({"openinference.span.kind": "LLM"}, name="OpenAI._prepare_chat_with_tools"),
    ),
    ("Genkit's model", "model", "x/m", span({"genkit:metadata:subtype": "model", "genkit:name": "x/m"})),
    ("Genkit's generate", "none", None, span({"genkit:type": "util", "genkit:name": "generate"})),
    ("MLflow's agent", "agent", "clerk", span({"mlflow.spanType": '"AGENT"'}, name="clerk")),
    ("MLflow's model", "model", "m", span({"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanInputs": '{"model": "m"}'})),
    (
        "Spring AI's tool",
        "tool",
        "find",
        span({"spring.ai.kind": "tool_call", "spring.ai.tool.definition.name": "find"}),
    ),
    ("Spring AI's client", "none", None, span({"gen_ai.operation.name": "framework", "spring.ai.kind": "chat_client"})),
    ("Haystack's agent", "agent", None, span(name="haystack.agent.run")),
    ("Haystack's model", "model", None, span(name="haystack.agent.step.llm")),
    ("Haystack's tool", "tool", "find", span({"haystack.tool.name": "find"}, name="haystack.agent.step.tool")),
    (
        "Haystack's generator",
        "model",
        None,
        span({"haystack.component.type": "OpenAIChatGenerator"}, name="haystack.component.run"),
    ),
    (
        "any other component of it",
        "none",
        None,
        span({"haystack.component.type": "Joiner"}, name="haystack.component.run"),
    ),
    ("VoltAgent's agent", "agent", "clerk", span({"entity.type": "agent", "entity.name": "clerk"})),
    ("VoltAgent's memory", "none", None, span({"entity.type": "agent", "entity.name": "clerk", "span.type": "memory"})),
    ("DSPy's tool", "tool", "find", span({"openinference.span.kind": "TOOL"}, name="find.__call__")),
    ("CrewAI's tool", "tool", "find", span({"openinference.span.kind": "TOOL", "tool.name": "find"}, name="find.run")),
    (
        "Traceloop's tool",
        "tool",
        "find",
        span({"traceloop.span.kind": "tool", "traceloop.entity.name": "find"}, name="find.tool"),
    ),
    ("a tool of MCP", "tool", "find", span({"span.type": "tool", "tool_name": "mcp__shop__find"})),
    (
        "LangChain's agent",
        "agent",
        "clerk",
        span({"openinference.span.kind": "CHAIN", "metadata": '{"lc_agent_name": "clerk"}'}, name="clerk"),
    ),
    (
        "a chain of that agent",
        "none",
        None,
        span({"openinference.span.kind": "CHAIN", "metadata": '{"lc_agent_name": "clerk"}'}, name="tools"),
    ),
    ("a runtime's span", "none", None, span({"messaging.operation": "process"}, name="autogen process clerk")),
    ("LlamaIndex's own tracer", "model", None, span(name="OpenAI.achat", scope="llamaindex.opentelemetry.tracer")),
    ("the same name elsewhere", "none", None, span(name="OpenAI.achat", scope="app")),
    ("AG2's usage", "none", None, span({"ag2.span.type": "usage", "gen_ai.usage.input_tokens": 1})),
    ("BeeAI's event", "none", None, span({"openinference.span.kind": "TOOL", "metadata.trace.run_id": "r"})),
    ("HoneyHive's failure", "none", None, span({"honeyhive_event_type": "tool", "honeyhive_error": "no"})),
    ("what AgentOps's model asks for", "none", None, span({"tool.name": "find", "tool.call.type": "function"})),
    ("ADK's call that failed", "model", None, span(name="call_llm", scope="gcp.vertex.agent")),
]

FAILED_STREAM = {"event.name": "codex.sse_event", "event.kind": "response.failed", "error.message": "too long"}
FILE = {"tool_name": "read_file", "operation": "read", "lines": 3}
RECORDS = [
    ("a user's words", "statement", log({"event.name": "user_prompt", "prompt": "hi"})),
    ("the model's words", "statement", log({"event.name": "assistant_response", "response": "hi"})),
    ("Claude Code's call", "model", log({"event.name": "api_request", "input_tokens": 1})),
    ("Codex's request", "none", log({"event.name": "codex.api_request", "model": "m"})),
    ("Codex's answer", "model", log({"event.name": "codex.sse_event", "input_token_count": 1})),
    ("a piece of it", "none", log({"event.name": "codex.sse_event", "event.kind": "response.created"})),
    ("Gemini CLI's request", "none", log({"event.name": "gemini_cli.api_request", "model": "m"})),
    ("Gemini CLI's answer", "model", log({"event.name": "gemini_cli.api_response", "input_token_count": 1})),
    ("its failed stream", "error", log(FAILED_STREAM, severity="INFO", status="error")),
    ("what a tool did to a file", "none", log(FILE, name="gemini_cli.file_operation", body="File operation: read.")),
    ("a text about a tool", "none", log({"tool_name": "look"}, body="Registered tool")),
    ("a tool's arguments", "tool", log({"tool_name": "look", "arguments": "{}"}, body="look was called")),
    ("what is tried again", "none", log({"event.name": "gemini_cli.content_retry", "error_type": "NO_FINISH"})),
    ("a tool's definition", "none", log({"event.name": "tool", "tool_name": "Bash"})),
    ("a tool's result", "tool", log({"event.name": "tool_result", "tool_name": "Bash"})),
    ("a decision", "none", log({"event.name": "tool_decision", "tool_name": "Bash"})),
    ("the conventions' details", "model", log(CHAT, name="gen_ai.client.inference.operation.details")),
    ("an agent that begins", "none", log({"event.name": "gemini_cli.agent.start", "agent_name": "clerk"})),
    ("an agent that ends", "agent", log({"event.name": "gemini_cli.agent.finish", "agent_name": "clerk"})),
    ("an error", "error", log(body="disk full", severity="ERROR", status="error")),
    ("a line", "none", log(body="disk is fine")),
    ("Bedrock's log", "model", log(body={"modelId": "m", "operation": "Converse", "input": {}})),
    (
        "a source line as a name",
        "statement",
        log({"event.name": "codex.user_prompt", "prompt": "hi"}, name="event otel/src/a.rs:12"),
    ),
    ("a message that a span notes", "statement", span_event({"content": "hi"}, name="gen_ai.user.message")),
    ("an exception", "error", span_event({"exception.message": "no"}, name="exception")),
    ("what a tool gave back", "tool", span_event({"output": "a.txt"}, name="tool.output")),
    ("a mark", "none", span_event(name="First Token Stream Event")),
    ("a JSON event of a model", "model", json_event({"model": "m"}, event_type="llm_call")),
    ("a JSON event of a message", "statement", json_event({"content": "hi"}, event_type="message")),
    ("a JSON event of one's own", "none", json_event({"content": "hi"}, event_type="my_step")),
]


@pytest.mark.parametrize(("kind", "name", "event"), [row[1:] for row in SPANS], ids=[row[0] for row in SPANS])
def test_a_span_tells_of(kind, name, event):
    telling = tell(event)
    assert (telling.kind, telling.name) == (kind, name)


@pytest.mark.parametrize(("kind", "event"), [row[1:] for row in RECORDS], ids=[row[0] for row in RECORDS])
def test_a_record_tells_of(kind, event):
    assert tell(event).kind == kind


def test_a_first_word_that_is_anybody_s_means_a_call_in_an_emitter_s_scope_alone():
    telling = told(name="chat claude-x", scope="openlit.instrumentation.anthropic", status="error")
    assert (telling.kind, telling.name) == ("model", "claude-x")
    assert told(name="chat with a friend", scope="app").kind == "none"


def test_logfire_s_record_of_a_stream_s_end_is_a_record():
    ending = {"logfire.span_type": "log", "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 3}
    assert (told(ending).signal, told(ending).kind) == ("log", "model")
    assert told(ending | {"logfire.span_type": "span"}).signal == "span"


def test_the_type_that_was_stored_does_not_count():
    assert tell(span(CHAT, event_type="tool_call")).kind == "model"
    assert tell(log({"event.name": "tool", "tool_name": "x"}, event_type="tool_call")).kind == "none"


def test_a_user_s_own_rule_counts():
    event = log({"rule": "mine", "tool_name": "charge"}, body="charged", event_type="tool_call")
    assert tell(event).kind == "tool"


def test_a_root_of_openai_s_agents_is_a_workflow():
    root = {"openinference.span.kind": "AGENT"}
    scope = "openinference.instrumentation.openai_agents"
    assert told(root, name="night shift", scope=scope, parent=None).kind == "none"
    assert told(root, name="night shift", scope=scope, parent=None).agent_fallback == "night shift"
    agent = root | {"graph.node.id": "clerk"}
    assert told(agent, name="clerk", scope=scope, parent=None).agent == "clerk"


def test_loops_and_wrappers_of_models_are_partial():
    assert told({"mastra.span.type": "model_step", "gen_ai.operation.name": "agent_step"}).partial
    assert told({"mastra.span.type": "model_step"}).kind == "model"
    assert told({"span.type": "llm", "llm.operation": "generateText"}).partial
    assert not told(CHAT).partial


def test_a_record_of_a_call_began_when_it_says():
    telling = tell(log({"event.name": "api_request", "input_tokens": 1, "duration_ms": 250}))
    assert (telling.start, telling.end) == (START - SECOND // 4, START)
    telling = tell(log({"event.name": "user_prompt", "prompt": "hi", "duration_ms": 250}))
    assert telling.start == telling.end == START


@pytest.mark.parametrize(
    ("scope", "properties", "emitter"),
    [
        ("gcp.vertex.agent", {}, "Google ADK"),
        ("com.anthropic.claude_code.events", {}, "Claude Code"),
        ("codex_otel.log_only", {}, "Codex CLI"),
        ("@voltagent/core", {}, "VoltAgent"),
        ("opentelemetry.instrumentation.genai.langchain", {}, "GenAI semantic conventions"),
        ("opentelemetry.instrumentation.anthropic", {}, "Traceloop / OpenLLMetry"),
        ("ai", {}, "Vercel AI SDK"),
        ("airflow", {}, None),
        ("app", {"openinference.span.kind": "LLM"}, "OpenInference (Phoenix)"),
        (None, {}, None),
    ],
)
def test_the_row_that_speaks_is_told(scope, properties, emitter):
    assert told(properties, scope=scope).emitter == emitter


def test_a_template_s_name_is_what_it_says():
    said = {"logfire.msg_template": "Chat with {model}", "logfire.msg": "Chat with m"}
    assert told(said, name="Chat with {model}").event_name == "Chat with m"
    assert told(said, name="other").event_name == "other"
