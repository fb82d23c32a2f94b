"""The API's filters as flags of a command."""

from __future__ import annotations

import argparse
import time
from datetime import datetime, timedelta
from typing import Any, get_args

from mapping.calls.model import CallKind
from mapping.model import STATUSES, TRACE_STATUSES
from mapping.times import NS, format_rfc3339, parse_rfc3339
from receiver.settings.kinds import parse_duration
from storage.filters import CallFilter, LiveFilter, SearchFilter, SessionFilter, TraceFilter

# By parameter of the API: its flag, in addition to the one of the same name; the name of its value; help.
_EQUAL = {
    "trace_id": ("--trace", "ID", "only of this trace"),
    "session_id": ("--session", "ID", "only of this session"),
    "agent_id": ("--agent", "ID", "only of this agent"),
    "event_type": ("--type", "TYPE", "only of this type: model_call, tool_call, agent, error, log, ..."),
    "service": ("--service", "NAME", "only of this service"),
    "project": ("--project", "NAME", "only of this project"),
    "passage": ("--passage", "KEY", "only those that say the same: the key that a search gave"),
    "name": ("--name", "NAME", "only of the model, tool or agent of this name"),
    "model": ("--model", "NAME", "only of this model"),
}
TERMS = "terms that all have to match: 'agent:research* status:failed cost>0.1 error:timeout tier=gold'"
_TERMS_OF_CALLS = "terms that all have to match: 'tool:web_* -status:ok error:timeout duration>5s cost>0.1'"
_PERIOD = {
    "since": "only from this moment on: 2026-01-07T19:00:00Z, how long ago: 90s, 15m, 2h, 7d, or today or yesterday",
    "until": "only before this moment, written alike",
}


# Words for the beginning of a day, here: so many days ago.
_DAYS = {"today": 0, "yesterday": 1}

_Which = type[LiveFilter | CallFilter | TraceFilter | SessionFilter]


def add_filters(parser: argparse.ArgumentParser, which: _Which) -> None:
    """Add a flag for each field of a filter. `parameters_of` reads them."""
    group = parser.add_argument_group("filters")
    statuses = TRACE_STATUSES if which is TraceFilter else STATUSES
    for field in which.__struct_fields__:
        if field == "filter":
            group.add_argument("--filter", metavar="TERMS", help=_TERMS_OF_CALLS if which is CallFilter else TERMS)
        elif field == "runs":
            group.add_argument("--others", action="store_true", help="only those without a call or a session")
        elif field == "status":
            group.add_argument("--status", choices=statuses, help="only what ended so")
        elif field == "kind":
            group.add_argument("--kind", choices=get_args(CallKind), help="only calls of this kind")
        elif field == "min_duration_ns":
            group.add_argument("--min-duration", metavar="TIME", help="only what took so long: 500ms, 2s, 1m30s")
        elif field in _PERIOD:
            group.add_argument(f"--{field}", metavar="WHEN", type=moment, help=_PERIOD[field])
        else:
            flag, metavar, text = _EQUAL[field]
            flags = dict.fromkeys((flag, f"--{field.replace('_', '-')}"))
            group.add_argument(*flags, dest=field, metavar=metavar, help=text)


def add_period(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a span of time."""
    for flag, text in _PERIOD.items():
        parser.add_argument(f"--{flag}", metavar="WHEN", type=moment, help=text)


def add_project(parser: argparse.ArgumentParser) -> None:
    """Add the flag of a project."""
    flag, metavar, text = _EQUAL["project"]
    parser.add_argument(flag, metavar=metavar, help=text)


def parameters_of(args: argparse.Namespace, which: _Which = SearchFilter) -> dict[str, Any]:
    """Return the API's parameters by name; those of absent flags are None."""
    names = (field.removesuffix("_ns") for field in which.__struct_fields__)
    given = {name: getattr(args, name, None) for name in names}
    if "runs" in given:
        given["runs"] = "false" if args.others else None
    return given


def number(least: int, most: int) -> Any:
    """Return the argparse type of a flag whose value is a whole number within these bounds."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}; got {text!r}")
        return int(text)

    return parse


def moment(text: str) -> str:
    """Return a flag's value, a time, a duration before now or a day's word, as an RFC 3339 time."""
    if text in _DAYS:
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return _written(int((midnight - timedelta(days=_DAYS[text])).astimezone().timestamp()) * NS, text)
    try:
        when = time.time_ns() - int(parse_duration(text) * NS)
    except ValueError:
        try:
            when = parse_rfc3339(text)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"expected a moment with its zone, such as 2026-01-07T19:00:00Z, or how long ago, such as 2h; "
                f"got {text!r}"
            ) from None
    return _written(when, text)


def _written(when: int, text: str) -> str:
    try:
        return format_rfc3339(when)
    except OverflowError:
        raise argparse.ArgumentTypeError(f"expected a moment after the year 1; got {text!r}") from None
