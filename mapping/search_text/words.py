"""The words of a value, in lines: a message's content, a call's name and arguments, `key: value` of other objects.

JSON's punctuation, ids, counts, base64 and values that the emitter has redacted are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from mapping.semantics.vocabulary import REDACTED

TEXT_LIMIT = 8_000
# Of many new messages only the last ones are searched.
MESSAGES_ROOM = 4_000

# Keys that are left out before their values; other keys are part of the text.
_SPEECH = frozenset({"content", "text", "parts", "message", "name", "value"})
# The same of calls, whose arguments some write as an object and others as JSON text.
_ARGUMENTS = frozenset({"arguments", "args"})
# Markup of messages: under these keys, these values are not content.
_MARKUP_KEYS = frozenset({"role", "type", "finish_reason", "stopReason", "stop_reason"})
_MARKUP = frozenset(
    "user assistant system developer tool human ai model text message function tool_call tool_calls constructor "
    "tool_call_response tool_use tool_result reasoning thinking stop end_turn".split()
)
# Keys that identify or count.
_ID = re.compile(r"(?:^|[._-])(?:ids?|uuid|guid|hash|sha256|index|vector)$|(?<=[a-z])(?-i:Ids?)$", re.IGNORECASE)
_COUNT = re.compile(
    r"(?:^|[._])tokens?$|_(?:ms|length|token_count)$|(?<=[a-z])(?:Tokens?|TokenCount|UnixNano)$"
    r"|^(?:latencyMs|flags|severityNumber)$"
)
_FORM = re.compile(r"(?:^|[._])mime_type$|ContentType$|^schema(?:Type|Version)$")
# Base64, UUIDs, AWS's names of resources, and hex digits as long as a trace id. The lookbehind keeps it linear: one try
# for each run of letters.
_NOISE = re.compile(
    r"(?:data:[\w/+.-]+;base64,|(?<![A-Za-z0-9+/_-]))[A-Za-z0-9+/_-]{120,}={0,2}"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{32,}\b|\barn:aws[a-z-]*:[\w:/.$@+=*-]+"
)
# All noise except AWS's names is at least this long. Most texts are shorter, and skipping them saves a tenth of the
# time.
_SHORTEST_NOISE = 32

# The first characters of JSON text.
_STRUCTURE = ("{", "[", '"')
# The maximum length of JSON text that is parsed: conversations with images are megabytes, and one takes a few ms.
_MAX_PARSED = 4 << 20
# JSON text may contain JSON text, and so on; deeper levels are ignored.
_MAX_DEPTH = 64


# The same keys occur in every event; without a cache these functions took a third of the time of a text.
_cached = lru_cache(maxsize=1_000)


@_cached
def _identifies(key: str) -> bool:
    return _ID.search(key) is not None


@_cached
def _counts(key: str) -> bool:
    return _COUNT.search(key) is not None


@_cached
def _names_form(key: str) -> bool:
    return _FORM.search(key) is not None


def says_nothing(key: str, value: object) -> bool:
    if isinstance(value, str):
        if value in _MARKUP and key.rpartition(".")[2] in _MARKUP_KEYS:
            return True
        if _names_form(key):
            return True
    elif isinstance(value, int | float) and _counts(key):
        return True
    return _identifies(key)


def lines_of(value: object) -> list[str]:
    """Return a value's words, but not more than a whole text: a list may have a million strings."""
    if isinstance(value, str) and not is_structure(value):  # as most values are; takes half the time
        return [words] if (words := plain(value)) else []
    pieces = []
    room = TEXT_LIMIT
    for piece in _words(value, 0):
        pieces.append(piece)
        room -= len(piece) + 1
        if room <= 0:
            break
    return pieces


def _words(value: object, depth: int) -> Iterator[str]:
    """Yield a value's words: a message's content, a call's name and arguments, and `key: value` of other objects."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        yield from _words_of_text(value, depth)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _words_of_pair(key, inner, depth)
    elif isinstance(value, list):
        if len(value) > 1 and isinstance(value[0], dict) and "role" in value[0]:
            yield from _latest_messages(value, depth)
            return
        for inner in value:
            if not isinstance(inner, int | float):  # numbers in a list are a vector, or mean nothing without a name
                yield from _words(inner, depth + 1)
    elif value is not None and not isinstance(value, bytes):
        yield str(value)


def _latest_messages(messages: list[Any], depth: int) -> Iterator[str]:
    """Yield the words of a conversation's last messages, in order, until they fill `MESSAGES_ROOM`."""
    latest: list[list[str]] = []
    room = MESSAGES_ROOM
    for message in reversed(messages):
        words: list[str] = []
        for piece in _words(message, depth + 1):
            words.append(piece)
            room -= len(piece) + 1
            if room <= 0:
                break
        latest.append(words)
        if room <= 0:
            break
    for words in reversed(latest):
        yield from words


def _words_of_pair(key: str, value: object, depth: int) -> Iterator[str]:
    if says_nothing(key, value):
        return
    words = _words(value, depth + 1)
    if isinstance(value, dict | list) or key in _SPEECH or (key in _ARGUMENTS and isinstance(value, str)):
        yield from words
    else:
        yield from (f"{title(key)}: {piece}" for piece in words)


def _words_of_text(text: str, depth: int) -> Iterator[str]:
    held = parsed(text)
    if held is not text:
        yield from _words(held, depth + 1)
        return
    if words := plain(text):
        yield words


def parsed(value: Any) -> Any:
    """Return what is in JSON text; anything else unchanged."""
    if isinstance(value, str) and is_structure(value):
        try:
            return msgspec.json.decode(value)
        except (ValueError, RecursionError):
            return value
    return value


def is_structure(text: str) -> bool:
    return text.lstrip()[:1] in _STRUCTURE and len(text) <= _MAX_PARSED


def plain(text: str) -> str:
    if text.strip() in REDACTED:
        return ""
    words = text[: 4 * TEXT_LIMIT]
    if len(words) >= _SHORTEST_NOISE or "arn:" in words:
        words = _NOISE.sub(" ", words)
    return " ".join(words.split())


def title(key: str) -> str:
    """Return a key as words: `gen_ai.request.model` is `request model`."""
    return key.removeprefix("gen_ai.").replace(".", " ").replace("_", " ")
