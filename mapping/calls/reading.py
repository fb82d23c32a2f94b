"""What one event tells, read from its properties: the call it is of, whose, its numbers, words and failure.

Emitters differ in tables (`semantics/vocabulary.py`, `semantics/event_types.py`, and those below), not in branches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mapping.calls import faults
from mapping.calls.model import Failure, Signal, Telling, TellingKind
from mapping.calls.spoken import NOTHING, Spoken, call_messages, statement
from mapping.calls.tokens import cost_of, tokens_of, tokens_of_usage, with_details
from mapping.calls.tools import Result, arguments_of, name_of_span, real_id, real_name, response_of, result_of
from mapping.messages.extraction import INPUT_KEYS, OUTPUT_KEYS, first, structure, values_of
from mapping.messages.python_repr import written_object
from mapping.model import SPAN_KINDS
from mapping.semantics import log_bodies
from mapping.semantics.attribute_roles import agent_of_resource, find, is_error, session_of, span_type, text_id, type_of
from mapping.semantics.event_types import COMPONENT, event_type, readable_name, record_name, record_type
from mapping.semantics.vocabulary import EMITTERS, NAMED_BY_SPAN, ROLES
from mapping.times import parse_rfc3339

Levels = list[dict[str, Any]]
Found = list[Any]

_AT = {role: number for number, role in enumerate(ROLES)}

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
    "gen_ai.tool.name": ("(merged tools)",),
    "gen_ai.tool.description": ("(merged tools)",),
}
# The beginning of what another record tells whole.
_BEGINNINGS = ("gemini_cli.agent.start", "qwen-code.agent.start")
# A record of a request alone: Claude Code's has the answer's tokens, and is a call.
_REQUEST = "api_request"
# Spans of models that run a loop of calls, or wrap one.
_LOOPS = {
    "mastra.span.type": ("model_generation", "model_step"),
    "llm.operation": ("generateText", "streamText", "generateObject", "streamObject"),
}
# Words for an agent that its emitter gives to all of them.
_NO_AGENTS = frozenset({"OpenAI Agent", "agent", "unknown"})
_NOT_IN_AGENT_NAMES = ("invoke_agent ", "agent run ", "agent ")
_AFTER_AGENT_NAMES = (".run", ".arun", ".kickoff", ".__call__", ".forward", ".agent", " run")
# Scopes in which a root of the agents' kind is what they work in, called as that is.
_ROOT_IS_WORKFLOW = (
    "openinference.instrumentation.openai_agents",
    "@arizeai/openinference-instrumentation-openai-agents",
)
# Objects of JSON that say whose an event is, and the keys in them.
_CONTEXTS = ("genkit:metadata:context", "metadata")
_SESSIONS_IN_CONTEXT = ("sessionId", "session_id", "thread_id", "conversation_id", "conversationId", "threadId")
_LC_AGENT = "lc_agent_name"
# The id of a response, where a program keeps it under a word that others use for other things.
_RESPONSE_IDS = {"com.anthropic.claude_code": ("request_id",)}
# Responses, as JSON, that may bring usage and the model's name along.
_RESPONSES = (
    "genkit:output",
    "haystack.agent.step.llm.output",
    "haystack.component.output",
    "gcp.vertex.agent.llm_response",
    "attributes.body",
    "gen_ai.completion",
    "langfuse.observation.output",
    "mlflow.spanOutputs",
    "lmnr.span.output",
    "output.value",
)
_RESPONSE_MODELS = ("gen_ai.response.model", "ai.response.model", "llm.response.model")
_REQUESTS = ("mlflow.spanInputs", "langfuse.observation.input", "lmnr.span.input", "input.value")
_USAGES = ("usage", "usageMetadata", "usage_metadata", "token_usage", "tokenUsage")
# How the responses of OpenAI's and Anthropic's APIs begin.
_RESPONSE_ID = re.compile(r'\{\s*"id":\s*"((?:chatcmpl|resp|msg|gen|cmpl)[-_][^"]{1,200})"')
_MODEL = re.compile(r'"(?:model|model_name|modelVersion|model_version)":\s*"([^"]{1,100})"')
_DETAIL = re.compile(r"[cC]ached?_?[cCtTrR]|reasoning_?[tT]okens|thoughts_?[tT]oken")
# Claude Code's bodies of requests and responses: under one key, as JSON text.
_BODIES = {"api_request_body": "gen_ai.input.messages", "api_response_body": "gen_ai.output.messages"}
_BODY = "attributes.body"
# Those who put a tool's result into an object.
_WRAPPING = ("Google ADK", "Haystack")
_SYSTEM_IS_MODEL = ("gemini-cli", "qwen-code")
# Span events that tell of their span's call: LlamaIndex's, and what Claude Code's tools gave back.
_CALL_EVENTS: dict[str, TellingKind] = {
    "tool.output": "tool",
    "LLMChatEndEvent": "model",
    "LLMCompletionEndEvent": "model",
}
# LlamaIndex's steps say what they were given and gave, as Python writes it, cut off.
_STEP_INPUT, _STEP_OUTPUT = "llamaindex.step.input_summary", "step.output"
_TOLD_RESULT = re.compile(r"tool_output=ToolOutput\(blocks=\[TextBlock\(block_type='text', text='((?:[^'\\]|\\.)*)'")
_AGENT_AT_WORK = re.compile(r"current_agent_name='([^']{1,200})'")
_WORKFLOW_TEXTS = ("input.value", "output.value", _STEP_INPUT)
_NS_PER_MS = 1_000_000
_MCP_NAMES = ("mcp_tool.name", "mcp.tool.name")
_FAILURE_LEVELS = tuple(f"{name}{step}" for name in ("ERROR", "FATAL") for step in ("", 2, 3, 4))


def tell(event: Mapping[str, Any]) -> Telling:
    """Return what an event tells that is given as it is stored or read. Never raises, whatever the properties are."""
    properties: dict[str, Any] = event["properties"]
    signal = _signal(event)
    levels = [properties]
    body = properties.get("body")
    if signal == "log" and isinstance(body, dict):
        levels += log_bodies.levels_of(body)
    found = find(*levels)
    name = (
        record_name(event.get("name"), levels, body)
        if signal == "log"
        else readable_name(event.get("name"), properties)
    )
    scope = _scope_name(event)
    kind = _kind(event, signal, name, levels, found)
    start, end = _times(event, signal, kind, properties)
    telling = Telling(
        id=event["id"],
        kind=kind,
        signal=signal,
        trace_id=event["trace_id"],
        start=start,
        end=end,
        event_name=name,
        span_id=event.get("span_id"),
        parent_span_id=event.get("parent_span_id"),
        scope=scope,
        service=text_id((event.get("resource") or {}).get("service.name")),
        status_ok=event.get("status") == "ok",
        order=_order(event, properties),
    )
    telling.emitter = _emitter(scope, properties, telling.service)
    _tell_whose(telling, event, levels, found)
    if kind == "none" and signal != "span":
        _tell_failure(telling, event, levels, found)
        return telling
    if kind in ("model", "agent"):
        _tell_model(telling, levels, found)
    elif kind == "tool":
        _tell_tool(telling, levels, found)
    elif kind == "statement":
        _tell_statement(telling, levels, found)
    _tell_failure(telling, event, levels, found)
    return telling


def _signal(event: Mapping[str, Any]) -> Signal:
    kind = event["kind"]
    if kind in SPAN_KINDS:
        return "span"
    return "log" if kind == "log_record" else "span_event" if kind == "span_event" else "json"


def _scope_name(event: Mapping[str, Any]) -> str | None:
    scope = event.get("scope")
    return text_id(scope.get("name")) if isinstance(scope, dict) else None


def _order(event: Mapping[str, Any], properties: Mapping[str, Any]) -> int:
    told = first((properties.get("event.sequence"), properties.get("CHAT_MESSAGE_INDEX"), event.get("order")))
    return told if isinstance(told, int) and not isinstance(told, bool) and abs(told) < 2**31 else 0


def _times(
    event: Mapping[str, Any], signal: Signal, kind: TellingKind, properties: Mapping[str, Any]
) -> tuple[int, int]:
    """Return start and end. A record of a call is written at its end, and may say how long it took."""
    at = event["timestamp"]
    if isinstance(at, str):
        try:
            at = parse_rfc3339(at)
        except ValueError:
            at = 0
    duration = event.get("duration_ns", event.get("duration"))
    if duration:
        return at, at + duration
    took = properties.get("duration_ms")
    if signal == "log" and kind in ("model", "tool", "agent") and isinstance(took, int | float | str):
        try:
            nanoseconds = int(float(took) * _NS_PER_MS)
        except (ValueError, OverflowError):
            return at, at
        return (at - nanoseconds, at) if 0 < nanoseconds < at else (at, at)
    return at, at


def _kind(event: Mapping[str, Any], signal: Signal, name: str | None, levels: Levels, found: Found) -> TellingKind:
    properties = levels[0]
    if signal == "span":
        kind = _component_kind(properties) or _KINDS.get(span_type(found, properties, name, _scope_name(event)), "none")
        if kind == "agent" and _is_workflow_root(event, found, name):
            return "none"
        if kind == "none" and _is_own_agent(properties, name):
            kind = "agent"
        if kind == "none" and _is_loop(properties):
            kind = "model"
    elif signal == "span_event":
        if name in _CALL_EVENTS:
            return _CALL_EVENTS[name]
        if name == _STEP_OUTPUT and str(properties.get("output")).startswith("ToolCallResult("):
            return "tool"
        kind = _KINDS.get(event_type(name) if name else "", "none")
        if kind in ("model", "agent", "tool"):
            kind = "statement"  # the call is the span; what it notes on the way are messages
        if kind == "none" and "exception.message" in properties:
            kind = "error"
    elif signal == "json":
        word = event.get("event_type") or type_of(found) or ""
        kind = _KINDS.get(event_type(word) or word, "none")
    else:
        kind = _record_kind(event, name, levels, found)
    if kind in ("model", "tool", "agent"):
        for key, words in _NO_CALLS.items():
            if properties.get(key) in words:
                return "none"
    return kind


def _component_kind(properties: Mapping[str, Any]) -> TellingKind | None:
    """Return the kind of a Haystack component: an agent, or a generator, which calls a model."""
    component = properties.get(COMPONENT)
    if not isinstance(component, str):
        return None
    return "agent" if component == "Agent" else "model" if component.endswith("Generator") else None


def _record_kind(event: Mapping[str, Any], name: str | None, levels: Levels, found: Found) -> TellingKind:
    properties = levels[0]
    if len(levels) > 1 and log_bodies.is_model_invocation(levels[1]):
        return "model"
    if name in _BEGINNINGS:
        return "none"
    if name in _BODIES:
        return "model" if _BODY in properties else "none"
    if name == "system_prompt":
        return "statement"
    told = (record_type(name) if name else None) or type_of(found)
    if told is None and len(levels) > 1:
        told = log_bodies.type_of_body(levels[1])
    if "rule" in properties:
        told = event.get("event_type") or told
    if told is None:
        if found[_AT["tool"]] is not None and (event.get("event_type") == "tool_call"):
            told = "tool_call"
        elif tokens_of(levels) is not None:
            told = "model_call"
        elif _failed(event, found) or "exception.type" in properties or event.get("event_type") == "error":
            told = "error"
    kind = _KINDS.get(told or "", "none")
    if kind == "model" and name is not None and name.rpartition(".")[2] == _REQUEST and tokens_of(levels) is None:
        return "error" if _failed(event, found) else "none"
    return kind


def _is_workflow_root(event: Mapping[str, Any], found: Found, name: str | None) -> bool:
    return (
        not event.get("parent_span_id")
        and text_id(found[_AT["agent"]]) is None
        and text_id(found[_AT["own_name"]]) is None
        and (_scope_name(event) or "") in _ROOT_IS_WORKFLOW
    )


def _is_own_agent(properties: Mapping[str, Any], name: str | None) -> bool:
    """Say whether a chain is LangChain's agent: it is called as the agent whose it is."""
    return name is not None and _lc_agent(properties) == name


