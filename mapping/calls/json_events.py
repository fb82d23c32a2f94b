"""What people call things in the JSON events that they write by hand, as attributes of the conventions.

Words that mean something else in telemetry (`tool`, `name`, `content`, `cost`) are looked for in these events alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mapping.calls.model import Tokens
from mapping.calls.tokens import count, tokens_of_usage
from mapping.messages.extraction import structure
from mapping.semantics.attribute_roles import text_id
from mapping.values import first

# Types of events, by the words that only who writes them by hand uses.
TYPES = {
    **dict.fromkeys("llm_response llm_completion chat_completion model_request model_response".split(), "model_call"),
    **dict.fromkeys(
        "tool_use tool_start tool_end tool_output tool_response tool_error function_call function_result".split(),
        "tool_call",
    ),
    **dict.fromkeys(
        "user_message user_input human_message assistant_message agent_message agent_response ai_message".split(),
        "message",
    ),
}
# Who says a message, by the first word of its type.
_SPEAKERS = {"user": "user", "human": "user", "assistant": "assistant", "agent": "assistant", "ai": "assistant"}
# A type that ends so tells how a call ended: its content is what came out.
_ENDS = ("_result", "_response", "_output", "_end", "_completion", "_error")

_CONTENT = "content"
_TOOL = {
    "gen_ai.tool.name": ("tool_name", "toolName", "tool", "function_name", "functionName", "function", "name"),
    "gen_ai.tool.call.id": ("tool_call_id", "tool_use_id", "toolCallId", "toolUseId", "call_id", "callId"),
    "gen_ai.tool.call.arguments": (
        *("arguments", "args", "tool_input", "toolInput", "tool_args", "toolArgs", "parameters", "params", "input"),
    ),
    "gen_ai.tool.call.result": (
        "result",
        "tool_output",
        "toolOutput",
        "tool_result",
        "toolResult",
        "output",
        "response",
    ),
}
# An event that is a call as a model's API has it: its `id` is that of the call, as in what a call may stand in.
_CALLS = ("tool_use", "function_call")
# What a call of a tool may stand in, the outer one first, and a list of them.
_HOLDERS = ("tool_call", "toolCall", "tool", "function")
_LIST = "tool_calls"
_MODEL = {
    "gen_ai.request.model": ("model_name", "modelName", "model_id"),
    "gen_ai.usage.cost": ("cost", "total_cost", "totalCost"),
}
_REQUESTS, _RESPONSES = ("request", "input"), ("response", "output", "completion", "result")
_USAGES = ("usage", "token_usage", "tokenUsage", "tokens", "usage_metadata", "usageMetadata")
_ANSWERS = (_CONTENT, "text", "answer")
_WORDS = {
    "user": (_CONTENT, "text", "message", "input", "prompt"),
    "assistant": (_CONTENT, "text", "message", "output", "response", "answer"),
}


def type_of(event_type: str | None) -> str | None:
    """Return the type that an event's word means, the word itself where it means none of its own."""
    return TYPES.get(event_type or "", event_type)


def is_answer(event_type: str | None, properties: Mapping[str, Any]) -> bool:
    """Return whether a message is a model's, with the tokens of the call that it answers."""
    role = properties.get("role", _speaker(event_type))
    return role == "assistant" and usage_in(properties, named=False) is not None


def levels_of(kind: str, event_type: str | None, properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sets of attributes of an event of a kind: its properties, and what they say in looser words."""
    ends = (event_type or "").endswith(_ENDS) or type_of(event_type) == "message"
    if kind == "tool":
        return _of_tool(properties, ends=ends, is_call=event_type in _CALLS)
    if kind == "model":
        return _of_model(properties, ends=ends)
    if kind == "statement" and "role" not in properties:
        role = _speaker(event_type)
        said = first(properties.get(key) for key in _WORDS[role]) if role is not None else None
        return [properties] if said is None else [{**properties, "role": role, _CONTENT: said}]
    return [properties]


def usage_of(properties: Mapping[str, Any]) -> Tokens | None:
    """Return the tokens of an event that has them in an object, in the response, or by themselves."""
    numbers = {key: value for key, value in properties.items() if count(value) is not None}
    return usage_in(properties, named=False) or tokens_of_usage(numbers)


def usage_in(fields: Mapping[str, Any], *, named: bool = True) -> Tokens | None:
    """Return the tokens in an object of usage, or in that of a response, as a model's API has them; else None.

    `named`: only those that are called tokens, for what else is used has an input and an output, too.
    """
    for holder in (fields, *_objects(fields, _RESPONSES)):
        for usage in _objects(holder, _USAGES):
            if named and not any("oken" in key for key in usage):
                continue
            if (tokens := tokens_of_usage(usage)) is not None:
                return tokens
    return None


def _speaker(event_type: str | None) -> str | None:
    return _SPEAKERS.get((event_type or "").partition("_")[0])


def _of_tool(properties: dict[str, Any], *, ends: bool, is_call: bool) -> list[dict[str, Any]]:
    held = dict(properties)
    call_id = held.get("id") if is_call else None
    calls = structure(held.pop(_LIST, None))
    for key in _HOLDERS:
        inner = structure(held.get(key))
        if key == _HOLDERS[0] and inner is None and isinstance(calls, list) and len(calls) == 1:
            inner = calls[0]
        if isinstance(inner, dict):
            held.pop(key, None)
            held |= inner
            call_id = first((inner.get("id"), call_id))
    told = {attribute: first(held.get(word) for word in words) for attribute, words in _TOOL.items()}
    told["gen_ai.tool.call.id"] = first((told["gen_ai.tool.call.id"], call_id))
    if ends and told["gen_ai.tool.call.result"] is None:
        told["gen_ai.tool.call.result"] = held.get(_CONTENT)
        properties = {key: value for key, value in properties.items() if key != _CONTENT}
    if held.get("is_error") is True or held.get("isError") is True:
        told["success"] = False
    return [properties, _without_none(told)]


def _of_model(properties: dict[str, Any], *, ends: bool) -> list[dict[str, Any]]:
    told = {attribute: first(properties.get(word) for word in words) for attribute, words in _MODEL.items()}
    for response in _objects(properties, _RESPONSES):
        told["gen_ai.response.model"] = text_id(response.get("model"))
        told["gen_ai.response.id"] = text_id(response.get("id"))
    for request in _objects(properties, _REQUESTS):
        told["gen_ai.request.model"] = told["gen_ai.request.model"] or text_id(request.get("model"))
    if ends and not any(key in properties for key in _RESPONSES):
        answer = first(properties.get(key) for key in _ANSWERS)
        calls = properties.get(_LIST)
        if answer is not None or calls is not None:
            told["gen_ai.output.messages"] = [{"role": "assistant", _CONTENT: answer, _LIST: calls}]
            properties = {key: value for key, value in properties.items() if key != _CONTENT}
    return [properties, _without_none(told)]


def _objects(holder: Mapping[str, Any], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    return [held for key in keys if isinstance(held := structure(holder.get(key)), dict)]


def _without_none(told: dict[str, Any]) -> dict[str, Any]:
    return {attribute: value for attribute, value in told.items() if value is not None}
