"""Which kind of thing an event tells of: a call of a model or a tool, an agent, a message, a failure, or nothing.

Told from its properties, its name and its scope by the tables of `semantics/event_types.py` and those below, not from
the type that was stored: an older build may have written it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mapping.calls import json_events
from mapping.calls.model import Signal, TellingKind
from mapping.calls.tokens import tokens_of
from mapping.messages.extraction import structure
from mapping.model import SPAN_KINDS
from mapping.semantics import bedrock_log, log_bodies
from mapping.semantics.attribute_roles import AT, Roles, is_error, is_tool_call, span_type, text_id, type_of
from mapping.semantics.event_types import SCORE, event_type, record_type

Levels = list[dict[str, Any]]

_KINDS: dict[str, TellingKind] = {
    "model_call": "model",
    "tool_call": "tool",
    "agent": "agent",
    "message": "statement",
    "error": "error",
}
# Events whose types are those of calls, and which are none: by a key and the words under it.
_NO_CALLS = {
    "gen_ai.operation.name": ("create_agent",),
    "ag2.span.type": ("usage",),
    "gen_ai.tool.name": ("(merged tools)",),
    "gen_ai.tool.description": ("(merged tools)",),
}
# What is noted of a call beside it is none itself: by a key, and the one that a call has with it. BeeAI's events,
# HoneyHive's failures, what AgentOps's models ask for, the process that OpenClaw's tool runs.
_NOTES = (
    ("metadata.trace.run_id", "metadata.class_name"),
    ("honeyhive_error", "honeyhive_event_name"),
    ("tool.call.type", "agentops.span.kind"),
    ("openclaw.exec.target", "gen_ai.tool.name"),
)
# Records that are not what their words mean, by the names of their events: the beginning of what another one tells
# whole, and Claude Code's parts of a request.
RECORDS: dict[str, TellingKind] = {
    "gemini_cli.agent.start": "none",
    "qwen-code.agent.start": "none",
    "gemini_cli.ripgrep_fallback": "none",
    "qwen-code.ripgrep_fallback": "none",
    # What is tried again: the last failure is told by another name.
    "gemini_cli.invalid_chunk": "none",
    "qwen-code.invalid_chunk": "none",
    "gemini_cli.content_retry": "none",
    "qwen-code.content_retry": "none",
    # How good something was, or that an evaluator failed to say so: what is judged has not failed.
    SCORE: "none",
}
# Claude Code's bodies of requests and responses: under one key, as JSON text.
BODIES = {"api_request_body": "gen_ai.input.messages", "api_response_body": "gen_ai.output.messages"}
BODY = "attributes.body"
# A record of a request alone: Claude Code's has the answer's tokens, and is a call.
_REQUEST = "api_request"
# Spans of models that run a loop of calls, or wrap one.
_LOOPS = {
    "mastra.span.type": ("model_generation", "model_step"),
    "llm.operation": ("generateText", "streamText", "generateObject", "streamObject"),
}
# Logfire sends a record as a span without a duration: the end of a stream.
_SPAN_TYPE = "logfire.span_type"
# Haystack's components that are calls in any pipeline: their class says it.
_COMPONENT = "haystack.component.type"
_TYPE_HOLDER = "braintrust.span_attributes"
# Span events that tell of their span's call: LlamaIndex's, and what Claude Code's tools gave back.
_CALL_EVENTS: dict[str, TellingKind] = {
    "tool.output": "tool",
    "LLMChatEndEvent": "model",
    "LLMCompletionEndEvent": "model",
}
# Spans within a tool's that are no calls, and tell how it ended.
EXECUTIONS = ("claude_code.tool.execution", "qwen-code.tool.execution")
STEP_OUTPUT = "step.output"
_GIVEN_BY_TOOL = "ToolCallResult("
# Scopes in which a root of the agents' kind is what they work in, called as that is.
_ROOT_IS_WORKFLOW = (
    "openinference.instrumentation.openai_agents",
    "@arizeai/openinference-instrumentation-openai-agents",
)
_LC_AGENT = "lc_agent_name"
_LC_AGENT_KEYS = (
    "langsmith.metadata.lc_agent_name",
    "traceloop.association.properties.lc_agent_name",
    "langfuse.observation.metadata.lc_agent_name",
    _LC_AGENT,
)
# Whoever logs an exception so has handled it.
_HANDLED = tuple(f"{name}{step}" for name in ("TRACE", "DEBUG", "INFO", "WARN") for step in ("", 2, 3, 4))
_FAILURE_LEVELS = tuple(f"{name}{step}" for name in ("ERROR", "FATAL") for step in ("", 2, 3, 4))


def signal_of(event: Mapping[str, Any]) -> Signal:
    kind = event["kind"]
    if kind in SPAN_KINDS:
        return "log" if event["properties"].get(_SPAN_TYPE) == "log" else "span"
    return "log" if kind == "log_record" else "span_event" if kind == "span_event" else "json"


def scope_name(event: Mapping[str, Any]) -> str | None:
    scope = event.get("scope")
    return text_id(scope.get("name")) if isinstance(scope, dict) else None


def kind_of(event: Mapping[str, Any], signal: Signal, name: str | None, levels: Levels, roles: Roles) -> TellingKind:
    """Return the kind of an event with this name, whose sets of attributes (`levels`) say what was `roles`."""
    properties = levels[0]
    if signal == "span":
        kind = _span_kind(event, name, properties, roles)
    elif signal == "span_event":
        kind = _span_event_kind(name, properties)
    elif signal == "json":
        word = json_events.type_of(event.get("event_type")) or type_of(roles) or ""
        kind = _KINDS.get(event_type(word) or word, "none")
        if kind == "statement" and json_events.is_answer(event.get("event_type"), properties):
            kind = "model"
    else:
        kind = _record_kind(event, name, levels, roles)
    return "none" if kind in ("model", "tool", "agent") and _is_no_call(properties) else kind


def _is_no_call(properties: Mapping[str, Any]) -> bool:
    return any(properties.get(key) in words for key, words in _NO_CALLS.items()) or is_note(properties)


def is_note(properties: Mapping[str, Any]) -> bool:
    """Return whether a span is what is noted of another one: a failure once more, an event."""
    return any(note in properties and own not in properties for note, own in _NOTES)


def _span_kind(event: Mapping[str, Any], name: str | None, properties: dict[str, Any], roles: Roles) -> TellingKind:
    kind = (
        _component_kind(properties)
        or _kind_in_json(properties)
        or _KINDS.get(span_type(roles, properties, name, scope_name(event)), "none")
    )
    if kind == "agent" and _is_workflow_root(event, roles):
        return "none"
    if name in EXECUTIONS:
        return "tool"
    if kind == "none" and name is not None and lc_agent(properties) == name:
        return "agent"  # LangChain's is a chain that is called as the agent whose it is
    return "model" if kind == "none" and is_loop(properties) else kind


def _span_event_kind(name: str | None, properties: Mapping[str, Any]) -> TellingKind:
    if name in _CALL_EVENTS:
        return _CALL_EVENTS[name]
    if name == STEP_OUTPUT and str(properties.get("output")).startswith(_GIVEN_BY_TOOL):
        return "tool"
    kind = _KINDS.get((event_type(name) if name else None) or "", "none")
    if kind in ("model", "agent", "tool"):
        return "statement"  # the call is the span; what it notes on the way are messages
    return "error" if kind == "none" and "exception.message" in properties else kind


def _component_kind(properties: Mapping[str, Any]) -> TellingKind | None:
    """Return the kind of a Haystack component: an agent, or a generator, which calls a model."""
    component = properties.get(_COMPONENT)
    if not isinstance(component, str):
        return None
    return "agent" if component == "Agent" else "model" if component.endswith("Generator") else None


def _kind_in_json(properties: Mapping[str, Any]) -> TellingKind | None:
    """Return the kind that Braintrust's attributes of a span say: `{"type": "llm"}`."""
    held = structure(properties.get(_TYPE_HOLDER))
    word = held.get("type") if isinstance(held, dict) else None
    return _KINDS.get(event_type(word) or "", "none") if isinstance(word, str) else None


