"""Background work gives way to commits, because senders wait for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

# While commits wait, background work pauses so many times as long as its last piece took.
_PAUSES = 3
_LOOK_AT_COMMITS_EVERY = 0.01  # seconds


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
