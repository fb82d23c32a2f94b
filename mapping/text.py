"""The text an event is searched by: what was asked, called, answered and what went wrong, in words.

Order: name, input, tool, arguments, result, output, error; then what else the attributes say. Without JSON's noise,
ids, base64 and values that the emitter has redacted. Cut at `TEXT_LIMIT` characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from mapping.vocabulary import FLATTENED, KEYS, REDACTED, ROLES

TEXT_LIMIT = 8_000

_SEARCHED = ("input", "tool", "arguments", "result", "output", "error")
_SEARCHED_NUMBERS = {ROLES.index(role): position for position, role in enumerate(_SEARCHED)}
_PREFIXES = tuple((prefix, _SEARCHED.index(role)) for role, prefixes in FLATTENED.items() for prefix in prefixes)

# Keys whose values speak for themselves; others are said with them.
_SPEECH = frozenset({"content", "text", "parts", "message", "name", "value"})
# How messages are marked up: under these keys, these values are no words of anyone.
_MARKUP_KEYS = frozenset({"role", "type", "finish_reason"})
_MARKUP = frozenset(
    "user assistant system developer tool human ai text message function tool_call tool_calls tool_call_response "
    "tool_use tool_result reasoning thinking stop end_turn".split()
)
# Keys that identify or count.
_ID = re.compile(r"(?:^|[._-])(?:ids?|uuid|guid|hash|sha256|index|vector)$|(?<=[a-z])(?-i:Ids?)$", re.IGNORECASE)
# The same of attributes, which describe the machinery as often as what was said.
_WORDLESS = re.compile(
    r"(?:^|[._])(?:version|timestamp|time|tokens?|port|mime_type)$"
    r"|^(?:telemetry|process|os|host|thread|code|server|network|session|otel)\.",
    re.IGNORECASE,
)
# Base64, UUIDs, and hex digits as long as a trace id. The look back keeps it linear: one try for each run of letters.
_NOISE = re.compile(
    r"(?:data:[\w/+.-]+;base64,|(?<![A-Za-z0-9+/_-]))[A-Za-z0-9+/_-]{120,}={0,2}"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{32,}\b"
)
_SPACE = re.compile(r"\s+")

# Text that is JSON that holds text that is JSON may go on for ever.
_MAX_DEPTH = 64


def text_of(name: str | None, properties: dict[str, Any]) -> str:
    """Give the searched text of an event's name and properties; "" where there are no words."""
    parts: list[list[str]] = [[] for _ in _SEARCHED]
    rest: list[str] = []
    for key, value in properties.items():
        ranked = KEYS.get(key)
        position = _SEARCHED_NUMBERS.get(ranked[0]) if ranked else None
        if position is not None:
            parts[position].extend(_pieces(value))
        elif ranked or value == name or _says_nothing(key, value):
            continue
        elif (place := next((place for prefix, place in _PREFIXES if key.startswith(prefix)), None)) is not None:
            parts[place].extend(_pieces(value))
        elif not _WORDLESS.search(key):
            rest.extend(f"{_title(key)}: {words}" for words in _pieces(value))
    lines = [name] if name else []
    for part in [*parts, rest]:
        lines.extend(part)
    return _cut(dict.fromkeys(lines))  # the same words twice (input.value and a message) weigh no more than once


def _says_nothing(key: str, value: object) -> bool:
    if isinstance(value, str) and value in _MARKUP:
        return key.rpartition(".")[2] in _MARKUP_KEYS
    return _ID.search(key) is not None


def _cut(lines: dict[str, None]) -> str:
    taken: list[str] = []
    room = TEXT_LIMIT
    for line in lines:
        taken.append(line[:room])
        room -= len(line) + 1
        if room <= 0:
            break
    return "\n".join(taken)


def _pieces(value: object) -> Iterator[str]:
    """Give a value's words until they fill the text alone: a list may hold a million strings."""
    room = TEXT_LIMIT
    for piece in _words(value, 0):
        yield piece
        room -= len(piece) + 1
        if room <= 0:
            return


def _words(value: object, depth: int) -> Iterator[str]:
    """Walk a value for its words: a message's content, a call's name and arguments, `key: value` of the rest."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        yield from _words_of_text(value, depth)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _words_of_pair(key, inner, depth)
    elif isinstance(value, list):
        for inner in value:
            if not isinstance(inner, int | float):  # numbers in a row are a vector, or say nothing without a name
                yield from _words(inner, depth + 1)
    elif value is not None and not isinstance(value, bytes):
        yield str(value)


def _words_of_pair(key: str, value: object, depth: int) -> Iterator[str]:
    if _says_nothing(key, value):
        return
    words = _words(value, depth + 1)
    if isinstance(value, dict | list) or key in _SPEECH:
        yield from words
    else:
        yield from (f"{_title(key)}: {piece}" for piece in words)


def _words_of_text(text: str, depth: int) -> Iterator[str]:
    if text.strip() in REDACTED:
        return
    if text.lstrip()[:1] in {"{", "["} and len(text) <= 16 * TEXT_LIMIT:
        try:
            parsed = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            pass
        else:
            yield from _words(parsed, depth + 1)
            return
    plain = _SPACE.sub(" ", _NOISE.sub(" ", text[: 4 * TEXT_LIMIT])).strip()
    if plain:
        yield plain


def _title(key: str) -> str:
    """`gen_ai.request.model` reads as `request model`."""
    return key.removeprefix("gen_ai.").replace(".", " ").replace("_", " ")
