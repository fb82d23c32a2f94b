"""`traces`: list the traces, a line each."""

from __future__ import annotations

import argparse
from typing import Any

from receiver.cli import api, filters
from receiver.cli.show import cost, status, tokens
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
from storage.filters import SORTS, TraceFilter

_HEAD = (
    "start",
    "status",
    "agent",
    "took",
    "slowest",
    "events",
    "errors",
    "tokens in/out",
    "cost",
    "trace",
    "error or question",
)
_LONGEST_AGENT, _LONGEST_STEP, _LONGEST_LINE = 32, 32, 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sort", choices=SORTS, help="the newest (default), longest, dearest ... first")
    parser.add_argument(
        "--limit", type=filters.number(1, 100_000), default=20, metavar="N", help="at most (default 20)"
    )
    add_output_flags(parser, "a line of JSON for each trace")
    filters.add_filters(parser, TraceFilter)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    which = {**filters.parameters_of(args, TraceFilter), "sort": args.sort}
    traces = list(receiver.pages(api.path("traces"), "traces", args.limit, **which))
    if args.json:
        for trace in traces:
            print(json_line(trace))
    else:
        print("\n".join(lines(traces)))
    return 0


def lines(traces: list[dict[str, Any]]) -> list[str]:
    if not traces:
        return ["no traces"]
    return aligned([[coloured(word, "dim") for word in _HEAD], *(_cells(trace) for trace in traces)])


def _cells(trace: dict[str, Any]) -> list[str]:
    errors, slowest = trace["error_count"], trace["slowest"]
    step = (
        f"{shortened(printable(slowest['name']), _LONGEST_STEP)} {duration(slowest['duration_ns'])}" if slowest else "-"
    )
    line, colour = (trace["first_error"], "red") if trace["first_error"] else (trace["first_question"], "dim")
    return [
        coloured(local_time(trace["start_time"]), "dim"),
        status(trace["status"]),
        shortened(printable(trace["agent_id"] or "-"), _LONGEST_AGENT),
        duration(trace["duration_ns"]),
        step,
        str(trace["event_count"]),
        coloured(str(errors), "red") if errors else "0",
        tokens(trace),
        cost(trace["cost_usd"], trace["calls"], trace["unpriced_calls"]),
        printable(trace["id"]),
        coloured(shortened(printable(line or ""), _LONGEST_LINE), colour),
    ]
