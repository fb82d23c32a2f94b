"""`conversation ID`: show what was said in a trace or a session, each message once."""

from __future__ import annotations

import argparse
from typing import Any

from receiver.cli import api, filters
from receiver.cli.messages import turn_lines
from receiver.cli.terminal import add_output_flags, json_line

_NOT_FOUND = 404


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the id of a trace, or of a session")
    parser.add_argument(
        "--limit", type=filters.number(1, 100_000), default=1000, metavar="N", help="messages at most (default 1000)"
    )
    parser.add_argument("--full", action="store_true", help="all of arguments and results, however long")
    add_output_flags(parser, "a line of JSON for each message")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    turns, is_more = _turns(receiver, _route(receiver, args.id), args.limit)
    if args.json:
        for turn in turns:
            print(json_line(turn))
        return 0
    for turn in turns:
        for line in turn_lines(turn, whole=args.full):
            print(line)
    if not turns:
        print("nothing was said")
    if is_more:
        print(f"the first {len(turns)} messages; --limit shows more")
    return 0


def _route(receiver: api.Receiver, given: str) -> str:
    """Return the route of the trace of this id, or else of the session."""
    try:
        receiver.get_patiently(api.path("traces", given), limit=1)
    except api.RequestRefusedError as refused:
        if refused.status != _NOT_FOUND:
            raise
        return api.path("sessions", given, "conversation")
    return api.path("traces", given, "conversation")


def _turns(receiver: api.Receiver, route: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
    turns: list[dict[str, Any]] = []
    cursor = None
    while len(turns) <= limit:
        page = receiver.get_patiently(route, cursor=cursor, **{"from": "start"})
        turns += page["turns"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return turns[:limit], cursor is not None or len(turns) > limit
