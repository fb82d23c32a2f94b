"""The interface of the two decoders, and the conversion of numbers and enum names from either encoding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from mapping.errors import Problem, invalid
from mapping.sanitize.changes import Changes

UINT64_MAX = 2**64 - 1

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

    def hex_id(self, value: Any, digits: int, field: str) -> str:
        """Return an id as lower-case hex digits, "" if it is empty or all zero. Raises Problem for a wrong length."""

    def attributes(self, key_values: Any) -> dict[str, Any]:
        """Return a list of KeyValue as a dict of plain values. Of a duplicate key the last value counts."""

    def value(self, any_value: Any) -> Any:
        """Return an AnyValue as a plain value."""


def id_if_any(wire: Wire, value: Any, digits: int, changes: Changes) -> str | None:
    """Return an id; None where there is none, or it is malformed, which is counted."""
    try:
        return wire.hex_id(value, digits, "") or None
    except Problem:
        changes.ids += 1
        return None


def wrong_id(field: str, digits: int, got: object) -> Problem:
    return invalid(f"{field}: expected {digits} hex digits ({digits // 2} bytes) or nothing, got {str(got)[:80]!r}")


def whole(value: Number, field: str) -> int:
    """Return an integer of any size; None is 0. Raises Problem if it is not an integer."""
    if type(value) is int:
        return value
    if value is None:
        return 0
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise invalid(f"{field}: expected an integer, got {str(value)[:40]!r}")


def nanoseconds(value: Number, field: str) -> int:
    """Read a moment since 1970 UTC, 0 where it is unset: up to the year 2554. Raises Problem where it is none."""
    moment = whole(value, field)
    if not 0 <= moment <= UINT64_MAX:
        raise invalid(f"{field}: expected nanoseconds since 1970, 0 to {UINT64_MAX}; got {str(moment)[:40]}")
    return moment


def meaning(value: Number, meanings: Mapping[int | str, _Meaning], unknown: _Meaning, field: str) -> _Meaning:
    """Return the meaning of an enum's value, given by number or name. An unknown number means `unknown`.

    Raises Problem for an unknown name.
    """
    if value in meanings:
        return meanings[value]  # type: ignore[index] # neither None nor a fraction is in the table
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        names = ", ".join(name for name in meanings if isinstance(name, str))
        raise invalid(f"{field}: expected a number or one of {names}; got {value[:40]!r}")
    return meanings.get(whole(value, field), unknown)
