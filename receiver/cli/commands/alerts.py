"""`alerts`: what webhooks were told, and whether they took it, a line each."""

from __future__ import annotations

import argparse
from typing import Any

from receiver.cli import api, filters
from receiver.cli.terminal import add_output_flags, aligned, coloured, json_line, local_time, printable, shortened

_LISTED = 20
_HEAD = ("when", "webhook", "state", "attempts", "alert", "")
_LONGEST_TEXT, _LONGEST_ERROR = 100, 60
_COLOURS = {"waiting": "yellow", "delivered": "green", "failed": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=filters.number(1, 100_000), default=_LISTED, metavar="N", help=f"at most (default {_LISTED})"
    )
    filters.add_project(parser)
    add_output_flags(parser, "a line of JSON for each alert")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    alerts = list(receiver.pages(api.path("alerts"), "alerts", args.limit, project=args.project))
    if args.json:
        for alert in alerts:
            print(json_line(alert))
    else:
        print("\n".join(lines(alerts)))
    return 0


def lines(alerts: list[dict[str, Any]]) -> list[str]:
    if not alerts:
        return ["no alerts: see alerts.webhooks in the settings"]
    return aligned([[coloured(word, "dim") for word in _HEAD], *(_cells(alert) for alert in alerts)])


def _cells(alert: dict[str, Any]) -> list[str]:
    error = "" if alert["state"] == "delivered" else alert["last_error"] or ""
    return [
        coloured(local_time(alert["timestamp"]), "dim"),
        alert["webhook"],
        coloured(alert["state"], _COLOURS[alert["state"]]),
        str(alert["attempts"]),
        shortened(printable(alert["text"]), _LONGEST_TEXT),
        coloured(shortened(printable(error), _LONGEST_ERROR), "red"),
    ]
