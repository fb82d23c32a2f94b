"""`search`: what fits best first."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from receiver.cli import api, filters
from receiver.cli.show import event_cells, excerpt, name
from receiver.cli.terminal import aligned, coloured, columns, count, json_line, printable, shortened

_MODES = ("hybrid", "semantic", "keyword")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", help="what to search for, in words")
    parser.add_argument("--mode", choices=_MODES, default="hybrid", help="by meaning, by words, or (default) by both")
    parser.add_argument("--group-by", choices=("trace", "session"), help="only the best event of each")
    parser.add_argument("--limit", type=filters.number(1, 200), default=10, metavar="N", help="at most (default 10)")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each result")
    filters.add_filters(parser, period=True)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    found = receiver.get_patiently(
        api.path("search"),
        q=args.text,
        mode=args.mode,
        group_by=args.group_by,
        limit=args.limit,
        **filters.given(args),
    )
    if args.json:
        for result in found["results"]:
            print(json_line(result))
    else:
        print("\n".join(lines(found["results"], args.text, columns())))
    pending = found["index"]["pending"]
    if pending:
        words = f"{count(pending, 'event')} still to be indexed, not searched yet"
        print(coloured(words, "yellow", sys.stderr), file=sys.stderr)
    return 0


def lines(results: list[dict[str, Any]], query: str, width: int) -> list[str]:
    """Write results: a line each, and below it the words that fit and the trace."""
    if not results:
        return ["nothing found"]
    heads = aligned([f"{result['score']:.3f}", *event_cells(result["event"])] for result in results)
    written = []
    for head, result in zip(heads, results, strict=True):
        event = result["event"]
        written.append(head)
        if name(event) and (words := excerpt(event, query)):
            written.append(f"       {shortened(words, width - 7)}")
        written.append(coloured(f"       trace {printable(event['trace_id'])}", "dim"))
    return written
