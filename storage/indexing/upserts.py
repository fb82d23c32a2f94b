"""Writes events into indexes: reads them, has points made, and upserts, in parts, giving way to commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from storage.indexing.active_indexes import ActiveIndexes
from storage.indexing.points.maker import EVENTS
from storage.indexing.points.messages import PackedPoints
from storage.indexing.points.preparer import Preparer
from storage.indexing.repair import drop_deleted
from storage.indexing.tuning import TUNING
from storage.surreal import cbor, rows
from storage.surreal.database import Database
from storage.workers.giving_way import GivingWay


class IndexWriter:
    """Writes events into indexes, `part` of them at a time. Raises what the store and indexes raise."""

    def __init__(
        self,
        database: Database,
        preparer: Preparer,
        active_indexes: ActiveIndexes,
        commits_wait: Callable[[], bool],
        part: int = TUNING.part,
    ) -> None:
        self._database = database
        self._preparer = preparer
        self._active_indexes = active_indexes
        self._part = part
        self._give_way = GivingWay(commits_wait)

    async def take(self, event_ids: Sequence[str], names: Sequence[str], *, words_only: str = "") -> int:
        """Write events into the indexes with these names, and return how many still existed.

        One of the indexes may get points with words only. One part is made while the one before it is upserted.
        """
        parts = [event_ids[start : start + self._part] for start in range(0, len(event_ids), self._part)]
        taken = 0
        made: PackedPoints | None = None
        for part in [*parts, []]:
            following, _ = await asyncio.gather(
                self._make(part, plain=bool(words_only)), self._upsert(made, names, words_only)
            )
            if made is not None:
                taken += len(made.event_ids)
            made = following
        return taken

    async def _make(self, event_ids: Sequence[str], *, plain: bool) -> PackedPoints | None:
        if not event_ids:
            return None
        await self._give_way()
        events = [cbor.record(rows.EVENT, event_id) for event_id in event_ids]
        made = await self._preparer.make(await self._database.read(EVENTS, events=events), plain=plain)
        return made if made.event_ids else None

    async def _upsert(self, made: PackedPoints | None, names: Sequence[str], words_only: str) -> None:
        if made is None:
            return
        for name in names:
            with self._active_indexes.using(name) as index:
                await index.upsert(made.plain if name == words_only and made.plain is not None else made.points)
                await drop_deleted(self._database, index, made.event_ids)
