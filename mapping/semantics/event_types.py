"""Event types: a small set, to which the words of all emitters are mapped, so that a filter means the same for all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# A word is compared in lower case; `*` stands at its start only, for anything up to a dot.
EVENT_TYPES = {
    "model_call": (
        "chat generate_content text_completion chat.completions text.completions completion acompletion "
        "atext_completion aresponses anthropic_messages llm generation llm_request llm_call chat_model model "
        "model_generation model_inference "
        "converse conversestream invokemodel invokemodelwithresponsestream "
        "gen_ai.client.inference.operation.details api_request *.api_request *.api_response "
        "ai.generatetext.dogenerate ai.streamtext.dostream ai.generateobject.dogenerate ai.streamobject.dostream"
    ),
    "tool_call": "execute_tool tool tool.v2 tool_result *.tool_result tool_call *.tool_call mcp_tool_call ai.toolcall",
    # Vercel's outer spans run a loop of steps and repeat the tokens of its calls; its newer names say invoke_agent.
    "agent": (
        "invoke_agent create_agent agent agent_call agent_run interaction "
        "gemini_cli.agent.start gemini_cli.agent.finish "
        "ai.generatetext ai.streamtext ai.generateobject ai.streamobject "
        "invoke_swarm invoke_graph record_root"
    ),
    "workflow": (
        "invoke_workflow plan chain workflow task execute_task agent_step prompt parser flow workflow_run "
        "workflow_step workflow-step default"
    ),
    "retrieval": (
        "retrieval retriever reranker rerank arerank vector_db_retrieve ai.rerank ai.rerank.dorerank search_memory "
        "memory vector"
    ),
    "embedding": "embeddings embedding aembedding embedder ai.embed ai.embed.doembed ai.embedmany ai.embedmany.doembed",
    "message": (
        "gen_ai.system.message gen_ai.user.message gen_ai.assistant.message gen_ai.tool.message gen_ai.choice "
        "gen_ai.content.prompt gen_ai.content.completion gen_ai.input.messages gen_ai.output.messages "
        "user_prompt *.user_prompt assistant_response *.assistant_response system_prompt *.system_prompt event"
    ),
    "decision": "tool_decision *.tool_decision decision",
    "evaluation": "gen_ai.evaluation.result evaluator evaluation eval eval_root eval_decision",
    "guardrail": "guardrail moderation amoderation",
    "error": "exception api_error *.api_error gen_ai.client.operation.exception",
}

# Spans that no attribute of theirs says a type of, or a wrong one, by their own names: a tool's steps, a request's
# preparation. `*` stands for anything up to a dot.
SPAN_NAMES = {
    "haystack.agent.run": "agent",
    "haystack.agent.step.llm": "model_call",
    "haystack.agent.step.tool": "tool_call",
    "haystack.agent.step": "workflow",
    "haystack.pipeline.run": "workflow",
    "haystack.async_pipeline.run": "workflow",
    "haystack.component.run": "workflow",
    "haystack.component.run_async": "workflow",
    "claude_code.tool.execution": "span",
    "claude_code.tool.blocked_on_user": "span",
    "claude_code.hook": "span",
    "qwen-code.tool.execution": "span",
    "qwen-code.tool.blocked_on_user": "span",
    "qwen-code.hook": "span",
    "guardian_scoring_observation": "span",
    "*._prepare_chat_with_tools": "span",
}
# The same in one scope alone: its names are those of others, too.
_LLAMA_INDEX_CALLS = (
    "chat achat stream_chat astream_chat complete acomplete stream_complete astream_complete structured_predict"
)
SCOPED_SPAN_NAMES = {
    "openinference.instrumentation.haystack": {"Agent.run": "agent"},
    # A call that failed is left without attributes.
    "gcp.vertex.agent": {"call_llm": "model_call"},
    # Before it said what its spans are.
    "pydantic-ai": {"agent run": "agent"},
    # By their templates.
    "logfire.openai": {
        "Chat Completion with {request_data[model]!r}": "model_call",
        "Completion with {request_data[model]!r}": "model_call",
        "Responses API with {gen_ai.request.model!r}": "model_call",
    },
    "logfire.anthropic": {"Message with {request_data[model]!r}": "model_call"},
    "logfire.openai_agents": {
        "Responses API with {gen_ai.request.model!r}": "model_call",
        "Chat completion with {gen_ai.request.model!r}": "model_call",
        "Function: {name}": "tool_call",
        "Agent run: {name!r}": "agent",
    },
    "llamaindex.opentelemetry.tracer": {
        **dict.fromkeys((f"*.{name}" for name in _LLAMA_INDEX_CALLS.split()), "model_call"),
        "*.call_tool": "tool_call",
        "FunctionTool.acall": "tool_call",
        "FunctionTool.call": "tool_call",
    },
}
# The same of records, by the names of their events: a tool's definition.
RECORD_NAMES = {"tool": "log", "claude_code.tool": "log"}
# Spans of types that only their names' first word says: the conventions ask for `execute_tool NAME`.
FIRST_WORDS = {"execute_tool": "tool_call", "invoke_agent": "agent", "tools/call": "tool_call"}
# Words that are anybody's, and mean a type only in the scope of an emitter: what a call that failed is left with.
MODEL_WORDS = ("chat", "generate_content", "text_completion")
# What a span with one of these attributes is, where nothing else says it.
TYPE_BY_KEY = {"gcp.vertex.agent.llm_request": "model_call"}

# The name of an event that says how good something was, and the attribute that names what is judged.
SCORE, SCORED = "gen_ai.evaluation.result", "gen_ai.evaluation.name"

_WORDS = {word: event_type for event_type, words in EVENT_TYPES.items() for word in words.split()}

_SOURCE_LINE = re.compile(r"event \S+:\d+")


def event_type(word: str) -> str | None:
    """Return the event type that an emitter's word means, or None for a word without meaning."""
    word = word.lower()
    found = _WORDS.get(word)
    if found is None and "." in word:
        found = _WORDS.get("*" + word[word.rindex(".") :])
    return found


