"""Query parameters of the read routes: one row each, by which values are checked and described.

A route names the rows it takes; any other parameter is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from aiohttp import web

from mapping import ids
from mapping.calls.figures import BY as KINDS
from mapping.calls.model import CallKind
from mapping.errors import invalid
from mapping.filtering import language
from mapping.model import STATUSES, TRACE_STATUSES
from mapping.times import NS, parse_rfc3339
from receiver.settings.kinds import parse_duration
from storage.filters import (
    CALL_SORTS,
    SORTS,
    CallFilter,
    EventFilter,
    LiveFilter,
    SearchFilter,
    SessionFilter,
    TraceFilter,
)
from storage.search.results import GROUPS, MODES


class ParameterKind(NamedTuple):
    """A kind of value: `parse` reads its text, and raises ValueError or LookupError; `schema` is its JSON Schema."""

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]


class Parameter(NamedTuple):
    """`allowed` follows "expected" in errors, and describes. Empty counts as absent; a `required` one may not be.

    `short` is another name for it.
    """

    name: str
    allowed: str
    kind: ParameterKind
    default: Any = None
    required: bool = False
    short: str | None = None


def count(least: int, most: int) -> ParameterKind:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            raise ValueError
        return int(text)

    return ParameterKind(parse, {"type": "integer", "minimum": least, "maximum": most})


def _one_of(*words: str) -> tuple[str, ParameterKind]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return f"one of {', '.join(words)}", ParameterKind(parse, {"type": "string", "enum": list(words)})


def _words(text: str) -> str:
    if not text.strip():
        raise ValueError
    return text


def _passage(text: str) -> str:
    if len(text) != 16 or not set(text) <= set("0123456789abcdef") or text[0] > "7":  # 63 bits
        raise ValueError
    return text


_TEXT = ParameterKind(str, {"type": "string"})
_WORDS = ParameterKind(_words, {"type": "string", "pattern": r"\S"})
_PASSAGE = ParameterKind(_passage, {"type": "string", "pattern": "^[0-7][0-9a-f]{15}$"})
_CURSOR = ParameterKind(str, {"type": "string", "format": "cursor"})
_TRACE_ID = ParameterKind(ids.trace_id, {"type": "string"})
TRUTH = ParameterKind({"true": True, "false": False}.__getitem__, {"type": "boolean"})
_DURATION = ParameterKind(
    lambda text: int(parse_duration(text) * NS), {"type": "string", "pattern": "^([0-9]{1,9}(ms|s|m|h|d))+$"}
)
_FILTER = ParameterKind(language.parse, {"type": "string", "format": "filter"})
_MOMENT = ParameterKind(parse_rfc3339, {"type": "string", "format": "date-time"})
_A_MOMENT = "a moment in RFC 3339 with its zone (a + in it is written %2B), such as 2026-01-07T19:00:00Z"

LIMIT = Parameter("limit", "a whole number from 1 to 200", count(1, 200), 50)
BUCKETS = Parameter("buckets", "a whole number from 1 to 200", count(1, 200), 60)
CURSOR = Parameter("cursor", "the next_cursor of the page before", _CURSOR)
QUERY = Parameter("q", "the text to search for; without it events are listed, newest first", _WORDS)
WORDS = Parameter("q", "words, of which the events counted have one", _WORDS)
MODE = Parameter("mode", *_one_of(*MODES), default="hybrid")
PARTS = Parameter("parts", "true or false", TRUTH, default=False)
FORMAT = Parameter("format", *_one_of("jsonl", "otlp"), default="jsonl")
GROUP_BY = Parameter("group_by", *_one_of(*GROUPS))

# Of a header, for a single event.
IDEMPOTENCY_KEY = Parameter("Idempotency-Key", "what makes it safe to send the event again", _TEXT)


WITH_TRACE = Parameter(
    "with", "a trace id", ParameterKind(ids.trace_id, {"type": "string", "minLength": 1}), required=True
)
WITH_SESSION = Parameter("with", "a session id", ParameterKind(str, {"type": "string", "minLength": 1}), required=True)
WITH_CALL = Parameter("with", "a call id", ParameterKind(str, {"type": "string", "minLength": 1}), required=True)
SESSION = Parameter("session_id", "a session id: only its part", _TEXT, short="session")
FROM = Parameter("from", *_one_of("end", "start"), default="end")
AT = Parameter("at", f"{_A_MOMENT}: what was said from there on; with from=end, what was said before", _MOMENT)
PICTURE = Parameter("picture", "the id of a picture, as a part of a message has it", _WORDS, required=True)
PAGE = (LIMIT, CURSOR)
PERIOD = (Parameter("since", _A_MOMENT, _MOMENT), Parameter("until", _A_MOMENT, _MOMENT))
BY = Parameter("by", *_one_of(*(by for by in KINDS if by != "run")), required=True)

# The kinds of the filters' fields, except `status`, whose values differ between events and traces.
_FILTERS = {
    "trace_id": ("a trace id", _TRACE_ID),
    "session_id": ("a session id", _TEXT),
    "agent_id": ("an agent id", _TEXT),
    "event_type": ("an event type", _TEXT),
    "service": ("a service name", _TEXT),
    "project": ("a project", _TEXT),
    "passage": ("a passage: the key in a search result", _PASSAGE),
    "since": (_A_MOMENT, _MOMENT),
    "until": (_A_MOMENT, _MOMENT),
    "name": ("the name of a model, tool or agent", _TEXT),
    "model": ("the name of a model", _TEXT),
    "kind": _one_of(*get_args(CallKind)),
    "min_duration_ns": ("how long it took at least, such as 500ms, 2s or 1m30s", _DURATION),
    "filter": ("terms of the filter language, such as agent:research* status:failed cost>0.1", _FILTER),
    "runs": (
        "true: traces with a call or a session, and what is not interpreted yet; false: the others",
        TRUTH,
    ),
}
# Of the filter language, what calls have of it.
_OF_CALLS = (
    "terms of the filter language, such as tool:web_* error:timeout duration>5s",
    ParameterKind(lambda text: language.parse(text, language.CALLS), {"type": "string", "format": "filter of calls"}),
)
# Other names of parameters, and those that are not the field's.
_SHORT = {"trace_id": "trace", "session_id": "session", "agent_id": "agent"}
_NAMES = {"min_duration_ns": "min_duration"}
_DEFAULTS = {"runs": True, "filter": ()}


def _filters(
    which: type[LiveFilter | TraceFilter | CallFilter | SessionFilter], statuses: Sequence[str]
) -> tuple[Parameter, ...]:
    """Return the rows of a filter's fields, in their order."""
    kinds = _FILTERS | {"status": _one_of(*statuses)} | ({"filter": _OF_CALLS} if which is CallFilter else {})
    return tuple(
        Parameter(_NAMES.get(field, field), *kinds[field], default=_DEFAULTS.get(field), short=_SHORT.get(field))
        for field in which.__struct_fields__
    )