def _is_loop(properties: Mapping[str, Any]) -> bool:
    return any(properties.get(key) in words for key, words in _LOOPS.items() if key in properties)


def _lc_agent(properties: Mapping[str, Any]) -> str | None:
    for key in ("langsmith.metadata.lc_agent_name", _LC_AGENT):
        if (named := text_id(properties.get(key))) is not None:
            return named
    metadata = properties.get("metadata")
    if isinstance(metadata, str) and _LC_AGENT not in metadata:
        return None
    metadata = structure(metadata)
    return text_id(metadata.get(_LC_AGENT)) if isinstance(metadata, dict) else None


def _matches_scope(scope: str, beginning: str) -> bool:
    if not scope.startswith(beginning):
        return False
    rest = scope[len(beginning) :]
    return not rest or not beginning[-1:].isalnum() or not rest[0].isalnum()


_SCOPES = sorted(
    ((beginning, emitter.name) for emitter in EMITTERS for beginning in emitter.scopes),
    key=lambda pair: -len(pair[0]),
)
_TYPE_KEYS = {key: emitter.name for emitter in reversed(EMITTERS) for key in emitter.type}


def _emitter(scope: str | None, properties: Mapping[str, Any], service: str | None) -> str | None:
    """Return the row of the table that speaks: by the scope, else by the key of the type."""
    for beginning, name in _SCOPES:
        if scope is not None and _matches_scope(scope, beginning):
            return name
    return next((name for key, name in _TYPE_KEYS.items() if key in properties), None)