def span_name_type(name: str, scope: str | None = None) -> str | None:
    """Return the type that an emitter's own name for a span means whatever its attributes say, None for any other."""
    last = "*" + name[name.rindex(".") :] if "." in name else name
    found = SPAN_NAMES.get(name) or SPAN_NAMES.get(last)
    if found is None and scope in SCOPED_SPAN_NAMES:
        names = SCOPED_SPAN_NAMES[scope]
        found = names.get(name) or names.get(last)
    return found


def first_word_type(name: str, *, is_emitter_s: bool = False) -> str | None:
    """Return the type that the first word of a span's name means, None where it has but one or means nothing.

    `is_emitter_s`: the span's scope is that of a row of the table.
    """
    word, space, rest = name.partition(" ")
    if not space or not rest:
        return None
    return "model_call" if is_emitter_s and word in MODEL_WORDS else FIRST_WORDS.get(word)


def model_in_name(name: str) -> str | None:
    """Return the model that a span is named after: `chat gpt-4o`."""
    word, _, rest = name.partition(" ")
    return rest or None if word in MODEL_WORDS else None


def record_type(name: str) -> str | None:
    """Return the type that the name of a record's event means."""
    return RECORD_NAMES.get(name) or event_type(name)


def record_name(event_name: str | None, levels: Iterable[Mapping[str, Any]], body: object) -> str | None:
    """Return a record's name: its own event name, then the older attribute, then a body that is a word of the table.

    Rust's tracing puts a line of its source in the place of the event's name; the attribute has it then.
    """
    if event_name and not _SOURCE_LINE.fullmatch(event_name):
        return event_name
    for attributes in levels:
        named_by = attributes.get("event.name")
        if isinstance(named_by, str) and named_by:
            return named_by
    if isinstance(body, str) and len(body) < 100 and "." in body and event_type(body):
        return body
    return event_name or None


def readable_name(name: str | None, properties: Mapping[str, Any]) -> str | None:
    """Return a span's name in words: Logfire's is a template, and what it says stands beside it."""
    message = properties.get("logfire.msg")
    if name and "{" in name and isinstance(message, str) and message and properties.get("logfire.msg_template") == name:
        return message
    return name
