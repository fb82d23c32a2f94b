"""A trace without a root span is completed when nothing has arrived for it for a while.

It runs again if something does.
"""

from __future__ import annotations

import asyncio
import logging
import time

from mapping.errors import Problem
from mapping.times import NS
from storage.surreal import cbor
from storage.surreal.database import ConflictError, Database, StatementRefusedError

log = logging.getLogger(__name__)

# Traces closed in one transaction: few, so that none of them keeps a commit waiting.
_AT_ONCE = 200
_MOST_OFTEN, _LEAST_OFTEN = 1.0, 60.0

_CLOSE = """
LET $idle = (
    SELECT VALUE id FROM agent_trace WHERE status = 'running' AND touched < $before ORDER BY touched LIMIT $limit
);
UPDATE $idle SET status = 'completed', revision += 1 WHERE status = 'running' AND touched < $before RETURN NONE;
RETURN array::len($idle);
"""


async def close_idle_traces(database: Database, idle_close: float) -> None:
    """Complete idle traces until cancelled. `idle_close` is in seconds since the arrival of a trace's last event."""
    pause = min(max(idle_close / 4, _MOST_OFTEN), _LEAST_OFTEN)
    while True:
        try:
            closed = await close_once(database, time.time_ns() - int(idle_close * NS))
        except (Problem, ConflictError, StatementRefusedError) as error:
            log.warning("idle traces could not be closed now: %s", error)
            closed = 0
        if closed < _AT_ONCE:
            await asyncio.sleep(pause)


async def close_once(database: Database, before: int) -> int:
    """Complete running traces without an arrival since `before` (nanoseconds), and return how many."""
    *_, closed = await database.query(_CLOSE, before=cbor.int64(before), limit=_AT_ONCE)
    return int(closed)