def _tell_whose(telling: Telling, event: Mapping[str, Any], levels: Levels, found: Found) -> None:
    """Tell the session, the agent and the provider."""
    properties = levels[0]
    resource = event.get("resource") or {}
    inherited: Found | None = None
    session = session_of(found)
    if session is None:
        session = _session_in_context(properties)
    if session is None:
        scope = event.get("scope")
        inherited = find(scope.get("attributes") if isinstance(scope, dict) else None, resource)
        session = session_of(inherited)
    telling.session_id = session or event.get("session_id")
    telling.provider = text_id(found[_AT["provider"]])

    named = text_id(found[_AT["agent"]]) or _lc_agent(properties) or _agent_at_work(telling, properties)
    fallback = text_id(found[_AT["agent_id"]]) or text_id(found[_AT["whole"]])
    if named in _NO_AGENTS:
        named, fallback = None, fallback or named
    if telling.kind == "agent" and named is None:
        named = _own_name(telling, properties, found)
    elif telling.signal == "span" and telling.kind == "none" and not telling.parent_span_id:
        if _is_named_workflow(properties):
            fallback = fallback or text_id(found[_AT["own_name"]]) or telling.event_name
    if named is None and telling.signal == "json":
        named = event.get("agent_id")
    if named is None and fallback is None:
        fallback = agent_of_resource(resource) or event.get("agent_id")
    telling.agent, telling.agent_fallback = named, fallback


