"""What an event says of a conversation: the system prompt, what was sent, what was answered, as `display.py` has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mapping.calls.model import Message, Part
from mapping.messages import langchain
from mapping.messages.display import messages_of, parts_of, tool_call_part
from mapping.messages.extraction import (
    INPUT_KEYS,
    OUTPUT_KEYS,
    first,
    flattened,
    is_message,
    is_part,
    messages_in,
    request_in,
    structure,
    system_beside,
    values_of,
)
from mapping.messages.python_repr import written_object

Levels = Sequence[dict[str, Any]]

# Answers that are text whatever they look like: a model that was asked for JSON.
_TEXTS = ("ai.response.text", "ai.response.object", "response.model_output", "response")
_CALLS_BESIDE = "ai.response.toolCalls"
# What stands beside the text of an answer that a framework, or a model's own API, has put together.
_BESIDE_TEXT = frozenset(
    "text toolCalls tool_calls files reasoning sources warnings finishReason finish_reason usage steps object "
    "toolResults stop_reason stop stopReason model done created_at completion generation prompt_token_count "
    "generation_token_count outputText tokenCount completionReason role raw".split()
)
_ANSWER_TEXTS = ("text", "completion", "generation", "outputText", "output_text", "response", "generated_text")
_INSIDE = (
    "outputBodyJson",
    "message",
    "messages",
    "choices",
    "candidates",
    "replies",
    "output",
    "results",
    "generations",
)
_DEPTH = 6

# Speakers of message events, by the last word of their names; `gen_ai.user.message` has its own within.
_SPEAKERS = {"choice": "assistant", "user_prompt": "user", "assistant_response": "assistant", "system_prompt": "system"}
_SPEECH = ("content", "text", "message")
# Azure's SDKs keep a message in this.
_CONTENT = "gen_ai.event.content"
_HISTORY = ("new_context",)
_CONTEXT = re.compile(r"^\[(USER|TOOL RESULT: [^\]\n]+)\]\n", re.MULTILINE)
# Items of OpenAI's Responses as Python writes them.
_WRITTEN_ITEMS = ("ResponseFunctionToolCall(", "ResponseReasoningItem(", "ResponseOutputMessage(")
_SMOL_CALLS = "Calling tools:\n"
_SMOL_RESULT = "Observation:\n"


class Spoken(NamedTuple):
    system: list[Part]
    sent: list[Message]
    answered: list[Message]


NOTHING = Spoken([], [], [])


def call_messages(levels: Levels, *, of_model: bool, model_is_system: bool = False) -> Spoken:
    """Return the messages of a call of a model, or of an agent's invocation.

    `of_model`: its answer is one; an agent's may be a conversation. `model_is_system`: the emitter calls the model
    `system` where it repeats the conversation.
    """
    system, sent = _sent(levels)
    answered = _answered(levels)
    answered = one_answer(answered, several=_several(levels)) if of_model else _last_of(answered)
    if model_is_system:
        for message in sent:
            if message["role"] == "system":
                message["role"] = "assistant"
    start = next((place for place, message in enumerate(sent) if message["role"] != "system"), len(sent))
    prompt = [part for message in sent[:start] for part in message["parts"]]
    if start:
        system = prompt
    return Spoken(system, with_tools(sent[start:]), with_tools(answered))


def _last_of(messages: list[Message]) -> list[Message]:
    """Return what an agent answered, where it is told with the conversation before it."""
    asked = [place for place, message in enumerate(messages) if message["role"] in ("user", "system")]
    return messages[asked[-1] + 1 :] if asked else messages


def statement(levels: Levels, name: str) -> Spoken:
    """Return what an event that is a message by itself says."""
    *_, before, last = ("", "", *name.split("."))
    role = before if last == "message" else _SPEAKERS.get(last)
    for level in levels:
        spoken = structure(level.get("message")) if last == "choice" else structure(level.get(_CONTENT))
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
            "tool_calls": inner.get("tool_calls"),
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
        if isinstance(structure(content), dict) and request_in(content) is not None:
            return None
    return content


def _by_speaker(said: list[Message]) -> Spoken:
    """Sort messages by who said them."""
    role = said[0]["role"]
    if role == "system":
        return Spoken([part for message in said for part in message["parts"]], [], [])
    return Spoken([], [], said) if role == "assistant" else Spoken([], said, [])


def _system(levels: Levels) -> list[Part]:
    told = _unquoted(first(map(system_beside, levels)))
    return [*parts_of(told)]


def _sent(levels: Levels) -> tuple[list[Part], list[Message]]:
    """Return the system prompt beside the messages that were sent, and these: of several lists the one that says most."""
    for level in levels:
        best: tuple[list[Part], list[Message]] | None = None
        for system, messages, is_whole in _lists(level):
            if messages and (best is None or is_whole):
                best = system, messages
            if best is not None and is_whole:
                break
        if best is not None:
            return best[0] or _system(levels), best[1]
    asked = first(value for level in levels for value in values_of(level, INPUT_KEYS) if value is not level.get("body"))
    if isinstance(asked, str) and asked[:1] == "[" and (context := _context(asked)):
        return _system(levels), context
    parts = [*parts_of(_question(asked))]
    return _system(levels), [{"role": "user", "parts": parts}] if parts else []


def _lists(level: dict[str, Any]) -> Iterator[tuple[list[Part], list[Message], bool]]:
    """Iterate over lists of messages: the system prompt beside each, the messages, and whether nothing is missing."""
    for messages in flattened(level, "input"):
        if isinstance(messages, list) and (told := messages_in(messages)):
            shown = messages_of(told)
            yield [], shown, len(shown) == len(told) and _has_ids(shown)
    for value in values_of(level, INPUT_KEYS):
        held = structure(value)
        if isinstance(held, str):
            continue
        if (request := request_in(held)) is not None:
            system, messages = request
            yield [*parts_of(_unquoted(system))], messages_of(messages), True
        elif told := langchain.messages_in(held):
            yield [], messages_of(told), True


def _has_ids(messages: Iterable[Message]) -> bool:
    """Say whether each call of a tool has its id, as flattened lists often have not."""
    return all("id" in part for message in messages for part in message["parts"] if part["type"] == "tool_call")


def _question(value: Any) -> Any:
    """Return what was asked out of a call's arguments: `{"args": ["..."], "kwargs": {}}`, `{"question": "..."}`."""
    value = _unquoted(value)
    held = structure(value)
    if held in ([], {}):
        return None
    if isinstance(held, dict):
        if held.keys() <= {"args", "kwargs"}:
            passed = [*(held.get("args") or []), *(held.get("kwargs") or {}).values()] if _is_passed(held) else []
            return passed[0] if len(passed) == 1 else value if passed else None
        if len(held) == 1 and isinstance(only := next(iter(held.values())), str):
            return only
    return value


