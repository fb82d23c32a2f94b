"""What one event tells, read from its properties: the call it is of, whose, its numbers, words and failure.

Emitters differ in tables (`semantics/emitters.py`, `semantics/event_types.py`, `kinds.py`), not in branches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mapping.calls import faults
from mapping.calls.kinds import (
    BODIES,
    BODY,
    EXECUTIONS,
    STEP_OUTPUT,
    Levels,
    has_failed,
    is_loop,
    kind_of,
    scope_name,
    signal_of,
)
from mapping.calls.model import Failure, Signal, Telling, TellingKind
from mapping.calls.responses import tell_response
from mapping.calls.spoken import call_messages, statement
from mapping.calls.tokens import cost_of, tokens_of
from mapping.calls.tools import Result, arguments_of, name_of_span, real_id, real_name, response_of, result_of
from mapping.calls.whose import emitter_of, tell_whose
from mapping.messages.extraction import INPUT_KEYS, OUTPUT_KEYS, first, structure, values_of
from mapping.messages.python_repr import written_object
from mapping.semantics import log_bodies
from mapping.semantics.attribute_roles import AT, Found, find, text_id
from mapping.semantics.event_types import model_in_name, readable_name, record_name
from mapping.times import parse_rfc3339

# The id of a response, where a program keeps it under a word that others use for other things.
_RESPONSE_IDS = {"com.anthropic.claude_code": ("request_id",)}
# Those who put a tool's result into an object, and those of them who put its failure there.
_WRAPPING = ("Google ADK", "Haystack", "LangSmith")
_FAILING_SO = ("Google ADK", "Haystack")
# Those who call the model `system` where they repeat the conversation.
_SYSTEM_IS_MODEL = ("gemini-cli", "qwen-code")
# LlamaIndex's steps say what they were given and gave, as Python writes it, cut off.
_STEP_INPUT = "llamaindex.step.input_summary"
_TOLD_RESULT = re.compile(r"tool_output=ToolOutput\(blocks=\[TextBlock\(block_type='text', text='((?:[^'\\]|\\.)*)'")
# The row of a log that is known by its body.
_BEDROCK = "Amazon Bedrock model-invocation logs"
_MCP_NAMES = ("mcp_tool.name", "mcp.tool.name")
_DETAILS = "gen_ai.client.inference.operation.details"
_NS_PER_MS = 1_000_000


def tell(event: Mapping[str, Any]) -> Telling:
    """Return what an event tells that is given as it is stored or read. Never raises, whatever the properties are."""
    properties: dict[str, Any] = event["properties"]
    signal = signal_of(event)
    levels = [properties]
    body = properties.get("body")
    if signal == "log" and isinstance(body, dict):
        levels += log_bodies.levels_of(body)
    found = find(*levels)
    name = readable_name(event.get("name"), properties)
    if signal == "log":
        name = record_name(name, levels, body)
    scope = scope_name(event)
    kind = kind_of(event, signal, name, levels, found)
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
    telling.emitter = emitter_of(scope, properties)
    if len(levels) > 1 and log_bodies.is_model_invocation(levels[1]):
        telling.emitter = _BEDROCK
    tell_whose(telling, event, levels, found)
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


def _tell_model(telling: Telling, levels: Levels, found: Found) -> None:
    """Tell a model's call; an agent's invocation likewise, whose numbers and words are those of the calls below it."""
    properties = levels[0]
    of_model = telling.kind == "model"
    telling.tokens = tokens_of(levels)
    telling.cost = cost_of(levels)
    if of_model:
        telling.name = text_id(found[AT["model"]])
        telling.response_id = _response_id(telling, properties, found)
        telling.partial = is_loop(properties)
        tell_response(telling, properties)
        if telling.name is None and telling.signal == "span":
            telling.name = model_in_name(telling.event_name or "")
    else:
        telling.name = telling.agent
        telling.repeats = True
    if telling.event_name in BODIES:
        levels = [{BODIES[telling.event_name]: properties.get(BODY)}]
    spoken = call_messages(
        levels,
        of_model=of_model,
        model_is_system=(telling.scope or "").startswith(_SYSTEM_IS_MODEL),
    )
    telling.system, telling.sent, telling.answered = spoken


def _response_id(telling: Telling, properties: Mapping[str, Any], found: Found) -> str | None:
    told = text_id(found[AT["response_id"]])
    for scope, keys in _RESPONSE_IDS.items():
        if (telling.scope or "").startswith(scope):
            told = told or first(text_id(properties.get(key)) for key in keys)
    return real_id(told)


def _tell_tool(telling: Telling, levels: Levels, found: Found) -> None:
    properties = levels[0]
    told = text_id(found[AT["tool"]])
    if telling.signal == "span_event":
        output = properties.get("output")
        cut_off = _TOLD_RESULT.search(output) if telling.event_name == STEP_OUTPUT and isinstance(output, str) else None
        telling.result = result_of(output if cut_off is None else cut_off[1]).value
        return
    step = properties.get(_STEP_INPUT)
    if isinstance(step, str) and (written := written_object(step)) is not None and "tool_name" in written:
        telling.name, telling.arguments = text_id(written["tool_name"]), written.get("tool_kwargs")
        telling.call_id = real_id(written.get("tool_id"))
        return
    given = found[AT["arguments"]]
    if given is None:
        given = _plain(levels, INPUT_KEYS, but="new_context")
    if given is None and _is_given(properties.get("tool.parameters")):
        given = properties["tool.parameters"]
    telling.arguments = arguments_of(given)
    telling.name = real_name(told) or _other_name(telling, properties, found, told)
    result = _result(telling, levels, found)
    telling.call_id = real_id(text_id(found[AT["call_id"]])) or result.call_id
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
        named = text_id(found[AT["own_name"]])
        if named is None and telling.signal == "span" and telling.event_name not in EXECUTIONS:
            named = name_of_span(telling.event_name)
    return named or told


def _is_given(value: object) -> bool:
    """Say whether these are a tool's arguments, rather than the schema of them."""
    held = structure(value)
    return isinstance(held, dict) and not ("type" in held or "properties" in held or "def" in held)


