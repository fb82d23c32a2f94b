"""`sessions`: list the sessions, a line each; `sessions ID`: the traces of one."""

from __future__ import annotations

import argparse
from typing import Any

from receiver.cli import api, filters
from receiver.cli.commands import traces
from receiver.cli.show import cost, tokens
from receiver.cli.terminal import (
    add_output_flags,
    aligned,
    coloured,
    json_line,
    local_time,
    printable,
    shortened,
)
from storage.filters import SORTS, SessionFilter

_HEAD = (
    "last event",
    "traces",
    "events",
    "calls",
    "tools",
    "errors",
    "tokens in/out",
    "cost",
    "agents",
    "session",
    "first question",
)
_LONGEST_AGENTS, _LONGEST_QUESTION = 40, 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", help="a session's id: lists its traces")
    parser.add_argument(
        "--limit", type=filters.number(1, 100_000), default=20, metavar="N", help="at most (default 20)"
    )
    parser.add_argument("--sort", choices=SORTS, help="the newest (default), longest, dearest ... first")
    add_output_flags(parser, "a line of JSON for each session")
    filters.add_filters(parser, SessionFilter)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    if args.id is not None:
        found = receiver.get_patiently(api.path("sessions", args.id), project=args.project)
        return _show_one(found, as_json=args.json)
    which = {**filters.parameters_of(args, SessionFilter), "sort": args.sort}
    sessions = list(receiver.pages(api.path("sessions"), "sessions", args.limit, **which))
    if args.json:
        for session in sessions:
            print(json_line(session))
    else:
        print("\n".join(lines(sessions, filtered=bool(which["filter"] or which["project"]))))
    return 0


def _show_one(session: dict[str, Any], *, as_json: bool) -> int:
    found = session.pop("traces")
    if as_json:
        print(json_line({**session, "traces": found}))
    else:
        print("\n".join([*lines([session]), "", *traces.lines(found)]))
    return 0


def lines(sessions: list[dict[str, Any]], *, filtered: bool = False) -> list[str]:
    if not sessions:
        return ["no session matches" if filtered else "no sessions: no event has named one yet"]
    return aligned([[coloured(word, "dim") for word in _HEAD], *(_cells(session) for session in sessions)])


def _cells(session: dict[str, Any]) -> list[str]:
    errors = session["error_count"]
    return [
        local_time(session["last_event_at"]),
        str(session["trace_count"]),
        str(session["event_count"]),
        str(session["calls"]),
        str(session["tools"]),
        coloured(str(errors), "red") if errors else "0",
        tokens(session),
        cost(session["cost_usd"], session["calls"], session["unpriced_calls"]),
        shortened(printable(", ".join(session["agent_ids"])) or "-", _LONGEST_AGENTS),
        printable(session["id"]),
        coloured(shortened(printable(session["first_question"] or ""), _LONGEST_QUESTION), "dim"),
    ]
