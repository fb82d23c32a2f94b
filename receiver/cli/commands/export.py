"""`export`: write events, newest first, as the API returns them, as OTLP/JSON for any OTLP receiver, or as Parquet."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from mapping.errors import Problem
from mapping.export.lines import WithTheirSpans, otlp_lines
from receiver.cli import api, filters, parquet
from receiver.cli.errors import CommandError
from receiver.cli.output import written_to
from receiver.cli.patience import patiently
from receiver.cli.rate import Rate
from receiver.cli.terminal import count, json_line
from storage.filters import EventFilter

_PAGE = 200

Pages = Iterator[Sequence[msgspec.Raw]]


class _Page(msgspec.Struct):
    """A page; its events are not decoded."""

    events: list[msgspec.Raw]
    next_cursor: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=(*_LINES, "parquet"),
        default="jsonl",
        help="a line for each event as it is read (default), or for each OTLP/JSON request; or a Parquet file",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    parser.add_argument("--filter", metavar="TERMS", help=f"only of traces that match: {filters.TERMS}")
    filters.add_filters(parser, EventFilter)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write all events. If the receiver does not answer meanwhile, wait for it and request the page again."""
    receiver, which = api.Receiver(api.connection(args)), filters.parameters_of(args, EventFilter)
    stats = receiver.get_patiently(api.path("stats"))
    whole = None if args.filter or any(which.values()) else stats["events"]
    rate, written = Rate("exported"), 0

    def pages() -> Pages:
        nonlocal written
        for each in [which] if args.filter is None else _by_trace(receiver, args.filter, which, rate):
            for page in _pages(receiver, each, rate):
                yield page
                written += len(page)
                rate.show(written, written / whole if whole else None)

    with written_to(args.output) as (output, readable):
        if args.format == "parquet" and readable:
            raise CommandError("--format parquet: expected a file, as in -o events.parquet, or a pipe; not a terminal")
        try:
            if args.format == "parquet":
                parquet.write(output, parquet.EVENTS, (json.loads(bytes(event)) for page in pages() for event in page))
            else:
                for line in _LINES[args.format](pages()):
                    output.write((json_line(json.loads(line)).encode() if readable else line) + b"\n")
            output.flush()
        finally:
            rate.progress.clear()
    if args.output:
        print(f"{count(written, 'event')} written to {args.output}", file=sys.stderr)
    return 0


def _by_trace(receiver: api.Receiver, terms: str, which: dict[str, Any], rate: Rate) -> Iterator[dict[str, Any]]:
    """Yield for each trace that matches the terms, and the id if one is asked for, which events are wanted."""
    cursor: str | None = None
    while True:
        parameters = {"filter": terms, "limit": _PAGE, "cursor": cursor}
        page = patiently(lambda query=parameters: receiver.get(api.path("traces"), **query), rate.progress)  # type: ignore[misc] # of each turn's own
        for trace in page["traces"]:
            if which.get("trace_id") in {None, trace["id"]}:
                yield {**which, "trace_id": trace["id"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _pages(receiver: api.Receiver, which: dict[str, Any], rate: Rate) -> Pages:
    cursor: str | None = None
    while True:
        parameters = {**which, "limit": _PAGE, "cursor": cursor}
        body = patiently(lambda query=parameters: receiver.get_bytes(api.path("events"), **query), rate.progress)  # type: ignore[misc] # of each turn's own
        try:
            page = msgspec.json.decode(body, type=_Page)
        except msgspec.DecodeError:
            raise CommandError(f"{receiver.url} does not answer as a vectadb-receiver does") from None
        yield page.events
        cursor = page.next_cursor
        if cursor is None:
            return


def _as_read(pages: Pages) -> Iterator[bytes]:
    for page in pages:
        yield from map(bytes, page)


def _as_otlp(pages: Pages) -> Iterator[bytes]:
    held = WithTheirSpans()
    try:
        for page in pages:
            yield from otlp_lines(held.take(json.loads(bytes(event)) for event in page))
        yield from otlp_lines(held.rest())
    except Problem as problem:
        raise CommandError(problem.message) from None


_LINES: dict[str, Callable[[Pages], Iterator[bytes]]] = {"jsonl": _as_read, "otlp": _as_otlp}
