"""What went wrong, in a line: type and message apart, out of whatever words an emitter puts around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from mapping.calls.model import Failure
from mapping.messages.python_repr import written_literal, written_object
from mapping.values import json_text

_LONGEST = 500
_LONGEST_JSON = 100_000
_LONGEST_HEAD = 100
# Of a longer text, beginning and end are looked through.
_LOOKED_THROUGH = 20_000

# By precedence. A type that says nothing of its own gives way to one that does.
_TYPES = ("exception.type", "error.type", "error_type", "errorType", "errorCode", "error_code", "error_class")
_MESSAGES = (
    "exception.message",
    "error.message",
    "errorMessage",
    "error_message",
    "error",
    "otel.status_description",
    "langfuse.observation.status_message",
    "gen_ai.evaluation.explanation",
)
_LINES = ("message", "msg")
_STACKS = ("exception.stacktrace", "stack_trace", "exc_info", "exception")
_VAGUE = frozenset(
    {"", "_OTHER", "Exception", "Error", "error", "unknown", "tool_error", "TOOL_ERROR", "TelemetrySafeError"}
)
# Of these, what is no exception's type: it says nothing beside a message.
_NO_TYPES = _VAGUE - {"Exception", "Error"}

_TRACEBACK = "Traceback (most recent call last)"
# JavaScript's stack begins so, often behind the message once more.
_JS_STACK = re.compile(r"\n[ \t]{0,16}at [^\n]{0,500}[:(]")
# `LookupError('no city is called Atlantis')`, `TimeoutError: no answer`
_REPR = re.compile(r"([A-Za-z_][\w.]*)\((['\"])(.*)\2,?\)\Z", re.DOTALL)
_PREFIX = re.compile(r"([A-Za-z_][\w.]*): (?=\S)")
_IS_TYPE = re.compile(
    r"(?:\A|\.)[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Fault|Failure|Retry|Warning|Timeout|Iteration)\Z"
)
# The end of Python's traceback: the exception itself, at the beginning of a line.
_RAISED = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)): (.+)$", re.MULTILINE)

# BeeAI's own words for any failure: what it was stands in the stack, or in lines of theirs below.
_FRAMEWORK = "beeai_framework."
_CAUSES = re.compile(r"^ *([A-Z]\w{1,60})\([\w.]{1,200}\): (.+)$", re.MULTILINE)

# Shorter words than this are nobody's cause in particular.
_LEAST_CAUSE = 8
_BEFORE_CAUSE = re.compile(r": | - ")

# What frameworks put before the words of a tool's failure.
_AROUND = re.compile(
    r"(?:Error: )?(?:Function failed\. Error: "
    r"|Failed to invoke Tool [`'\"][^`'\"]*[`'\"](?: with parameters .*?)?\. Error: "
    r"|Error (?:calling|executing|running|invoking) tool [`'\"]?[\w.:/-]+[`'\"]?: |Error running tool \(non-fatal\): "
    r"|Tool execution failed: )(?=\S)",
    re.DOTALL,
)
# Control flow that frameworks raise: a person is to answer, or another agent goes on, or whoever read a stream left.
_WAITING = re.compile(
    r"\bInterrupt\(value=|\b(?:(?:Graph|Node|Human|Workflow|Agent|Tool)Interrupt"
    r"|(?:Human|User)?(?:Tool)?(?:Approval|Input|Confirmation|Elicitation)Required|(?:Call|Tool)Deferred|InterruptException"
    r"|HumanFeedbackPending|WaitingForEvent|(?:Workflow|Agent|Run|Step)Suspend(?:ed)?)(?:Error|Exception)?\b"
)
_GOES_ON = re.compile(r"\b(?:GraphBubbleUp|ParentCommand|GeneratorExit)\b|\ACommand\(graph=")
_ENDS = ("StopIteration", "StopAsyncIteration")
# A word of each that is found at once.
_CONTROL = (
    *("Interrupt", "Required", "Deferred", "FeedbackPending", "WaitingForEvent", "Suspend"),
    *("BubbleUp", "ParentCommand", "GeneratorExit", "Command(graph="),
)
_ASKED = re.compile(r"Interrupt\(value=(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")")
INTERRUPT = "Interrupt(value="
# Under these an interrupt says what it asks.
_QUESTIONS = ("question", "description", "message", "prompt", "query", "text", "action_requests", "value")
_MOST_QUESTIONS = 4


def failure_of(levels: Sequence[Mapping[str, Any]], *, line: object = None) -> Failure | None:
    """Return what went wrong as sets of attributes say it, None where they say nothing. `line` is a log's own line."""
    kind = _first(levels, _TYPES, _VAGUE) or _first(levels, _TYPES)
    text = _first(levels, _MESSAGES)
    if text is not None and text == kind:
        text = None
    if text is None and isinstance(line, str) and line.strip():
        text = line
    if text is None:
        text = _first(levels, _LINES) if line is not None else None
    stack = _first(levels, _STACKS) or ""
    if text is None and _TRACEBACK in stack:
        text = stack
    if kind is None and text is None:
        return None
    return failure(kind, text, stack)


