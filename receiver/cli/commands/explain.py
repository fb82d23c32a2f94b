"""`explain ID`: which rule placed an event in its trace, and which keys gave its session, agent and type."""

from __future__ import annotations

import argparse
from typing import Any

from receiver.cli import api
from receiver.cli.terminal import add_output_flags, aligned, coloured, json_line, printable

_PARTS = {"session": "session_id", "agent": "agent_id", "type": "event_type"}
# Where a value comes from, in words; the key stands between.
_PLACES = {
    "properties": "{key} in its properties",
    "body": "{key} in its body",
    "scope": "{key} of its scope",
    "resource": "{key} of its resource",
    "event": "its own {key}",
    "span": "the span it belongs to",
    "rule": "your rule {key!r}",
    "trace": "from its trace",
    "default": "nothing says it",
}
_NO_KEY = "what is said"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the event's id")
    add_output_flags(parser, "one line of JSON")
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    receiver = api.Receiver(api.connection(args))
    explanation = receiver.get_patiently(f"{api.path('events', args.id)}/explain")
    print(json_line(explanation) if args.json else "\n".join(lines(explanation)))
    return 0


def lines(explanation: dict[str, Any]) -> list[str]:
    """Return the lines of an explanation: where each value comes from, then the rule as a sentence."""
    rows = [[coloured("event", "dim"), printable(explanation["event_id"]), ""]]
    rows.append([coloured("trace", "dim"), printable(explanation["trace_id"]), ""])
    for name, field in _PARTS.items():
        value, key = explanation[field]["value"], explanation[field]["key"]
        place = _PLACES[explanation[field]["from"]].format(key=printable(key or _NO_KEY))
        rows.append([coloured(name, "dim"), printable(value or "-"), coloured(place, "dim")])
    return [*(line.rstrip() for line in aligned(rows)), "", printable(explanation["rule"])]