def _is_passed(held: Mapping[str, Any]) -> bool:
    return isinstance(held.get("args") or [], list) and isinstance(held.get("kwargs") or {}, dict)


def _unquoted(value: Any) -> Any:
    """Return the text that JSON text of a string holds, anything else as it is."""
    if isinstance(value, str) and value[:1] == '"' and value[-1:] == '"':
        held = structure(f"[{value}]")
        if isinstance(held, list) and len(held) == 1 and isinstance(held[0], str):
            return held[0]
    return value


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


def _answered(levels: Levels) -> list[Message]:
    said = _told_answer(levels)
    # The Vercel AI SDK keeps the calls that an answer asks for beside its text.
    calls = structure(first(level.get(_CALLS_BESIDE) for level in levels))
    asked = [tool_call_part(call) for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    known = {part.get("id") for message in said for part in message["parts"] if part["type"] == "tool_call"}
    asked = [part for part in asked if part.get("id") not in known]
    if asked:
        said.append({"role": "assistant", "parts": asked})
    return said


def _told_answer(levels: Levels) -> list[Message]:
    for level in levels:
        best: list[Message] = []
        if "response.message.role" in level:
            return messages_of([_dotted_message(level)])
        for messages in flattened(level, "output"):
            if isinstance(messages, list) and (told := messages_of(messages_in(messages))):
                if _has_ids(told):
                    return told
                best = told
        for key in sorted(level.keys() & OUTPUT_KEYS.keys(), key=OUTPUT_KEYS.__getitem__):
            if key == _CALLS_BESIDE or (value := level[key]) is None or value == "":
                continue
            told = _spoken_text(value) if key in _TEXTS and _is_plain(value) else answer_in(value)
            if told and not (best and len(told) != len(best)):
                return told
        if best:
            return best
    return []


def _dotted_message(level: Mapping[str, Any]) -> dict[str, Any]:
    """Return LlamaIndex's answer, whose fields are attributes of their own."""
    message = {"role": str(level["response.message.role"]), "blocks": structure(level.get("response.message.blocks"))}
    calls = structure(level.get("response.message.additional_kwargs.tool_calls"))
    if isinstance(calls, list) and not any(
        isinstance(block, dict) and block.get("block_type") == "tool_call" for block in message["blocks"] or ()
    ):
        message["tool_calls"] = calls
    return message


def _is_plain(value: Any) -> bool:
    """Say whether a text is one, rather than the answer of a model's API as it came."""
    held = structure(value)
    return not (isinstance(held, list) or (isinstance(held, dict) and not held.keys().isdisjoint(_INSIDE)))


def _spoken_text(content: Any) -> list[Message]:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) and content else [*parts_of(content)]
    return [{"role": "assistant", "parts": parts}] if parts else []


