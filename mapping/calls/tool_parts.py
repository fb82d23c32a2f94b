"""Calls and results of tools in messages: said by whom they are, with the ids by which they belong together."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque

from mapping.calls.model import Message, Part
from mapping.messages.display import messages_of, tool_call_part
from mapping.messages.extraction import messages_in
from mapping.messages.parts import SPEAKERS
from mapping.messages.python_repr import written_literal, written_object

# Items of OpenAI's Responses as Python writes them.
_WRITTEN_ITEMS = ("ResponseFunctionToolCall(", "ResponseReasoningItem(", "ResponseOutputMessage(")
# smolagents' calls and results, which it writes as text.
_SMOL_CALLS = "Calling tools:\n"
_SMOL_RESULT = "Observation:\n"


def with_tools(messages: list[Message]) -> list[Message]:
    """Return messages in which results of tools are the tools', with the ids of the calls that they answer."""
    told: list[Message] = []
    asked = _UnansweredCalls()
    for message in messages:
        named = asked.name_of(message["role"])
        parts = [_read_by_tool(part, message["role"] if named is None else "tool") for part in message["parts"]]
        for part in parts:
            if named is not None and part["type"] == "tool_result":
                part.setdefault("name", named)
            if part["type"] == "tool_call":
                asked.add(part)
            elif part["type"] == "tool_result":
                asked.answer(part)
        for is_result, group in itertools.groupby(parts, key=lambda part: part["type"] == "tool_result"):
            told.append({**message, "role": "tool" if is_result else message["role"], "parts": list(group)})
    return told


class _UnansweredCalls:
    """Calls of tools that wait for their results, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: dict[int, Part] = {}
        self._by_id: dict[str, int] = {}
        self._by_name: defaultdict[str | None, deque[int]] = defaultdict(deque)
        self._count = 0

    def add(self, call: Part) -> None:
        self._count += 1
        self._waiting[self._count] = call
        if "id" in call:
            self._by_id[call["id"]] = self._count
        self._by_name[call.get("name")].append(self._count)

    def answer(self, result: Part) -> None:
        """Return a result the name of its call, and the id: of the first that waits, by its name if it has one.

        A result with an id that no call has is that of one without an id.
        """
        number = self._by_id.get(result["id"]) if "id" in result else None
        if number is None:
            number = self._first(result.get("name"))
            if "id" in result and number is not None and "id" in self._waiting[number]:
                return
        call = self._waiting.pop(number, None) if number is not None else None
        if call is None:
            return
        for field in ("id", "name"):
            if field in call:
                result.setdefault(field, call[field])

    def name_of(self, role: str) -> str | None:
        """Return the tool in whose name a message is, if it was asked for: Langfuse's for LangChain in JavaScript."""
        if role in SPEAKERS:
            return None
        return next((name for name in self._by_name if name is not None and name.lower() == role), None)

    def _first(self, name: str | None) -> int | None:
        if name is None:
            return next(iter(self._waiting), None)
        numbers = self._by_name[name]
        while numbers and numbers[0] not in self._waiting:
            numbers.popleft()
        return numbers[0] if numbers else None


def _read_by_tool(part: Part, role: str) -> Part:
    """Return smolagents' calls and results, which it writes as text, as what they are."""
    text = part.get("text", "")
    if part["type"] == "text" and text.startswith(_WRITTEN_ITEMS) and (item := written_object(text)) is not None:
        said = messages_of(messages_in([item]))
        if len(said) == 1 and len(said[0]["parts"]) == 1:
            only: Part = said[0]["parts"][0]
            return only
    if role == "tool" and part["type"] == "text":
        return {"type": "tool_result", "result": text.removeprefix(_SMOL_RESULT)}
    if role == "assistant" and part["type"] == "text" and text.startswith(_SMOL_CALLS):
        calls = written_literal(text.removeprefix(_SMOL_CALLS))
        if isinstance(calls, list) and len(calls) == 1 and isinstance(calls[0], dict):
            return tool_call_part(calls[0])
    return part
