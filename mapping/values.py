"""Which values the stores can hold: 64-bit integers, doubles, text, bytes, and lists and objects of these.

SurrealDB stores NUL characters, empty and dotted keys as they are. Values that SurrealDB or JSON cannot represent are
stored as text: integers beyond 64 bits as their digits, `NaN`, `Infinity` and `-Infinity` by these names, as in
OTLP/JSON, and values nested deeper than `MAX_DEPTH` levels as JSON.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable
from typing import Any

# SurrealDB refuses rows that nest past 100. `limits.nesting` may ask for less.
MAX_DEPTH = 32
# How many more levels are kept as JSON text. OTLP/JSON writes four brackets a level, and no decoder reads many.
TEXT_DEPTH = 96
TOO_DEEP = f"… [cut, nested past {MAX_DEPTH + TEXT_DEPTH} levels]"

# Says how many attributes a record, or entries a map in it, had beyond the limits.
DROPPED = "vectadb.dropped_attributes"
_CUT_ITEMS = re.compile(r"… \[cut, (\d{1,20}) more\]")

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def storable(value: Any, room: int = MAX_DEPTH) -> Any:
    """Return a decoded JSON value in a form that the stores can hold. `room` is how many levels it may still nest."""
    if isinstance(value, dict | list):
        if room == 0:
            return json_text(storable(value, -1))
        if past_text(room):
            return TOO_DEEP
        if isinstance(value, dict):
            return {key: inner if isinstance(inner, str) else storable(inner, room - 1) for key, inner in value.items()}
        return [inner if isinstance(inner, str) else storable(inner, room - 1) for inner in value]
    return integer(value) if isinstance(value, int) else value


def past_text(room: int) -> bool:
    """Return whether a value is nested too deeply to be kept even as text; `room` below zero means within the text."""
    return room < -TEXT_DEPTH


def integer(value: int) -> int | str:
    return value if INT64_MIN <= value <= INT64_MAX else str(value)


def double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def json_text(value: Any) -> str:
    """Write a value as JSON text, bytes in base64."""
    return json.dumps(value, default=_base64, ensure_ascii=False, separators=(",", ":"))


def cut_items(count: int) -> str:
    """Return what stands in a list in the place of so many items that were cut."""
    return f"… [cut, {count} more]"


def count_cut(item: Any) -> int:
    """Return for how many items that were cut this stands in a list, 0 where it is an item itself."""
    match = _CUT_ITEMS.fullmatch(item) if isinstance(item, str) else None
    return int(match[1]) if match else 0


def without_halves(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can escape, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def first(values: Iterable[Any]) -> Any:
    """Return the first of these that is not None; None if there is none."""
    return next((value for value in values if value is not None), None)