def _is_workflow_root(event: Mapping[str, Any], roles: Roles) -> bool:
    named = text_id(roles[AT["agent"]]) or text_id(roles[AT["own_name"]])
    return not event.get("parent_span_id") and named is None and scope_name(event) in _ROOT_IS_WORKFLOW


def _record_kind(event: Mapping[str, Any], name: str | None, levels: Levels, roles: Roles) -> TellingKind:
    if len(levels) > 1 and bedrock_log.is_model_invocation(levels[1]):
        return "model" if bedrock_log.other_type(levels[1]) is None else "none"  # whatever the model asked for
    if name in RECORDS:
        return RECORDS[name]
    if name in BODIES:
        return "model" if BODY in levels[0] else "none"
    told = _record_word(event, name, levels, roles)
    kind = _KINDS.get(told or "", "none")
    if kind == "model" and name is not None and name.rpartition(".")[2] == _REQUEST and tokens_of(levels) is None:
        return "error" if has_failed(event, roles) else "none"
    return kind


def _record_word(event: Mapping[str, Any], name: str | None, levels: Levels, roles: Roles) -> str | None:
    """Return the type of a record: by a user's own rule, its name, its attributes, its body; else what it implies."""
    told: str | None = event.get("event_type") if "rule" in levels[0] else None
    told = told or (record_type(name) if name else None) or type_of(roles)
    if told is None and len(levels) > 1:
        told = log_bodies.type_of_body(levels[1])
    if told is not None:
        return told
    if is_tool_call(roles, levels[0]):
        return "tool_call"
    if tokens_of(levels) is not None or (len(levels) > 1 and json_events.usage_in(levels[1]) is not None):
        return "model_call"
    if name is None and is_handled(event):
        return None
    is_exception = "exception.type" in levels[0] or event.get("event_type") == "error"
    return "error" if is_exception or has_failed(event, roles) else None


def has_failed(event: Mapping[str, Any], roles: Roles) -> bool:
    return event.get("status") == "error" or is_error(roles) or event.get("severity") in _FAILURE_LEVELS


def is_handled(event: Mapping[str, Any]) -> bool:
    """Return whether a record is no more than a remark by its severity."""
    return event.get("severity") in _HANDLED


def is_loop(properties: Mapping[str, Any]) -> bool:
    """Return whether a model's span runs a loop of calls, or wraps one."""
    return any(properties.get(key) in words for key, words in _LOOPS.items() if key in properties)


def lc_agent(properties: Mapping[str, Any]) -> str | None:
    """Return the agent that LangChain notes on all that is done for it."""
    for key in _LC_AGENT_KEYS:
        if (named := text_id(properties.get(key))) is not None:
            return named
    metadata = properties.get("metadata")
    if isinstance(metadata, str) and _LC_AGENT not in metadata:
        return None
    metadata = structure(metadata)
    return text_id(metadata.get(_LC_AGENT)) if isinstance(metadata, dict) else None
