"""Background work gives way to commits, because senders wait for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

# While commits wait, background work pauses so many times as long as its last piece took.
_PAUSES = 3
_LOOK_AT_COMMITS_EVERY = 0.01  # seconds
_LOOK_AT_EVENTS_EVERY = 0.005


class GivingWay:
    """Pauses background work. It is called before each piece of the work."""

    def __init__(self, commits_wait: Callable[[], bool]) -> None:
        self._commits_wait = commits_wait
        self._working_since = 0.0

    async def __call__(self) -> None:
        """Pause while commits wait, for a limited time."""
        now = time.monotonic()
        until = now + min(now - self._working_since, 1.0) * _PAUSES
        while self._commits_wait() and time.monotonic() < until:  # noqa: ASYNC110 - nothing says when none waits any more
            await asyncio.sleep(_LOOK_AT_COMMITS_EVERY)
        self._working_since = time.monotonic()


async def between_commits(events_come: Callable[[], bool], most: float) -> None:
    """Wait while `events_come`, or are being committed, so that no sender waits for what is done then.

    Waits `most` seconds at most, not at all if that is negative.
    """
    until = time.monotonic() + most
    while events_come() and time.monotonic() < until:  # noqa: ASYNC110 - nothing says when none come any more
        await asyncio.sleep(_LOOK_AT_EVENTS_EVERY)