def answer_in(value: Any, depth: int = 0) -> list[Message]:
    """Return the messages of an answer, out of a response that has them; JSON that is none is the answer, whole."""
    value = _unquoted(value)
    held = structure(value)
    found = _in_response(held, depth)
    if found is not None:
        return found
    return _spoken_text(value) if depth == 0 and value not in ({}, "{}", "[]", "null") else []


def _in_response(held: Any, depth: int) -> list[Message] | None:
    """Return the messages of a response, None where it is none that is known."""
    if depth > _DEPTH:
        return None
    if isinstance(held, list):
        return _in_list(held, depth)
    if not isinstance(held, dict):
        return None
    if is_message(held) and not isinstance(held.get("message"), dict):
        return messages_of([held]) if not held.keys().isdisjoint(_SAID) else None
    if langchain.is_message(held):
        return messages_of([langchain.as_message(held, "assistant")])
    content = held.get("content")
    if isinstance(content, dict) and "parts" in content:  # Gemini's
        return messages_of([{"role": "assistant", **content}])
    for key in _INSIDE:
        inner = structure(held.get(key))
        if isinstance(inner, dict | list) and inner and (found := _in_response(inner, depth + 1)) is not None:
            return found
    return _in_framework(held)


_SAID = frozenset({"content", "contents", "parts", "tool_calls", "function_call", "refusal", "reasoning_content"})


def _in_framework(held: dict[str, Any]) -> list[Message] | None:
    """Read an answer whose text and calls stand beside each other, with nothing that is not known to stand there."""
    if not held.keys() <= _BESIDE_TEXT:
        return None
    parts: list[Part] = []
    for key in ("reasoning", "reasoningText"):
        if isinstance(told := held.get(key), str) and told:
            parts.append({"type": "reasoning", "text": told})
    text = first(held.get(key) for key in _ANSWER_TEXTS)
    parts += parts_of(text)
    calls = first(held.get(key) for key in ("toolCalls", "tool_calls"))
    if isinstance(calls, list):
        parts += [tool_call_part(call) for call in calls if isinstance(call, dict)]
    if not parts and text is None:
        return None
    return [{"role": "assistant", "parts": parts}] if parts else []


def _in_list(held: list[Any], depth: int) -> list[Message] | None:
    if not held:
        return None
    if told := messages_in(held):
        return messages_of(told)
    if told := langchain.messages_in(held):
        return messages_of(told)
    if all(map(is_part, held)):
        return _spoken_text(held)
    if isinstance(held[0], list):
        return _in_list(held[0], depth + 1) if depth < _DEPTH else None
    if not all(isinstance(one, dict) for one in held):
        return None
    found = [_in_response(one, depth + 1) for one in held]
    if any(one is None for one in found):
        return None
    return [message for one in found if one for message in one]


def one_answer(messages: list[Message], *, several: bool) -> list[Message]:
    """Return an answer that came in pieces as one message by the assistant; `several` were asked for."""
    joined: list[Message] = []
    for message in messages:
        if message["role"] not in ("tool", "assistant"):
            message["role"] = "assistant"
        before = joined[-1] if joined else None
        if several or before is None or before["role"] != message["role"] or message["role"] == "tool":
            joined.append({**message, "parts": [*message["parts"]]})
            continue
        for part in message["parts"]:
            last = before["parts"][-1] if before["parts"] else None
            if last is not None and part["type"] == last["type"] and part["type"] in ("text", "reasoning"):
                if part["text"] != last["text"]:  # at the end of a stream all of it may come once more
                    before["parts"][-1] = {**last, "text": last["text"] + part["text"]}
            elif part not in before["parts"]:
                before["parts"].append(part)
    return joined


def _several(levels: Levels) -> bool:
    asked = first(level.get("gen_ai.request.choice.count") for level in levels)
    return isinstance(asked, int) and asked > 1


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