def _agent_at_work(telling: Telling, properties: Mapping[str, Any]) -> str | None:
    """Return the agent that a step of LlamaIndex's workflow is of."""
    if telling.kind != "none" or telling.signal != "span" or "llama" not in (telling.scope or ""):
        return None
    for key in _WORKFLOW_TEXTS:
        value = properties.get(key)
        if isinstance(value, str) and (found := _AGENT_AT_WORK.search(value)) is not None:
            return found[1]
    return None


def _is_named_workflow(properties: Mapping[str, Any]) -> bool:
    return any(key in properties for key in _TYPE_KEYS)


def _own_name(telling: Telling, properties: Mapping[str, Any], found: Found) -> str | None:
    """Return the name of an agent that its own span gives it by itself."""
    own = text_id(found[_AT["own_name"]])
    if own is not None:
        return own
    name = telling.event_name
    if name is None:
        return None
    for beginning in _NOT_IN_AGENT_NAMES:
        if name.startswith(beginning) and len(name) > len(beginning):
            return name[len(beginning) :]
    if telling.signal == "span" and any(key in properties for key in NAMED_BY_SPAN):
        for ending in _AFTER_AGENT_NAMES:
            if name.endswith(ending) and len(name) > len(ending):
                return name[: -len(ending)]
        return name
    return None


def _session_in_context(properties: Mapping[str, Any]) -> str | None:
    for key in _CONTEXTS:
        value = properties.get(key)
        if isinstance(value, str) and not any(word in value for word in _SESSIONS_IN_CONTEXT):
            continue
        held = structure(value)
        if isinstance(held, dict):
            for word in _SESSIONS_IN_CONTEXT:
                if (session := text_id(held.get(word))) is not None:
                    return session
    return None


