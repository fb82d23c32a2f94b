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
# With fewer re-read, the order is not as good as it could be.
_FEW = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", help="what to search for, in words; without: the newest events, by filters")
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
    filtered = any(value is not None for value in filters.parameters_of(args).values())
    if args.text is not None and args.like is not None:
        raise CommandError("--like: expected without a text to search for", exit_code=2)
    if args.text is None and args.like is None and not filtered:
        raise CommandError("expected a text to search for, a filter, or --like ID", exit_code=2)
    if args.text is None and (args.mode or args.parts):
        raise CommandError("--mode and --parts: expected a text to search for", exit_code=2)
    receiver = api.Receiver(api.connection(args))
    answer = receiver.get_patiently(
        route, **of_text, group_by=args.group_by, limit=args.limit, **filters.parameters_of(args)
    )
    if args.json:
        for result in answer["results"]:
            print(json_line(result))
    else:
        print("\n".join(lines(answer["results"], columns())))
    reranked, candidates = answer.get("reranked", 0), answer.get("candidates", 0)
    if reranked < min(_FEW, candidates):
        words = f"the receiver is busy: only {reranked} of {count(candidates, 'candidate')} re-read by MiniLM"
        print(coloured(words, "yellow", sys.stderr), file=sys.stderr)
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
        if result.get("prompt"):
            written.append(indent + coloured("in its system prompt", "dim"))
        told = result.get("occurrences") or {"events": 1}
        if told["events"] > 1:
            where = f"x{told['events']:,} in {count(told['traces'], 'trace')}: --passage {result['passage']}"
            written.append(indent + coloured(where, "dim"))
        if parts := result.get("parts"):
            places = [f"{which} {part['rank']}. ({part['score']:.3f})" for which, part in parts.items()]
            written.append(indent + coloured("  ".join(places), "dim"))
        more = f"  and {result['more']} more" if result.get("more") else ""
        written.append(indent + coloured(f"trace {printable(event['trace_id'])}{more}", "dim"))
        written.append(indent + coloured(f"event {printable(event['id'])}", "dim"))
    return written
