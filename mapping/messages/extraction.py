"""Extracts a call's messages and their parts from logged attributes, whichever emitter logged them.

Supported are lists of `{role, content}` as of OpenAI, Anthropic, Bedrock and Gemini, `{role, parts}` of OpenTelemetry's
GenAI conventions, and OpenInference's flattened lists; as values or as JSON text; alone or inside a logged request.
Messages are returned unchanged: `canonical.py` converts them for comparison, `display.py` for display.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from mapping.messages import streams
from mapping.messages.flattened import flattened
from mapping.messages.parts import CONTENTS, MOST, SPEAKERS, is_message, is_part, read_result
from mapping.messages.prompts import TURN, turns_in
from mapping.messages.python_repr import looks_written, written_object
from mapping.semantics.vocabulary import KEYS, ROLES
from mapping.values import count_cut, first, storable

# The maximum depth of the answer in a logged response: output, message, content.
_ANSWER_DEPTH = 4
# The maximum length of JSON text that is parsed: megabytes take milliseconds, and longer text would block others.
_MAX_PARSED = 4 << 20
# The keys of the messages and the system prompt in a logged request, and of the message in an answer.
_LISTS = ("messages", "contents", "inputBodyJson", "input", "prompt", "chat_history")
SYSTEMS = ("system", "system_instructions", "system_instruction", "systemInstruction", "instructions")
_CONFIGS = ("config", "generationConfig")
_ANSWERS = ("outputBodyJson", "output", "message", "messages", "choices", "candidates", "results", "content")
_ANSWER_TEXTS = ("text", "completion", "generation", "outputText", "output_text", "response")

# What LangChain's messages have in the place of a role, as Python's `model_dump` gives them.
_LANGCHAIN_TYPES = ("human", "ai", "AIMessageChunk", "system", "tool")

# Items of OpenAI's Responses in the place of messages.
_ITEM_CALLS = ("function_call", "custom_tool_call", "mcp_call")
_ITEMS = ("mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "compaction", "item_reference")
_ITEM_RESULTS = ("function_call_output", "function_call_result", "custom_tool_call_output")


def _keys_of(role: str, *more: str) -> dict[str, int]:
    """Return the vocabulary's keys of a role, and further ones, with their precedence."""
    keys = {key: rank for key, (number, rank) in KEYS.items() if number == ROLES.index(role)}
    return keys | dict.fromkeys(more, len(KEYS))


INPUT_KEYS, OUTPUT_KEYS = _keys_of("input", "messages", "request"), _keys_of("output", "choices", "completion")
del OUTPUT_KEYS["message"]  # in a structured log this is the line that was logged
_SYSTEM_KEYS = (*_keys_of("system"), *SYSTEMS)
# LangWatch wraps its values with their type: `{"type": "json", "value": ...}`.
_TYPED = ("langwatch.input", "langwatch.output")


class SentMessages(NamedTuple):
    """A list of messages that was sent to a model, the system prompt beside it, and the attributes that have them."""

    level: dict[str, Any]
    system: Any
    messages: list[Any]


class Form(NamedTuple):
    """How an answer is converted: functions for a list of messages, and for content without a message.

    An empty answer is an empty list.
    """

    messages: Callable[[list[Any]], list[Any]]
    spoken: Callable[[Any], Any]


def requests(levels: Sequence[dict[str, Any]]) -> Iterator[SentMessages]:
    """Yield the lists of messages in these sets of attributes that may have been sent to a model, likeliest first."""
    for level in levels:
        for value in (*values_of(level, INPUT_KEYS), *flattened(level, "input")):
            if (request := request_in(value)) is not None:
                yield SentMessages(level, *request)


def system_beside(level: dict[str, Any]) -> Any:
    """Return the system prompt that is in a separate attribute, or None."""
    return first(level.get(key) for key in _SYSTEM_KEYS)


def answered(levels: Sequence[dict[str, Any]], form: Form) -> list[Any]:
    """Return the messages that the model answered with; [] if they are unknown."""
    for level in levels:
        for value in (*values_of(level, OUTPUT_KEYS), *flattened(level, "output")):
            if messages := _answer(value, 0, form):
                return messages
    return []


def values_of(level: dict[str, Any], keys: dict[str, int]) -> list[Any]:
    """Return the values of these keys in a set of attributes, in order of precedence."""
    if keys.keys().isdisjoint(level):
        return []
    return [value_at(level, key) for key in sorted(level.keys() & keys.keys(), key=keys.__getitem__)]


def value_at(level: dict[str, Any], key: str) -> Any:
    """Return the value of a key without its wrapping."""
    value = level[key]
    held = structure(value) if key in _TYPED else None
    return held["value"] if isinstance(held, dict) and held.keys() == {"type", "value"} else value


