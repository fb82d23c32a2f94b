"""Query parameters of the read routes: one row each. A route names the rows it takes; anything else is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import web

from mapping import ids
from mapping.errors import invalid
from mapping.times import parse_rfc3339
from storage.results import GROUPS
from storage.search import MODES


class Parameter(NamedTuple):
    """`parse` raises ValueError or LookupError; `allowed` follows "expected". Empty counts as absent."""

    name: str
    allowed: str
    parse: Callable[[str], Any]
    default: Any = None


def _count(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            raise ValueError
        return int(text)

    return parse


def _one_of(*words: str) -> tuple[str, Callable[[str], str]]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return f"one of {', '.join(words)}", parse


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text]


_MOMENT = "a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"

LIMIT = Parameter("limit", "a whole number from 1 to 200", _count(1, 200), 50)
CURSOR = Parameter("cursor", "the next_cursor of the page before", str)
TRACE_ID = Parameter("trace_id", "a trace id", ids.trace_id)
SESSION_ID = Parameter("session_id", "a session id", str)
AGENT_ID = Parameter("agent_id", "an agent id", str)
EVENT_TYPE = Parameter("event_type", "an event type", str)
SERVICE = Parameter("service", "a service name", str)
SINCE = Parameter("since", _MOMENT, parse_rfc3339)
UNTIL = Parameter("until", _MOMENT, parse_rfc3339)
EVENT_STATUS = Parameter("status", *_one_of("ok", "error", "unset"))
TRACE_STATUS = Parameter("status", *_one_of("running", "completed", "failed"))
QUERY = Parameter("q", "the text to search for", str)
MODE = Parameter("mode", *_one_of(*MODES), default="hybrid")
PARTS = Parameter("parts", "true or false", _truth, default=False)
GROUP_BY = Parameter("group_by", *_one_of(*GROUPS))

PAGE = (LIMIT, CURSOR)
EVENT_FILTERS = (TRACE_ID, SESSION_ID, AGENT_ID, EVENT_TYPE, EVENT_STATUS, SINCE, UNTIL)
TRACE_FILTERS = (SESSION_ID, AGENT_ID, SERVICE, TRACE_STATUS, SINCE, UNTIL)


def read_query(request: web.Request, *parameters: Parameter) -> dict[str, Any]:
    """Give every parameter's value by name. Raises Problem naming the parameter and what was expected."""
    values = {parameter.name: parameter.default for parameter in parameters}
    rows = {parameter.name: parameter for parameter in parameters}
    for name, text in request.query.items():
        row = rows.get(name)
        if row is None:
            raise invalid(f"{name[:40]}: unknown parameter; allowed: {', '.join(rows) or 'none'}")
        if len(request.query.getall(name)) > 1:
            raise invalid(f"{name}: expected once, got {len(request.query.getall(name))} times")
        if not text:
            continue
        try:
            values[name] = row.parse(text)
        except (ValueError, LookupError):
            raise invalid(f"{name}: expected {row.allowed}; got {text[:80]!r}") from None
    return values