def failure(kind: str | None, text: object, stack: str = "") -> Failure:
    """Return a failure from the words for it."""
    told = _in_json(text)
    if kind is not None and kind.startswith(_FRAMEWORK):
        raised = _RAISED.findall(stack)[:1]
        kind, told = raised[0] if raised and not raised[0][0].startswith(_FRAMEWORK) else (None, None)
    if isinstance(told, str) and (causes := _CAUSES.findall(told)):
        kind, told = causes[-1]
    words = _words(told) if isinstance(told, str) else None
    named, message = _apart(words, kind) if words is not None else (None, None)
    if kind is None or (kind in _VAGUE and named is not None):
        kind = named
    elif kind == message:
        message = None
    if kind in _NO_TYPES and message is not None:
        kind = None
    detail = "\n".join(part for part in (told if isinstance(told, str) and told != message else "", stack) if part)
    return Failure(kind, message, detail)


def cause_in(text: str) -> Failure | None:
    """Return the failure that a text of BeeAI's ends with, None for any other text."""
    return failure(None, text) if _CAUSES.match(text) is not None else None


def telling_type(roles: Failure | None) -> str | None:
    """Return a failure's type, None where it says no more than that there was one."""
    return None if roles is None or roles.type in _NO_TYPES else roles.type


def waits(roles: Failure) -> bool:
    """Return whether what looks like a failure is control flow that waits for a person."""
    return _matches(_WAITING, roles)


def goes_on(roles: Failure) -> bool:
    """Return whether it is control flow by which another agent goes on, or the end of a stream."""
    return _matches(_GOES_ON, roles) or str(roles.type).rpartition(".")[2] in _ENDS


def asked(roles: Failure) -> Failure:
    """Return an interrupt with what it asks as its message."""
    for text in (roles.message or "", roles.detail):
        if (told := _ASKED.search(text)) is not None:
            return Failure(roles.type or "Interrupt", told[1] or told[2], roles.detail)
        start, end = text.find(INTERRUPT), text.find(f"), {INTERRUPT}")
        if start >= 0:
            held: Any = written_object(text[start : end if end > start else None].rstrip("), \n") + ")")
        else:  # LangGraph's in JavaScript
            held = _decoded(text) if text[:1] == "[" else None
        if (question := _question(held)) is not None:
            return Failure(roles.type or "Interrupt", question, roles.detail)
    return roles


def _question(value: Any, depth: int = 0) -> str | None:
    """Return what a person is asked: a text, or the first one within an object or a list."""
    if isinstance(value, str):
        return value or None
    if depth > _MOST_QUESTIONS:
        return None
    inner = [value[key] for key in _QUESTIONS if key in value] if isinstance(value, dict) else value
    told = (_question(one, depth + 1) for one in inner) if isinstance(inner, list) else ()
    return next((words for words in told if words), None)


def _matches(pattern: re.Pattern[str], roles: Failure) -> bool:
    texts = (roles.type or "", roles.message or "", roles.detail)
    if not any(word in text for text in texts for word in _CONTROL):
        return False
    return any(
        pattern.search(text[:2_000]) is not None for text in (roles.type or "", roles.message or "", roles.detail)
    )


