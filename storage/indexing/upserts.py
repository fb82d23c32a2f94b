"""Writes events into indexes, part by part: reads them, has points made, upserts these, and gives way to commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

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

    async def write(self, event_ids: Sequence[str], names: Sequence[str], *, words_only: str = "") -> int:
        """Write events into the indexes with these names, and return how many of the events still existed.

        The index with the name `words_only` gets points without vectors. While a part is upserted, the next is made.
        """
        parts = [event_ids[start : start + self._part] for start in range(0, len(event_ids), self._part)]
        written = 0
        again: list[str] = []
        points: PackedPoints | None = None
        for part in [*parts, []]:
            next_points, _ = await asyncio.gather(
                self._make(part, plain=bool(words_only)), self._upsert(points, names, words_only)
            )
            if points is not None:
                written += len(points.event_ids)
                again += await self._repeating(points, names)
            points = await self._settled(next_points, part, names, plain=bool(words_only))
        again = list(dict.fromkeys(again))
        for start in range(0, len(again), self._part):
            part = again[start : start + self._part]
            points = await self._make(part, plain=bool(words_only))
            points = await self._settled(points, part, names, plain=bool(words_only))
            await self._upsert(points, names, words_only)
        return written

    async def deleted(self) -> None:
        """Note that events were deleted: what they told is told by the next event that repeats it."""
        await self._preparer.forget_told()

    async def _make(
        self, event_ids: Sequence[str], *, plain: bool, told: Mapping[int, str | None] | None = None
    ) -> PackedPoints | None:
        if not event_ids:
            return None
        await self._give_way()
        events = [cbor.record(rows.EVENT, event_id) for event_id in event_ids]
        points = await self._preparer.make(await self._database.read(EVENTS, events=events), plain=plain, told=told)
        return points if points.event_ids else None

    async def _settled(
        self, points: PackedPoints | None, event_ids: Sequence[str], names: Sequence[str], *, plain: bool
    ) -> PackedPoints | None:
        """Return the points, or others if they repeat lines that other points tell."""
        if points is None or not points.repeated:
            return points
        with self._active_indexes.using(names[0]) as index:
            told = await index.told(points.repeated, points.event_ids)
        return await self._make(event_ids, plain=plain, told=told) if told else points

    async def _repeating(self, points: PackedPoints, names: Sequence[str]) -> list[str]:
        """Return the events that repeat what is new in these: they came first, and are to be made again."""
        with self._active_indexes.using(names[0]) as index:
            return await index.repeating(points.told, points.event_ids)

    async def _upsert(self, points: PackedPoints | None, names: Sequence[str], words_only: str) -> None:
        if points is None:
            return
        for name in names:
            with self._active_indexes.using(name) as index:
                await index.upsert(points.plain if name == words_only and points.plain is not None else points.points)
                await drop_deleted(self._database, index, points.event_ids)
