"""`score`: say how good a trace, a call, an event or a session was."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from mapping.calls.model import ScoreSource
from receiver.cli import api
from receiver.cli.terminal import json_line

_ABOUT = ("trace", "call", "event", "session")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    about = parser.add_mutually_exclusive_group(required=True)
    for kind in _ABOUT:
        about.add_argument(f"--{kind}", metavar="ID", help=f"the {kind} that it is about")
    parser.add_argument("--project", metavar="NAME", help="the project of the session; what is in a trace has its own")
    parser.add_argument("--name", required=True, help="what is judged, such as helpfulness")
    parser.add_argument("--value", type=float, metavar="NUMBER", help="how good it was, as a number")
    parser.add_argument("--label", metavar="WORD", help="how good it was, as a word such as pass")
    parser.add_argument("--note", metavar="TEXT", help="why, or a remark alone")
    parser.add_argument("--author", metavar="NAME", help="who says so")
    parser.add_argument("--source", choices=get_args(ScoreSource), default="person", help="what it is (default person)")
    parser.add_argument("--withdraw", action="store_true", help="take back what the same author said under this name")
    parser.add_argument("--key", help="your own id of the score, which makes it safe to send it again")
    parser.add_argument("--json", action="store_true", help="the API's answer as a line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    body: dict[str, Any] = {f"{kind}_id": getattr(args, kind) for kind in _ABOUT}
    body |= {field: getattr(args, field) for field in ("project", "name", "value", "label", "author", "source", "key")}
    body |= {"explanation": args.note, "withdraw": args.withdraw or None}
    given = {field: value for field, value in body.items() if value is not None}
    answer = api.Receiver(api.connection(args)).post(api.path("scores"), given)
    if args.json:
        print(json_line(answer))
    else:
        print(f"{'known already' if answer['duplicate'] else 'stored'}: {answer['score_id']}")
    return 0
