"""`import`: send what `export` or the Collector's file exporter has written, in batches. Safe to repeat."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from receiver.cli import api
from receiver.cli.errors import CommandError
from receiver.cli.import_files import Record, UnreadableError, opened, records
from receiver.cli.lines import EVENT, LineError, as_request, counted, counted_protobuf, rejected_protobuf, routes_of
from receiver.cli.patience import patiently
from receiver.cli.rate import Rate
from receiver.cli.terminal import count, json_line, printable

_BATCH, _BATCH_BYTES = 500, 2_000_000
_SHOWN = 20  # invalid lines that are reported one by one
_WRONG = {400, 413}  # the statuses of a wrong body, rather than of a wrong address or key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="files of it; - or none: standard input")
    parser.add_argument("--json", action="store_true", help="say how many as a line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Import all valid lines; return exit code 1 if some are not."""
    receiver = api.Receiver(api.connection(args))
    receiver.get_patiently(api.path("stats"))  # report a wrong address or key before reading
    importing = _Importing(receiver)
    try:
        for name in args.files or ["-"]:
            importing.add(name)
    except CommandError as error:
        again = "Import the same again later: what is stored is not stored twice"
        raise CommandError(f"{error}. {_sentence(importing.counts)}. {again}", exit_code=error.exit_code) from None
    finally:
        importing.rate.progress.clear()
    print(json_line(importing.counts) if args.json else _sentence(importing.counts))
    return 1 if importing.counts["failed"] else 0


class _Importing:
    """Sends lines, and counts the events, spans and log records accepted, the duplicate events, and failures."""

    def __init__(self, receiver: api.Receiver) -> None:
        self.rate = Rate("imported")
        self.counts = Counter(dict.fromkeys(("events", "duplicates", "spans", "log_records", "failed"), 0))
        self._receiver = receiver
        self._waiting: list[Record] = []
        self._bytes = 0

    def add(self, name: str) -> None:
        """Import a file. Raises CommandError if it cannot be read, or if the receiver refuses requests."""
        with opened(name) as (file, size):
            try:
                for record in records(name, file):
                    self._take(record)
                    self.rate.show(self._done, file.tell() / size if size else None)
            except UnreadableError as error:
                self._fail(name, str(error))
            self._send_events()

    @property
    def _done(self) -> int:
        return self.counts["events"] + self.counts["spans"] + self.counts["log_records"]

    def _take(self, line: Record) -> None:
        try:
            if line.is_protobuf:
                self._send_protobuf(line)
                return
            line = line._replace(data=as_request(line.data))
            routes = routes_of(line.data)
        except LineError as error:
            self._fail(line.place, str(error))
            return
        if routes != [EVENT]:
            for route in routes:
                self._send_otlp(route, line)
            return
        if len(self._waiting) == _BATCH or self._bytes + len(line.data) > _BATCH_BYTES:
            self._send_events()
        self._waiting.append(line)
        self._bytes += len(line.data)

    def _send_events(self) -> None:
        lines, self._waiting, self._bytes = self._waiting, [], 0
        if lines:
            self._send(lines)

    def _send(self, lines: list[Record]) -> None:
        body = b'{"options":{"as_read":true},"events":[' + b",".join(line.data for line in lines) + b"]}"
        try:
            answer = self._post(EVENT, body)
        except api.RequestRefusedError as error:
            if error.status not in _WRONG:
                raise
            if len(lines) == 1:
                self._fail(lines[0].place, str(error))
                return
            half = len(lines) // 2
            self._send(lines[:half])
            self._send(lines[half:])
            return
        self.counts["events"] += answer["ingested"]
        self.counts["duplicates"] += answer["duplicates"]
        for failed in answer["errors"]:
            self._fail(lines[failed["index"]].place, failed["error"])

    def _send_otlp(self, route: str, line: Record) -> None:
        """Send a request unchanged, because the ids of log records are derived from all of it."""
        try:
            answer = self._post(route, line.data).get("partialSuccess") or {}
        except api.RequestRefusedError as error:
            if error.status not in _WRONG:
                raise
            self._fail(line.place, str(error))
            return
        name, items = counted(route, line.data)
        rejected = int(answer.get("rejectedSpans") or answer.get("rejectedLogRecords") or 0)
        self._count(line, name, items, rejected, answer.get("errorMessage", ""))

    def _send_protobuf(self, message: Record) -> None:
        """Send a request unchanged. Raises LineError where it is none."""
        route, name, items = counted_protobuf(message.data)
        try:
            answer = patiently(lambda: self._receiver.post_protobuf(route, message.data), self.rate.progress)
        except api.RequestRefusedError as error:
            if error.status not in _WRONG:
                raise
            self._fail(message.place, str(error))
            return
        self._count(message, name, items, *rejected_protobuf(route, answer))

    def _count(self, line: Record, name: str, items: int, rejected: int, why: str) -> None:
        self.counts[name] += items - rejected
        if rejected:
            self._fail(line.place, f"{rejected} of {items} not stored: {why}")

    def _post(self, route: str, body: bytes) -> Any:
        return patiently(lambda: self._receiver.post(route, body), self.rate.progress)

    def _fail(self, place: str, why: str) -> None:
        self.counts["failed"] += 1
        self.rate.progress.clear()
        if self.counts["failed"] <= _SHOWN:
            print(f"{place}: {printable(why)}", file=sys.stderr)
        elif self.counts["failed"] == _SHOWN + 1:
            print("further lines that cannot be imported are only counted", file=sys.stderr)


def _sentence(counts: Counter[str]) -> str:
    there = f" ({counts['duplicates']} of them were there already)" if counts["duplicates"] else ""
    parts = [f"{count(counts['events'], 'event')}{there}"] if counts["events"] else []
    parts += [
        count(counts[name], noun) for name, noun in (("spans", "span"), ("log_records", "log record")) if counts[name]
    ]
    failed = f"; {count(counts['failed'], 'line')} could not be" if counts["failed"] else ""
    return f"{', '.join(parts) or 'nothing'} imported{failed}"
