"""`tail`: the last events, and then the new ones as they come."""

from __future__ import annotations

import argparse
import select
import sys
import time
from collections.abc import Callable
from typing import Any

from mapping.times import NS, format_rfc3339
from receiver.cli import api, filters
from receiver.cli.show import event_cells
from receiver.cli.terminal import aligned, json_line

_INTERVAL = 1.0
_PAGE = 200
_REMEMBERED = 20_000
# The sender's clock orders events, the receiver's says which are new. This one may differ from that by so much.
_CLOCKS_DIFFER = 5 * NS

Page = Callable[[str | None], dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=filters.number(0, _PAGE), default=10, metavar="N", help="events of the past (default 10)"
    )
    parser.add_argument("--json", action="store_true", help="a line of JSON for each event")
    filters.add_filters(parser, period=False)
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show events until Ctrl-C. A receiver that goes away later is waited for."""
    receiver = api.Receiver(api.connection(args))

    def page(cursor: str | None) -> dict[str, Any]:
        found: dict[str, Any] = receiver.get(
            api.path("events"), limit=_PAGE, cursor=cursor, **{**filters.given(args), "since": None, "until": None}
        )
        return found

    first = receiver.get_patiently(api.path("events"), limit=_PAGE, **filters.given(args))
    news = News(page, first["events"], time.time_ns() - _CLOCKS_DIFFER)
    _show(list(reversed(first["events"][: args.limit])), as_json=args.json)
    away = False
    while True:
        _pause()
        try:
            events = news.poll()
        except (api.AwayError, api.NotReadyError) as error:
            if not away:
                print(f"waiting: {error}", file=sys.stderr)
            away = True
            continue
        if away:
            print("the receiver answers again", file=sys.stderr)
            away = False
        _show(events, as_json=args.json)


class News:
    """Which events are new, of a list that is read newest first in pages.

    Events come late: a span is sent when it ends and stands where it began. So new is what was not seen and was stored
    since `began`, anywhere on the pages that hold something new; what comes later than a page of others is missed.
    """

    def __init__(self, page: Page, seen: list[dict[str, Any]], began: int) -> None:
        self._page = page
        self._began = format_rfc3339(began)
        self._seen = dict.fromkeys(event["id"] for event in seen)

    def poll(self) -> list[dict[str, Any]]:
        """Give the events that are new, oldest first."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self._page(cursor)
            new = [e for e in page["events"] if e["id"] not in self._seen and e["created_at"] >= self._began]
            found += new
            self._seen.update(dict.fromkeys(event["id"] for event in new))
            cursor = page["next_cursor"]
            if not new or cursor is None:
                break
        for event_id in list(self._seen)[:-_REMEMBERED]:
            del self._seen[event_id]
        return list(reversed(found))


def _pause() -> None:
    """Wait until the next look.

    Raises BrokenPipeError once nobody reads on, which no write would show in quiet times.
    """
    if not hasattr(select, "poll"):  # Windows
        time.sleep(_INTERVAL)
        return
    output = select.poll()
    output.register(sys.stdout, select.POLLERR)
    if output.poll(_INTERVAL * 1000):
        raise BrokenPipeError


def _show(events: list[dict[str, Any]], *, as_json: bool) -> None:
    lines = [json_line(event) for event in events] if as_json else aligned(event_cells(event) for event in events)
    for line in lines:
        print(line)
    sys.stdout.flush()  # who reads along through a pipe waits for it
