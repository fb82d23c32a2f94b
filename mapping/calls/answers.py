"""What was answered: the messages of an answer, out of whatever response holds them. Any other JSON is the answer."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from mapping.calls.model import Message, Part
from mapping.messages import langchain, streams
from mapping.messages.display import has_ids, messages_of, parts_of, tool_call_part
from mapping.messages.extraction import OUTPUT_KEYS, messages_in, structure, unquoted, value_at
from mapping.messages.flattened import flattened
from mapping.messages.parts import is_message, is_part
from mapping.values import first

Levels = Sequence[dict[str, Any]]

# Answers that are text whatever they look like: a model that was asked for JSON.
_TEXTS = ("gen_ai.response.text", "ai.response.text", "ai.response.object", "response.model_output", "response")
_CALLS_BESIDE = ("ai.response.toolCalls", "gen_ai.response.tool_calls")
# What stands beside the text of an answer that a framework, or a model's own API, has put together.
_BESIDE_TEXT = frozenset(
    "text toolCalls tool_calls files reasoning sources warnings finishReason finish_reason usage steps object "
    "toolResults stop_reason stop stopReason model done created_at completion generation prompt_token_count "
    "generation_token_count outputText tokenCount completionReason role raw combined_chunk_content chunk_count".split()
)
_ANSWER_TEXTS = (
    "text",
    "completion",
    "generation",
    "outputText",
    "output_text",
    "response",
    "generated_text",
    "combined_chunk_content",
)
_INSIDE = (
    "outputBodyJson",
    "message",
    "messages",
    "choices",
    "candidates",
    "replies",
    "output",
    "outputs",
    "results",
    "generations",
)
_DEPTH = 6
# Parts of an answer that a part of its next piece is compared with: it may come once more.
_COMPARED = 16
# A message has at least one of these.
_SAID = frozenset({"content", "contents", "parts", "tool_calls", "function_call", "refusal", "reasoning_content"})


def answered_in(levels: Levels) -> list[Message]:
    said = _told_answer(levels)
    # The Vercel AI SDK and Sentry keep the calls that an answer asks for beside its text.
    calls = structure(first(level.get(key) for level in levels for key in _CALLS_BESIDE))
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
                if has_ids(told):
                    return told
                best = told
        for key in sorted(level.keys() & OUTPUT_KEYS.keys(), key=OUTPUT_KEYS.__getitem__):
            if key in _CALLS_BESIDE or (value := value_at(level, key)) is None or value == "":
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
    """Return whether a text is one, rather than the answer of a model's API as it came."""
    held = structure(value)
    return not (isinstance(held, list) or (isinstance(held, dict) and not held.keys().isdisjoint(_INSIDE)))


def _spoken_text(content: Any) -> list[Message]:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) and content else [*parts_of(content)]
    return [{"role": "assistant", "parts": parts}] if parts else []


def answer_in(value: Any, depth: int = 0) -> list[Message]:
    """Return the messages of an answer, out of a response that has them; JSON that is none is the answer, whole."""
    value = unquoted(value)
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
    found = _as_message(held)
    if found is not None:
        return found
    for key in _INSIDE:
        inner = structure(held.get(key))
        if isinstance(inner, dict | list) and inner and (found := _in_response(inner, depth + 1)) is not None:
            return found
    return _in_framework(held)


def _as_message(held: dict[str, Any]) -> list[Message] | None:
    """Return what is a message itself, as a list; None where it is none."""
    if is_message(held) and not isinstance(held.get("message"), dict):
        return messages_of([held]) if not held.keys().isdisjoint(_SAID) else None
    if langchain.is_message(held):
        return messages_of([langchain.as_message(held, "assistant")])
    content = held.get("content")
    if isinstance(content, dict) and "parts" in content:  # Gemini's
        return messages_of([{"role": "assistant", **content}])
    if isinstance(content, list) and content and all(is_part(part) and "type" in part for part in content):
        return _spoken_text(content)  # Anthropic's
    return None


def _in_framework(held: dict[str, Any]) -> list[Message] | None:
    """Read an answer whose text and calls stand beside each other, with nothing that is not known to stand there."""
    if not held.keys() <= _BESIDE_TEXT:
        return None
    reasoned = [held.get(key) for key in ("reasoning", "reasoningText")]
    parts: list[Part] = [{"type": "reasoning", "text": told} for told in reasoned if isinstance(told, str) and told]
    text = first(held.get(key) for key in _ANSWER_TEXTS)
    parts += parts_of(text)
    calls = first(held.get(key) for key in ("toolCalls", "tool_calls"))
    if isinstance(calls, list):
        parts += [tool_call_part(call) for call in calls if isinstance(call, dict)]
    if not parts and text is None:
        return None
    return [{"role": "assistant", "parts": parts}] if parts else []


def _in_list(held: list[Any], depth: int) -> list[Message] | None:
    if (whole := streams.whole_of(held)) is not None:
        return _in_response(whole, depth + 1)
    told = messages_in(held) or langchain.messages_in(held)
    if told:
        return messages_of(told)
    if held and all(is_part(one) and "message" not in one for one in held):
        return _spoken_text(held)
    if held and isinstance(held[0], list):
        return _in_response(held[0], depth + 1)
    found = [_in_response(one, depth + 1) if isinstance(one, dict) else None for one in held]
    return [message for one in found for message in one or ()] if found and None not in found else None


def one_answer(messages: list[Message], *, several: bool) -> list[Message]:
    """Return an answer that came in pieces as one message by the assistant; `several` were asked for."""
    roles = [message["role"] if message["role"] == "tool" else "assistant" for message in messages]
    said = [{"role": role, "parts": message["parts"]} for role, message in zip(roles, messages, strict=True)]
    if several:
        return said
    joined: list[Message] = []
    for role, group in itertools.groupby(said, key=lambda message: str(message["role"])):
        pieces = [message["parts"] for message in group]
        if role == "tool":
            joined += [{"role": role, "parts": parts} for parts in pieces]
            continue
        parts = _joined(pieces)
        if len(pieces) > 2 and pieces[-1] == (before := _joined(pieces[:-1])):
            parts = before  # at the end of a stream all of it came once more
        joined.append({"role": role, "parts": parts})
    return joined


def _joined(pieces: list[list[Part]]) -> list[Part]:
    """Return the parts of pieces: a text goes on where the one of the piece before ended."""
    parts: list[Part] = []
    texts: list[str] = []
    for piece in pieces:
        for place, part in enumerate(piece):
            is_text = part["type"] in ("text", "reasoning")
            if is_text and place == 0 and texts and part["type"] == parts[-1]["type"]:
                texts.append(part["text"])
                continue
            if len(texts) > 1:
                parts[-1] = {**parts[-1], "text": "".join(texts)}
            texts = [part["text"]] if is_text else []
            if part not in parts[-_COMPARED:]:
                parts.append(part)
            else:
                texts = []
    if len(texts) > 1:
        parts[-1] = {**parts[-1], "text": "".join(texts)}
    return parts


def are_several(levels: Levels) -> bool:
    asked = first(level.get("gen_ai.request.choice.count") for level in levels)
    return isinstance(asked, int) and asked > 1
