"""A call's messages in one form, whoever logged them: what was sent to the model, and what it answered.

Read are lists of `{role, content}` as OpenAI, Anthropic, Bedrock and Gemini have them, GenAI's `{role, parts}`, and
OpenInference's flattened lists; as values or as JSON text; by themselves or inside the request that was logged. What
differs from one time that a message is sent to the next is left out: white space, the order of keys, reasoning,
the marks of a prompt cache.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from mapping.storable import storable
from mapping.vocabulary import FLATTENED, KEYS, ROLES

# A message as it is compared: its role, and its parts.
Message = list[Any]

# How far inside a logged response its answer stands at most: output, message, content.
_ANSWER_DEPTH = 4
# Conversations of megabytes are parsed in milliseconds; more would keep everyone waiting.
_MAX_PARSED = 4 << 20
# Lists of more parts than this, or as many attributes, are nobody's conversation, and would take seconds.
_MOST = 50_000
# Text that is JSON that holds text that is JSON may go on for ever: what lies deeper is not compared.
_MAX_DEPTH = 64

_ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "function": "tool", "developer": "system"}
# Under these a logged request keeps its messages, its system prompt, and an answer its message.
_LISTS = ("messages", "contents", "inputBodyJson", "input", "prompt")
_SYSTEMS = ("system", "system_instruction", "systemInstruction", "instructions")
_ANSWERS = ("outputBodyJson", "output", "message", "messages", "choices", "candidates", "results", "content")
_ANSWER_TEXTS = ("text", "completion", "generation", "outputText", "output_text", "response")

# In tuples: what a part calls its type may be an object, which no set can be asked for.
_REASONING = ("reasoning", "thinking", "redacted_thinking")
_UNSAID_KEYS = frozenset({"cache_control", "cachePoint", "reasoningContent", "citations", "annotations"})
_CALLS = ("tool_call", "tool_use", "function", "function_call")
_RESULTS = ("tool_call_response", "tool_result", "function_response")
_PARTS = ("text", "output_text", *_REASONING, *_CALLS)
_CONTENTS = ("content", "contents", "parts")
_WRAPPED = ("text", "content", "message", "message_content", "json", "parts")
_CALL_KEYS = ("toolUse", "functionCall", "tool_call", "function")
_RESULT_KEYS = ("toolResult", "functionResponse")


def _keys_of(role: str, *more: str) -> dict[str, int]:
    """Give the vocabulary's keys of a role, and further ones, with their precedence."""
    keys = {key: rank for key, (number, rank) in KEYS.items() if number == ROLES.index(role)}
    return keys | dict.fromkeys(more, len(KEYS))


_INPUT_KEYS, _OUTPUT_KEYS = _keys_of("input", "messages", "request"), _keys_of("output", "choices", "completion")
del _OUTPUT_KEYS["message"]  # in a structured log this is the line that was logged
# What the first of a flattened list of messages has, by the role it plays.
_FLATTENED = {
    role: [(prefix, f"{prefix}0.{role_key}") for prefix in prefixes for role_key in ("message.role", "role")]
    for role, prefixes in FLATTENED.items()
}
_SYSTEM_KEYS = ("gen_ai.system_instructions", *_SYSTEMS)


class Call(NamedTuple):
    """A call of a model: the system prompt, the messages sent, and those answered, empty where none are known."""

    system: Message
    sent: list[Message]
    answered: list[Message]


def call_of(levels: Sequence[dict[str, Any]]) -> Call | None:
    """Give the call whose messages stand in these sets of attributes, None where no list of messages does."""
    for level in levels:
        for value in (*_values(level, _INPUT_KEYS), *_flattened(level, "input")):
            found = _request(value, 0)
            if found is None:
                continue
            system, messages = found
            sent = _messages(messages)
            # What the system says at the start is its prompt; later it is a part of the conversation.
            start = next((place for place, message in enumerate(sent) if message[0] != "system"), len(sent))
            if start == len(sent):
                continue
            said = [*_parts(system), *(part for message in sent[:start] for part in message[1:])]
            said = said or [*_parts(_first(level.get(key) for key in _SYSTEM_KEYS))]
            return Call(["system", *_joined(said)], sent[start:], _answered(levels))
    return None


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _values(level: dict[str, Any], keys: dict[str, int]) -> list[Any]:
    """Give the values of a set of attributes that stand under these keys, by their precedence."""
    if keys.keys().isdisjoint(level):
        return []
    return [level[key] for key in sorted(level.keys() & keys.keys(), key=keys.__getitem__)]


