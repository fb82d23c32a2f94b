"""A message of a call, and its parts, whichever emitter logged them: their roles, tool calls and results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from mapping.values import first

# Lists of more parts than this, or as many attributes, are not a real conversation, and would take seconds.
MOST = 50_000
# JSON text may contain JSON text, and so on; deeper levels are not compared.
MAX_DEPTH = 64

_ROLES = {
    "human": "user",
    "ai": "assistant",
    "model": "assistant",
    "function": "tool",
    "developer": "system",
    "tool-call": "assistant",
    "tool-response": "tool",
    "chatbot": "assistant",
    "bot": "assistant",
    "end_user": "user",
    "ipython": "tool",
    # LangChain's classes.
    "humanmessage": "user",
    "aimessage": "assistant",
    "aimessagechunk": "assistant",
    "systemmessage": "system",
    "toolmessage": "tool",
}
SPEAKERS = frozenset({*_ROLES, *_ROLES.values(), "user", "assistant", "system"})

# These are tuples, because a part's `type` may be an object, which cannot be looked up in a set.
_REASONING = ("reasoning", "thinking", "redacted_thinking")
UNSAID_KEYS = frozenset({"cache_control", "cachePoint", "reasoningContent", "citations", "annotations"})
_CALLS = (
    "tool_call",
    "tool_use",
    "toolUse",
    "tool-call",
    "function",
    "function_call",
    "server_tool_call",
    "server_tool_use",
    "mcp_tool_use",
)
_RESULTS = (
    "tool_call_response",
    "tool_result",
    "toolResult",
    "tool-result",
    "tool-error",
    "function_response",
    "server_tool_call_response",
    "mcp_tool_result",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
)
_PARTS = ("text", "output_text", *_REASONING, *_CALLS)
CONTENTS = ("content", "contents", "parts", "blocks")
_WRAPPED = ("text", "content", "message", "message_content", "json", "parts")
_CALL_KEYS = ("toolUse", "functionCall", "function_call", "tool_call", "toolRequest", "function")
_RESULT_KEYS = ("toolResult", "functionResponse", "function_response", "toolResponse", "tool_call_result")
# The call's id comes before the item's own `id`, because items of OpenAI's Responses have both.
_CALL_IDS = ("call_id", "callId", "toolUseId", "toolCallId", "tool_use_id", "tool_call_id", "ref", "id")
_CALL_NAMES = ("name", "tool_name", "toolName")


def is_message(value: object) -> bool:
    """Return whether this is a message, or has one under `message`, as in OpenInference or a choice of an answer."""
    if isinstance(value, dict) and "role" not in value:
        value = value.get("message")
    return isinstance(value, dict) and isinstance(value.get("role"), str)


def is_part(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    # The `text` of an OpenAI response is an object with the format of the text.
    return isinstance(value.get("text"), str) or value.get("type") in _PARTS or "toolUse" in value


def message_of(value: dict[str, Any]) -> dict[str, Any]:
    """Return a message without the object that may wrap it."""
    message: dict[str, Any] = value if "role" in value else value["message"]
    return message


def role_of(message: dict[str, Any]) -> str:
    role = str(message["role"]).lower()
    return _ROLES.get(role, role)


def calls_of(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the tool calls beside a message's content."""
    calls = message.get("tool_calls") or message.get("function_call")
    for call in calls if isinstance(calls, list) else [calls]:
        if isinstance(call, dict):
            wrapped = call.get("tool_call")
            yield wrapped if isinstance(wrapped, dict) else call


# The kinds of a message's parts; with `content` comes the part's content, with the others the part or its object.
PartKind = Literal["reasoning", "ignored", "call", "result", "content", "other"]


def read_part(part: dict[str, Any]) -> tuple[PartKind, Any]:
    kind = part.get("type") or part.get("block_type")
    if kind in _REASONING:
        return "reasoning", part
    if part.keys() <= UNSAID_KEYS:
        return "ignored", part
    call = first(part.get(key) for key in _CALL_KEYS)
    result = first(part.get(key) for key in _RESULT_KEYS)
    if kind in _CALLS or isinstance(call, dict):
        return "call", {**part, **call} if isinstance(call, dict) else part
    if kind in _RESULTS or isinstance(result, dict):
        return "result", result if isinstance(result, dict) else part
    content = first(part.get(key) for key in _WRAPPED)
    return ("content", content) if content is not None else ("other", part)


class ToolCall(NamedTuple):
    id: Any
    name: Any
    arguments: Any


def read_call(call: dict[str, Any]) -> ToolCall:
    function = call.get("function")
    inner = function if isinstance(function, dict) else call
    arguments = first(inner.get(key) for key in ("arguments", "input", "args", "tool_kwargs"))
    if arguments is None:
        arguments = _of_server(call, "server_tool_call")
    return ToolCall(first(call.get(key) for key in _CALL_IDS), first(inner.get(key) for key in _CALL_NAMES), arguments)


def _of_server(part: dict[str, Any], key: str) -> dict[str, Any] | None:
    """Return what the conventions have under this key of the model's own tools, without the tool's type."""
    held = part.get(key)
    return {name: value for name, value in held.items() if name != "type"} if isinstance(held, dict) else None


def read_result(result: dict[str, Any]) -> tuple[Any, Any]:
    """Return the id of the call that a tool answered, and its result."""
    call_id = first(result.get(key) for key in _CALL_IDS)
    if call_id is None and isinstance(origin := result.get("origin"), dict):
        call_id = origin.get("id")  # Haystack's
    value: Any = first(result.get(key) for key in ("response", "result", "output", "content", "error"))
    if value is None:
        value = _of_server(result, "server_tool_call_response")
    if value is result.get("response") and isinstance(value, dict) and len(value) == 1:
        value = value.get("result", value.get("output", value))  # Gemini's functions must return an object
    return call_id, value
