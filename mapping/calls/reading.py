"""What one event tells, read from its properties: the call it is of, whose, its numbers, words and failure.

Emitters differ in tables (`semantics/emitters.py`, `semantics/event_types.py`, `kinds.py`), not in branches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mapping.calls import faults, json_events
from mapping.calls.kinds import (
    BODIES,
    BODY,
    RECORDS,
    Levels,
    has_failed,
    is_handled,
    is_loop,
    is_note,
    kind_of,
    scope_name,
    signal_of,
)
from mapping.calls.model import Failure, Message, Signal, Telling, TellingKind
from mapping.calls.ownership import emitter_of, tell_owner
from mapping.calls.responses import tell_response
from mapping.calls.scores import told_scores
from mapping.calls.spoken import call_messages, statement
from mapping.calls.tokens import cost_of, tokens_of, without_reasoning
from mapping.calls.tool_calls import tell_note_of_tool, tell_tool
from mapping.calls.tool_parts import with_tools
from mapping.calls.tools import real_id
from mapping.semantics import bedrock_log, log_bodies
from mapping.semantics.attribute_roles import AT, Roles, find, text_id
from mapping.semantics.event_types import model_in_name, readable_name, record_name
from mapping.times import parse_rfc3339
from mapping.values import first

# The id of a response, where a program keeps it under a word that others use for other things.
_RESPONSE_IDS = {"com.anthropic.claude_code": ("request_id",)}
# Those who call the model `system` where they repeat the conversation.
_SYSTEM_IS_MODEL = ("gemini-cli", "qwen-code")
_MARKING, _MARK = "gen_ai", "openinference.span.kind"
# Those who put a provider before a model's name.
_PREFIXING = ("genkit", "openinference.instrumentation.litellm")
_UNNAMED = ("unknown_service", "laminar-tracer-resource")
# Traceloop's for OpenAI's Responses quotes the whole conversation as one message by the user.
_QUOTING = "@traceloop/"
# The same in Python has the id of an item in the place of the call's, by which results are told.
_ITEM, _ITEM_ID = "openai.response", "fc_"
# Those who add reasoning to an output that has it already, from this version on: where LiteLLM asks another vendor's
# model, whose name begins with the vendor's.
_ADDING_REASONING, _SINCE = "gcp.vertex.agent", 2
_OWN_MODELS = ("apigee/", "models/", "projects/", "publishers/")
# The row of a log that is known by its body.
_BEDROCK, _AWS = "Amazon Bedrock model-invocation logs", "aws.bedrock"
_NS_PER_MS = 1_000_000


def tell(event: Mapping[str, Any]) -> Telling:
    """Return what an event tells that is given as it is stored or read. Never raises, whatever the properties are."""
    properties: dict[str, Any] = event["properties"]
    signal = signal_of(event)
    levels = [properties]
    body = properties.get("body")
    if signal == "log" and isinstance(body, dict):
        levels += log_bodies.levels_of(body)
    roles = find(*levels)
    name = readable_name(event.get("name"), properties)
    if signal == "log":
        name = record_name(name, levels, body)
    scope = scope_name(event)
    kind = kind_of(event, signal, name, levels, roles)
    if signal == "json" and kind != "none":
        levels = json_events.levels_of(kind, event.get("event_type"), properties)
        roles = find(*levels)
    bedrock_s = _bedrock_log(signal, levels)
    start, end = _times(event, signal, kind, properties, bedrock_s)
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
        service=_service(event),
        status_ok=event.get("status") == "ok",
        order=_order(event, properties),
    )
    telling.emitter = _BEDROCK if bedrock_s else emitter_of(scope, properties)
    tell_owner(telling, event, levels, roles)
    telling.scores = told_scores(name, signal, levels)
    if kind == "none" and signal != "span":
        if name not in RECORDS and not is_handled(event):
            _tell_failure(telling, event, levels, roles)
        return telling
    if kind in ("model", "agent"):
        _tell_model(telling, levels, roles)
        if telling.tokens is not None and _adds_reasoning(event, telling):
            telling.tokens = without_reasoning(telling.tokens)
    elif kind == "tool":
        telling.response_id = _response_id(telling, properties, roles)
        tell_tool(telling, levels, roles)
    elif kind == "statement":
        _tell_statement(telling, levels, roles)
    _tell_failure(telling, event, levels, roles)
    return telling


def _service(event: Mapping[str, Any]) -> str | None:
    """Return the service's name, unless it is what an SDK calls all that are not named."""
    named = text_id((event.get("resource") or {}).get("service.name"))
    return None if named is not None and named.startswith(_UNNAMED) else named


def _order(event: Mapping[str, Any], properties: Mapping[str, Any]) -> int:
    told = first((properties.get("event.sequence"), properties.get("CHAT_MESSAGE_INDEX"), event.get("order")))
    return told if isinstance(told, int) and not isinstance(told, bool) and abs(told) < 2**31 else 0


def _times(
    event: Mapping[str, Any],
    signal: Signal,
    kind: TellingKind,
    properties: Mapping[str, Any],
    bedrock_s: dict[str, Any] | None,
) -> tuple[int, int]:
    """Return start and end. A record of a call is written at its end, and may say how long it took."""
    at = event["timestamp"]
    if isinstance(at, str):
        try:
            at = parse_rfc3339(at)
        except ValueError:
            at = 0
    if bedrock_s:
        return at, at + int(bedrock_log.took(bedrock_s) * _NS_PER_MS)  # its time is that of the request
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