def structure(value: object) -> Any:
    """Return the list or object in JSON text; return anything else unchanged."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["} and len(value) <= _MAX_PARSED:
        try:
            return storable(msgspec.json.decode(value))
        except (ValueError, RecursionError):
            return value
    return value


def unquoted(value: Any) -> Any:
    """Return the text in a JSON string; return anything else unchanged."""
    if isinstance(value, str) and value[:1] == '"' and value[-1:] == '"':
        held = structure(f"[{value}]")
        if isinstance(held, list) and len(held) == 1 and isinstance(held[0], str):
            return held[0]
    return value


def request_in(value: object, depth: int = 0) -> tuple[Any, list[Any]] | None:
    """Return the system prompt and the list of messages in a logged value, at most three levels down, or None."""
    value = structure(value)
    if isinstance(value, str) and TURN in value:
        value = turns_in(value)
    if isinstance(value, list) and (messages := messages_in(value)):
        return (None, messages) if sum(map(_size, messages)) <= MOST else None
    if isinstance(value, dict) and depth < 3:
        for key in _LISTS:
            if key in value and (request := request_in(value[key], depth + 1)) is not None:
                system, messages = request
                holders = [value, *(inner for key in _CONFIGS if isinstance(inner := value.get(key), dict))]
                return system or first(holder.get(key) for holder in holders for key in SYSTEMS), messages
    return None


def messages_in(values: list[Any]) -> list[dict[str, Any]]:
    """Return a list's messages; [] unless each element is a message, an item of Responses or `[role, content]`."""
    values = [value for value in values if not _offers_tool(value)]
    messages = [_as_message(value) for value in values]
    if None in messages:
        # Beside known items there may be those of the model's own tools: web search, computer use.
        known = any(message is not None for message in messages)
        messages = [message or _hosted(value, known) for message, value in zip(messages, values, strict=True)]
    return [] if None in messages else [message for message in messages if message is not None]


def _offers_tool(value: Any) -> bool:
    """Return whether this is a tool that the model may call: Langfuse for LangChain puts them behind the messages."""
    if not isinstance(value, dict) or value.get("role") != "tool" or value.get("tool_call_id") is not None:
        return False
    content = value.get("content")
    if not isinstance(content, dict):
        return False
    function = content.get("function") if content.get("type") == "function" else content
    described = isinstance(function, dict) and "name" in function and "arguments" not in function
    return described and (function is not content or "input_schema" in content or "parameters" in content)


def _hosted(value: Any, known: bool) -> dict[str, Any] | None:
    """Return an item of Responses for one of the model's own tools, as a message."""
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or not known:
        return None
    if kind.endswith("_call"):
        arguments = {key: inner for key, inner in value.items() if key not in ("type", "id", "status")}
        call = {**value, "name": kind.removesuffix("_call"), "arguments": arguments}
        return {"role": "assistant", "tool_calls": [call]}
    if kind.endswith("_call_output"):
        return {"role": "tool", "tool_call_id": read_result(value)[0], "content": value.get("output")}
    return {"role": "assistant", "content": [value]} if kind in _ITEMS else None


def _as_message(value: Any) -> dict[str, Any] | None:
    if count_cut(value):
        return {"role": "cut", "content": value}
    if isinstance(value, str) and looks_written(value):
        value = written_object(value)
    if isinstance(value, list):
        is_pair = len(value) == 2 and isinstance(value[0], str) and value[0].lower() in SPEAKERS
        return {"role": value[0], "content": value[1]} if is_pair else None
    if not isinstance(value, dict):
        return None
    if is_message(value):
        return value
    if value.get("type") in _LANGCHAIN_TYPES and "content" in value:
        return {**value, "role": value["type"]}
    return _item(value)


def _item(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return an item of Responses, or Gemini's content without a role, as a message."""
    kind = value.get("type")
    if kind in _ITEM_CALLS:
        call = {"role": "assistant", "tool_calls": [value]}
        if (told := first((value.get("output"), value.get("error")))) is None:
            return call
        # A server's tool: its result comes with its call.
        result = {
            "type": "tool_result",
            "tool_use_id": value.get("id"),
            "content": told,
            "is_error": bool(value.get("error")),
        }
        return {"role": "assistant", "content": [{**value, "type": "tool_call"}, result]}
    if kind in _ITEM_RESULTS:
        return {"role": "tool", "tool_call_id": read_result(value)[0], "content": value.get("output")}
    if kind == "reasoning" and ("summary" in value or "rawContent" in value):
        return {"role": "assistant", "content": [value]}
    if isinstance(value.get("parts"), list) and value.get("role") is None:
        return {**value, "role": "user"}
    return None


def _answer(value: object, depth: int, form: Form) -> list[Any]:
    """Convert an answer: plain text, parts or messages, or a response that contains one of them."""
    value = structure(value)
    if isinstance(value, str):
        return [form.spoken(value)] if value.strip() else []
    if isinstance(value, list):
        return _answer_in_list(value, depth, form)
    if not isinstance(value, dict) or depth > _ANSWER_DEPTH:
        return []
    if is_message(value):
        return form.messages([value])
    for key in _ANSWERS:
        if key in value and (messages := _answer(value[key], depth + 1, form)):
            return messages
    return _answer(first(value.get(key) for key in _ANSWER_TEXTS), depth + 1, form)


def _answer_in_list(values: list[Any], depth: int, form: Form) -> list[Any]:
    if not values:
        return []
    if messages := messages_in(values):
        return form.messages(messages)
    if (whole := streams.whole_of(values)) is not None:
        return _answer(whole, depth + 1, form)
    if all(map(is_part, values)):
        return [form.spoken(values)]
    # The first of several answers.
    return _answer(values[0], depth + 1, form) if isinstance(values[0], dict) else []


def _size(message: dict[str, Any]) -> int:
    """Return the number of parts of a message, plus one for the message itself."""
    return 1 + sum(len(content) for key in CONTENTS if isinstance(content := message.get(key), list))
