"""Events that are indexed but not yet flushed: their queue records are deleted only once the index is on disk.

A flush of Qdrant Edge writes some 80 files, however few points are new, and takes 0.1 to 0.3 s of the disk for which
commits also wait. 20,000 points took 1.8 s with one flush at the end, and 13.8 s with one after every 500. New points
are found without a flush.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from storage.indexing import index_queue, index_state
from storage.indexing.active_indexes import ActiveIndexes
from storage.indexing.index_queue import Group
from storage.indexing.index_state import Fill
from storage.indexing.tuning import Tuning
from storage.surreal.database import Database


class PendingFlush:
    """Queue records, and the position of a filling index, to be written to the store after the next flush."""

    def __init__(self, database: Database, tuning: Tuning) -> None:
        self.fill: Fill | None = None
        self._names: set[str] = set()
        self._database = database
        self._tuning = tuning
        self._groups: list[Group] = []
        self._since: float | None = None

    @property
    def records(self) -> frozenset[str]:
        """Return the queue records that are indexed and not yet flushed."""
        return frozenset(record for group in self._groups for record in group.records)

    @property
    def events(self) -> int:
        return sum(len(group.event_ids) for group in self._groups)

    @property
    def seconds_left(self) -> float | None:
        """Return the seconds until a flush is due, or None if there is nothing to flush."""
        if self._since is None:
            return None
        if sum(len(group.records) for group in self._groups) >= self._tuning.most_unflushed:
            return 0.0
        return max(self._since + self._tuning.flush_every - time.monotonic(), 0.0)

    def add(self, names: Sequence[str], done: Group | Fill) -> None:
        """Add a group of records, or the position of a fill, that the indexes with these names have now."""
        self._names.update(names)
        if isinstance(done, Group):
            self._groups.append(done)
        else:
            self.fill = done
        if self._since is None:
            self._since = time.monotonic()

    async def flush(self, active_indexes: ActiveIndexes) -> None:
        """Flush the indexes, then update the store. Raises what both raise, and may then be called again."""
        for name in self._names:
            with active_indexes.using(name) as index:
                await index.flush()
        if records := self.records:
            await index_queue.done(self._database, records)
        if self.fill is not None:
            await index_state.advance(self._database, self.fill)
        self.forget()

    def forget(self) -> None:
        """Forget everything: the records stay in the queue and are indexed again."""
        self._names, self._groups, self.fill, self._since = set(), [], None, None
