"""`calls`: list calls of models, tools and agents, one line each; or write them as Parquet."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from receiver.cli import api, filters, parquet
from receiver.cli.errors import CommandError
from receiver.cli.output import written_to
from receiver.cli.show import cost, tokens
from receiver.cli.terminal import (
    add_output_flags,
    aligned,
    coloured,
    count,
    duration,
    json_line,
    local_time,
    printable,
    shortened,
)
from storage.filters import CALL_SORTS, CallFilter

_LISTED = 20
_HEAD = ("start", "kind", "name", "agent", "took", "tokens in/out", "cost", "")
_LONGEST_NAME, _LONGEST_ERROR = 40, 80
_COLOURS = {"model": "magenta", "tool": "blue", "agent": "green"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sort", choices=CALL_SORTS, help="the newest (default), longest, most or dearest first")
    parser.add_argument(
        "--limit",
        type=filters.number(1, 100_000),
        metavar="N",
        help=f"at most (default {_LISTED}; with --parquet all)",
    )
    parser.add_argument("--parquet", metavar="FILE", help="write them there, for DuckDB, pandas and Polars")
    add_output_flags(parser, "a line of JSON for each call")
    filters.add_filters(parser, CallFilter)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    which = {**filters.parameters_of(args, CallFilter), "sort": args.sort}
    if args.parquet:
        all_of_them = receiver.pages(api.path("calls"), "calls", args.limit or sys.maxsize, **which)
        with written_to(args.parquet) as (output, readable):
            if readable:
                raise CommandError("--parquet: expected a file, such as calls.parquet, or a pipe; not a terminal")
            written = parquet.write(output, parquet.CALLS, all_of_them)
        print(f"{count(written, 'call')} written to {args.parquet}", file=sys.stderr)
        return 0
    calls = list(receiver.pages(api.path("calls"), "calls", args.limit or _LISTED, **which))
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
