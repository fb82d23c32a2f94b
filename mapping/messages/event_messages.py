"""What an event says: a model's messages, a tool's call, what went wrong; in the form of `display.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mapping.messages import langchain
from mapping.messages.display import SHOWN, Message, Part, messages_of, parts_of, tool_call_part
from mapping.messages.extraction import (
    INPUT_KEYS,
    OUTPUT_KEYS,
    answered,
    first,
    requests,
    structure,
    system_beside,
    values_of,
)
from mapping.semantics import log_bodies
from mapping.semantics.attribute_roles import find, tool_of
from mapping.semantics.vocabulary import ROLES
from mapping.values import json_text

Levels = list[dict[str, Any]]

_ARGUMENTS, _RESULT, _ERROR, _REMARK = (ROLES.index(role) for role in ("arguments", "result", "error", "remark"))
_NOT_SAID = (None, True, False, "")
_CALL_IDS = (
    "gen_ai.tool.call.id",
    "ai.toolCall.id",
    "tool_call.id",
    "tool_call_id",
    "tool_use_id",
    "call_id",
    "toolCallId",
)
# Names of message events, which contain the role: `gen_ai.user.message` and the like.
_SPEAKERS = {"choice": "assistant", "user_prompt": "user", "assistant_response": "assistant"}
# Keys of a message event's content beside those of the vocabulary, for events of applications.
_SPEECH = ("content", "text", "message")
_LINES = ("message", "msg")
# Log lines and counters: they were not sent to a model.
_SILENT = ("log", "error", "embedding", "evaluation")


class Said(NamedTuple):
    """What an event says. `tool` is `{name, arguments, result, error}`, `call_id` that of the tool's call.

    `is_statement` is True of an event that says one thing once: any other repeats in `sent` what was said before.
    """

    system: list[Part]
    sent: list[Message]
    answered: list[Message]
    tool: dict[str, Any] | None = None
    error: str | None = None
    call_id: str | None = None
    is_statement: bool = False


def said_of(event: Mapping[str, Any]) -> Said:
    """Return the content of an event, given as it is stored or read, whatever format its emitter used."""
    properties: dict[str, Any] = event["properties"]
    body = properties.get("body")
    levels = [properties]
    if event["kind"] == "log_record" and isinstance(body, dict):
        levels += log_bodies.levels_of(body)
    found = find(*levels)
    error = _error(levels, found, event) if event.get("status") == "error" else None
    kind, tool_name = event.get("event_type"), tool_of(found)
    if kind == "tool_call" and tool_name is not None:
        return _tool(levels, found, tool_name, error)
    call = _call(levels, error)
    if call is not None:
        return call
    if kind == "tool_call":
        return _tool(levels, found, event.get("name"), error)
    if kind == "message":
        return _statement(levels, str(event.get("name") or ""), error)
    if kind in _SILENT:
        return Said([], [], [], error=error)
    asked = [*parts_of(_plain(levels, INPUT_KEYS))]
    sent = [{"role": "user", "parts": asked}] if asked else []
    return Said([*parts_of(_system(levels))], sent, _answer(levels), error=error)


def _call(levels: Levels, error: str | None) -> Said | None:
    """Return the content of a call that has a list of messages."""
    best: Said | None = None
    for level, system, messages in (*requests(levels), *langchain.requests(levels)):
        sent = messages_of(messages)
        start = next((place for place, message in enumerate(sent) if message["role"] != "system"), len(sent))
        prompt = [*parts_of(system), *(part for message in sent[:start] for part in message["parts"])]
        said = Said(prompt or [*parts_of(system_beside(level))], sent[start:], _answer(levels), error=error)
        if said.sent:
            return said
        best = best or said
    return best


def _system(levels: Levels) -> Any:
    return first(map(system_beside, levels))


def _answer(levels: Levels) -> list[Message]:
    said: list[Message] = [*messages_of(langchain.answers(levels))] or [
        message for message in answered(levels, SHOWN) if message["parts"]
    ]
    # The Vercel AI SDK keeps the calls that an answer asks for beside its text.
    calls = structure(first(level.get("ai.response.toolCalls") for level in levels))
    asked = [tool_call_part(call) for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    known = {part.get("id") for message in said for part in message["parts"] if part["type"] == "tool_call"}
    asked = [part for part in asked if part.get("id") not in known]
    if asked and said:
        said[-1]["parts"].extend(asked)
    elif asked:
        said = [{"role": "assistant", "parts": asked}]
    return said


def _tool(levels: Levels, found: list[Any], name: str | None, error: str | None) -> Said:
    arguments = found[_ARGUMENTS] if found[_ARGUMENTS] is not None else _plain(levels, INPUT_KEYS)
    result = found[_RESULT] if found[_RESULT] is not None else _plain(levels, OUTPUT_KEYS)
    tool = {"name": name, "arguments": structure(arguments), "result": result, "error": error}
    call_id = first(level.get(key) for level in levels for key in _CALL_IDS)
    return Said([], [], [], tool, error, None if call_id is None else str(call_id))


def _plain(levels: Levels, keys: dict[str, int]) -> Any:
    """Return the first value under these keys, ignoring log lines."""
    return first(value for level in levels for value in values_of(level, keys) if value is not level.get("body"))


def _statement(levels: Levels, name: str, error: str | None) -> Said:
    """Return the content of an event that is a single message."""
    *_, before, last = ("", "", *name.split("."))
    role = before if last == "message" else _SPEAKERS.get(last)
    for level in levels:
        spoken = structure(level.get("message")) if last == "choice" else None
        inner = spoken if isinstance(spoken, dict) else level
        said_by = role or inner.get("role")
        content = spoken if spoken is not None and inner is level else None
        if content is None:
            content = first(inner.get(key) for key in _SPEECH)
        if content is None and inner is level:
            content = _plain([level], INPUT_KEYS)
        message = {
            "role": str(said_by or "user"),
            "content": content,
            "tool_calls": inner.get("tool_calls"),
            "tool_call_id": level.get("id") if said_by == "tool" else None,
        }
        if said := messages_of([message]):
            by_model = said[0]["role"] == "assistant"
            system = said[0]["parts"] if said[0]["role"] == "system" else []
            sent = [] if by_model or system else said
            return Said(system, sent, said if by_model else [], error=error, is_statement=True)
    return Said([], [], _answer(levels), error=error, is_statement=True)


def _error(levels: Levels, found: list[Any], event: Mapping[str, Any]) -> str | None:
    """Return the error message, or None if there is none."""
    kind = _told(levels, ("exception.type", "error.type", "error_type", "errorCode"))
    told = _told(levels, ("exception.message", "error.message", "errorMessage", "error_message"))
    remark = _told(levels, ("otel.status_description", "langfuse.observation.status_message"))
    if kind and (more := told or remark):
        return more if kind in more else f"{kind}: {more}"
    said = next((value for value in (found[_ERROR], remark, found[_REMARK]) if value not in _NOT_SAID), None)
    if said is None and event["kind"] == "log_record":
        said = _told(levels, ("body",)) or _told(levels[1:], _LINES)
    elif said is None and event["kind"] == "json":
        said = _told(levels, _LINES)
    return said if said is None or isinstance(said, str) else json_text(said)


def _told(levels: Levels, keys: tuple[str, ...]) -> str | None:
    return next((told for key in keys for level in levels if isinstance(told := level.get(key), str) and told), None)