LIVE_FILTERS = _filters(LiveFilter, STATUSES)
EVENT_FILTERS = _filters(EventFilter, STATUSES)
SEARCH_FILTERS = _filters(SearchFilter, STATUSES)
TRACE_FILTERS = _filters(TraceFilter, TRACE_STATUSES)
SESSION_FILTERS = _filters(SessionFilter, TRACE_STATUSES)
PROJECT = Parameter("project", "a project: what is in it", _TEXT)
SORT = Parameter("sort", *_one_of(*SORTS), default="start")
CALL_FILTERS = _filters(CallFilter, STATUSES)
CALL_SORT = Parameter("sort", *_one_of(*CALL_SORTS), default="start")


def read_query(request: web.Request, *parameters: Parameter) -> dict[str, Any]:
    """Return every parameter's value by name. Raises Problem naming the parameter and what was expected."""
    values = {parameter.name: parameter.default for parameter in parameters}
    rows = {parameter.name: parameter for parameter in parameters}
    short = {parameter.short: parameter for parameter in parameters if parameter.short is not None}
    for name, text in request.query.items():
        row = rows.get(name) or short.get(name)
        if row is None:
            raise invalid(f"{name[:40]}: unknown parameter; allowed: {', '.join(rows) or 'none'}")
        times = len([*request.query.getall(row.name, []), *request.query.getall(row.short or "", [])])
        if times > 1:
            raise invalid(f"{name}: expected once, got {times} times")
        if text:
            values[row.name] = read_value(row, text, name)
    for row in parameters:
        if row.required and values[row.name] is None:
            raise invalid(f"{row.name}: expected {row.allowed}")
    return values


def read_value(row: Parameter, text: str, name: str) -> Any:
    """Return the value of a text, given under this name. Raises Problem with the name and what was expected."""
    try:
        return row.kind.parse(text)
    except language.FilterError as error:
        raise invalid(f"{name}: {error}") from None
    except (ValueError, LookupError):
        raise invalid(f"{name}: expected {row.allowed}; got {text[:80]!r}") from None
