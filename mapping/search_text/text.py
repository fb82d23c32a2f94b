"""The text by which an event is searched: input, output, tool calls and errors, in words.

Order: name, input, output, tool, arguments, result, error, then other attributes. JSON's punctuation, ids, base64 and
values that the emitter has redacted are left out. The text is cut at `TEXT_LIMIT` characters; each part that has words
gets at least `PART_ROOM` of them, so that a long conversation leaves room for the error at the end.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from mapping.semantics.vocabulary import FLATTENED, KEYS, REDACTED, ROLES, UNSAID

TEXT_LIMIT = 8_000
PART_ROOM = 600
# Every model call repeats the conversation so far, so only its end, which is new, is searched.
MESSAGES_ROOM = 4_000

# The parts of a text, and the attribute roles of their values.
_PARTS = {
    "input": ("input", "system"),
    "output": ("output",),
    "tool": ("tool",),
    "arguments": ("arguments",),
    "result": ("result",),
    "error": ("error", "remark"),
}
PARTS = (*_PARTS, "rest")
_PART_OF = {ROLES.index(role): part for part, roles in _PARTS.items() for role in roles}
# Keys with a role. The values of models and providers are treated like those of other attributes.
_PLACES = {key: ranked for key, ranked in KEYS.items() if ROLES[ranked[0]] not in ("model", "provider")}
_PREFIXES = tuple((prefix, role) for role, prefixes in FLATTENED.items() for prefix in prefixes)
# Keys under which a structured log has its content, as a log record has under its own `attributes` and `body`.
_LEVELS = frozenset({"body", "attributes"})
_MAX_LEVELS = 2
_ORIGIN = frozenset({"resource", "scope"})

# Keys that are left out before their values; other keys are part of the text.
_SPEECH = frozenset({"content", "text", "parts", "message", "name", "value"})
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
# Further keys of attributes whose values are not words.
_WORDLESS = re.compile(r"(?:^|[._])(?:version|timestamp|time|tokens?|port|mime_type)$", re.IGNORECASE)
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

_LAST = len(KEYS)


def text_of(name: str | None, properties: dict[str, Any]) -> str:
    """Return the searched text of an event's name and properties; "" if there are no words."""
    parts: list[list[str]] = []
    seen: set[str] = set()
    for lines in ([name] if name else [], *parts_of(name, properties).values()):
        # Words that occur twice (in input.value and a message) are used only once.
        parts.append([line for line in dict.fromkeys(lines) if line not in seen])
        seen.update(lines)
    return _cut(parts)


def parts_of(name: str | None, properties: dict[str, Any]) -> dict[str, list[str]]:
    """Return the words of each part (`PARTS`) of an event's text, in lines, without repetitions of the name."""
    ranked: dict[str, list[tuple[int, list[str]]]] = {part: [] for part in PARTS}
    _collect(name, properties, ranked, 0)
    return {
        part: [line for _, lines in sorted(ranked_lines, key=lambda pair: pair[0]) for line in lines]
        for part, ranked_lines in ranked.items()
    }


def _collect(
    name: str | None, properties: dict[str, Any], ranked: dict[str, list[tuple[int, list[str]]]], depth: int
) -> None:
    """Add the lines of properties to their parts, each with its key's precedence in its role."""
    for key, value in properties.items():
        if isinstance(value, dict):
            if key in _LEVELS and depth < _MAX_LEVELS:
                _collect(name, value, ranked, depth + 1)
                continue
            if depth and key in _ORIGIN:
                continue
        role = _PLACES.get(key)
        part = _PART_OF.get(role[0]) if role else None
        if role and part:
            ranked[part].append((role[1], _pieces(value)))
        elif role or value == name or _says_nothing(key, value):
            continue
        elif (part := _part_of_prefix(key)) is not None:
            if not isinstance(value, int | float):  # a document's score
                ranked[part].append((_LAST, _pieces(value)))
        elif _is_said(key):
            ranked["rest"].append((_LAST, [f"{_title(key)}: {words}" for words in _pieces(value)]))


# The same keys occur in every event; without a cache these functions took a third of the time of a text.
_cached = lru_cache(maxsize=1_000)


@_cached
def _part_of_prefix(key: str) -> str | None:
    return next((part for prefix, part in _PREFIXES if key.startswith(prefix)), None)


@_cached
def _identifies(key: str) -> bool:
    return _ID.search(key) is not None


@_cached
def _counts(key: str) -> bool:
    return _COUNT.search(key) is not None


@_cached
def _names_form(key: str) -> bool:
    return _FORM.search(key) is not None


@_cached
def _is_said(key: str) -> bool:
    return not _WORDLESS.search(key) and (not key.startswith(UNSAID) or key.endswith("model"))


def _says_nothing(key: str, value: object) -> bool:
    if isinstance(value, str):
        if value in _MARKUP and key.rpartition(".")[2] in _MARKUP_KEYS:
            return True
        if _names_form(key):
            return True
    elif isinstance(value, int | float) and _counts(key):
        return True
    return _identifies(key)


def _cut(parts: list[list[str]]) -> str:
    """Join the parts' lines within the limit; each part leaves as much of `PART_ROOM` to later parts as they need."""
    whole = "\n".join(itertools.chain.from_iterable(parts))
    if len(whole) <= TEXT_LIMIT:
        return whole
    needs = [sum(len(line) + 1 for line in part) for part in parts]
    cut: list[str] = []
    left = TEXT_LIMIT + 1  # the last line ends without a line break
    for number, part in enumerate(parts):
        room = left - sum(min(need, PART_ROOM) for need in needs[number + 1 :])
        for line in part:
            if room <= 1:
                break
            cut.append(line[: room - 1])
            room -= len(cut[-1]) + 1
            left -= len(cut[-1]) + 1
    return "\n".join(cut)


def _pieces(value: object) -> list[str]:
    """Return a value's words, but not more than a whole text: a list may have a million strings."""
    if isinstance(value, str) and not _is_structure(value):  # as most values are; takes half the time
        return [plain] if (plain := _plain(value)) else []
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
    if _says_nothing(key, value):
        return
    words = _words(value, depth + 1)
    if isinstance(value, dict | list) or key in _SPEECH:
        yield from words
    else:
        yield from (f"{_title(key)}: {piece}" for piece in words)


def _words_of_text(text: str, depth: int) -> Iterator[str]:
    if _is_structure(text):
        try:
            parsed = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            pass
        else:
            yield from _words(parsed, depth + 1)
            return
    if plain := _plain(text):
        yield plain


def _is_structure(text: str) -> bool:
    return text.lstrip()[:1] in _STRUCTURE and len(text) <= _MAX_PARSED


def _plain(text: str) -> str:
    if text.strip() in REDACTED:
        return ""
    plain = text[: 4 * TEXT_LIMIT]
    if len(plain) >= _SHORTEST_NOISE or "arn:" in plain:
        plain = _NOISE.sub(" ", plain)
    return " ".join(plain.split())


def _title(key: str) -> str:
    """Return a key as words: `gen_ai.request.model` is `request model`."""
    return key.removeprefix("gen_ai.").replace(".", " ").replace("_", " ")
