"""The identifiers of an event, which are searched as a whole.

They mean nothing to an embedding model, so the text for it (`text.py`) leaves them out. But people also search for an
order number that occurs only under `order_id`, for a span id, or for a UUID from a log line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mapping.semantics.vocabulary import REDACTED

# The event's own ids. The parent's id is left out, because it identifies the parent.
_OWN = ("id", "span_id", "trace_id", "session_id")

# Enough for a log line that lists a page of ids. A conversation would repeat the ids of all its calls.
_MOST = 50
_SHORTEST, _LONGEST = 3, 200
# Text beyond this length is not searched for identifiers; its words are not searched, either.
_SEARCHED = 32_000
_MAX_DEPTH = 64
_WHOLE = re.compile(r"\S+")

_NAME = r"(?:[\w.-]*[._-])?(?:ids?|uuid|guid|hash|sha256)|[\w.-]*[a-z](?-i:Ids?|ID)"
_KEY = re.compile(_NAME, re.IGNORECASE)
# The same in JSON text, also inside other JSON text (`\"order_id\": \"A-1\"`).
_PAIR = re.compile(rf'"(?:{_NAME})\\*"\s*:\s*\\*"?([^\s"\\,{{}}[\]]+)', re.IGNORECASE)
# What `text.py` removes as noise, except base64: UUIDs, trace ids and digests, AWS's names of resources. `\b` is after
# the first digit, because `re` finds a set of characters faster than a boundary.
_HEX = re.compile(r"[0-9a-fA-F](?<=\b.)(?:[0-9a-fA-F]{7}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{31,})\b")
_SHORTEST_HEX = 32
_RESOURCE = re.compile(r"\barn:aws[a-z-]*:[\w:/.$@+=*-]+")


def identifiers_of(event: Mapping[str, Any]) -> list[str]:
    """Return at most `_MOST` distinct ids: the event's own, and those in its properties."""
    identifiers: dict[str, None] = {}
    for identifier in _all(event):
        if _SHORTEST <= len(identifier) <= _LONGEST and identifier not in REDACTED and _WHOLE.fullmatch(identifier):
            identifiers[identifier] = None
            if len(identifiers) == _MOST:
                break
    return list(identifiers)


def _all(event: Mapping[str, Any]) -> Iterator[str]:
    yield from (event[field] for field in _OWN if event.get(field))
    yield from _in(event["properties"], named=False, depth=0)


def _in(value: object, *, named: bool, depth: int) -> Iterator[str]:
    """Yield the identifiers in a value; `named` is True if its key is that of an identifier."""
    if isinstance(value, str):
        yield from [value] if named else _in_text(value[:_SEARCHED])
    elif isinstance(value, dict) and depth < _MAX_DEPTH:
        for key, inner in value.items():
            named = _identifies(key)
            if named or not isinstance(inner, str) or _may_hold(inner):
                yield from _in(inner, named=named, depth=depth + 1)
    elif isinstance(value, list) and depth < _MAX_DEPTH:
        for inner in value:
            yield from _in(inner, named=named, depth=depth + 1)
    elif named and type(value) is int:  # true and false are ints, too
        yield str(value)


@lru_cache(maxsize=1_000)  # keys repeat
def _identifies(key: str) -> bool:
    return _KEY.fullmatch(key) is not None


def _may_hold(text: str) -> bool:
    """Return whether a text may have an identifier; this excludes most texts in a third of the time."""
    return len(text) >= _SHORTEST_HEX or '"' in text or "arn:" in text


def _in_text(text: str) -> Iterator[str]:
    if '"' in text:
        yield from _PAIR.findall(text)
    yield from _HEX.findall(text)
    if "arn:" in text:
        yield from _RESOURCE.findall(text)