def _result(telling: Telling, levels: Levels, found: Found) -> Result:
    value = found[AT["result"]]
    if value is None:
        value = _plain(levels, OUTPUT_KEYS)
    if telling.emitter in _WRAPPING:
        return response_of(value, may_fail=telling.emitter in _FAILING_SO)
    return result_of(value)


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
    telling.name = text_id(found[AT["model"]])
    if telling.signal == "span_event":
        _tell_note_of_tool(telling, levels[0])


def _tell_note_of_tool(telling: Telling, properties: Mapping[str, Any]) -> None:
    """Tell what Strands notes in a tool's span: its arguments as the tool's message, its result as a choice.

    Or both as the tool's messages, by the later conventions.
    """
    name, call_id = telling.event_name or "", real_id(properties.get("id"))
    if call_id is not None and name.endswith(".choice"):
        telling.call_id, telling.result = call_id, result_of(properties.get("message")).value
    elif call_id is not None and properties.get("role") == "tool":
        telling.call_id, telling.arguments, telling.sent = call_id, arguments_of(properties.get("content")), []
    elif name == _DETAILS:
        for message in (*telling.sent, *telling.answered):
            for part in message["parts"] if message["role"] == "tool" and len(message["parts"]) == 1 else ():
                telling.call_id = real_id(part.get("id"))
                if part["type"] == "tool_call":
                    telling.arguments = arguments_of(part.get("arguments"))
                elif part["type"] == "tool_result":
                    telling.result = result_of(part.get("result")).value


def _tell_failure(telling: Telling, event: Mapping[str, Any], levels: Levels, found: Found) -> None:
    if not telling.failed and not has_failed(event, found) and telling.kind != "error":
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
    if told is not None and faults.waits(told):
        telling.failed, telling.waits, telling.failure = False, True, faults.asked(told)
    elif told is not None and faults.goes_on(told):
        telling.failed, telling.failure = False, None
