"""`search`: list the best matches first, or with `--like` the events most similar to one."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from receiver.cli import api, filters
from receiver.cli.errors import CommandError
from receiver.cli.show import event_cells, marked, name
from receiver.cli.terminal import add_output_flags, aligned, coloured, columns, count, json_line, printable
from storage.filters import SearchFilter

_MODES = ("hybrid", "semantic", "keyword")
_INDENT = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", help="what to search for, in words")
    parser.add_argument("--like", metavar="ID", help="instead of a text: what is most like this event")
    parser.add_argument("--mode", choices=_MODES, help="by meaning, by words, or (default) by both")
    parser.add_argument("--group-by", choices=("trace", "session"), help="only the best event of each")
    parser.add_argument("--parts", action="store_true", help="rank and score by words and by meaning, too")
    parser.add_argument("--limit", type=filters.number(1, 200), default=10, metavar="N", help="at most (default 10)")
    add_output_flags(parser, "a line of JSON for each result")
    filters.add_filters(parser, SearchFilter)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    route, of_text = api.path("search"), {"q": args.text, "mode": args.mode, "parts": "true" if args.parts else None}
    if args.like is not None:
        route, of_text = f"{api.path('events', args.like)}/similar", {}
    if (args.text is None) == (args.like is None) or (args.like is not None and (args.mode or args.parts)):
        raise CommandError(
            "expected a text to search for (with --mode and --parts, if you like), or --like ID", exit_code=2
        )
    receiver = api.Receiver(api.connection(args))
    answer = receiver.get_patiently(
        route, **of_text, group_by=args.group_by, limit=args.limit, **filters.parameters_of(args)
    )
    if args.json:
        for result in answer["results"]:
            print(json_line(result))
    else:
        print("\n".join(lines(answer["results"], columns())))
    pending = answer["index"]["pending"]
    if pending:
        words = f"{count(pending, 'event')} still to be indexed, not searched yet"
        print(coloured(words, "yellow", sys.stderr), file=sys.stderr)
    return 0


def lines(results: list[dict[str, Any]], width: int) -> list[str]:
    """Return the lines of the results: one for each, and below it the matching passages and the ids."""
    if not results:
        return ["nothing found"]
    heads = aligned([f"{result['score']:.3f}", *event_cells(result["event"])] for result in results)
    written = []
    for head, result in zip(heads, results, strict=True):
        event, indent = result["event"], " " * _INDENT
        written.append(head)
        # For an event without a name, the line above already has its first words.
        written += [
            indent + marked(passage, width - _INDENT)
            for passage in result["highlights"]
            if passage["ranges"] or name(event)
        ]
        if parts := result.get("parts"):
            places = [f"{which} {part['rank']}. ({part['score']:.3f})" for which, part in parts.items()]
            written.append(indent + coloured("  ".join(places), "dim"))
        more = f"  and {result['more']} more" if result.get("more") else ""
        written.append(indent + coloured(f"trace {printable(event['trace_id'])}{more}", "dim"))
        written.append(indent + coloured(f"event {printable(event['id'])}", "dim"))
    return written
