"""Which attribute plays which role, per emitter. What their words mean: `event_types.py`.

Adding an emitter is adding a row here and a fixture in `tests/mapping/emitters`. Rows stand in order of precedence:
where a record carries the keys of two emitters, the key further up decides. Read from each project's own sources
(2025-2026 versions). The same keys are looked for in attributes, in a log's structured body (`log_bodies.py`; there
`input.inputTokenCount` is the field of a field) and in the properties of JSON events.
"""

from __future__ import annotations

from typing import NamedTuple


class Emitter(NamedTuple):
    """The attribute keys of one emitter, per role, each in order of precedence."""

    name: str
    session: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    # Names the agent on an agent's own span, and on a root that is a workflow. Elsewhere it names a tool or a node.
    own_name: tuple[str, ...] = ()
    # Names what the agent works in, and the agent where nothing else does.
    whole: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    tool: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    result: tuple[str, ...] = ()
    # What went wrong: carrying it is having failed.
    error: tuple[str, ...] = ()
    # Said of errors, and of what is none.
    remark: tuple[str, ...] = ()
    # Whether it failed: `FAILURES` has the values that say so.
    outcome: tuple[str, ...] = ()
    input_tokens: tuple[str, ...] = ()
    output_tokens: tuple[str, ...] = ()
    # Tokens as an object: `{"input": 12, "output": 3, "total": ...}`; `USAGE` has what else its fields are called.
    usage: tuple[str, ...] = ()
    # US dollars.
    cost: tuple[str, ...] = ()


