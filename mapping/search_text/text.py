"""The text by which an event is searched: input, output, tool calls and errors, in words.

Order: name, input, output, tool, arguments, result, error; then what else the attributes say. Without JSON's noise,
ids, base64 and values that the emitter has redacted. Cut at `TEXT_LIMIT` characters, of which each part that has words
is given `PART_ROOM` at least: a long conversation leaves room for the error at its end.
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
# Every call of a model repeats the conversation so far: what is new in it, and searched, stands at its end.
MESSAGES_ROOM = 4_000

# The parts of a text, and the roles whose values they are.
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
# Keys that play a role; of those of a model and its provider the values are said like any other attribute's.
_PLACES = {key: ranked for key, ranked in KEYS.items() if ROLES[ranked[0]] not in ("model", "provider")}
_PREFIXES = tuple((prefix, role) for role, prefixes in FLATTENED.items() for prefix in prefixes)
# A structured log keeps what it says under these, as a log record does under its own `attributes` and `body`.
_LEVELS = frozenset({"body", "attributes"})
_MAX_LEVELS = 2
_ORIGIN = frozenset({"resource", "scope"})

# Keys whose values speak for themselves; others are said with them.
_SPEECH = frozenset({"content", "text", "parts", "message", "name", "value"})
# How messages are marked up: under these keys, these values are no words of anyone.
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
# The same of attributes, which describe the machinery as often as what was said.
_WORDLESS = re.compile(r"(?:^|[._])(?:version|timestamp|time|tokens?|port|mime_type)$", re.IGNORECASE)
# Base64, UUIDs, AWS's names of resources, and hex digits as long as a trace id. The look back keeps it linear: one try
# for each run of letters.
_NOISE = re.compile(
    r"(?:data:[\w/+.-]+;base64,|(?<![A-Za-z0-9+/_-]))[A-Za-z0-9+/_-]{120,}={0,2}"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{32,}\b|\barn:aws[a-z-]*:[\w:/.$@+=*-]+"
)
# All of it but AWS's names is as long; most texts are shorter, and looking through them took a tenth of the time.
_SHORTEST_NOISE = 32

# How text begins that is JSON.
_STRUCTURE = ("{", "[", '"')
# Conversations with pictures in them run to megabytes of JSON; a megabyte is parsed in a few milliseconds.
_MAX_PARSED = 4 << 20
# Text that is JSON that holds text that is JSON may go on for ever.
_MAX_DEPTH = 64

_LAST = len(KEYS)


def text_of(name: str | None, properties: dict[str, Any]) -> str:
    """Return the searched text of an event's name and properties; "" where there are no words."""
    parts: list[list[str]] = []
    seen: set[str] = set()
    for lines in ([name] if name else [], *parts_of(name, properties).values()):
        # The same words twice (input.value and a message) weigh no more than once.
        parts.append([line for line in dict.fromkeys(lines) if line not in seen])
        seen.update(lines)
    return _cut(parts)


def parts_of(name: str | None, properties: dict[str, Any]) -> dict[str, list[str]]:
    """Return the words of each part (`PARTS`) of an event's text, in lines, without repetitions of the name."""
    ranked: dict[str, list[tuple[int, list[str]]]] = {part: [] for part in PARTS}
    _collect(name, properties, ranked, 0)
    return {
        part: [line for _, lines in sorted(found, key=lambda pair: pair[0]) for line in lines]
        for part, found in ranked.items()
    }


def _collect(
    name: str | None, properties: dict[str, Any], ranked: dict[str, list[tuple[int, list[str]]]], depth: int
) -> None:
    """Sort properties into the parts, each with its key's precedence in its role."""
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


# Keys repeat, and what they say is asked of each event: a third of the time that its text takes.
_kept = lru_cache(maxsize=1_000)


@_kept
def _part_of_prefix(key: str) -> str | None:
    return next((part for prefix, part in _PREFIXES if key.startswith(prefix)), None)


@_kept
def _identifies(key: str) -> bool:
    return _ID.search(key) is not None


@_kept
def _counts(key: str) -> bool:
    return _COUNT.search(key) is not None


@_kept
def _names_form(key: str) -> bool:
    return _FORM.search(key) is not None


@_kept
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
    """Join the parts' lines within the limit, each part leaving to those after it what they need of `PART_ROOM`."""
    whole = "\n".join(itertools.chain.from_iterable(parts))
    if len(whole) <= TEXT_LIMIT:
        return whole
    needs = [sum(len(line) + 1 for line in part) for part in parts]
    taken: list[str] = []
    left = TEXT_LIMIT + 1  # the last line ends without a line break
    for number, part in enumerate(parts):
        room = left - sum(min(need, PART_ROOM) for need in needs[number + 1 :])
        for line in part:
            if room <= 1:
                break
            taken.append(line[: room - 1])
            room -= len(taken[-1]) + 1
            left -= len(taken[-1]) + 1
    return "\n".join(taken)


def _pieces(value: object) -> list[str]:
    """Return a value's words until they fill the text alone: a list may hold a million strings."""
    if isinstance(value, str) and not _is_structure(value):  # most of them, in half the time
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
    """Walk a value for its words: a message's content, a call's name and arguments, `key: value` of the rest."""
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
            if not isinstance(inner, int | float):  # numbers in a row are a vector, or say nothing without a name
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
    """`gen_ai.request.model` reads as `request model`."""
    return key.removeprefix("gen_ai.").replace(".", " ").replace("_", " ")