def _flattened(level: dict[str, Any], role: str) -> Iterator[list[Any]]:
    """Give the lists of messages that are flattened to `PREFIX.N.message.content` and the like."""
    for prefix, first in _FLATTENED[role]:
        if first not in level or len(level) > _MOST:
            continue
        tree: dict[str, Any] = {}
        for key, value in level.items():
            if key.startswith(prefix):
                *path, last = key.removeprefix(prefix).split(".", _MAX_DEPTH)
                inner = tree
                for step in path:
                    inner = inner.setdefault(step, {})
                    if not isinstance(inner, dict):
                        break
                else:
                    inner[last] = value
        yield _listed(tree)


def _listed(tree: Any) -> Any:
    """Give a tree of flattened keys, its numbered branches as lists."""
    if not isinstance(tree, dict):
        return tree
    branches = {key: _listed(branch) for key, branch in tree.items()}
    if branches and all(key.isdecimal() for key in branches):
        return [branches[key] for key in sorted(branches, key=int)]
    return branches


def _structure(value: object) -> Any:
    """Give the list or object that JSON text holds, anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["} and len(value) <= _MAX_PARSED:
        try:
            return storable(msgspec.json.decode(value))
        except (ValueError, RecursionError):
            return value
    return value


def _request(value: object, depth: int) -> tuple[Any, list[Any]] | None:
    """Look for a list of messages, at most a few levels down in what was logged, and the system prompt beside it."""
    value = _structure(value)
    if isinstance(value, list) and value and all(map(_is_message, value)):
        return (None, value) if sum(map(_size, value)) <= _MOST else None
    if isinstance(value, dict) and depth < 3:
        for key in _LISTS:
            if key in value and (found := _request(value[key], depth + 1)) is not None:
                system, messages = found
                return system or _first(value.get(key) for key in _SYSTEMS), messages
    return None


def _answered(levels: Sequence[dict[str, Any]]) -> list[Message]:
    for level in levels:
        for value in (*_values(level, _OUTPUT_KEYS), *_flattened(level, "output")):
            if messages := _answer(value, 0):
                return messages
    return []


def _answer(value: object, depth: int) -> list[Message]:
    """Read an answer: plain text, parts or messages, or a response that has one of them within."""
    value = _structure(value)
    if isinstance(value, str):
        return [_spoken(value)] if value.strip() else []
    if isinstance(value, list):
        return _answer_in_list(value, depth)
    if not isinstance(value, dict) or depth > _ANSWER_DEPTH:
        return []
    if _is_message(value):
        return _messages([value])
    for key in _ANSWERS:
        if key in value and (messages := _answer(value[key], depth + 1)):
            return messages
    return _answer(_first(value.get(key) for key in _ANSWER_TEXTS), depth + 1)


def _answer_in_list(values: list[Any], depth: int) -> list[Message]:
    if all(map(_is_message, values)):
        return _messages(values)
    if all(map(_is_part, values)):
        return [_spoken(values)]
    # The first of several answers; of a stream's pieces it holds none, since nobody has put them together.
    return _answer(values[0], depth + 1) if isinstance(values[0], dict) else []


def _messages(values: list[Any]) -> list[Message]:
    return [message for message in map(_message, values[:_MOST]) if message is not None]


def _spoken(content: object) -> Message:
    return ["assistant", *_joined(_parts(content))]


def _is_message(value: object) -> bool:
    """Say whether this is a message, or has one as its `message`: OpenInference's, a choice."""
    if isinstance(value, dict) and "role" not in value:
        value = value.get("message")
    return isinstance(value, dict) and isinstance(value.get("role"), str)


