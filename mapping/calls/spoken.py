"""What an event says of a conversation: the system prompt, what was sent, what was answered, as `display.py` has it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.calls.answers import answered_in, are_several, one_answer
from mapping.calls.model import Message, Part
from mapping.calls.tool_parts import with_tools
from mapping.messages import langchain
from mapping.messages.display import has_ids, messages_of, parts_of
from mapping.messages.extraction import (
    INPUT_KEYS,
    OUTPUT_KEYS,
    SYSTEMS,
    messages_in,
    request_in,
    structure,
    system_beside,
    unquoted,
    values_of,
)
from mapping.messages.flattened import flattened
from mapping.messages.prompts import TURN
from mapping.values import first

Levels = Sequence[dict[str, Any]]

# Speakers of message events, by the last word of their names; `gen_ai.user.message` has its own within.
_SPEAKERS = {"choice": "assistant", "user_prompt": "user", "assistant_response": "assistant", "system_prompt": "system"}
_SPEECH = ("content", "text", "message")
# Azure's SDKs keep a message in this.
_CONTENT = "gen_ai.event.content"
# Message events that are an attribute of the call's span, and what they would be elsewhere.
_EVENTS, _NAME, _SENT, _ANSWERED = "events", "event.name", "gen_ai.input.messages", "gen_ai.output.messages"
# What LangChain's callbacks are called with, as OpenLLMetry logs it, and LangGraph's answer to an interrupt.
_ENVELOPE, _RESUMED = {"inputs", "tags", "metadata"}, {"graph", "update", "resume", "goto"}
_PARAMETERS = ("llm.invocation_parameters", "response")
_CONTEXT = re.compile(r"^\[(USER|TOOL RESULT: [^\]\n]+)\]\n", re.MULTILINE)


class Spoken(NamedTuple):
    system: list[Part]
    sent: list[Message]
    answered: list[Message]


NOTHING = Spoken([], [], [])


def call_messages(levels: Levels, *, of_model: bool, model_is_system: bool = False, is_quoted: bool = False) -> Spoken:
    """Return the messages of a call of a model, or of an agent's invocation.

    `of_model`: its answer is one; an agent's may be a conversation. `model_is_system`: the emitter calls the model
    `system` where it repeats the conversation. `is_quoted`: a message may be the conversation, as JSON text.
    """
    levels = [*levels, *_message_events(levels)]
    system, sent = _sent(levels)
    if is_quoted and len(sent) == 1 and len(sent[0]["parts"]) == 1:
        held = structure(sent[0]["parts"][0].get("text"))
        sent = messages_of(messages_in(held)) if isinstance(held, list) and messages_in(held) else sent
    answered = answered_in(levels)
    if not of_model and not system and answered and answered[0]["role"] == "system":
        system = answered[0]["parts"]  # an agent's state at its end is the whole conversation
    answered = one_answer(answered, several=are_several(levels)) if of_model else _last_of(answered)
    if model_is_system:
        for message in sent:
            if message["role"] == "system":
                message["role"] = "assistant"
    start = next((place for place, message in enumerate(sent) if message["role"] != "system"), len(sent))
    prompt = [part for message in sent[:start] for part in message["parts"]]
    if start:
        system = prompt
    return Spoken(system, with_tools(sent[start:]), with_tools(answered))


def _message_events(levels: Levels) -> Iterator[dict[str, Any]]:
    """Yield what was sent and answered out of events of messages that are one attribute: Pydantic AI's, Logfire's."""
    for level in levels:
        events = structure(level.get(_EVENTS))
        if not isinstance(events, list) or not all(isinstance(event, dict) and _NAME in event for event in events):
            continue
        told: dict[str, list[Any]] = {_SENT: [], _ANSWERED: []}
        for event in events:
            answers = str(event[_NAME]).endswith(".choice")
            message = {
                "role": "assistant" if answers else str(event[_NAME]).rpartition(".message")[0].rpartition(".")[2]
            }
            message |= {"tool_call_id": event["id"]} if "id" in event else {}
            inner = event.get("message")
            message |= inner if answers and isinstance(inner, dict) else event
            told[_ANSWERED if answers else _SENT].append(message)
        # OpenAI's Responses have no choices: the answer is what the model said last.
        said_last = [*itertools.takewhile(lambda message: message["role"] == "assistant", reversed(told[_SENT]))]
        if said_last and not told[_ANSWERED]:
            told = {_SENT: told[_SENT][: -len(said_last)], _ANSWERED: said_last[::-1]}
        yield {key: messages for key, messages in told.items() if messages}


def _last_of(messages: list[Message]) -> list[Message]:
    """Return what an agent answered, where it is told with the conversation before it."""
    asked = [place for place, message in enumerate(messages) if message["role"] in ("user", "system")]
    return messages[asked[-1] + 1 :] if asked else messages


def statement(levels: Levels, name: str) -> Spoken:
    """Return what an event that is a message by itself says, or a list of them."""
    if name in (_SENT, _ANSWERED):
        return call_messages([{name: level[_CONTENT]} for level in levels if _CONTENT in level], of_model=True)
    *_, before, last = ("", "", *name.split("."))
    role = before if last == "message" else _SPEAKERS.get(last)
    for level in levels:
        spoken = structure(level.get("message")) if last == "choice" else None
        spoken = structure(level.get(_CONTENT)) if spoken is None else spoken
        if isinstance(spoken, dict) and isinstance(spoken.get("message"), dict):
            spoken = spoken["message"]
        inner = spoken if isinstance(spoken, dict) else level
        said_by = role or inner.get("role")
        content = spoken if spoken is not None and inner is level else None
        if content is None:
            content = _content(inner, level, last)
        if isinstance(content, dict) and isinstance(content.get("role"), str) and "parts" in content:
            said_by = content["role"] if said_by in (None, "user") else said_by
        if last == "choice" and level.get("id") is not None:
            said_by = "tool"  # Strands' tools answer with a choice, too
        tool_call_id = first((level.get("id"), inner.get("tool_call_id"))) if said_by == "tool" else None
        message = {
            "role": str(said_by or "user"),
            "content": structure(content) if isinstance(content, str) and said_by == "tool" else content,
            # OpenLLMetry's choices have them beside the message.
            "tool_calls": inner.get("tool_calls") or level.get("tool_calls"),
            "tool_call_id": tool_call_id,
        }
        if said := messages_of([message]):
            return _by_speaker(with_tools(said))
    messages = call_messages(levels, of_model=False)
    return messages if messages != NOTHING else Spoken(_system(levels), [], [])


def _content(inner: Mapping[str, Any], level: dict[str, Any], last: str) -> Any:
    if last == "system_prompt":
        return level.get("system_prompt")
    content = first(inner.get(key) for key in _SPEECH)
    if content is None and inner is level:
        keys = OUTPUT_KEYS if last == "assistant_response" else INPUT_KEYS
        content = first(value for value in values_of(level, keys) if value is not level.get("body"))
        if request_in(content) is not None:
            return None  # a list of messages, rather than one
    return content


def _by_speaker(said: list[Message]) -> Spoken:
    """Sort messages by who said them."""
    role = said[0]["role"]
    if role == "system":
        return Spoken([part for message in said for part in message["parts"]], [], [])
    return Spoken([], [], said) if role == "assistant" else Spoken([], said, [])


def _system(levels: Levels) -> list[Part]:
    told = unquoted(first(map(system_beside, levels)))
    if told in (None, "null"):  # MLflow's attributes are JSON
        told = first(map(_system_in_parameters, levels))
    return [*parts_of(told)]


def _system_in_parameters(level: Mapping[str, Any]) -> Any:
    """Return the system prompt that OpenInference keeps with a request's other parameters, Logfire in its response."""
    for parameters in (level.get(key) for key in _PARAMETERS):
        if isinstance(parameters, str) and any(f'"{key}"' in parameters for key in SYSTEMS):
            held = structure(parameters)
            return first(held.get(key) for key in SYSTEMS) if isinstance(held, dict) else None
    return None


