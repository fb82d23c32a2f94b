"""The canonical form of a model call's messages, sent and answered, in which they are compared.

Details that may differ whenever a message is sent again are left out: white space, the order of keys, reasoning, prompt
cache markers. `display.py` has the form in which messages are shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from mapping.messages.extraction import Form, answered, requests, structure, system_beside
from mapping.messages.parts import (
    CONTENTS,
    MAX_DEPTH,
    MOST,
    UNSAID_KEYS,
    calls_of,
    message_of,
    read_call,
    read_part,
    read_result,
    role_of,
)

# A message in this form: its role, and its parts.
Message = list[Any]


class CanonicalCall(NamedTuple):
    """A model call: the system prompt, the messages that were sent, and the answer's messages; empty if unknown."""

    system: Message
    sent: list[Message]
    answered: list[Message]


def call_of(levels: Sequence[dict[str, Any]]) -> CanonicalCall | None:
    """Return the call whose messages are in these sets of attributes, or None if there is no list of messages."""
    for level, system, messages in requests(levels):
        sent = _messages(messages)
        # A system message at the start is the system prompt; later it is part of the conversation.
        start = next((place for place, message in enumerate(sent) if message[0] != "system"), len(sent))
        if start == len(sent):
            continue
        prompt = [*_parts(system), *(part for message in sent[:start] for part in message[1:])]
        prompt = prompt or [*_parts(system_beside(level))]
        return CanonicalCall(["system", *_joined(prompt)], sent[start:], answered(levels, _FORM))
    return None


def _messages(values: list[Any]) -> list[Message]:
    return [message for message in map(_message, values[:MOST]) if message is not None]


def _spoken(content: object) -> Message:
    return ["assistant", *_joined(_parts(content))]


_FORM = Form(_messages, _spoken)


def _message(value: dict[str, Any]) -> Message | None:
    """Return a message in its canonical form, or None if it is empty."""
    message = message_of(value)
    role = role_of(message)
    parts = [part for key in CONTENTS for part in _parts(message.get(key))]
    if role == "tool" and message.get("tool_call_id") is not None:
        parts = [["result", message["tool_call_id"], _joined(parts)]]
    parts += map(_tool_call, calls_of(message))
    return [role, *_joined(parts)] if parts else None


def _parts(content: object, depth: int = 0) -> Iterator[list[Any]]:
    """Yield the parts of a message's content: `[text, ...]`, `[call, id, name, arguments]`, `[result, id, parts]`."""
    content = structure(content)
    if depth > MAX_DEPTH:
        return
    if isinstance(content, list):
        for part in content[:MOST]:
            yield from _parts(part, depth + 1)
    elif isinstance(content, dict):
        yield from _part(content, depth)
    elif content is not None and (plain := plain_of(content)) != "":
        yield ["text", plain]


def _part(part: dict[str, Any], depth: int) -> Iterator[list[Any]]:
    kind, value = read_part(part)
    if kind == "call":
        yield _tool_call(value)
    elif kind == "result":
        call_id, result = read_result(value)
        yield ["result", call_id, _joined(_parts(result, depth + 1))]
    elif kind == "content":
        yield from _parts(value, depth + 1)
    elif kind == "other" and (plain := plain_of(value)):
        yield ["other", plain]


def _tool_call(call: dict[str, Any]) -> list[Any]:
    call_id, name, arguments = read_call(call)
    return ["call", call_id, name, plain_of(arguments or {})]


def _joined(parts: Iterable[list[Any]]) -> list[Any]:
    """Join adjacent texts, because some clients receive several texts and send them back as one."""
    joined: list[list[Any]] = []
    for is_text, group in itertools.groupby(parts, key=lambda part: part[0] == "text"):
        pieces = list(group)
        joined.extend([["text", " ".join([str(part[1]) for part in pieces])]] if is_text else pieces)
    return joined


def plain_of(value: object, depth: int = 0) -> Any:
    """Return a value without insignificant differences: white space, empty fields, `1.0` for `1`."""
    if depth > MAX_DEPTH:
        return None
    value = structure(value)
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, float) and value.is_integer():
        return int(value) if abs(value) < 2**53 else value
    if isinstance(value, list):
        return [plain_of(inner, depth + 1) for inner in value]
    if isinstance(value, dict):
        plain = {key: plain_of(inner, depth + 1) for key, inner in value.items() if key not in UNSAID_KEYS}
        return {key: inner for key, inner in plain.items() if inner is not None}
    return value
