"""The progress of long commands: how much is done, how fast, and, if the total is known, how long the rest takes."""

from __future__ import annotations

import sys
import time

from mapping.times import NS
from receiver.cli.terminal import Progress, duration

_SHOW_EVERY = 0.2  # seconds


class Rate:
    """A rate, shown on standard error if that is a terminal. `progress` is its line, for other text of the callers."""

    def __init__(self, done: str) -> None:
        self.progress = Progress()
        self._done = done
        self._began = time.monotonic()
        self._shown = 0.0

    def show(self, count: int, share: float | None = None) -> None:
        """Show the number of events done, which are this `share` (0 to 1) of all; None if the total is unknown."""
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._shown < _SHOW_EVERY:
            return
        self._shown, took = now, now - self._began
        words = f"{self._done} {count:,} events, {count / took:,.0f}/s"
        if share:
            left = max(took / min(share, 1.0) - took, 0.0)
            words += f", {min(share, 1.0):.0%}, about {duration(int(left * NS))} left"
        self.progress.show(words)
