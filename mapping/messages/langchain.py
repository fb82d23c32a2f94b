"""LangChain's messages as LangSmith and others log them: serialised objects with the content in their arguments.

`{"lc": 1, "type": "constructor", "id": [..., "HumanMessage"], "kwargs": {"content": ...}}`, in a list for each prompt;
answers as `{"generations": [[{"message": ...}]]}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mapping.messages.extraction import INPUT_KEYS, OUTPUT_KEYS, SentMessages, structure, values_of

_CLASS = "Message"


def requests(levels: list[dict[str, Any]]) -> Iterator[SentMessages]:
    """Yield the lists of messages that were sent, as messages with a role."""
    for level in levels:
        for value in values_of(level, INPUT_KEYS):
            if messages := messages_in(structure(value)):
                yield SentMessages(level, None, messages)


def messages_in(held: Any) -> list[dict[str, Any]]:
    """Return the messages of a list, of the first of several, or of an object's `messages`; [] for any others."""
    messages = held.get("messages") if isinstance(held, dict) else held
    if isinstance(messages, list) and messages and isinstance(messages[0], list):
        messages = messages[0]
    if isinstance(messages, list) and messages and all(map(is_message, messages)):
        return [as_message(message) for message in messages]
    return []


def answers(levels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages of the first answer, or [] if there is none."""
    for level in levels:
        for value in values_of(level, OUTPUT_KEYS):
            held = structure(value)
            generations = held.get("generations") if isinstance(held, dict) else None
            while isinstance(generations, list) and generations and isinstance(generations[0], list):
                generations = generations[0]
            if isinstance(generations, list) and generations and isinstance(generations[0], dict):
                message = generations[0].get("message")
                if isinstance(message, dict) and is_message(message):
                    return [as_message(message, "assistant")]
    return []


def is_message(value: object) -> bool:
    return isinstance(value, dict) and isinstance(kwargs := value.get("kwargs"), dict) and "content" in kwargs


def as_message(value: dict[str, Any], role: str = "user") -> dict[str, Any]:
    kwargs, path = value["kwargs"], value.get("id")
    name = str(path[-1]) if isinstance(path, list) and path else ""
    kind = kwargs.get("type") or name.removesuffix("Chunk").removesuffix(_CLASS).lower() or role
    more = kwargs.get("additional_kwargs")
    if not kwargs.get("tool_calls") and isinstance(more, dict) and more.get("tool_calls"):
        kwargs = {**kwargs, "tool_calls": more["tool_calls"]}  # JavaScript's keep them as the model's API gave them
    return {**kwargs, "role": str(kind)}
