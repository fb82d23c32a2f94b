"""`export`: write events as lines, newest first: as the API returns them, or as OTLP/JSON for any OTLP receiver."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from mapping.errors import Problem
from mapping.export.lines import WithTheirSpans, otlp_lines
from receiver.cli import api, filters
from receiver.cli.errors import CommandError
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
        choices=tuple(_FORMATS),
        default="jsonl",
        help="a line for each event as it is read (default), or for each OTLP/JSON request",
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

    with _output(args.output) as (output, readable):
        try:
            for line in _FORMATS[args.format](pages()):
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


_FORMATS: dict[str, Callable[[Pages], Iterator[bytes]]] = {"jsonl": _as_read, "otlp": _as_otlp}


@contextlib.contextmanager
def _output(name: str | None) -> Iterator[tuple[IO[bytes], bool]]:
    """Yield the stream to write to, and whether it is a terminal.

    A file gets its name only when it is complete; until then `.part` is appended to it.
    """
    if name is None or name == "-":
        yield sys.stdout.buffer, sys.stdout.isatty()
        return
    path = Path(name)
    partial = path if path.exists() and not path.is_file() else path.with_name(f"{path.name}.part")
    try:
        file = partial.open("wb")
    except OSError as error:
        raise CommandError(f"cannot write {partial}: {error.strerror}") from None
    with file:
        try:
            yield file, False
        except OSError as error:
            raise CommandError(f"cannot write {partial}: {error.strerror}") from None
    if partial != path:
        partial.replace(path)