def _tell_model(telling: Telling, levels: Levels, roles: Roles) -> None:
    """Set the fields of a model's call, or of an agent's invocation, whose tokens and messages are its calls'."""
    properties = levels[0]
    of_model = telling.kind == "model"
    telling.tokens = tokens_of(levels)
    if telling.tokens is None and telling.signal == "json":
        telling.tokens = json_events.usage_of(properties)
    elif telling.tokens is None and telling.signal == "log" and len(levels) > 1:
        telling.tokens = json_events.usage_in(levels[1])
    telling.cost = cost_of(levels)
    if of_model:
        telling.name = text_id(roles[AT["model"]])
        telling.response_id = _response_id(telling, properties, roles)
        telling.partial = is_loop(properties)
        tell_response(telling, properties)
        if telling.name is None and telling.signal == "span":
            telling.name = model_in_name(telling.event_name or "")
        if telling.name is not None and (telling.scope or "").startswith(_PREFIXING):
            telling.name = telling.name.partition("/")[2] or telling.name
    else:
        telling.name = telling.agent
    if bedrock_s := _bedrock_log(telling.signal, levels):
        telling.name, telling.provider = bedrock_log.model_of(bedrock_s), _AWS
        telling.response_id = real_id(bedrock_log.response_id_of(bedrock_s))
        levels = [bedrock_log.said_in(bedrock_s)]
    if telling.event_name in BODIES:
        levels = [{BODIES[telling.event_name]: properties.get(BODY)}]
    spoken = call_messages(
        levels,
        of_model=of_model,
        model_is_system=(telling.scope or "").startswith(_SYSTEM_IS_MODEL),
        is_quoted=(telling.scope or "").startswith(_QUOTING),
    )
    if telling.event_name == _ITEM:
        spoken = spoken._replace(sent=_without_items(spoken.sent), answered=_without_items(spoken.answered))
    telling.system, telling.sent, telling.answered = spoken


def _bedrock_log(signal: Signal, levels: Levels) -> dict[str, Any] | None:
    """Return the body of a record of Amazon Bedrock's log, None of any other event."""
    is_one = signal == "log" and len(levels) > 1 and bedrock_log.is_model_invocation(levels[1])
    return levels[1] if is_one else None


def _adds_reasoning(event: Mapping[str, Any], telling: Telling) -> bool:
    """Return whether the output tokens have reasoning twice."""
    version = str((event.get("scope") or {}).get("version") or "").partition(".")[0]
    return (
        telling.scope == _ADDING_REASONING
        and version.isdecimal()
        and int(version) >= _SINCE
        and "/" in (telling.name or "")
        and not str(telling.name).startswith(_OWN_MODELS)
    )


def _without_items(messages: list[Message]) -> list[Message]:
    """Return messages whose calls have no id where it is that of an item."""
    for message in messages:
        for part in message["parts"]:
            if part["type"] == "tool_call" and str(part.get("id")).startswith(_ITEM_ID):
                del part["id"]
    return with_tools(messages)


def _response_id(telling: Telling, properties: Mapping[str, Any], roles: Roles) -> str | None:
    told = text_id(roles[AT["response_id"]])
    for scope, keys in _RESPONSE_IDS.items():
        if (telling.scope or "").startswith(scope):
            told = told or first(text_id(properties.get(key)) for key in keys)
    return real_id(told)


def _tell_statement(telling: Telling, levels: Levels, roles: Roles) -> None:
    spoken = statement(levels, telling.event_name or "")
    telling.system, telling.sent, telling.answered = spoken
    telling.response_id = _response_id(telling, levels[0], roles)
    telling.name = text_id(roles[AT["model"]])
    if telling.signal == "span_event":
        tell_note_of_tool(telling, levels[0])


def _is_marked(telling: Telling, properties: Mapping[str, Any]) -> bool:
    """Return whether this was wrongly marked as failed: OpenInference's spans of the Vercel AI SDK after an error."""
    if telling.scope != _MARKING or _MARK not in properties:
        return False
    return telling.kind == "none" or telling.result is not None or telling.tokens is not None


def _told_in_answer(telling: Telling, levels: Levels) -> Failure | None:
    """Return the failure of a call that has its words where others have their results."""
    if telling.kind == "tool":
        return faults.failure(None, telling.result) if isinstance(telling.result, str) else None
    output = levels[0].get("output.value")
    cause = faults.cause_in(output) if isinstance(output, str) else None
    if cause is not None:
        telling.answered = []
    return cause


def _tell_failure(telling: Telling, event: Mapping[str, Any], levels: Levels, roles: Roles) -> None:
    if not telling.failed and not has_failed(event, roles) and telling.kind != "error":
        _tell_question(telling, roles)
        return
    if _is_marked(telling, levels[0]) or (telling.signal == "span" and is_note(levels[0])):
        telling.failed = False
        return
    line = levels[0].get("body") if telling.signal == "log" else "" if telling.signal == "json" else None
    known = telling.failure
    told = faults.failure_of(levels, line=line if telling.kind == "error" else None)
    if known is not None and (told is None or told.message is None):
        kind = known.type or faults.telling_type(told)
        told = Failure(kind, known.message, known.detail)
    says_nothing = told is None or (told.message is None and faults.telling_type(told) is None)
    if says_nothing and telling.kind in ("tool", "agent", "model"):
        told = _told_in_answer(telling, levels) or told
    telling.failed = True
    telling.failure = told
    if told is not None and faults.waits(told):
        telling.failed, telling.waits, telling.failure = False, True, faults.asked(told)
    elif told is not None and faults.goes_on(told):
        telling.failed, telling.failure = False, None


def _tell_question(telling: Telling, roles: Roles) -> None:
    """Set what a person is asked where a remark says it of what has not failed: Langfuse's."""
    remark = roles[AT["remark"]]
    if isinstance(remark, str) and faults.INTERRUPT in remark:
        told = faults.failure(None, remark)
        if faults.waits(told):
            telling.waits, telling.failure = True, faults.asked(told)
