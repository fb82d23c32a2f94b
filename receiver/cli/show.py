"""Events as lines. Everything that comes from a sender goes through `printable`."""

from __future__ import annotations

import re
from typing import Any

from mapping.text import text_of
from receiver.cli.terminal import coloured, duration, local_time, printable, shortened

_EXCERPT = 160
_BEFORE = 40
_LONGEST_AGENT, _LONGEST_TYPE = 24, 20
_STATUS_COLOURS = {"error": "red", "failed": "red", "running": "yellow", "completed": "green"}


def event_cells(event: dict[str, Any]) -> list[str]:
    """Give an event's cells: time, type, agent, status, what it was and how long it took."""
    return [
        coloured(local_time(event["timestamp"]), "dim"),
        coloured(shortened(printable(event["event_type"] or "-"), _LONGEST_TYPE), "cyan"),
        shortened(printable(event["agent_id"] or "-"), _LONGEST_AGENT),
        status(event["status"]),
        headline(event),
    ]


def status(word: str) -> str:
    """Show a status; what is as it should be is not worth a word."""
    return "" if word in {"ok", "unset"} else coloured(word, _STATUS_COLOURS.get(word))


def headline(event: dict[str, Any]) -> str:
    """Say what an event was: its name, or the first words of it, and how long it took."""
    took = event["duration_ns"]
    words = name(event) or excerpt(event, width=80) or event["kind"]
    return words + (f" {coloured(f'({duration(took)})', 'dim')}" if took else "")


def name(event: dict[str, Any]) -> str:
    """Give an event's name where it says something: which exception it was says more than that it was one."""
    return "" if event["name"] == "exception" else printable(event["name"] or "")


def excerpt(event: dict[str, Any], query: str = "", width: int = _EXCERPT) -> str:
    """Give the part of an event's words where the query's words stand closest to the start; "" without any."""
    text = printable(text_of(None, event["properties"]))
    words = [re.escape(word) for word in query.split() if len(word) > 2]
    match = re.search("|".join(words), text, re.IGNORECASE) if words else None
    start = max(match.start() - _BEFORE, 0) if match and match.end() > width else 0
    start = text.find(" ", start) + 1 if start else 0
    return ("…" if start else "") + shortened(text[start:], width)
