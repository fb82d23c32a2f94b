"""Arguments of tools: the rows that also check the API's parameters, and a few of the tools' own."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from mapping import ids
from mapping.errors import Problem
from mapping.times import NS, format_rfc3339, parse_rfc3339
from receiver.http.parameters import LIMIT, QUERY, TRUTH, Parameter, ParameterKind, count, read_value
from receiver.mcp.budget import as_recorded, visible
from receiver.settings.kinds import parse_duration


class ToolError(Exception):
    """A tool cannot answer. The message is for the model: it names the argument and what was expected."""


def _moment(text: str) -> str:
    try:
        when = time.time_ns() - int(parse_duration(text) * NS)
    except ValueError:
        when = parse_rfc3339(text)
    return format_rfc3339(when)


def _cursor(text: str) -> tuple[int, str]:
    """Return how many rows of a page of the API have been answered, and the page's cursor."""
    answered, dot, page = text.partition(".")
    if not (dot and answered.isascii() and answered.isdecimal() and len(answered) < 10):
        raise ValueError
    return int(answered), page


_TEXT = {"type": "string"}
_WHEN = "how long ago, such as 90s, 15m, 2h or 7d, or a moment in RFC 3339, such as 2026-01-07T19:00:00Z"
_ID = ParameterKind(str, {"type": "string", "minLength": 1})
_TRACE_ID = ParameterKind(ids.trace_id, {"type": "string", "minLength": 1})

SINCE = Parameter("since", _WHEN, ParameterKind(_moment, _TEXT))
UNTIL = Parameter("until", _WHEN, ParameterKind(_moment, _TEXT))
CURSOR = Parameter("cursor", "the next_cursor of the answer before", ParameterKind(_cursor, _TEXT), "0.")
MAX_TOKENS = Parameter(
    "max_tokens", "a whole number from 500 to 30000: how long the answer may be", count(500, 30_000), 2_000
)
FEW = LIMIT._replace(default=10)
# Their values are what is read of them; those of the API's own rows are sent to it as they are written.
_OWN = {row.name: row for row in (SINCE, UNTIL, CURSOR, MAX_TOKENS)}


def trace(name: str = "trace_id") -> Parameter:
    """Return the row of a trace's id."""
    return Parameter(name, "a trace id", _TRACE_ID, required=True)


def event_or_call() -> Parameter:
    return Parameter("id", "the id of a call, or of an event", _ID, required=True)


def switch(name: str, allowed: str) -> Parameter:
    """Return the row of what is on or, unless it is asked for, off."""
    return Parameter(name, f"true: {allowed}", TRUTH, default=False)


def some_of(rows: Sequence[Parameter], names: str) -> tuple[Parameter, ...]:
    """Return the API's rows of these names, times in the tools' own way."""
    by_name = {row.name: row for row in rows} | _OWN
    return tuple(by_name[name] for name in names.split())


def schema(rows: Sequence[Parameter]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments."""
    return {
        "type": "object",
        "properties": {row.name: _property(row) for row in rows},
        "required": [row.name for row in rows if row.required],
        "additionalProperties": False,
    }


def _property(row: Parameter) -> dict[str, Any]:
    described = {**row.kind.schema, "description": row.allowed}
    return described if row.default in (None, (), "0.") else {**described, "default": row.default}


def read(rows: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments' values by their names, None for those that are absent.

    Raises ToolError naming the argument and what was expected.
    """
    by_name = {row.name: row for row in rows}
    for name in given:
        if name not in by_name:
            raise ToolError(f"{visible(name[:40])}: unknown argument; allowed: {', '.join(by_name)}")
    return {row.name: _value(row, given.get(row.name)) for row in rows}


def _value(row: Parameter, value: Any) -> Any:
    if value is None or value == "":
        if row.required:
            raise ToolError(f"{row.name}: expected {row.allowed}")
        value = row.default
    if value is None or value == ():
        return None
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, float) and value.is_integer():  # it is one in JSON Schema
        value = int(value)
    if not isinstance(value, int | str):
        raise ToolError(f"{row.name}: expected {row.allowed}; got {json.dumps(value)[:80]}")
    text = str(value) if row is QUERY else as_recorded(str(value))
    try:
        text.encode()
        parsed = read_value(row, text, row.name)
    except Problem as problem:
        raise ToolError(problem.message) from None
    except (UnicodeEncodeError, OverflowError):  # half a character; a time before the calendar
        raise ToolError(f"{row.name}: expected {row.allowed}; got {text[:80]!r}") from None
    return parsed if row.name in _OWN else text
