"""Decoding of JSON bodies: what a client did wrong is said field first, and what others get wrong is repaired."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from mapping.errors import Problem, invalid

_T = TypeVar("_T")

# An escape is a surrogate pair, half of one (the group), or any other: the last keeps `\\ud800` the text it is.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def decode(decoder: msgspec.json.Decoder[_T], body: bytes | msgspec.Raw, expected: str) -> _T:
    """Decode a body, or a part of one. Half a surrogate pair becomes U+FFFD; of a key that comes twice the last counts.

    JavaScript cuts strings inside an emoji and sends the half: that must not cost the rest of the request.
    Raises Problem (INVALID_ARGUMENT) naming the field and what was expected.
    """
    if not body:
        raise invalid(f"body: expected {expected}, got nothing")
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        repaired = _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], bytes(body))
        if repaired == bytes(body):
            raise _wrong(error, expected) from None
    try:
        return decoder.decode(repaired)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _wrong(error, expected) from None


def _wrong(error: Exception, expected: str) -> Problem:
    if isinstance(error, RecursionError):
        return invalid(f"body: expected {expected}; it is nested too deeply to be read")
    # msgspec says `Expected X, got Y - at `$.events[3].timestamp``: a person reads the field first.
    text, separator, path = str(error).rpartition(" - at `$")
    field = path.rstrip("`").lstrip(".") if separator else ""
    text = (text if separator else str(error)).replace("Expected", "expected").replace("Object", "object")
    return invalid(f"{field}: {text}" if field else f"body: expected {expected}; {text}")
