"""Completes traces without a root span for which no event has arrived for a while.

Such a trace runs again if another event arrives.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from mapping.errors import Problem
from mapping.times import NS
from storage.surreal import cbor
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError, StatementRefusedError

log = logging.getLogger(__name__)

# Traces that are closed in one transaction; few, so that commits do not wait long.
_AT_ONCE = 200
# The pause between two checks, in seconds.
_LEAST, _MOST = 1.0, 60.0

_CLOSE = """
LET $idle = (
    SELECT VALUE id FROM agent_trace WHERE status = 'running' AND oldest_update < $before
    ORDER BY oldest_update LIMIT $limit
);
UPDATE $idle SET status = 'completed', revision += 1 WHERE status = 'running' AND oldest_update < $before RETURN NONE;
RETURN array::len($idle);
"""


async def close_idle_traces(
    database: Database,
    idle_close: float,
    *,
    at_once: int = _AT_ONCE,
    least_pause: float = _LEAST,
    is_due: Callable[[], bool] = lambda: True,
) -> None:
    """Complete idle traces until cancelled, `at_once` of them in a transaction.

    `idle_close` is in seconds since the arrival of a trace's last event. It checks four times in that time, with at
    least `least_pause` seconds between two checks. It does nothing unless `is_due`, because another receiver does it.
    """
    pause = min(max(idle_close / 4, least_pause), _MOST)
    while True:
        closed = 0
        try:
            if is_due():
                closed = await close_once(database, time.time_ns() - int(idle_close * NS), at_once)
        except Problem:
            pass  # `storage.stores` logs that the store is away
        except (ConflictError, StatementRefusedError) as error:
            log.warning("idle traces could not be closed now: %s", error)
        if closed < at_once:
            await asyncio.sleep(pause)


async def close_once(database: Database, before: int, most: int = _AT_ONCE) -> int:
    """Complete running traces without an arrival since `before` (nanoseconds). Return their number."""
    *_, closed = await database.query(_CLOSE, before=cbor.int64(before), limit=most)
    return int(closed)
