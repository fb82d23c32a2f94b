"""The identifiers of an event. They mean nothing to an embedding model, so the text omits them; they match exactly.

`text.py` makes the text for the embedding model. People also search for an order number that occurs only under
`order_id`, for a span id, or for a UUID from a log line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mapping.semantics.vocabulary import REDACTED

# The event's own ids, each of which few events share. The parent's id identifies the parent, so it is left out.
_OWN = ("id", "span_id", "trace_id", "session_id")

# Enough for a log line that lists a page of ids; a conversation repeats those of all its calls.
_MOST = 50
_SHORTEST, _LONGEST = 3, 200
# The words of a text beyond this length are not searched either.
_SEARCHED = 32_000
_MAX_DEPTH = 64
_WHOLE = re.compile(r"\S+")

_NAME = r"(?:[\w.-]*[._-])?(?:ids?|uuid|guid|hash|sha256)|[\w.-]*[a-z](?-i:Ids?|ID)"
_KEY = re.compile(_NAME, re.IGNORECASE)
# The same in JSON that is text, also within other JSON text (`\"order_id\": \"A-1\"`).
_PAIR = re.compile(rf'"(?:{_NAME})\\*"\s*:\s*\\*"?([^\s"\\,{{}}[\]]+)', re.IGNORECASE)
# What `text.py` takes for noise but base64: UUIDs, trace ids and digests, AWS's names of resources. `\b` after the
# first digit, as the engine looks for a set of characters faster than for a boundary.
_HEX = re.compile(r"[0-9a-fA-F](?<=\b.)(?:[0-9a-fA-F]{7}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{31,})\b")
_SHORTEST_HEX = 32
_RESOURCE = re.compile(r"\barn:aws[a-z-]*:[\w:/.$@+=*-]+")


def identifiers_of(event: Mapping[str, Any]) -> list[str]:
    """Return up to 50 distinct ids: the event's own and those in its properties; `event` is as the API returns it."""
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
    """Yield the identifiers in a value; `named` says that its key names an identifier."""
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
    """Return whether a text may hold an identifier; rules most texts out in a third of the time."""
    return len(text) >= _SHORTEST_HEX or '"' in text or "arn:" in text


def _in_text(text: str) -> Iterator[str]:
    if '"' in text:
        yield from _PAIR.findall(text)
    yield from _HEX.findall(text)
    if "arn:" in text:
        yield from _RESOURCE.findall(text)
