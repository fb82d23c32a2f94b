"""Which values the stores can hold: 64-bit integers, any double, text, bytes, and lists and objects of these.

SurrealDB keeps NaN, infinities, NUL characters, empty and dotted keys as they are. What it cannot hold is written down
as text: integers past 64 bits as their digits, and what nests past `MAX_DEPTH` as JSON.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from mapping.errors import Problem, invalid

# SurrealDB refuses rows that nest past 100.
MAX_DEPTH = 32

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def storable(value: Any, room: int = MAX_DEPTH) -> Any:
    """Give a decoded JSON value as the stores can hold it. `room` is how many levels it may still nest."""
    if isinstance(value, dict):
        return {key: storable(inner, room - 1) for key, inner in value.items()} if room else json_text(value)
    if isinstance(value, list):
        return [storable(inner, room - 1) for inner in value] if room else json_text(value)
    return integer(value) if isinstance(value, int) else value


def integer(value: int) -> int | str:
    return value if INT64_MIN <= value <= INT64_MAX else str(value)


def json_text(value: Any) -> str:
    """Write a value as JSON text: bytes in base64, NaN and the infinities as JavaScript and Python name them.

    Not msgspec, which writes those as null. Raises Problem where the value nests too deeply even for that.
    """
    try:
        return json.dumps(value, default=_base64, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise too_deep() from None


def too_deep() -> Problem:
    return invalid("attributes: expected values of less than some hundred levels of nesting")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
