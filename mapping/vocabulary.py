"""Which attribute plays which role, per emitter, and which of their words mean which event type.

Adding an emitter is adding a row. Rows stand in order of precedence: where a record carries the keys of two emitters,
the key further up decides. Read from each project's own sources (2025-2026 versions).
"""

from __future__ import annotations

from typing import NamedTuple


class Emitter(NamedTuple):
    """The attribute keys of one emitter, per role, each in order of precedence."""

    name: str
    session: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    tool: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    result: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    input_tokens: tuple[str, ...] = ()
    output_tokens: tuple[str, ...] = ()


EMITTERS = (
    Emitter(
        "Langfuse SDK",
        session=("langfuse.session.id",),
        type=("langfuse.observation.type",),
        input=("langfuse.observation.input", "langfuse.trace.input"),
        output=("langfuse.observation.output", "langfuse.trace.output"),
        error=("langfuse.observation.status_message",),
    ),
    Emitter(
        "any: OpenTelemetry's own words",
        session=("session.id",),
        input=("body",),
        error=("otel.status_description",),
    ),
    Emitter(
        "GenAI semantic conventions",
        session=("gen_ai.conversation.id",),
        agent=("gen_ai.agent.id", "gen_ai.agent.name"),
        type=("gen_ai.operation.name",),
        input=("gen_ai.input.messages", "gen_ai.prompt", "gen_ai.system_instructions"),
        tool=("gen_ai.tool.name",),
        arguments=("gen_ai.tool.call.arguments",),
        result=("gen_ai.tool.call.result",),
        output=("gen_ai.output.messages", "gen_ai.completion"),
        error=("exception.message", "exception.type", "error.type", "error.message"),
        input_tokens=("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        output_tokens=("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    ),
    Emitter(
        "Codex CLI",
        session=("conversation.id",),
        agent=("originator",),
    ),
    Emitter(
        "OpenInference (Phoenix)",
        agent=("agent.name", "graph.node.id"),
        type=("openinference.span.kind",),
        input=("input.value",),
        tool=("tool.name",),
        arguments=("tool.parameters",),
        output=("output.value",),
        input_tokens=("llm.token_count.prompt",),
        output_tokens=("llm.token_count.completion",),
    ),
    Emitter(
        "Traceloop / OpenLLMetry",
        session=("traceloop.association.properties.session_id",),
        agent=("traceloop.workflow.name",),
        type=("traceloop.span.kind", "llm.request.type"),
        input=("traceloop.entity.input",),
        output=("traceloop.entity.output",),
    ),
    Emitter(
        "LangSmith",
        session=("langsmith.metadata.thread_id", "langsmith.metadata.session_id", "langsmith.metadata.conversation_id"),
        agent=("langsmith.trace.name",),
        type=("langsmith.span.kind",),
    ),
    Emitter(
        "pydantic-ai / Logfire",
        agent=("agent_name",),
        input=("pydantic_ai.all_messages", "request_data"),
        arguments=("tool_arguments",),
        result=("tool_response",),
        output=("final_result", "response_data"),
    ),
    Emitter(
        "Vercel AI SDK",
        session=("ai.telemetry.metadata.sessionId",),
        agent=("ai.telemetry.functionId",),
        type=("ai.operationId", "operation.name"),
        input=("ai.prompt", "ai.prompt.messages"),
        tool=("ai.toolCall.name",),
        arguments=("ai.toolCall.args",),
        result=("ai.toolCall.result",),
        output=("ai.response.text", "ai.response.object", "ai.response.toolCalls"),
        input_tokens=("ai.usage.inputTokens", "ai.usage.promptTokens"),
        output_tokens=("ai.usage.outputTokens", "ai.usage.completionTokens"),
    ),
    Emitter(
        "command-line agents (Claude Code, Gemini CLI)",
        agent=("agent_id",),
        input=("prompt", "request_text"),
        tool=("tool_name", "function_name"),
        arguments=("tool_input", "tool_parameters", "function_args", "arguments"),
        output=("response", "response_text"),
        error=("error", "error_type"),
        input_tokens=("input_tokens", "input_token_count"),
        output_tokens=("output_tokens", "output_token_count"),
    ),
    Emitter(
        "Amazon Bedrock AgentCore",
        agent=("aws.agent.id",),
    ),
    Emitter(
        "GenAI semantic conventions up to 1.36 (message events), Strands agents",
        input=("content",),
        output=("message",),
    ),
    Emitter(
        "JSON events",
        input=("input",),
        result=("output", "result"),
        error=("error_message", "error_code"),
    ),
)

ROLES = tuple(field for field in Emitter._fields if field != "name")


def _rank() -> dict[str, tuple[int, int]]:
    """Index every key by (role, precedence), so that a record's attributes are walked once, not the table."""
    ranked: dict[str, tuple[int, int]] = {}
    for number, role in enumerate(ROLES):
        for emitter in EMITTERS:
            for key in getattr(emitter, role):
                ranked.setdefault(key, (number, len(ranked)))
    return ranked


KEYS = _rank()

# Flattened message lists: OpenInference's and older OpenLLMetry's, `PREFIX.N....content`, by the role they play.
FLATTENED = {
    "input": ("llm.input_messages.", "gen_ai.prompt."),
    "output": ("llm.output_messages.", "gen_ai.completion."),
}

# Emitters' words for what an event was. A word is compared in lower case; `*` stands at its start only.
EVENT_TYPES = {
    "model_call": (
        "chat generate_content text_completion completion llm generation converse conversestream invokemodel "
        "gen_ai.client.inference.operation.details *.api_request ai.generatetext ai.streamtext ai.generateobject "
        "ai.streamobject ai.generatetext.dogenerate ai.streamtext.dostream ai.generateobject.dogenerate "
        "ai.streamobject.dostream"
    ),
    "tool_call": "execute_tool tool tool_result *.tool_result *.tool_call ai.toolcall",
    "agent": "invoke_agent create_agent agent",
    "workflow": "invoke_workflow plan chain workflow task",
    "retrieval": "retrieval retriever reranker",
    "embedding": "embeddings embedding ai.embed ai.embed.doembed ai.embedmany ai.embedmany.doembed",
    "message": (
        "gen_ai.system.message gen_ai.user.message gen_ai.assistant.message gen_ai.tool.message gen_ai.choice "
        "user_prompt *.user_prompt event"
    ),
    "decision": "tool_decision *.tool_decision decision",
    "evaluation": "gen_ai.evaluation.result evaluator evaluation",
    "guardrail": "guardrail",
    "error": "exception *.api_error gen_ai.client.operation.exception",
}

_WORDS = {word: event_type for event_type, words in EVENT_TYPES.items() for word in words.split()}


def event_type(word: str) -> str | None:
    """Give the event type that an emitter's word means, None for a word that says nothing."""
    word = word.lower()
    found = _WORDS.get(word)
    if found is None and "." in word:
        found = _WORDS.get("*" + word[word.rindex(".") :])
    return found


# Values that an emitter has redacted already: kept, and not searched.
REDACTED = frozenset({"<REDACTED>", "[REDACTED]", "__REDACTED__"})
