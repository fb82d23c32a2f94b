"""`stats`: how many runs there were and failed, how long they took, their tokens and cost; over time, or by name."""

from __future__ import annotations

import argparse
from typing import Any

from mapping.calls.figures import BY, HOUR
from mapping.times import parse_rfc3339
from receiver.cli import api, filters
from receiver.cli.show import cost
from receiver.cli.terminal import (
    add_output_flags,
    aligned,
    coloured,
    columns,
    count,
    duration,
    json_line,
    local_time,
    printable,
    shortened,
)

_SUMS = ("failed", "p50", "p95", "tokens in/out", "cost")
# What `count` counts.
_COUNTED = {"agent": "runs", "service": "runs", "project": "runs", "model": "calls", "tool": "calls"}
_LONGEST_NAME, _LONGEST_ERROR = 40, 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = [by for by in BY if by != "run"]
    parser.add_argument(
        "--by", choices=kinds, help="a line for each agent, service, project, model, tool, error or score"
    )
    parser.add_argument(
        "--limit", type=filters.number(1, 200), default=20, metavar="N", help="lines at most, by name (default 20)"
    )
    filters.add_period(parser)
    filters.add_project(parser)
    add_output_flags(parser, "the API's answer as a line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    period = {"since": args.since, "until": args.until, "project": args.project}
    if args.by is None:
        answer = receiver.get(api.path("overview"), **period)
        shown = _overview(answer)
    else:
        answer = receiver.get(api.path("breakdown"), by=args.by, limit=args.limit, **period)
        shown = {"error": _errors, "score": _scores}.get(args.by, _breakdown)(answer)
    print(json_line(answer) if args.json else "\n".join(shown))
    return 0


def _overview(answer: dict[str, Any]) -> list[str]:
    if not answer["count"]:
        return ["no runs"]
    steps = [step for step in answer["steps"] if step["count"]]
    return aligned(
        [
            _head("from", "runs", *_SUMS),
            *([coloured(local_time(step["start"]), "dim"), *_cells(step)] for step in steps),
            ["all", *_cells(answer)],
        ]
    ) + [
        coloured(f"{count(answer[which], 'run')} began years {where} these, and not counted", "dim")
        for which, where in (("earlier", "before"), ("later", "after"))
        if answer[which]
    ]


def _breakdown(answer: dict[str, Any]) -> list[str]:
    if not answer["rows"]:
        return [f"no {answer['by']}s"]
    head = _head(answer["by"], _COUNTED[answer["by"]], *_SUMS)
    rows = [[shortened(printable(row["name"]), _LONGEST_NAME), *_cells(row)] for row in answer["rows"]]
    return [*aligned([head, *rows]), *_rest(answer)]


def _errors(answer: dict[str, Any]) -> list[str]:
    if not answer["errors"]:
        return ["no errors"]
    head = _head("count", "", "last seen", "where", "agents", "error")
    rows = [
        [
            str(row["count"]),
            coloured("new", "yellow") if row["new"] else "",
            coloured(_hour(row["last_seen"]), "dim"),
            shortened(printable(row["where"]), _LONGEST_NAME),
            shortened(printable(", ".join(row["agent_ids"])), _LONGEST_NAME),
            coloured(shortened(printable(row["name"]), max(columns() // 2, _LONGEST_ERROR)), "red"),
        ]
        for row in answer["errors"]
    ]
    return [*aligned([head, *rows]), *_rest(answer)]


def _hour(end: str) -> str:
    """Return the end of an hour in words; of one that is not over an answer has the present moment."""
    return "this hour" if parse_rfc3339(end) % HOUR else local_time(end)


def _scores(answer: dict[str, Any]) -> list[str]:
    if not answer["scores"]:
        return ["no scores"]
    rows = [
        [
            shortened(printable(row["name"]), _LONGEST_NAME),
            str(row["count"]),
            "-" if row["mean"] is None else f"{row['mean']:.4g}",
            printable(", ".join(f"{label} {number}" for label, number in row["labels"].items())),
        ]
        for row in answer["scores"]
    ]
    return [*aligned([_head("score", "count", "mean", "labels"), *rows]), *_rest(answer)]


def _rest(answer: dict[str, Any]) -> list[str]:
    left = answer["names"] - len(answer["rows"] or answer["errors"] or answer["scores"])
    told = [f"and {count(left, 'more name')}: --limit"] if left else []
    return told if answer["complete"] else [*told, "there are more names than could be counted: give a shorter time"]


def _head(*words: str) -> list[str]:
    return [coloured(word, "dim") for word in words]


def _cells(sums: dict[str, Any]) -> list[str]:
    failed, total = sums["failed"], sums["count"]
    took = [sums[f"{share}_duration_ns"] for share in ("p50", "p95")]
    return [
        str(total),
        coloured(f"{failed} ({failed / total:.0%})", "red") if failed else "0",
        *("-" if each is None else duration(each) for each in took),
        f"{sums['input_tokens']}/{sums['output_tokens']}",
        cost(sums["cost_usd"], sums["calls"], sums["unpriced_calls"]),
    ]
