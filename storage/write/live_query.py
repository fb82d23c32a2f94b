"""The live feed of several receivers: SurrealDB tells each of them what all have stored (LIVE SELECT).

It tells the ids alone, while there are listeners; the events are read, as many as listeners may be shown. Where it
cannot tell, listeners are shown what this receiver stores.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence

from mapping.errors import Problem
from mapping.model import Trace
from storage.read.reader import Reader
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError, StatementRefusedError
from storage.write.live_feed import BOUNDS, Bounds, Feed
from storage.write.transaction import PendingEvent

log = logging.getLogger(__name__)

_QUERY = "LIVE SELECT VALUE id FROM agent_event"
# Seconds for which ids are collected before their events are read; until it is looked whether somebody still listens;
# and until a query that has failed is tried again.
_LINGER, _LOOK_AGAIN_AFTER, _RETRY_AFTER = 0.05, 1.0, 5.0
_AT_ONCE = 200
_PASSING = (ConflictError, Problem, StatementRefusedError)


class LiveQuery:
    """Shows a feed's listeners what all receivers on a server store."""

    def __init__(self, database: Database, reader: Reader, feed: Feed, bounds: Bounds = BOUNDS) -> None:
        self._database, self._reader, self._feed, self._bounds = database, reader, feed, bounds
        self._ids: deque[str] = deque(maxlen=bounds.events)
        self._told = 0
        self._news = asyncio.Event()
        self._follows = False

    def stored(self, new: Sequence[PendingEvent], traces: Mapping[str, Trace]) -> None:
        """Show what this receiver has stored, unless SurrealDB tells of it, too."""
        if not self._follows:
            self._feed.stored(new, traces)

    async def run(self) -> None:
        """Follow while there are listeners, until cancelled."""
        while True:
            await self._feed.until_listened()
            following = asyncio.create_task(self._database.follow(_QUERY, self._created, self._begun))
            following.add_done_callback(lambda _: self._news.set())
            try:
                while self._feed.listeners and not following.done():
                    await self._show()
            finally:
                self._follows = False
                following.cancel()
                (ended,) = await asyncio.gather(following, return_exceptions=True)
                self._ids.clear()
                self._told = 0
            if isinstance(ended, _PASSING):
                log.debug("only what this receiver stores is shown live: %s", ended)
                await asyncio.sleep(_RETRY_AFTER)
            elif isinstance(ended, Exception):
                raise ended

    def _begun(self) -> None:
        self._follows = True

    def _created(self, event_id: str) -> None:
        self._ids.append(event_id)
        self._told += 1
        self._news.set()

    async def _show(self) -> None:
        """Wait for news, and show the events of which there is news: the latest, if there are too many."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_AGAIN_AFTER):
                await self._news.wait()
        await asyncio.sleep(_LINGER)
        self._news.clear()
        ids, told = list(self._ids), self._told
        self._ids.clear()
        self._told = 0
        began = time.monotonic()
        self._feed.show((), told - len(ids))
        for start in range(0, len(ids), _AT_ONCE):
            with contextlib.suppress(*_PASSING):  # the store is away: it says so itself
                some = ids[start : start + _AT_ONCE]
                events = await self._reader.events_by_id(some)
                self._feed.show(events[event_id] for event_id in some if event_id in events)
        # Not more are read than may be shown.
        await asyncio.sleep(max(0.0, len(ids) / self._bounds.events_a_second - (time.monotonic() - began)))
