"""`calls`: list calls of models, tools and agents, one line each."""

from __future__ import annotations

import argparse
from typing import Any

from receiver.cli import api, filters
from receiver.cli.show import cost, tokens
from receiver.cli.terminal import (
    add_output_flags,
    aligned,
    coloured,
    duration,
    json_line,
    local_time,
    printable,
    shortened,
)
from storage.filters import CallFilter
from storage.read.calls import SORTS

_HEAD = ("start", "kind", "name", "agent", "took", "tokens in/out", "cost", "")
_LONGEST_NAME, _LONGEST_ERROR = 40, 80
_COLOURS = {"model": "magenta", "tool": "blue", "agent": "green"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sort", choices=SORTS, help="the newest (default), longest, most or dearest first")
    parser.add_argument(
        "--limit", type=filters.number(1, 100_000), default=20, metavar="N", help="at most (default 20)"
    )
    add_output_flags(parser, "a line of JSON for each call")
    filters.add_filters(parser, CallFilter)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    which = {**filters.parameters_of(args, CallFilter), "sort": args.sort}
    calls = list(receiver.pages(api.path("calls"), "calls", args.limit, **which))
    if args.json:
        for call in calls:
            print(json_line(call))
    else:
        print("\n".join(lines(calls)))
    return 0


def lines(calls: list[dict[str, Any]]) -> list[str]:
    if not calls:
        return ["no calls"]
    return aligned([[coloured(word, "dim") for word in _HEAD], *(_cells(call) for call in calls)])


def _cells(call: dict[str, Any]) -> list[str]:
    error = call["error"] or call["status"] if call["status"] == "error" else ""
    return [
        coloured(local_time(call["start_time"]), "dim"),
        coloured(call["kind"], _COLOURS[call["kind"]]),
        shortened(printable(call["name"] or "-"), _LONGEST_NAME),
        shortened(printable(call["agent_id"] or "-"), _LONGEST_NAME),
        duration(call["duration_ns"]),
        tokens(call),
        cost(call["cost_usd"]),
        coloured(shortened(printable(error), _LONGEST_ERROR), "red"),
    ]
