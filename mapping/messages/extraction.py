"""Extracts a call's messages and their parts from logged attributes, whichever emitter logged them.

Supported are lists of `{role, content}` as of OpenAI, Anthropic, Bedrock and Gemini, `{role, parts}` of OpenTelemetry's
GenAI conventions, and OpenInference's flattened lists; as values or as JSON text; alone or inside a logged request.
Messages are returned unchanged: `canonical.py` converts them for comparison, `display.py` for display.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import msgspec

from mapping.messages.python_repr import looks_written, written_object
from mapping.semantics.vocabulary import FLATTENED, KEYS, ROLES
from mapping.values import DROPPED, count_cut, cut_items, storable

# The maximum depth of the answer in a logged response: output, message, content.
_ANSWER_DEPTH = 4
# The maximum length of JSON text that is parsed: megabytes take milliseconds, and longer text would block others.
_MAX_PARSED = 4 << 20
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
# The keys of the messages and the system prompt in a logged request, and of the message in an answer.
_LISTS = ("messages", "contents", "inputBodyJson", "input", "prompt", "chat_history")
SYSTEMS = ("system", "system_instructions", "system_instruction", "systemInstruction", "instructions")
_CONFIGS = ("config", "generationConfig")
_ANSWERS = ("outputBodyJson", "output", "message", "messages", "choices", "candidates", "results", "content")
_ANSWER_TEXTS = ("text", "completion", "generation", "outputText", "output_text", "response")

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
# What each message of a flattened list has, before its place and behind it, by the role the list plays.
_FLATTENED = {
    role: [(prefix, role_key) for prefix in prefixes for role_key in (".message.role", ".role")]
    for role, prefixes in FLATTENED.items()
}
# How many attributes its sender has dropped: Python's SDK drops those that were set first.
_DROPPED = "otel.dropped_attributes_count"
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


def first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


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


def flattened(level: dict[str, Any], role: str) -> Iterator[list[Any]]:
    """Yield the lists of messages that are flattened to `PREFIX.N.message.content` and the like.

    Of a list whose first messages were dropped, the others.
    """
    for prefix, role_key in _FLATTENED[role]:
        begins = _first_place(level, prefix, role_key)
        if begins is None or len(level) > MOST:
            continue
        tree: dict[str, Any] = {}
        for key, value in level.items():
            if key.startswith(prefix):
                *path, last = key.removeprefix(prefix).split(".", MAX_DEPTH)
                inner = tree
                for step in path:
                    inner = inner.setdefault(step, {})
                    if not isinstance(inner, dict):
                        break
                else:
                    inner[last] = value
        kept = {key: value for key, value in tree.items() if not _is_place(key) or int(key) >= begins}
        yield _with_gaps(_listed(kept), kept) if DROPPED in level else _listed(kept)


def _with_gaps(listed: Any, places: Collection[str]) -> Any:
    """Return a list with how many of its items were over the limits, and where. `places` are those of the others."""
    if not isinstance(listed, list):
        return listed
    whole = listed[:1]
    for (before, place), item in zip(pairwise(sorted(map(int, places))), listed[1:], strict=True):
        if place > before + 1:
            whole.append(cut_items(place - before - 1))
        whole.append(item)
    return whole


def missing_messages(level: dict[str, Any]) -> int:
    """Return how many messages at the beginning of what was sent were dropped by the sender."""
    places = (_first_place(level, prefix, role_key) for prefix, role_key in _FLATTENED["input"])
    return first(places) or 0


def _first_place(level: dict[str, Any], prefix: str, role_key: str) -> int | None:
    """Return the place of the first message of a flattened list, None where there is none."""
    if f"{prefix}0{role_key}" in level:
        return 0
    if _DROPPED not in level:
        return None
    keys = (
        key.removeprefix(prefix).removesuffix(role_key)
        for key in level
        if key.startswith(prefix) and key.endswith(role_key)
    )
    return min(map(int, filter(_is_place, keys)), default=None)


def _is_place(key: str) -> bool:
    return key.isdecimal() and len(key) < 10


def _listed(tree: Any) -> Any:
    """Return a tree of flattened keys, its numbered branches as lists."""
    if not isinstance(tree, dict):
        return tree
    branches = {key: _listed(branch) for key, branch in tree.items()}
    if branches and all(map(_is_place, branches)):
        return [branches[key] for key in sorted(branches, key=int)]
    return branches


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
    messages = [_as_message(value) for value in values]
    if None in messages:
        # Beside known items there may be those of the model's own tools: web search, computer use.
        known = any(message is not None for message in messages)
        messages = [message or _hosted(value, known) for message, value in zip(messages, values, strict=True)]
    return [] if None in messages else [message for message in messages if message is not None]


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
        is_pair = len(value) == 2 and isinstance(value[0], str) and value[0].lower() in _SPEAKERS
        return {"role": value[0], "content": value[1]} if is_pair else None
    if not isinstance(value, dict):
        return None
    if is_message(value):
        return value
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
    if all(map(is_part, values)):
        return [form.spoken(values)]
    # The first of several answers. The first piece of a stream, which was not joined, has no answer.
    return _answer(values[0], depth + 1, form) if isinstance(values[0], dict) else []


def is_message(value: object) -> bool:
    """Return whether this is a message, or has one under `message`, as in OpenInference or a choice of an answer."""
    if isinstance(value, dict) and "role" not in value:
        value = value.get("message")
    return isinstance(value, dict) and isinstance(value.get("role"), str)


def _size(message: dict[str, Any]) -> int:
    """Return the number of parts of a message, plus one for the message itself."""
    return 1 + sum(len(content) for key in CONTENTS if isinstance(content := message.get(key), list))


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


_SPEAKERS = frozenset({*_ROLES, *_ROLES.values(), "user", "assistant", "system"})


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
    return ToolCall(first(call.get(key) for key in _CALL_IDS), first(inner.get(key) for key in _CALL_NAMES), arguments)


def read_result(result: dict[str, Any]) -> tuple[Any, Any]:
    """Return the id of the call that a tool answered, and its result."""
    call_id = first(result.get(key) for key in _CALL_IDS)
    if call_id is None and isinstance(origin := result.get("origin"), dict):
        call_id = origin.get("id")  # Haystack's
    value: Any = first(result.get(key) for key in ("response", "result", "output", "content", "error"))
    if value is result.get("response") and isinstance(value, dict) and len(value) == 1:
        value = value.get("result", value.get("output", value))  # Gemini's functions must return an object
    return call_id, value
