"""The interface of the two decoders, and the conversion of numbers and enum names from either encoding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from mapping.errors import Problem, invalid
from mapping.otlp.not_stored import NotStored
from mapping.sanitize.changes import Changes

UINT32_MAX, UINT64_MAX = 2**32 - 1, 2**64 - 1

# 64-bit integers of the proto JSON mapping are text, or numbers however written (1e3), or null. Protobuf's are int.
Number = int | float | str | None

_INTEGER = re.compile(r"-?\d{1,40}", re.ASCII)

_Meaning = TypeVar("_Meaning")


class Wire(Protocol):
    """One encoding of OTLP. Absent messages and lists may be None."""

    def traces(self, body: bytes, changes: Changes) -> Any:
        """Decode an ExportTraceServiceRequest. Text that is none becomes U+FFFD. Raises Problem (INVALID_ARGUMENT)."""

    def logs(self, body: bytes, changes: Changes) -> Any:
        """Decode an ExportLogsServiceRequest, likewise."""

    def count(self, signal: NotStored, body: bytes) -> int:
        """Return how many items of a signal that is not stored a request holds. Raises Problem (INVALID_ARGUMENT)."""

    def hex_id(self, value: Any, digits: int, field: str) -> str:
        """Return an id as lower-case hex digits, "" if it is empty or all zero. Raises Problem for a wrong length."""

    def attributes(self, key_values: Any, changes: Changes) -> dict[str, Any]:
        """Return a list of KeyValue as a dict of plain values. Of a duplicate key the last value counts.

        A value of a wrong kind is kept as it came.
        """

    def value(self, any_value: Any, changes: Changes) -> Any:
        """Return an AnyValue as a plain value, likewise."""


def id_if_any(wire: Wire, value: Any, digits: int, changes: Changes) -> str | None:
    """Return an id; None where there is none, or it is malformed, which is counted."""
    try:
        return wire.hex_id(value, digits, "") or None
    except Problem:
        changes.ids += 1
        return None


def wrong_id(field: str, digits: int, got: object) -> Problem:
    return invalid(f"{field}: expected {digits} hex digits ({digits // 2} bytes) or nothing, got {str(got)[:80]!r}")


def whole(value: object) -> int | None:
    """Return an integer of any size, however it is written; None if it is none."""
    if type(value) is int:
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


def count(value: Number, field: str, changes: Changes) -> int:
    """Read an integer of 32 bits without a sign, 0 where it is unset or none; then it is kept."""
    return _up_to(UINT32_MAX, value, field, changes)


def nanoseconds(value: Number, field: str, changes: Changes) -> int:
    """Read a moment since 1970 UTC up to the year 2554, 0 where it is unset or none; then it is kept."""
    return _up_to(UINT64_MAX, value, field, changes)


def _up_to(most: int, value: Number, field: str, changes: Changes) -> int:
    if value is None:
        return 0
    number = whole(value)
    if number is None or not 0 <= number <= most:
        changes.keep(field, f"an integer, 0 to {most}", value)
        return 0
    return number


def meaning(
    value: Number, meanings: Mapping[int | str, _Meaning], unknown: _Meaning, field: str, changes: Changes
) -> _Meaning:
    """Return the meaning of an enum's value, given by number or name. An unknown number means `unknown`.

    So does what is no number and no such name; it is kept.
    """
    if value is None:
        return meanings.get(0, unknown)
    number = whole(value)
    if number is not None:
        return meanings.get(number, unknown)
    if isinstance(value, str) and value in meanings:
        return meanings[value]
    names = ", ".join(name for name in meanings if isinstance(name, str))
    changes.keep(field, f"a number or one of {names}", value)
    return unknown
