"""The emitters: which attribute of theirs plays which role, and what their numbers include. One row for each.

Adding an emitter is adding a row here and a fixture in `tests/emitters`. Rows stand in order of precedence: where a
record carries the keys of two emitters, the key further up decides. Read from each project's own sources (2025-2026
versions) and from runs of them. What their words mean: `event_types.py`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class Emitter(NamedTuple):
    """The attribute keys of one emitter, per role, each in order of precedence."""

    name: str
    # How the instrumentation scopes of its programs begin.
    scopes: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    # Names the agent: its own on an agent's span, the caller's elsewhere.
    agent: tuple[str, ...] = ()
    # An id of the agent, which may be another one with each process: the agent where nothing names it.
    agent_id: tuple[str, ...] = ()
    # Names the agent on an agent's own span, and on a root that is a workflow. Elsewhere it names a tool or a node.
    own_name: tuple[str, ...] = ()
    # Names what the agent works in, and the agent where nothing else does.
    whole: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    # The model that answered comes before the one that was asked for: a deployment's or an alias's name says less.
    model: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    response_id: tuple[str, ...] = ()
    call_id: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
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
    cache_read_tokens: tuple[str, ...] = ()
    cache_write_tokens: tuple[str, ...] = ()
    reasoning_tokens: tuple[str, ...] = ()
    # Whether the input tokens leave out what was read from and written to a cache. Elsewhere they include it, as the
    # output tokens include reasoning.
    cache_apart: bool = False
    # All tokens: where these are input, output and the cache together, the input leaves the cache out.
    total_tokens: tuple[str, ...] = ()
    # Tokens as an object, `{"input": 12, "output": 3, "total": ...}`; its fields' other names: `calls/tokens.py`.
    usage: tuple[str, ...] = ()
    # US dollars; those of input and output add up where nothing says what both cost.
    cost: tuple[str, ...] = ()
    input_cost: tuple[str, ...] = ()
    output_cost: tuple[str, ...] = ()


EMITTERS = (
    Emitter(
        "Langfuse SDK",
        scopes=("langfuse",),
        session=("langfuse.session.id", "langfuse.trace.metadata.session_id"),
        type=("langfuse.observation.type",),
        model=("langfuse.observation.model.name",),
        system=("langfuse.observation.metadata.instructions",),
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
        scopes=(
            "opentelemetry.instrumentation.genai.",
            "opentelemetry.instrumentation.openai_v2",
            "opentelemetry.instrumentation.openai_agents",
            "@opentelemetry/instrumentation-openai",
            "amazon.opentelemetry.distro",
            "agent_framework",
            "agentscope",
            "autogen",
            "com.anthropic.sdk",
            "fastmcp",
            "litellm",
            "mcp-python-sdk",
            "openlit",
            "semantic_kernel",
        ),
        # The first one is Anthropic's, whose agents have a conversation for each thread of a session.
        session=("anthropic.session.id", "gen_ai.conversation.id", "gen_ai.session.id", "gen_ai.thread.id"),
        agent=("gen_ai.agent.name",),
        agent_id=("gen_ai.agent.id",),
        whole=("gen_ai.workflow.name",),
        # The second one is LoongSuite's.
        type=("gen_ai.operation.name", "gen_ai.span.kind"),
        model=("gen_ai.response.model", "gen_ai.request.model"),
        provider=("gen_ai.provider.name", "gen_ai.system", "gen_ai.model.provider"),
        response_id=("gen_ai.response.id",),
        call_id=("gen_ai.tool.call.id", "gen_ai.tool.call_id"),
        system=("gen_ai.system_instructions",),
        input=(
            "gen_ai.input.messages",
            # Sentry's, and its answer's, its tools' below.
            "gen_ai.request.messages",
            "gen_ai.prompt",
            # Cloudflare's gateway's, and its answer's.
            "gen_ai.prompt_json",
            "gen_ai.retrieval.query.text",
            "gen_ai.memory.query.text",
        ),
        output=(
            "gen_ai.output.messages",
            "gen_ai.response.text",
            "gen_ai.completion",
            "gen_ai.completion_json",
            "gen_ai.retrieval.documents",
            "gen_ai.memory.records",
            "gen_ai.evaluation.explanation",
        ),
        tool=("gen_ai.tool.name",),
        arguments=("gen_ai.tool.call.arguments", "gen_ai.tool.input"),
        # The last one is that of Anthropic's SDKs.
        result=("gen_ai.tool.call.result", "gen_ai.tool.output", "anthropic.tool_result.content"),
        input_tokens=("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        output_tokens=("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        cache_read_tokens=(
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.input_tokens.cached",
            "gen_ai.usage.details.cache_read_tokens",
            # Pydantic AI's before its first version: as the models' own APIs have them.
            "gen_ai.usage.details.cached_tokens",
            "gen_ai.usage.details.cache_read_input_tokens",
            "gen_ai.usage.details.cached_content_tokens",
            "agentscope.usage.cache_input_tokens",
        ),
        cache_write_tokens=(
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
            "gen_ai.usage.details.cache_write_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens",
        ),
        reasoning_tokens=(
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.output_tokens.reasoning",
            "gen_ai.usage.details.reasoning_tokens",
            "gen_ai.usage.details.thoughts_tokens",
            "gen_ai.usage.experimental.reasoning_tokens",
            "gen_ai.usage.thinking_tokens",
            "codex.usage.reasoning_output_tokens",
        ),
        total_tokens=("gen_ai.usage.total_tokens",),
        cost=("gen_ai.usage.cost", "gen_ai.cost.total_cost", "gen_ai.usage.total_cost", "gen_ai.client.estimated_cost"),
        input_cost=("gen_ai.usage.input_cost", "gen_ai.cost.input_cost"),
        output_cost=("gen_ai.usage.output_cost", "gen_ai.cost.output_cost"),
    ),
    Emitter(
        "GenAI semantic conventions up to 1.36 (message events), Strands agents",
        scopes=("strands",),
        input=("content",),
        output=("message",),
        result=("tool.result",),
        outcome=("gen_ai.tool.status",),
    ),
    Emitter(
        "Google ADK",
        scopes=("gcp.vertex.agent",),
        session=("gcp.vertex.agent.session_id",),
        input=("gcp.vertex.agent.llm_request",),
        output=("gcp.vertex.agent.llm_response",),
        arguments=("gcp.vertex.agent.tool_call_args",),
        result=("gcp.vertex.agent.tool_response",),
    ),
    Emitter(
        "Codex CLI",
        scopes=("codex",),
        session=("conversation.id",),
        agent_id=("originator",),
    ),
    Emitter(
        "Claude Code",
        scopes=("com.anthropic.claude_code",),
        input=("new_context",),
        output=("response.model_output",),
        system=("system_prompt",),
        input_tokens=("input_tokens",),
        output_tokens=("output_tokens",),
        cache_read_tokens=("cache_read_tokens",),
        cache_write_tokens=("cache_creation_tokens",),
        cache_apart=True,
        cost=("cost_usd",),
    ),
    Emitter(
        "Codex CLI, Gemini CLI, Qwen Code",
        scopes=("gemini-cli", "qwen-code"),
        response_id=("response_id",),
        input_tokens=("input_token_count",),
        output_tokens=("output_token_count",),
        cache_read_tokens=("cached_token_count", "cached_content_token_count"),
        reasoning_tokens=("reasoning_token_count", "thoughts_token_count"),
    ),
    Emitter(
        "command-line agents (Claude Code, Codex CLI, Gemini CLI)",
        agent_id=("agent_id",),
        type=("span.type",),
        model=("model",),
        call_id=("tool_use_id", "call_id"),
        input=("prompt", "user_prompt", "request_text"),
        output=("response", "response_text"),
        tool=("tool_name", "function_name"),
        arguments=("tool_input", "function_args", "arguments", "tool_parameters"),
        error=("error", "error_type"),
        outcome=("success",),
    ),
    Emitter(
        "OpenInference (Phoenix)",
        scopes=("openinference.", "@arizeai/openinference"),
        agent=("agent.name",),
        own_name=("graph.node.id",),
        # The second one is Future AGI's.
        type=("openinference.span.kind", "fi.span.kind"),
        model=("llm.model_name",),
        provider=("llm.provider", "llm.system"),
        call_id=("tool_call.id", "tool.id"),
        input=("input.value", "reranker.query"),
        output=("output.value",),
        tool=("tool.name",),
        arguments=("tool_call.function.arguments",),
        input_tokens=("llm.token_count.prompt",),
        output_tokens=("llm.token_count.completion",),
        # The last one is BeeAI's.
        cache_read_tokens=("llm.token_count.prompt_details.cache_read", "metadata.usage.cached_prompt_tokens"),
        cache_write_tokens=("llm.token_count.prompt_details.cache_write", "metadata.usage.cached_creation_tokens"),
        reasoning_tokens=("llm.token_count.completion_details.reasoning",),
        total_tokens=("llm.token_count.total",),
        cost=("llm.cost.total",),
        input_cost=("llm.cost.prompt",),
        output_cost=("llm.cost.completion",),
    ),
    Emitter(
        "Traceloop / OpenLLMetry",
        scopes=("opentelemetry.instrumentation.", "@traceloop/"),
        session=(
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.session.id",
            "traceloop.association.properties.sessionId",
            "traceloop.association.properties.thread_id",
            "traceloop.association.properties.conversation_id",
        ),
        agent=("traceloop.association.properties.lc_agent_name",),
        own_name=("traceloop.entity.name",),
        whole=("traceloop.workflow.name",),
        type=("traceloop.span.kind", "llm.request.type"),
        model=("llm.response.model", "llm.request.model"),
        input=("traceloop.entity.input", "gen_ai.task.input", "mcp.request.argument"),
        output=("traceloop.entity.output", "gen_ai.task.output", "mcp.response.value"),
        outcome=("gen_ai.task.status",),
        input_tokens=("llm.usage.prompt_tokens",),
        output_tokens=("llm.usage.completion_tokens",),
        cache_read_tokens=("llm.usage.cached_tokens", "llm.usage.cache_read_input_tokens"),
        cache_write_tokens=("llm.usage.cache_creation_input_tokens",),
        reasoning_tokens=("llm.usage.reasoning_tokens",),
        total_tokens=("llm.usage.total_tokens",),
    ),
    Emitter(
        "LangSmith",
        scopes=("langsmith",),
        session=("langsmith.metadata.thread_id", "langsmith.metadata.session_id", "langsmith.metadata.conversation_id"),
        agent=("langsmith.metadata.lc_agent_name", "lc_agent_name"),
        # The run's own name: of the chain at the root, but of the model or the tool below it.
        own_name=("langsmith.trace.name",),
        provider=("langsmith.metadata.ls_provider",),
        model=("langsmith.metadata.ls_model_name",),
        usage=("langsmith.metadata.usage_metadata",),
    ),
    Emitter(
        "pydantic-ai / Logfire",
        scopes=("pydantic-ai", "logfire"),
        agent=("agent_name",),
        input=("pydantic_ai.all_messages", "all_messages_events", "request_data", "raw_input"),
        output=("final_result", "response_data"),
        arguments=("tool_arguments",),
        result=("tool_response",),
        outcome=("logfire.level_num",),
        cost=("operation.cost",),
    ),
    Emitter(
        "AgentOps",
        scopes=("agentops",),
        own_name=("agentops.entity.name",),
        type=("agentops.span.kind", "gen_ai.request.type"),
        input=("agentops.entity.input", "agentops.agent.input", "agentops.task.input", "agentops.workflow.input"),
        output=("agentops.entity.output", "agentops.agent.output", "agentops.task.output", "agentops.workflow.output"),
        arguments=("agentops.tool.input",),
        result=("agentops.tool.output",),
    ),
    Emitter(
        "Vercel AI SDK",
        scopes=("ai", "gen_ai", "opencode"),
        session=(
            "ai.telemetry.metadata.sessionId",
            "ai.settings.context.sessionId",
            "ai.telemetry.metadata.session.id",
            "ai.telemetry.metadata.session_id",
            "ai.telemetry.metadata.threadId",
            "ai.telemetry.metadata.chatId",
            "ai.telemetry.metadata.conversationId",
        ),
        whole=("ai.telemetry.functionId",),
        type=("ai.operationId", "operation.name"),
        model=("ai.response.model", "ai.model.id"),
        provider=("ai.model.provider",),
        response_id=("ai.response.id",),
        call_id=("ai.toolCall.id",),
        input=("ai.prompt.messages", "ai.prompt", "ai.value", "ai.values"),
        output=("ai.response.text", "ai.response.object", "ai.response.toolCalls", "ai.response.reasoning"),
        tool=("ai.toolCall.name",),
        arguments=("ai.toolCall.args",),
        result=("ai.toolCall.result",),
        input_tokens=("ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"),
        output_tokens=("ai.usage.outputTokens", "ai.usage.completionTokens"),
        cache_read_tokens=("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
        cache_write_tokens=("ai.usage.inputTokenDetails.cacheWriteTokens",),
        reasoning_tokens=("ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"),
        total_tokens=("ai.usage.totalTokens",),
    ),
    Emitter(
        "Mastra",
        scopes=("@mastra/",),
        session=("mastra.metadata.threadId", "mastra.metadata.sessionId", "mastra.log.threadId"),
        agent=("mastra.log.agentName",),
        type=("mastra.span.type",),
        # Its steps' input has words in the place of calls and results: `[tool: get_weather]`.
        input=("mastra.agent_run.input", "mastra.model_generation.input"),
        output=("mastra.agent_run.output", "mastra.model_generation.output", "mastra.model_step.output"),
    ),
    Emitter(
        "Genkit",
        scopes=("genkit",),
        own_name=("genkit:name",),
        type=("genkit:metadata:subtype",),
        input=("genkit:input",),
        output=("genkit:output",),
        outcome=("genkit:state",),
    ),
    Emitter(
        "VoltAgent",
        scopes=("@voltagent/",),
        session=("voltagent.conversation_id",),
        own_name=("entity.name",),
        type=("entity.type",),
        model=("llm.model", "ai.model.name"),
        call_id=("tool.call.id", "tool.call_id"),
        system=("agent.instructions",),
        input=("agent.messages", "llm.messages"),
        input_tokens=("usage.prompt_tokens",),
        output_tokens=("usage.completion_tokens",),
        cache_read_tokens=("usage.cached_tokens",),
        reasoning_tokens=("usage.reasoning_tokens",),
        cost=("usage.cost", "usage.total_cost"),
    ),
    Emitter(
        "Spring AI",
        scopes=("org.springframework",),
        session=("spring.ai.chat.client.conversation.id",),
        type=("spring.ai.kind",),
        call_id=("spring.ai.tool.call.id",),
        tool=("spring.ai.tool.definition.name",),
        arguments=("spring.ai.tool.call.arguments",),
        result=("spring.ai.tool.call.result",),
    ),
    Emitter(
        "Haystack",
        scopes=("haystack",),
        own_name=("haystack.component.name",),
        input=("haystack.agent.step.llm.input", "haystack.agent.input", "haystack.component.input"),
        output=("haystack.agent.step.llm.output", "haystack.agent.output", "haystack.component.output"),
        tool=("haystack.tool.name",),
        arguments=("haystack.agent.step.tool.input", "haystack.tool.input"),
        result=("haystack.agent.step.tool.output", "haystack.tool.output"),
        outcome=("haystack.tool.error",),
    ),
    Emitter(
        "MLflow",
        scopes=("mlflow",),
        session=("mlflow.trace.session",),
        type=("mlflow.spanType",),
        model=("mlflow.llm.model", "mlflow.chat.model"),
        provider=("mlflow.llm.provider",),
        input=("mlflow.spanInputs",),
        output=("mlflow.spanOutputs",),
        usage=("mlflow.chat.tokenUsage",),
        cost=("mlflow.llm.cost", "mlflow.chat.cost"),
    ),
    Emitter(
        "Laminar",
        scopes=("lmnr",),
        session=("lmnr.association.properties.session_id",),
        type=("lmnr.span.type",),
        input=("lmnr.span.input",),
        output=("lmnr.span.output",),
    ),
    Emitter(
        "LlamaIndex",
        scopes=("llamaindex",),
        model=("response.raw.model",),
        response_id=("response.raw.id",),
        input_tokens=("response.raw.usage.prompt_tokens", "response.raw.usage.input_tokens"),
        output_tokens=("response.raw.usage.completion_tokens", "response.raw.usage.output_tokens"),
        cache_read_tokens=("response.raw.usage.prompt_tokens_details.cached_tokens",),
        reasoning_tokens=("response.raw.usage.completion_tokens_details.reasoning_tokens",),
    ),
    Emitter(
        "LangWatch, Weave, Opik",
        scopes=("langwatch",),
        session=("langwatch.thread.id", "wandb.thread_id", "opik.thread_id"),
        type=("langwatch.span.type",),
        input=("langwatch.input",),
        output=("langwatch.output",),
    ),
    Emitter(
        "HoneyHive",
        scopes=("honeyhive",),
        session=("honeyhive.session_id",),
        own_name=("honeyhive_event_name",),
        type=("honeyhive_event_type",),
        output=("honeyhive_outputs.result",),
        error=("honeyhive_error",),
    ),
    Emitter(
        # Of what a function was called with, what models and agents are asked is called so.
        "TruLens",
        scopes=("trulens",),
        session=("ai.observability.conversation_id",),
        agent=("ai.observability.workflow.agent_name", "ai.observability.app_name"),
        type=("ai.observability.span_type",),
        model=("ai.observability.cost.model",),
        input=(
            "ai.observability.record_root.input",
            "ai.observability.call.kwargs.messages",
            "ai.observability.call.kwargs.prompt",
            "ai.observability.call.kwargs.query",
        ),
        output=("ai.observability.record_root.output", "ai.observability.call.return"),
        error=("ai.observability.record_root.error", "ai.observability.call.error"),
        input_tokens=("ai.observability.cost.num_prompt_tokens",),
        output_tokens=("ai.observability.cost.num_completion_tokens",),
        reasoning_tokens=("ai.observability.cost.num_reasoning_tokens",),
        cost=("ai.observability.cost.cost",),
    ),
    Emitter(
        "Confident AI (DeepEval)",
        scopes=("deepeval",),
        session=("confident.trace.thread_id",),
        agent=("confident.agent.name",),
        type=("confident.span.type",),
        model=("confident.llm.model",),
        provider=("confident.span.provider",),
        input=("confident.span.input", "confident.trace.input"),
        output=("confident.span.output", "confident.trace.output"),
        tool=("confident.tool.name",),
        input_tokens=("confident.llm.input_token_count",),
        output_tokens=("confident.llm.output_token_count",),
    ),
    Emitter(
        # Types and models stand in JSON: `calls/kinds.py`, `calls/responses.py`.
        "Braintrust",
        scopes=("braintrust",),
        input=("braintrust.input_json",),
        output=("braintrust.output_json",),
        usage=("braintrust.metrics",),
    ),
    Emitter(
        # Since 2026 what may be personal stands under `lk.pii.`
        "LiveKit Agents",
        scopes=("livekit-agents",),
        session=("lk.job_id",),
        agent=("lk.agent_name",),
        call_id=("lk.function_tool.id",),
        tool=("lk.function_tool.name",),
        arguments=("lk.function_tool.arguments", "lk.pii.function_tool.arguments"),
        result=("lk.function_tool.output", "lk.pii.function_tool.output"),
        outcome=("lk.function_tool.is_error",),
    ),
    Emitter(
        "Amazon Bedrock AgentCore",
        agent_id=("aws.agent.id",),
    ),
    Emitter(
        # The id is on spans of AWS's SDKs; the log has it, too (`bedrock_log.py`).
        "Amazon Bedrock model-invocation logs",
        model=("modelId",),
        response_id=("aws.request_id",),
        error=("errorCode",),
        input_tokens=("input.inputTokenCount",),
        output_tokens=("output.outputTokenCount",),
        cache_read_tokens=("input.cacheReadInputTokenCount",),
        cache_write_tokens=("input.cacheWriteInputTokenCount",),
        cache_apart=True,
    ),
    Emitter(
        "OpenClaw",
        scopes=("openclaw",),
        agent=("openclaw.agent",),
    ),
    Emitter(
        "spans written by hand",
        arguments=("tool.input", "tool.arguments", "tool.args"),
        input=("llm.prompt", "llm.input"),
        output=("llm.completion", "llm.response", "llm.output"),
        result=("tool.output", "tool.response"),
        input_tokens=("llm.usage.input_tokens", "llm.tokens.input", "llm.tokens.prompt", "llm.input_tokens"),
        output_tokens=("llm.usage.output_tokens", "llm.tokens.output", "llm.tokens.completion", "llm.output_tokens"),
        cost=("llm.cost", "llm.cost_usd", "llm.usage.cost"),
    ),
    Emitter(
        "JSON events, structured logs",
        session=("session_id", "sessionId", "session-id"),
        agent_id=("agentId", "agent-id"),
        call_id=("tool_call_id", "toolCallId"),
        input=("input",),
        output=("output",),
        tool=("toolName",),
        arguments=("tool_args", "toolArgs", "toolInput"),
        result=("result", "tool_output", "toolOutput", "tool_result", "toolResult"),
        # As the models' own APIs have them.
        input_tokens=("prompt_tokens",),
        output_tokens=("completion_tokens",),
        error=("error_message", "error_code", "exception", "exc_info", "stack_trace"),
    ),
)

_SCOPES = sorted(
    ((beginning, emitter.name) for emitter in EMITTERS for beginning in emitter.scopes),
    key=lambda pair: -len(pair[0]),
)


@lru_cache(maxsize=1_000)
def emitter_of_scope(scope: str | None) -> str | None:
    """Return the name of the row whose programs' scopes begin so, None for any other scope."""
    if scope is None:
        return None
    return next((name for beginning, name in _SCOPES if _begins(scope, beginning)), None)


def _begins(scope: str, beginning: str) -> bool:
    """Return whether a scope begins with these words, and not with longer ones."""
    if not scope.startswith(beginning):
        return False
    rest = scope[len(beginning) :]
    return not rest or not beginning[-1].isalnum() or not rest[0].isalnum()
