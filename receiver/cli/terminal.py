"""Output to the terminal: escaped control characters, colours if the terminal supports them, readable times.

Names and texts come from the senders of events. An escape sequence in them could rewrite the screen or the window's
title, so every character that is not printable is shown as its escape.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TextIO

from mapping.times import NS, parse_rfc3339

_CODES = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "dim": 2, "bold": 1}
_ESCAPE = re.compile(r"\033\[\d+m")
_COLUMNS_OF_A_FILE = 160


def printable(text: str) -> str:
    """Return text as one line: white space becomes a space, other control characters become escapes."""
    if text.isprintable():
        return text
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """Return text with each character that is not printable as its escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def json_line(value: Any) -> str:
    """Return JSON as one line in which unprintable characters, and only these, are JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def add_output_flags(parser: argparse.ArgumentParser, as_json: str) -> None:
    """Add `--json`, whose help is `as_json`, and `--color`, whose value is for `use_colours`."""
    parser.add_argument("--json", action="store_true", help=as_json)
    text = "whether to colour (default auto: where it is a terminal, and NO_COLOR is not set)"
    parser.add_argument("--color", choices=COLOURS, default=COLOURS[0], help=text)


def use_colours(when: str) -> None:
    """Set when text is coloured from now on: one of `COLOURS`, the values of `--color`."""
    _wanted[:] = [when]


def coloured(text: str, colour: str | None, stream: TextIO | None = None) -> str:
    """Return text, coloured if the stream (standard output by default) is a terminal with colours.

    NO_COLOR, set to anything, means none (no-color.org). `use_colours` overrides both.
    """
    if colour is None or not _COLOURED[_wanted[0]](stream or sys.stdout):
        return text
    return f"\033[{_CODES[colour]}m{text}\033[0m"


def _welcome(stream: TextIO) -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


_COLOURED: dict[str, Callable[[TextIO], bool]] = {
    "auto": _welcome,
    "always": lambda _: True,
    "never": lambda _: False,
}
COLOURS = tuple(_COLOURED)
_wanted = [COLOURS[0]]


def columns() -> int:
    """Return the width to write for: the terminal's, or a larger one for a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _COLUMNS_OF_A_FILE


def shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as lines with aligned columns; the last cell of a row is not padded."""
    table = [[*row] for row in rows]
    widths: dict[int, int] = {}
    for row in table:
        for column, cell in enumerate(row[:-1]):
            widths[column] = max(widths.get(column, 0), _width(cell))
    return [
        "  ".join([*(cell + " " * (widths[column] - _width(cell)) for column, cell in enumerate(row[:-1])), row[-1]])
        for row in table
    ]


def _width(cell: str) -> int:
    return len(_ESCAPE.sub("", cell))


def local_time(text: str, now: datetime | None = None) -> str:
    """Return an RFC 3339 time in the local time zone: only the time of day if it is today, else with the date."""
    seconds = parse_rfc3339(text) // NS
    now = now or datetime.now().astimezone()
    try:
        moment = datetime.fromtimestamp(seconds).astimezone()
    except (OverflowError, ValueError, OSError):  # in the years 1 and 9999 the zone may lead out of the calendar
        return text[:10]
    if moment.date() == now.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment:%m-%d %H:%M:%S}" if moment.year == now.year else f"{moment:%Y-%m-%d %H:%M}"


def duration(nanoseconds: int) -> str:
    """Return a duration with two or three digits: `340 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`."""
    seconds = nanoseconds / NS
    if seconds < 0.001:
        return f"{nanoseconds / 1000:.0f} µs"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def dollars(amount: float) -> str:
    """Return a cost with two significant digits: `$12.30`, `$0.042`, `$0.00042`."""
    return f"${amount:.2f}" if amount >= 0.1 else f"${amount:.{1 - math.floor(math.log10(amount))}f}"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Progress:
    """A status line on standard error. If that is not a terminal, a new line each time the text changes."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        text = printable(text)
        if text == self._shown:
            return
        if sys.stderr.isatty():
            text = shortened(text, shutil.get_terminal_size().columns - 1)
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)
        self._shown = text

    def clear(self) -> None:
        if self._shown and sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        self._shown = ""