def _tell_model(telling: Telling, levels: Levels, found: Found) -> None:
    """Tell a model's call; an agent's invocation likewise, whose numbers and words are those of the calls below it."""
    properties = levels[0]
    of_model = telling.kind == "model"
    telling.tokens = tokens_of(levels)
    telling.cost = cost_of(levels)
    if of_model:
        telling.name = text_id(found[_AT["model"]])
        telling.response_id = _response_id(telling, properties, found)
        telling.partial = _is_loop(properties)
        _tell_response(telling, properties)
    else:
        telling.name = telling.agent
        telling.repeats = True
    if telling.event_name in _BODIES:
        levels = [{_BODIES[telling.event_name]: properties.get(_BODY)}]
    spoken = call_messages(
        levels,
        of_model=of_model,
        model_is_system=(telling.scope or "").startswith(_SYSTEM_IS_MODEL),
    )
    telling.system, telling.sent, telling.answered = spoken


def _response_id(telling: Telling, properties: Mapping[str, Any], found: Found) -> str | None:
    told = text_id(found[_AT["response_id"]])
    for scope, keys in _RESPONSE_IDS.items():
        if (telling.scope or "").startswith(scope):
            told = told or first(text_id(properties.get(key)) for key in keys)
    return real_id(told)


def _tell_response(telling: Telling, properties: Mapping[str, Any]) -> None:
    """Tell tokens, model and id that only the request or the response knows, where they are logged as they came."""
    knows_model = any(key in properties for key in _RESPONSE_MODELS)
    for key in _RESPONSES:
        value = properties.get(key)
        if isinstance(value, str):
            if telling.response_id is None and (opening := _RESPONSE_ID.match(value)) is not None:
                telling.response_id = opening[1]
            if not knows_model and telling.name is not None:
                _tell_answering_model(telling, value)
            if not _has_more(telling, value):
                continue
        held = structure(value)
        if isinstance(held, list) and held:
            held = held[0]
        if isinstance(held, dict):
            _tell_usage(telling, held)
    if telling.name is None:
        telling.name = text_id(properties.get("genkit:name"))
    for key in _REQUESTS:
        if telling.name is None and isinstance(value := properties.get(key), str) and '"model"' in value:
            held = structure(value)
            telling.name = text_id(held.get("model")) if isinstance(held, dict) else None


def _tell_answering_model(telling: Telling, response: str) -> None:
    """Tell the model that answered, where it is a version of the one that was asked for."""
    found = _MODEL.search(response)
    if found is not None and found[1].startswith(str(telling.name)):
        telling.name = found[1]


def _has_more(telling: Telling, response: str) -> bool:
    """Say whether the text of a response may have what is not known yet, before it is parsed."""
    tokens = telling.tokens
    if telling.name is None and '"model' in response:
        return True
    if tokens is None:
        return "sage" in response
    return None in (tokens.cache_read, tokens.reasoning) and _DETAIL.search(response) is not None


def _tell_usage(telling: Telling, held: dict[str, Any]) -> None:
    for holder in (held, *_metas(held), *_generations(held)):
        raw = holder.get("raw")
        usages = [holder.get(key) for key in _USAGES] + ([raw.get("usage")] if isinstance(raw, dict) else [])
        for usage in usages:
            if isinstance(usage, dict) and (tokens := tokens_of_usage(usage)) is not None:
                telling.tokens = with_details(telling.tokens, tokens)
        if telling.name is None:
            telling.name = text_id(first(holder.get(key) for key in ("model", "modelVersion", "model_version")))


