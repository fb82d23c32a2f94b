"""Calls and results of tools in messages: said by whom they are, with the ids by which they belong together."""

from __future__ import annotations

import ast

from mapping.calls.model import Message, Part
from mapping.messages.display import messages_of, tool_call_part
from mapping.messages.extraction import messages_in
from mapping.messages.python_repr import written_object

# Items of OpenAI's Responses as Python writes them.
_WRITTEN_ITEMS = ("ResponseFunctionToolCall(", "ResponseReasoningItem(", "ResponseOutputMessage(")
# smolagents' calls and results, which it writes as text.
_SMOL_CALLS = "Calling tools:\n"
_SMOL_RESULT = "Observation:\n"


def with_tools(messages: list[Message]) -> list[Message]:
    """Return messages in which results of tools are the tools', with the ids of the calls that they answer."""
    told: list[Message] = []
    asked: list[Part] = []
    for message in messages:
        parts = [_read_by_tool(part, message["role"]) for part in message["parts"]]
        for part in parts:
            if part["type"] == "tool_call":
                asked.append(part)
            elif part["type"] == "tool_result":
                _name_call(part, asked)
        results = [part for part in parts if part["type"] == "tool_result"]
        if results and message["role"] != "tool":
            told.append({**message, "role": "tool", "parts": results})
            parts = [part for part in parts if part["type"] != "tool_result"]
        if parts:
            told.append({**message, "parts": parts})
    return told


def _name_call(result: Part, asked: list[Part]) -> None:
    """Give a result without an id that of the first call before it that waits for one, by its name if it has one."""
    for place, call in enumerate(asked):
        by_id = "id" in result and call.get("id") == result["id"]
        by_name = "id" not in result and result.get("name") in (None, call.get("name"))
        if by_id or by_name:
            if "id" in call:
                result.setdefault("id", call["id"])
            if "name" in call:
                result.setdefault("name", call["name"])
            del asked[place]
            return


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
        try:
            calls = ast.literal_eval(text.removeprefix(_SMOL_CALLS).strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return part
        if isinstance(calls, list) and len(calls) == 1 and isinstance(calls[0], dict):
            return tool_call_part(calls[0])
    return part
