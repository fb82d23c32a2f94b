"""How many events, traces and sessions there are.

The engine reads all of them, which takes 0.6 us an event and 15 us a trace; an index for counting would cost 12% of the
rate of storing. The engine does one thing at a time, so it counts in pieces, and less often the longer that takes.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Any

from storage.surreal.database import Database

# Up to so many events, which take 0.1 s, every request counts anew.
_FEW = 100_000
# If there are more, counts are reused for so many times as long as counting took.
_SHARE = 20

_EVENTS = "SELECT VALUE count FROM (SELECT count() FROM agent_event:{} GROUP ALL)"
_TRACES = "SELECT VALUE count FROM (SELECT count() FROM agent_trace:{} GROUP ALL)"
_SESSIONS = "SELECT VALUE session_id FROM agent_trace:{} WHERE session_id != NONE GROUP BY session_id"
# A trace has its first session in `session_id`; its other sessions are in its run only.
_MORE_SESSIONS = "SELECT VALUE sessions FROM agent_run:{} WHERE array::len(sessions) > 1"
_QUERIES = (_EVENTS, _TRACES, _SESSIONS, _MORE_SESSIONS)


class Counts:
    """Returns the present counts, or, if counting takes long, those of some seconds ago."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._known: dict[str, int] = {}
        self._began = self._good_until = 0.0

    async def get(self) -> dict[str, int]:
        """Return the number of `events`, `traces` and `sessions`. Raises Problem (UNAVAILABLE)."""
        asked = time.monotonic()
        async with self._lock:
            # Those that have waited for a count are all content with the next.
            if self._began < asked and time.monotonic() >= self._good_until:
                began = time.monotonic()
                events = traces = 0
                sessions: set[Any] = set()
                for part in _parts():
                    # Not one after the other: among many writers each would wait for its turn.
                    found = await asyncio.gather(*(self._ask(query, part) for query in _QUERIES))
                    events += sum(found[0])
                    traces += sum(found[1])
                    sessions.update(found[2], *found[3])
                self._known = {"events": events, "traces": traces, "sessions": len(sessions)}
                self._began, took = began, time.monotonic() - began
                self._good_until = 0.0 if events < _FEW else time.monotonic() + took * _SHARE
            return dict(self._known)

    def forget(self) -> None:
        """Drop cached counts."""
        self._began = self._good_until = 0.0

    async def _ask(self, query: str, part: str) -> list[Any]:
        (counts,) = await self._database.query(query.format(part))
        return list(counts)


async def count_events(database: Database) -> int:
    """Count events as they are now. Raises Problem (UNAVAILABLE)."""
    counted = 0
    for part in _parts():
        (counts,) = await database.query(_EVENTS.format(part))
        counted += sum(counts)
    return counted


def _parts() -> Iterator[str]:
    """Yield ranges of record ids that hold all of them. Most ids are hexadecimal."""
    for low, high in itertools.pairwise(["", *"123456789abcdef", ""]):
        yield f"{low and f'`{low}`'}..{high and f'`{high}`'}"