def _generations(held: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what LangChain notes beside the first answer."""
    inner = held.get("generations")
    while isinstance(inner, list) and inner:
        inner = inner[0]
    message = inner.get("message") if isinstance(inner, dict) else None
    kwargs = message.get("kwargs") if isinstance(message, dict) else None
    return [kwargs] if isinstance(kwargs, dict) else []


def _metas(held: dict[str, Any]) -> list[dict[str, Any]]:
    """Return Haystack's notes on the first answer."""
    replies = held.get("replies")
    if isinstance(replies, list) and replies and isinstance(replies[0], dict):
        meta = replies[0].get("meta") or replies[0].get("_meta")
        return [meta] if isinstance(meta, dict) else []
    return []


def _tell_tool(telling: Telling, levels: Levels, found: Found) -> None:
    properties = levels[0]
    told = text_id(found[_AT["tool"]])
    if telling.signal == "span_event":
        output = properties.get("output")
        cut_off = _TOLD_RESULT.search(output) if telling.event_name == _STEP_OUTPUT and isinstance(output, str) else None
        telling.result = result_of(output if cut_off is None else cut_off[1]).value
        return
    step = properties.get(_STEP_INPUT)
    if isinstance(step, str) and (written := written_object(step)) is not None and "tool_name" in written:
        telling.name, telling.arguments = text_id(written["tool_name"]), written.get("tool_kwargs")
        telling.call_id = real_id(written.get("tool_id"))
        return
    given = found[_AT["arguments"]]
    if given is None:
        given = _plain(levels, INPUT_KEYS, but="new_context")
    if given is None and _is_given(properties.get("tool.parameters")):
        given = properties["tool.parameters"]
    telling.arguments = arguments_of(given)
    telling.name = real_name(told) or _other_name(telling, properties, found, told)
    result = _result(levels, found, wrapped=telling.emitter in _WRAPPING)
    telling.call_id = real_id(text_id(found[_AT["call_id"]])) or result.call_id
    telling.result = result.value
    if result.failed:
        telling.failed = True
        words = first((result.error, result.value))
        telling.failure = faults.failure(None, words if isinstance(words, str) else None)


def _other_name(telling: Telling, properties: Mapping[str, Any], found: Found, told: str | None) -> str | None:
    named = first(text_id(properties.get(key)) for key in _MCP_NAMES)
    parameters = structure(properties.get("tool_parameters"))
    if named is None and isinstance(parameters, dict):
        named = text_id(parameters.get("mcp_tool_name"))
    if named is None and told is None:
        named = text_id(found[_AT["own_name"]])
        if named is None and telling.signal == "span":
            named = name_of_span(telling.event_name)
    return named or told


def _is_given(value: object) -> bool:
    """Say whether these are a tool's arguments, rather than the schema of them."""
    held = structure(value)
    return isinstance(held, dict) and not ("type" in held or "properties" in held or "def" in held)


def _result(levels: Levels, found: Found, *, wrapped: bool) -> Result:
    value = found[_AT["result"]]
    if value is None:
        value = _plain(levels, OUTPUT_KEYS)
    return response_of(value) if wrapped else result_of(value)


def _plain(levels: Levels, keys: dict[str, int], but: str | None = None) -> Any:
    """Return the first value that stands under these keys; a log's line is none, and neither is an empty request."""
    return first(
        value
        for level in levels
        for value in values_of(level, keys)
        if value not in ("", "{}") and value is not level.get("body") and (but is None or value is not level.get(but))
    )


def _tell_statement(telling: Telling, levels: Levels, found: Found) -> None:
    spoken = statement(levels, telling.event_name or "")
    telling.system, telling.sent, telling.answered = spoken
    telling.response_id = _response_id(telling, levels[0], found)
    telling.name = text_id(found[_AT["model"]])
    properties = levels[0]
    call_id = real_id(properties.get("id"))
    if telling.signal == "span_event" and call_id is not None:
        _tell_note_of_tool(telling, properties, call_id)


def _tell_note_of_tool(telling: Telling, properties: Mapping[str, Any], call_id: str) -> None:
    """Tell what Strands notes in a tool's span: its arguments as the tool's message, its result as a choice."""
    name = telling.event_name or ""
    if name.endswith(".choice"):
        telling.call_id, telling.result = call_id, result_of(properties.get("message")).value
    elif properties.get("role") == "tool":
        telling.call_id, telling.arguments, telling.sent = call_id, arguments_of(properties.get("content")), []


def _failed(event: Mapping[str, Any], found: Found) -> bool:
    return event.get("status") == "error" or is_error(found) or event.get("severity") in _FAILURE_LEVELS


def _tell_failure(telling: Telling, event: Mapping[str, Any], levels: Levels, found: Found) -> None:
    if not telling.failed and not _failed(event, found) and telling.kind != "error":
        return
    line = levels[0].get("body") if telling.signal == "log" else "" if telling.signal == "json" else None
    known = telling.failure
    told = faults.failure_of(levels, line=line if telling.kind == "error" else None)
    if known is not None and (told is None or told.message is None):
        told = Failure(known.type or (told.type if told else None), known.message, known.detail)
    if told is None and telling.kind == "tool" and isinstance(telling.result, str):
        told = faults.failure(None, telling.result)
    telling.failed = True
    telling.failure = told
    if faults.waits(told):
        assert told is not None
        telling.failed, telling.waits, telling.failure = False, True, faults.asked(told)
    elif faults.goes_on(told):
        telling.failed, telling.failure = False, None


__all__ = ["NOTHING", "Spoken", "tell"]
