"""Messages in the form in which they are shown, whichever emitter logged them. Nothing is shortened.

`canonical.py` has the form in which they are compared. A message is `{role, parts}`, a part
`{type, text?, id?, name?, arguments?, result?, failed?}`. Its type is `text`, `reasoning`, `tool_call`, `tool_result`,
one of `media.py`, or `other`; the `text` of the last one is JSON, and its `name` is the type that the emitter gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mapping.messages.extraction import structure
from mapping.messages.media import media_part
from mapping.messages.parts import (
    CONTENTS,
    MAX_DEPTH,
    MOST,
    calls_of,
    is_part,
    message_of,
    read_call,
    read_part,
    read_result,
    role_of,
)
from mapping.values import first, json_text

Part = dict[str, Any]
Message = dict[str, Any]

_TEXTS = ("text", "output_text", "input_text")


def messages_of(values: Iterable[Any]) -> list[Message]:
    """Return messages (`extraction.is_message`) as they are shown, without the empty ones."""
    shown: list[Message] = []
    for value in values:
        if len(shown) >= MOST:
            break
        message = message_of(value)
        parts = [*_reasoned(message), *(part for key in CONTENTS for part in parts_of(message.get(key)))]
        role = role_of(message)
        if role in ("tool", "user") and message.get("tool_call_id") is not None:  # Anthropic's user answers for tools
            role, content = "tool", first(message.get(key) for key in CONTENTS)
            parts = [_tool_result(message["tool_call_id"], content, message)]
        beside = [*map(tool_call_part, calls_of(message))]
        # OpenInference's for Anthropic in JavaScript has calls in the content and beside it.
        parts += [call for call in beside if "id" not in call or call not in parts]
        if isinstance(message.get("refusal"), str) and message["refusal"]:
            parts.append({"type": "text", "text": message["refusal"]})
        if parts:
            shown.append({"role": role, "parts": parts})
    return shown


def _reasoned(message: dict[str, Any]) -> Iterator[Part]:
    """Yield the reasoning that is beside a message's content: DeepSeek's, OpenRouter's."""
    for key in ("reasoning_content", "reasoning"):
        if isinstance(text := message.get(key), str) and text.strip():
            yield {"type": "reasoning", "text": text}
            return


def parts_of(content: Any, depth: int = 0) -> Iterator[Part]:
    """Yield the parts of a message's content, or of a system prompt."""
    if depth > MAX_DEPTH or content is None or content == "":
        return
    if isinstance(content, str):
        # JSON text of a list of parts is read as these parts; any other JSON is text.
        parts = structure(content) if content.lstrip()[:1] == "[" else None
        if isinstance(parts, list) and parts and all(map(_is_said, parts)):
            yield from parts_of(parts, depth + 1)
        else:
            yield {"type": "text", "text": content}
    elif isinstance(content, list):
        for part in content[:MOST]:
            yield from parts_of(part, depth + 1)
    elif isinstance(content, dict):
        yield from _part(content, depth)
    else:
        yield {"type": "text", "text": json_text(content)}


def _is_said(part: Any) -> bool:
    if is_part(part):
        return True
    return isinstance(part, dict) and (read_part(part)[0] in {"call", "result"} or media_part(part) is not None)


def _part(part: dict[str, Any], depth: int) -> Iterator[Part]:
    kind, value = read_part(part)
    own = str(part.get("type") or "")
    if own not in _TEXTS and kind in {"content", "other"} and (medium := media_part(part)) is not None:
        yield medium
    elif own in {"tool-call", "tool-result"}:  # Vercel's
        yield tool_call_part(part) if own == "tool-call" else _tool_result(part.get("toolCallId"), _vercel(part), part)
    elif kind == "reasoning" or part.get("thought") is True or "reasoningContent" in part:
        if text := _reasoning(part, 0):
            yield {"type": "reasoning", "text": text}
    elif kind == "call":
        yield tool_call_part(value)
    elif kind == "result":
        yield _tool_result(*read_result(value), value)
    elif kind == "content":
        yield from parts_of(value, depth + 1)
    elif kind != "ignored" and part.keys() - {"type"}:
        yield {"type": "other", "text": json_text(part)} | ({"name": own} if own else {})


def _reasoning(value: Any, depth: int) -> str:
    """Return the text of a part that is reasoning, at most a few levels down."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, (_reasoning(inner, depth + 1) for inner in value)))
    if not isinstance(value, dict) or depth > 4:
        return ""
    keys = ("content", "text", "thinking", "reasoning", "summary", "reasoningContent", "reasoningText")
    return _reasoning(first(value.get(key) or None for key in keys), depth + 1)


def tool_call_part(call: dict[str, Any]) -> Part:
    call_id, name, arguments = read_call(call)
    return _without_none(type="tool_call", id=_text(call_id), name=_text(name), arguments=structure(arguments))


def _tool_result(call_id: Any, result: Any, holder: dict[str, Any]) -> Part:
    origin = holder.get("origin")
    of_call = origin.get("tool_name") if isinstance(origin, dict) else None
    name = first((holder.get("name"), holder.get("toolName"), of_call))
    failed = holder.get("is_error") is True or holder.get("error") is True or holder.get("status") == "error"
    failed = failed or holder.get("type") == "tool-error" or holder.get("isError") is True
    output = holder.get("output")
    failed = failed or (isinstance(output, dict) and str(output.get("type")).startswith("error-"))  # Vercel's
    error = result.get("error") if isinstance(result, dict) and len(result) == 1 and "response" in holder else None
    if error is not None:
        failed, result = True, error  # Gemini's, of a function that failed
    return _without_none(
        type="tool_result", id=_text(call_id), name=_text(name), result=_unwrapped(result), failed=failed or None
    )


def _vercel(part: dict[str, Any]) -> Any:
    output = first((part.get("output"), part.get("result")))
    return output["value"] if isinstance(output, dict) and "value" in output else output


def _unwrapped(result: Any) -> Any:
    """Return a tool's result without the parts that may wrap it: texts, or one value."""
    if not isinstance(result, list) or not result:
        return result
    texts = [part.get("text", part.get("content")) if isinstance(part, dict) else part for part in result]
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) == len(texts):
        return "\n".join(strings)
    only = result[0]
    return only["json"] if len(result) == 1 and isinstance(only, dict) and "json" in only else result


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json_text(value)


def _without_none(**fields: Any) -> Part:
    return {field: value for field, value in fields.items() if value is not None}


def has_ids(messages: Iterable[Message]) -> bool:
    """Return whether every tool call has its id; in flattened lists ids are often missing."""
    return all("id" in part for message in messages for part in message["parts"] if part["type"] == "tool_call")