def _size(message: dict[str, Any]) -> int:
    """Count the parts of a message as it stands, and the message itself."""
    return 1 + sum(len(content) for key in _CONTENTS if isinstance(content := message.get(key), list))


def _is_part(value: object) -> bool:
    return isinstance(value, dict) and (value.get("type") in _PARTS or "text" in value or "toolUse" in value)


def _message(value: dict[str, Any]) -> Message | None:
    """Give a message as it is compared, None for one that says nothing."""
    message = value if "role" in value else value["message"]
    role = message["role"].lower()
    role = _ROLES.get(role, role)
    parts = [part for key in _CONTENTS for part in _parts(message.get(key))]
    if role == "tool" and message.get("tool_call_id") is not None:
        parts = [["result", message["tool_call_id"], _joined(parts)]]
    calls = message.get("tool_calls") or message.get("function_call")
    for call in calls if isinstance(calls, list) else [calls]:
        if isinstance(call, dict):
            parts.append(_tool_call(call.get("tool_call", call)))
    return [role, *_joined(parts)] if parts else None


def _parts(content: object, depth: int = 0) -> Iterator[list[Any]]:
    """Give the parts of a message's content: `[text, ...]`, `[call, id, name, arguments]`, `[result, id, parts]`."""
    content = _structure(content)
    if depth > _MAX_DEPTH:
        return
    if isinstance(content, list):
        for part in content[:_MOST]:
            yield from _parts(part, depth + 1)
    elif isinstance(content, dict):
        yield from _part(content, depth)
    elif content is not None and (plain := _plain(content)) != "":
        yield ["text", plain]


def _part(part: dict[str, Any], depth: int) -> Iterator[list[Any]]:
    kind = part.get("type")
    if kind in _REASONING or part.keys() <= _UNSAID_KEYS:
        return
    call = _first(part.get(key) for key in _CALL_KEYS)
    result = _first(part.get(key) for key in _RESULT_KEYS)
    if kind in _CALLS or isinstance(call, dict):
        yield _tool_call({**part, **call} if isinstance(call, dict) else part)
    elif kind in _RESULTS or isinstance(result, dict):
        yield _tool_result(result if isinstance(result, dict) else part, depth)
    elif (said := _first(part.get(key) for key in _WRAPPED)) is not None:
        yield from _parts(said, depth + 1)
    elif plain := _plain(part):
        yield ["other", plain]


def _tool_call(call: dict[str, Any]) -> list[Any]:
    function = call.get("function")
    inner = function if isinstance(function, dict) else call
    arguments = _first(inner.get(key) for key in ("arguments", "input", "args"))
    return ["call", _first(call.get(key) for key in ("id", "toolUseId")), inner.get("name"), _plain(arguments or {})]


def _tool_result(result: dict[str, Any], depth: int) -> list[Any]:
    answered = _first(result.get(key) for key in ("response", "result", "content"))
    call_id = _first(result.get(key) for key in ("id", "tool_use_id", "toolUseId", "tool_call_id"))
    return ["result", call_id, _joined(_parts(answered, depth + 1))]


def _joined(parts: Iterable[list[Any]]) -> list[Any]:
    """Put texts that follow each other together: some send back in one piece what they were given in several."""
    joined: list[list[Any]] = []
    for is_text, group in itertools.groupby(parts, key=lambda part: part[0] == "text"):
        pieces = list(group)
        joined.extend([["text", " ".join([str(part[1]) for part in pieces])]] if is_text else pieces)
    return joined


def _plain(value: object, depth: int = 0) -> Any:
    """Give a value without what may differ though the same is meant: white space, empty fields, `1.0` for `1`."""
    if depth > _MAX_DEPTH:
        return None
    value = _structure(value)
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, float) and value.is_integer():
        return int(value) if abs(value) < 2**53 else value
    if isinstance(value, list):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, dict):
        plain = {key: _plain(inner, depth + 1) for key, inner in value.items() if key not in _UNSAID_KEYS}
        return {key: inner for key, inner in plain.items() if inner is not None}
    return value