def _first(levels: Iterable[Mapping[str, Any]], keys: Sequence[str], but: frozenset[str] = frozenset()) -> str | None:
    for level in levels:
        for key in keys:
            value = level.get(key)
            if isinstance(value, str) and value.strip() and value not in but:
                return value
            if isinstance(value, dict) and value:
                return _message_in(value) or json_text(value)
    return None


def _in_json(text: object) -> object:
    """Return an error that an API gave as JSON, or as Python writes it, with its message alone; others as they are."""
    if isinstance(text, dict):
        return _message_in(text) or text
    if not isinstance(text, str) or len(text) > _LONGEST_JSON:
        return text
    start = text.find("{")
    if start < 0 or start > _LONGEST_HEAD or not text.endswith("}"):
        return text
    value = _decoded(text[start:])
    message = _message_in(value) if isinstance(value, dict) else None
    return text if message is None else text[:start] + message


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return written_literal(text)


def _message_in(value: dict[str, Any], depth: int = 0) -> str | None:
    for key in ("data", "error", "message", "errorMessage", "detail"):
        inner = value.get(key)
        if isinstance(inner, str) and inner:
            return inner
        if isinstance(inner, dict) and depth < 3 and (roles := _message_in(inner, depth + 1)) is not None:
            return roles
    return None


def _words(text: str) -> str:
    """Return the words of an error without the stack around them, in one line."""
    if len(text) > _LOOKED_THROUGH:
        text = text[: _LOOKED_THROUGH // 2] + text[-_LOOKED_THROUGH // 2 :]
    head, marker, trace = _before_stack(text).partition(_TRACEBACK)
    if marker and not head.strip():
        raised = _RAISED.findall(trace)
        head = ": ".join(raised[-1]) if raised else (trace.strip().splitlines() or [""])[-1]
    head = head.strip()
    around = _AROUND.match(head)
    line = " ".join(head[around.end() if around else 0 :].split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _before_stack(text: str) -> str:
    """Return a message without JavaScript's stack, and what stands at the head of that: the message once more."""
    stack = _JS_STACK.search(text)
    if stack is None:
        return text
    first, *others = text[: stack.start()].strip().splitlines() or [""]
    return first if others and others[-1].endswith(first) else "\n".join([first, *others])


def _apart(words: str, kind: str | None) -> tuple[str | None, str | None]:
    """Return the type that stands before a message, and the message; `kind` is the type if it is known."""
    if words[-1:] == ":" and _IS_TYPE.search(words[:-1]):
        return words[:-1], None  # an exception that has no words
    written = _REPR.match(words)
    if written is not None and (_IS_TYPE.search(written[1]) or _names(kind, written[1])):
        return written[1], written[3] or None
    prefix = _PREFIX.match(words)
    if prefix is not None and (_IS_TYPE.search(prefix[1]) or _names(kind, prefix[1])):
        return prefix[1], words[prefix.end() :]
    return None, words or None


def _names(kind: str | None, word: str) -> bool:
    return kind is not None and word.rpartition(".")[2] == kind.rpartition(".")[2]


def same(outer: Failure | None, inner: Failure | None) -> bool:
    """Return whether two failures are one, by their words: one says what the other does, or names it as the cause."""
    if outer is None or inner is None:
        return outer is inner
    if outer.message is None or inner.message is None:
        # One of them has no words of its own: what is around it, or below it, says what it was.
        return True
    first, second = _plain(outer.message), _plain(inner.message)
    if first in second or second in first or second in _plain(outer.detail):
        return True
    return not _causes(first).isdisjoint(_causes(second))


def _causes(text: str) -> set[str]:
    """Return what stands behind the first and the last colon or dash: before it are words of who passed it on."""
    causes = (_BEFORE_CAUSE.split(text, 1)[-1], _BEFORE_CAUSE.split(text)[-1])
    return {cause for cause in causes if cause != text and len(cause) >= _LEAST_CAUSE}


def _plain(text: str) -> str:
    return " ".join(text.split()).lower().rstrip(".")
