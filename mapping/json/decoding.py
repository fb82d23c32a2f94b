"""Decoding of JSON bodies. Errors name the field first, and common mistakes of clients are repaired."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from mapping.errors import Problem, invalid
from mapping.json.repair import number_as_text, repaired, shallow
from mapping.sanitize.changes import Changes

_T = TypeVar("_T")

_FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def decode(
    decoder: msgspec.json.Decoder[_T], body: bytes | msgspec.Raw, expected: str, changes: Changes | None = None
) -> _T:
    """Decode a body, or a part of one; on an error decode what `repair` makes of it, and count that in `changes`.

    Of a duplicate key the last value counts.
    Raises Problem (INVALID_ARGUMENT) naming the field and what was expected.
    """
    if not body:
        raise invalid(f"body: expected {expected}, got nothing")
    try:
        return decoder.decode(body)
    except _FAULTS as error:
        fault = error
    sent = bytes(body)
    body, replaced = repaired(sent)
    if changes is not None:
        changes.replaced += replaced
    if isinstance(fault, RecursionError):
        body = shallow(body)
    try:
        return decoder.decode(body)
    except _FAULTS as error:
        raise _wrong(error, expected, sent) from None


def _wrong(error: Exception, expected: str, sent: bytes) -> Problem:
    if isinstance(error, RecursionError):
        return invalid(f"body: expected {expected}; it is nested too deeply to be read")
    # msgspec says `Expected X, got Y - at `$.events[3].timestamp``: a person reads the field first.
    text, separator, path = str(error).rpartition(" - at `$")
    field = path.rstrip("`").lstrip(".") if separator else ""
    text = (text if separator else str(error)).replace("Expected", "expected").replace("Object", "object")
    if "got `str`" in text and (number := number_as_text(sent)) is not None:
        text += f"; {number} is no finite number, and was read as text"
    return invalid(f"{field}: {text}" if field else f"body: expected {expected}; {text}")
