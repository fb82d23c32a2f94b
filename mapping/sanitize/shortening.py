"""Shortens values that are too long as JSON, and texts that are JSON, so that they stay JSON and keep their meaning.

What is longest goes first: pictures and other base64, then the longest texts. A list that is long because its entries
are many loses its middle: of a conversation the system prompt and the last turns stay.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from json.encoder import encode_basestring
from typing import Any

from mapping.sanitize.changes import Changes
from mapping.sanitize.entries import kept_keys, share
from mapping.sanitize.limits import cut
from mapping.values import DROPPED, count_cut, cut_items, json_text, without_halves

# Base64, also as a `data:` URL, which means nothing once it is cut; it may have been cut before.
_BASE64 = re.compile(r"(?:data:[\w/+.;=-]{0,100},)?+[A-Za-z0-9+/_=\r\n-]++(?:… \[cut, \d{1,20} characters\])?")
_SHORTEST_BASE64, _KEPT_OF_BASE64 = 1_000, 200
# A list whose entries would have to be cut to less than this part of its room loses entries instead.
_MANY = 16
# An entry of an object gets as much room, or others go.
_LEAST = 64
# Brackets and commas of a text that is read as JSON: each may become an object of 60 bytes.
_MOST_PARTS = 1_000_000
_MARKER = len(json_text(cut("", 0, f"{10**9} characters")))

Mask = Callable[[str], str]


def shortened_text(text: str, length: int, changes: Changes, mask: Mask = str) -> str | None:
    """Return JSON text in at most `length` characters; None where it is none, or is too short to be cut so far.

    `mask` masks the secrets of a text that is cut: half a secret is not recognised later.
    """
    if text.lstrip()[:1] not in {"{", "[", '"'} or sum(map(text.count, "{[,")) > _MOST_PARTS:
        return None
    made = Changes()
    try:
        written = without_halves(json_text(shortened(json.loads(text), length, made, mask)))
    except (ValueError, RecursionError):
        return None
    if len(written) > length:
        return None
    changes.cut += made.cut
    changes.dropped += made.dropped
    return written


def shortened(value: Any, length: int, changes: Changes, mask: Mask = str) -> Any:
    """Return a value that takes at most about `length` characters as JSON."""
    return _Shortening(changes, mask).shortened(value, length)


class _Shortening:
    """Shortens one value. Each part is measured once, so that the time is linear in the length."""

    def __init__(self, changes: Changes, mask: Mask) -> None:
        self._changes, self._mask = changes, mask
        self._sizes: dict[int, int] = {}

    def shortened(self, value: Any, room: int) -> Any:
        over = self._measure(value) - room
        if over <= 0:
            return value
        sizes = [len(text) for text in _base64_in(value)]
        if sizes:
            length = share(sizes, sum(sizes) - over - len(sizes) * _MARKER)
            value = self._without_base64(value, max(_KEPT_OF_BASE64, length))
            self._sizes.clear()
            self._measure(value)
        return self._fit(value, room)

    def _measure(self, value: Any) -> int:
        """Return the length of a value as JSON, and remember those of the lists and objects in it."""
        if isinstance(value, dict):
            size = 1 + sum(len(encode_basestring(key)) + self._measure(inner) + 2 for key, inner in value.items())
        elif isinstance(value, list):
            size = 1 + sum(self._measure(inner) + 1 for inner in value)
        else:
            return _size(value)
        self._sizes[id(value)] = size
        return size

    def _size(self, value: Any) -> int:
        return self._sizes[id(value)] if isinstance(value, dict | list) else _size(value)

    def _without_base64(self, value: Any, length: int) -> Any:
        if isinstance(value, dict):
            return {key: self._without_base64(inner, length) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._without_base64(inner, length) for inner in value]
        if isinstance(value, str) and len(value) > length and _is_base64(value):
            return self._cut(value, length)
        return value

    def _fit(self, value: Any, room: int) -> Any:
        if not value or self._size(value) <= room:  # an empty one has nothing to leave out
            return value
        if isinstance(value, dict):
            return self._object(value, room)
        if isinstance(value, list):
            return self._list(value, room)
        if isinstance(value, str):
            return self._text(value, room)
        if isinstance(value, bytes):
            self._changes.cut += 1
            kept = max(0, room - _MARKER) // 4 * 3
            return cut(base64.b64encode(value[:kept]).decode(), room, f"{len(value)} bytes of base64")
        return value

    def _object(self, value: dict[str, Any], room: int) -> dict[str, Any]:
        keys = 2 + sum(len(encode_basestring(key)) + 2 for key in value)
        each = share([self._size(inner) for inner in value.values()], room - keys)
        if each >= _LEAST or len(value.keys() - {DROPPED}) <= 1:
            return {key: self._fit(inner, each) for key, inner in value.items()}
        count = max(1, min(len(value) // 2, len(value) * room // self._size(value)))
        self._changes.dropped += len(value) - count
        before = value.get(DROPPED)
        kept = {key: value[key] for key in kept_keys(value, count)}
        kept[DROPPED] = len(value) - count + (before if isinstance(before, int) else 0)
        return self._object(kept, room) if self._measure(kept) > room else kept

    def _list(self, items: list[Any], room: int) -> list[Any]:
        each = share([self._size(item) for item in items], room - 2 - len(items))
        if each >= room // _MANY and each >= _LEAST:
            return [self._fit(item, each) for item in items]
        first = [self._fit(items[0], room // 2)]
        left = room // 4 - self._measure(first)
        first += self._while_they_fit(islice(items, 1, len(items) - 1), left)
        left = room - self._measure(first) - _MARKER
        last = self._while_they_fit(reversed(items[len(first) :]), left)
        if not last and len(first) < len(items):
            last = [self._fit(items[-1], left)]
        middle = items[len(first) : len(items) - len(last)]
        self._changes.dropped += len(middle)
        more = sum(count_cut(item) or 1 for item in middle)
        return [*first, *([cut_items(more)] if more else []), *reversed(last)]

    def _while_they_fit(self, items: Iterator[Any], room: int) -> list[Any]:
        kept = []
        for item in items:
            room -= self._size(item) + 1
            if room < 0:
                break
            kept.append(item)
        return kept

    def _text(self, text: str, room: int) -> str:
        # Its quotes are escaped once more where it stands.
        inner = shortened_text(text, room * len(text) // _size(text) - _MARKER, self._changes, self._mask)
        if inner is not None and _size(inner) <= room:
            return inner
        text = self._mask(text)
        if _size(text) <= room:
            return text
        length = max(0, room - _MARKER)
        kept = text[:length]
        return self._cut(text, max(0, length - (_size(kept) - 2 - len(kept))))

    def _cut(self, text: str, length: int) -> str:
        self._changes.cut += 1
        return cut(text, length)


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(encode_basestring(value))
    if isinstance(value, bytes):
        return len(value) * 4 // 3 + 6
    return len(repr(value))


def _is_base64(text: str) -> bool:
    return len(text) >= _SHORTEST_BASE64 and _BASE64.fullmatch(text) is not None


def _base64_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _base64_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _base64_in(inner)
    elif isinstance(value, str) and _is_base64(value):
        yield value
