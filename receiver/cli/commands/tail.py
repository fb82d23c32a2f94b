"""`tail`: show the last events, and with `--follow` the new ones as they are stored."""

from __future__ import annotations

import argparse
import select
import sys
import time
from collections.abc import Callable
from typing import Any

from mapping.times import NS, format_rfc3339
from receiver.cli import api, filters
from receiver.cli.live import Live
from receiver.cli.show import event_cells
from receiver.cli.terminal import add_output_flags, aligned, count, json_line
from storage.filters import LiveFilter

_LOOK_EVERY = 1.0
_PAGE = 200
_REMEMBERED = 20_000
# Which events are new is decided by the receiver's clock; this machine's clock may differ from it by so much.
_CLOCKS_DIFFER = 5 * NS

Page = Callable[[str | None], dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--follow", action="store_true", help="go on with the new ones, until Ctrl-C")
    parser.add_argument(
        "-n",
        "--limit",
        type=filters.number(0, 100_000),
        default=10,
        metavar="N",
        help="events of the past (default 10)",
    )
    add_output_flags(parser, "a line of JSON for each event")
    filters.add_filters(parser, LiveFilter)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show events. With `--follow`, wait for a receiver that does not answer."""
    receiver = api.Receiver(api.connection(args))
    which = {name: value for name, value in filters.parameters_of(args).items() if value is not None}
    if args.follow:
        _Following(receiver, which, args).go_on()
    found = _last(receiver, which, args.limit)
    _show(found, as_json=args.json)
    if not found and args.limit:
        print("no event matches" if which else "no events yet", file=sys.stderr)
    return 0


def _last(receiver: api.Receiver, which: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    return list(receiver.pages(api.path("events"), "events", limit, **which))[::-1]


class _Following:
    """Shows the last events and the new ones, each once, including those that are stored without a connection."""

    def __init__(self, receiver: api.Receiver, which: dict[str, Any], args: argparse.Namespace) -> None:
        self._receiver, self._which, self._args = receiver, which, args
        self._news: NewEvents | None = None
        self._away = False

    def go_on(self) -> None:
        """Follow the live feed, reconnecting as needed. Raises CommandError if waiting is pointless."""
        # A wrong address or key is reported now.
        self._receiver.get_patiently(api.path("events"), limit=1)
        while True:
            self._follow(Live(self._receiver, self._which))
            _pause(_LOOK_EVERY)

    def _follow(self, live: Live) -> None:
        while True:
            events: list[dict[str, Any]] = []
            ended = None
            for message in live.take(_LOOK_EVERY):
                if message.what == "connected":
                    self._catch_up()
                elif message.what == "event" and self._news and self._news.is_new(message.data):
                    events.append(message.data)
                elif message.what == "dropped":
                    print(f"{count(message.data, 'event')} came faster than they could be shown", file=sys.stderr)
                elif message.what == "ended":
                    ended = message
            _show(events, as_json=self._args.json)
            _pause(0)
            if ended:
                self._wait(ended.data)
                return

    def _wait(self, error: Exception | None) -> None:
        if error is not None and not isinstance(error, api.AwayError | api.NotReadyError):
            raise error
        if not self._away:
            print(f"waiting: {error or f'{self._receiver.url} has ended'}", file=sys.stderr)
        self._away = True

    def _catch_up(self) -> None:
        """Show the events that were stored before the connection was established."""
        if self._away:
            print("the receiver answers again", file=sys.stderr)
            self._away = False
        if self._news is not None:
            _show(self._news.poll(), as_json=self._args.json)
            return
        limit = self._args.limit
        past = _last(self._receiver, self._which, max(limit, _PAGE))
        self._news = NewEvents(self._page, past, time.time_ns() - _CLOCKS_DIFFER)
        _show(past[-limit:] if limit else [], as_json=self._args.json)

    def _page(self, cursor: str | None) -> dict[str, Any]:
        page: dict[str, Any] = self._receiver.get_patiently(
            api.path("events"), limit=_PAGE, cursor=cursor, **self._which
        )
        return page


class NewEvents:
    """Finds the new events in a list that is read newest first, in pages.

    Events arrive late: a span is sent when it ends, and is listed by its start. So an event is new if it was not seen
    and was stored after `began`. Reading stops at the first page without a new event, so events further down are
    missed.
    """

    def __init__(self, page: Page, seen: list[dict[str, Any]], began: int) -> None:
        self._page = page
        self._began = format_rfc3339(began)
        self._seen = dict.fromkeys(event["id"] for event in seen)

    def is_new(self, event: dict[str, Any]) -> bool:
        """Return whether an event was not seen before, and remember it."""
        if event["id"] in self._seen:
            return False
        self._seen[event["id"]] = None
        if len(self._seen) > 2 * _REMEMBERED:
            for event_id in list(self._seen)[:-_REMEMBERED]:
                del self._seen[event_id]
        return True

    def poll(self) -> list[dict[str, Any]]:
        """Return the events that are new, oldest first."""
        events: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self._page(cursor)
            new = [e for e in page["events"] if e["created_at"] >= self._began and self.is_new(e)]
            events += new
            cursor = page["next_cursor"]
            if not new or cursor is None:
                return list(reversed(events))


def _pause(seconds: float) -> None:
    """Wait. Raises BrokenPipeError if the reader of the pipe has closed it, which no write shows without events."""
    output = select.poll()
    output.register(sys.stdout, select.POLLERR)
    if output.poll(seconds * 1000):
        raise BrokenPipeError


def _show(events: list[dict[str, Any]], *, as_json: bool) -> None:
    lines = [json_line(event) for event in events] if as_json else aligned(event_cells(event) for event in events)
    for line in lines:
        print(line)
    sys.stdout.flush()  # the reader of a pipe waits for it
