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

# Keys of a message that hold no words of their own.
_STRUCTURE = frozenset(
    {"role", "type", "id", "finish_reason", "mime_type", "modality", "index", "call_id", "tool_call_id"}
)
_WORDLESS_KEY = re.compile(
    r"(?:^|[._])(?:ids?|uuid|guid|hash|sha256|version|timestamp|time|date|count|tokens?|port|address|url|role|index)$"
    r"|(?:telemetry|process|os|host|thread|code|server|network|session|trace|span)[._]",
    re.IGNORECASE,
)
_BASE64 = re.compile(r"(?:data:[\w/+.-]+;base64,)?[A-Za-z0-9+/_-]{120,}={0,2}")
_SPACE = re.compile(r"\s+")


def text_of(name: str | None, properties: dict[str, Any]) -> str:
    """Give the searched text of an event's name and properties; "" where there are no words."""
    parts: list[list[str]] = [[] for _ in _SEARCHED]
    rest: list[str] = []
    for key, value in properties.items():
        ranked = KEYS.get(key)
        position = _SEARCHED_NUMBERS.get(ranked[0]) if ranked else None
        if position is None:
            position = next((place for prefix, place in _PREFIXES if key.startswith(prefix)), None)
        if position is not None:
            parts[position].extend(_words(value))
        elif ranked is None and not _WORDLESS_KEY.search(key):
            rest.extend(f"{_title(key)}: {words}" for words in _words(value))
    lines = [name] if name else []
    for part in [*parts, rest]:
        lines.extend(part)
    return _cut(dict.fromkeys(lines))  # the same words twice (input.value and a message) weigh no more than once


def _cut(lines: dict[str, None]) -> str:
    taken: list[str] = []
    room = TEXT_LIMIT
    for line in lines:
        taken.append(line[:room])
        room -= len(line) + 1
        if room <= 0:
            break
    return "\n".join(taken)


def _words(value: object) -> Iterator[str]:
    """Walk a value for its words: a message's content, a call's name and arguments, `key: value` of the rest."""
    if isinstance(value, str):
        yield from _words_of_text(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in _STRUCTURE or inner is None or inner == "":
                continue
            if isinstance(inner, dict | list) or key in {"content", "text", "parts", "message", "name", "value"}:
                yield from _words(inner)
            else:
                yield from (f"{_title(str(key))}: {words}" for words in _words(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif value is not None and not isinstance(value, bytes):
        yield str(value)


def _words_of_text(text: str) -> Iterator[str]:
    if text in REDACTED:
        return
    start = text.lstrip()[:1]
    if start in {"{", "["} and len(text) <= 16 * TEXT_LIMIT:
        try:
            parsed = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            pass
        else:
            yield from _words(parsed)
            return
    plain = _SPACE.sub(" ", _BASE64.sub(" ", text[: 4 * TEXT_LIMIT])).strip()
    if plain:
        yield plain


def _title(key: str) -> str:
    """`gen_ai.request.model` reads as `request model`."""
    return key.removeprefix("gen_ai.").replace(".", " ").replace("_", " ")