EMITTERS = (
    Emitter(
        "Langfuse SDK",
        session=("langfuse.session.id",),
        type=("langfuse.observation.type",),
        input=("langfuse.observation.input", "langfuse.trace.input"),
        output=("langfuse.observation.output", "langfuse.trace.output"),
        remark=("langfuse.observation.status_message",),
        outcome=("langfuse.observation.level",),
        usage=("langfuse.observation.usage_details",),
        cost=("langfuse.observation.cost_details",),
    ),
    Emitter(
        # Its operation names say less: a retriever's is `embeddings`, a prompt template's `chat`.
        "LangSmith, what a run is",
        type=("langsmith.span.kind",),
    ),
    Emitter(
        "any: OpenTelemetry's own words",
        session=("session.id",),
        input=("body",),
        error=("exception.message", "exception.type", "error.message", "error.type"),
        remark=("otel.status_description", "exception.stacktrace"),
    ),
    Emitter(
        "GenAI semantic conventions",
        session=("gen_ai.conversation.id",),
        agent=("gen_ai.agent.id", "gen_ai.agent.name"),
        type=("gen_ai.operation.name",),
        input=(
            "gen_ai.input.messages",
            "gen_ai.prompt",
            "gen_ai.system_instructions",
            "gen_ai.retrieval.query.text",
            "gen_ai.memory.query.text",
        ),
        output=(
            "gen_ai.output.messages",
            "gen_ai.completion",
            "gen_ai.retrieval.documents",
            "gen_ai.memory.records",
            "gen_ai.evaluation.explanation",
        ),
        tool=("gen_ai.tool.name",),
        arguments=("gen_ai.tool.call.arguments",),
        result=("gen_ai.tool.call.result",),
        input_tokens=("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        output_tokens=("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        cost=("gen_ai.usage.cost",),
    ),
    Emitter(
        "GenAI semantic conventions up to 1.36 (message events), Strands agents",
        input=("content",),
        output=("message",),
        result=("tool.result",),
        outcome=("gen_ai.tool.status",),
    ),
    Emitter(
        "Codex CLI",
        session=("conversation.id",),
        agent=("originator",),
    ),
    Emitter(
        "command-line agents (Claude Code, Codex CLI, Gemini CLI)",
        agent=("agent_id",),
        type=("span.type",),
        input=("prompt", "user_prompt", "request_text"),
        output=("response", "response_text"),
        tool=("tool_name", "function_name"),
        arguments=("tool_input", "tool_parameters", "function_args", "arguments"),
        error=("error", "error_type"),
        outcome=("success",),
        input_tokens=("input_tokens", "input_token_count"),
        output_tokens=("output_tokens", "output_token_count"),
        cost=("cost_usd",),
    ),
    Emitter(
        "OpenInference (Phoenix)",
        agent=("agent.name",),
        own_name=("graph.node.id",),
        type=("openinference.span.kind",),
        input=("input.value", "reranker.query"),
        output=("output.value",),
        tool=("tool.name",),
        input_tokens=("llm.token_count.prompt",),
        output_tokens=("llm.token_count.completion",),
        cost=("llm.cost.total",),
    ),
    Emitter(
        "Traceloop / OpenLLMetry",
        session=(
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.session.id",
            "traceloop.association.properties.thread_id",
            "traceloop.association.properties.conversation_id",
        ),
        own_name=("traceloop.entity.name",),
        whole=("traceloop.workflow.name",),
        type=("traceloop.span.kind", "llm.request.type"),
        input=("traceloop.entity.input", "gen_ai.task.input", "mcp.request.argument"),
        output=("traceloop.entity.output", "gen_ai.task.output", "mcp.response.value"),
        outcome=("gen_ai.task.status",),
    ),
    Emitter(
        "LangSmith",
        session=("langsmith.metadata.thread_id", "langsmith.metadata.session_id", "langsmith.metadata.conversation_id"),
        # The run's own name: of the chain at the root, but of the model or the tool below it.
        own_name=("langsmith.trace.name",),
    ),
    Emitter(
        "pydantic-ai / Logfire",
        agent=("agent_name",),
        input=("pydantic_ai.all_messages", "all_messages_events", "request_data"),
        output=("final_result", "response_data"),
        arguments=("tool_arguments",),
        result=("tool_response",),
        outcome=("logfire.level_num",),
        cost=("operation.cost",),
    ),
    Emitter(
        "Vercel AI SDK",
        session=("ai.telemetry.metadata.sessionId", "ai.settings.context.sessionId"),
        agent=("ai.telemetry.functionId",),
        type=("ai.operationId", "operation.name"),
        input=("ai.prompt.messages", "ai.prompt", "ai.value", "ai.values"),
        output=("ai.response.text", "ai.response.object", "ai.response.toolCalls", "ai.response.reasoning"),
        tool=("ai.toolCall.name",),
        arguments=("ai.toolCall.args",),
        result=("ai.toolCall.result",),
        input_tokens=("ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"),
        output_tokens=("ai.usage.outputTokens", "ai.usage.completionTokens"),
    ),
    Emitter(
        "Amazon Bedrock AgentCore",
        agent=("aws.agent.id",),
    ),
    Emitter(
        "Amazon Bedrock model-invocation logs",
        error=("errorCode",),
        input_tokens=("input.inputTokenCount",),
        output_tokens=("output.outputTokenCount",),
    ),
    Emitter(
        "JSON events, structured logs",
        session=("session_id", "sessionId", "session-id"),
        agent=("agentId", "agent-id"),
        input=("input",),
        output=("output",),
        result=("result",),
        error=("error_message", "error_code", "exception", "exc_info", "stack_trace"),
    ),
)

ROLES = tuple(field for field in Emitter._fields if field != "name")

FAILURES: dict[str, tuple[object, ...]] = {
    "success": (False, "false"),
    "gen_ai.tool.status": ("error",),
    "gen_ai.task.status": ("failure",),
    "langfuse.observation.level": ("ERROR",),
    "logfire.level_num": tuple(range(17, 25)),  # OpenTelemetry's numbers: ERROR to FATAL4
}

# Agents that are called as their spans are: those of the emitters whose type stands under these keys.
NAMED_BY_SPAN = ("langfuse.observation.type", "openinference.span.kind")

# What counts input and output in an object of `usage`: Langfuse passes on what the model's API has said.
USAGE = {
    "input": ("input", "prompt_tokens", "input_tokens"),
    "output": ("output", "completion_tokens", "output_tokens"),
}


def _rank() -> dict[str, tuple[int, int]]:
    """Index every key by (role, precedence), so that a record's attributes are walked once, not the table."""
    ranked: dict[str, tuple[int, int]] = {}
    for number, role in enumerate(ROLES):
        for emitter in EMITTERS:
            for key in getattr(emitter, role):
                ranked.setdefault(key, (number, len(ranked)))
    return ranked


KEYS = _rank()

# Flattened lists, `PREFIX.N....content`, by the role they play: OpenInference's and older OpenLLMetry's.
FLATTENED = {
    "input": ("llm.input_messages.", "llm.prompts.", "gen_ai.prompt.", "embedding.embeddings.", "reranker.input_"),
    "output": (
        "llm.output_messages.",
        "llm.choices.",
        "gen_ai.completion.",
        "retrieval.documents.",
        "reranker.output_",
    ),
}

# What describes the call rather than what was said in it: tools on offer, parameters, schemas, headers.
UNSAID = tuple(
    (
        "gen_ai.request. gen_ai.response. gen_ai.system gen_ai.provider. gen_ai.tool.definitions gen_ai.tool.type "
        "gen_ai.agent.tools llm.tools. llm.request. llm.invocation_parameters llm.token_count. llm.cost. llm.headers "
        "llm.is_streaming traceloop.entity.path langsmith.trace. langfuse.internal. langfuse.environment "
        "langfuse.observation.model langfuse.observation.prompt ai.settings. ai.request. ai.prompt.tool ai.response. "
        "ai.model. ai.schema logfire.json_schema logfire.level logfire.span_type logfire.msg_template "
        "event.sequence event.timestamp exception.escaped resource.name terminal. app. auth_mode auth_type slug "
        "interactive aws.local. aws.remote. aws.span. telemetry. process. os. host. thread. code. server. network. "
        "session. otel. otelTrace gen_ai.tool.json_schema gen_ai.openai. gen_ai.is_streaming tool.json_schema "
        # A schema, as OpenInference's decorator writes it: what was passed stands in the input.
        "tool.parameters model_request_parameters langsmith.metadata.LANGSMITH_ langsmith.metadata.ls_ "
        "langsmith.metadata.revision_id langsmith.metadata.usage_metadata"
    ).split()
)

# Values that an emitter has redacted already: kept, and not searched.
REDACTED = frozenset({"<REDACTED>", "[REDACTED]", "__REDACTED__"})