def _sent(levels: Levels) -> tuple[list[Part], list[Message]]:
    """Return the system prompt beside the messages that were sent, and these: of several lists one that is whole."""
    for level in levels:
        best: tuple[list[Part], list[Message]] | None = None
        for system, messages, is_whole in _lists(level):
            if messages and (best is None or is_whole):
                best = system, messages
            if best is not None and is_whole:
                break
        if best is not None:
            return best[0] or _system(levels), best[1]
    asked = first(
        value
        for level in levels
        for value in values_of(level, INPUT_KEYS)
        if value is not level.get("body") and not _is_messages(value)
    )
    if isinstance(asked, str) and asked[:1] == "[" and (context := _context(asked)):
        return _system(levels), context
    parts = [*parts_of(_question(asked))]
    return _system(levels), [{"role": "user", "parts": parts}] if parts else []


def _lists(level: dict[str, Any]) -> Iterator[tuple[list[Part], list[Message], bool]]:
    """Iterate over lists of messages: the system prompt beside each, the messages, and whether nothing is missing."""
    for messages in flattened(level, "input"):
        if isinstance(messages, list) and (told := messages_in(messages)):
            shown = messages_of(told)
            yield [], shown, len(shown) == len(told) and has_ids(shown)
    for value in values_of(level, INPUT_KEYS):
        held = structure(value)
        if isinstance(held, str) and TURN not in held:
            continue
        if (request := request_in(held)) is not None:
            system, messages = request
            yield [*parts_of(unquoted(system))], messages_of(messages), True
        elif told := langchain.messages_in(held):
            yield [], messages_of(told), True


def _is_messages(value: Any) -> bool:
    """Return whether this is a list of messages: one that is left says no word, the others were read before."""
    held = structure(value) if isinstance(value, str) and '"role"' in value else value
    return isinstance(held, list) and bool(messages_in(held))


def _question(value: Any) -> Any:
    """Return what was asked out of a call's arguments: `{"args": ["..."], "kwargs": {}}`, `{"question": "..."}`."""
    value = unquoted(value)
    held = structure(value)
    if held in ([], {}):
        return None
    if isinstance(held, dict):
        if held.keys() >= _ENVELOPE:
            return _question(held["inputs"])
        if held.keys() >= _RESUMED:
            return held["resume"]
        if held.keys() <= {"args", "kwargs"}:
            passed = [*(held.get("args") or []), *(held.get("kwargs") or {}).values()] if _is_passed(held) else []
            return passed[0] if len(passed) == 1 else value if passed else None
        if len(held) == 1 and isinstance(only := next(iter(held.values())), str):
            return only
    return value


def _is_passed(held: Mapping[str, Any]) -> bool:
    return isinstance(held.get("args") or [], list) and isinstance(held.get("kwargs") or {}, dict)


def _context(text: str) -> list[Message]:
    """Return Claude Code's messages out of the text that is new to a call: `[USER]`, `[TOOL RESULT: toolu_1]`."""
    marks = [*_CONTEXT.finditer(text)]
    if not marks or marks[0].start():
        return []
    messages: list[Message] = []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        said = text[mark.end() : end].rstrip("\n")
        if mark[1] == "USER":
            messages.append({"role": "user", "parts": [{"type": "text", "text": said}]})
        else:
            result = {"type": "tool_result", "id": mark[1].removeprefix("TOOL RESULT: "), "result": said}
            messages.append({"role": "tool", "parts": [result]})
    return messages
