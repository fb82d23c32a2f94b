"""The embedded index: Qdrant Edge on disk, in a process of its own (`engine.py` says why)."""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from storage.errors import IndexUnavailable, IndexUnusable
from storage.filters import SearchFilter
from storage.qdrant.base import FACET_DEPTH, WORDS_COUNTED, Counts, Hit, Occurrences, most_frequent, period
from storage.qdrant.bm25 import clean
from storage.qdrant.locking import lock_file, locked
from storage.qdrant.messages import (
    Count,
    CountPassages,
    Delete,
    Facet,
    Flush,
    Newest,
    Open,
    Optimize,
    Read,
    Repeating,
    SearchPoints,
    SearchSimilar,
    SetPayload,
    Told,
    Upsert,
)
from storage.qdrant.vectors import checked
from storage.workers.process import RestartingProcess

if TYPE_CHECKING:
    from storage.qdrant.base import Vector


log = logging.getLogger(__name__)

_ENGINE = "storage.qdrant.engine"
# The new points with which the index is optimized: 120 MB in memory, and four seconds of a core. With fewer there are
# more segments, and each takes 0.3 ms of a search.
OPTIMIZED_AT = 50_000


class EdgeIndex:
    """An index in the folder `path`, for one process at a time. Closing it takes at most `patience` seconds.

    Requests are answered in order. An engine that failed is started again by the next request. While the engine
    optimizes the index, changes wait, and a second process answers searches.
    """

    def __init__(self, path: Path, dimensions: int | None, patience: float = 5.0) -> None:
        self.dimensions = dimensions
        self._path = path
        # An index that kills the engine as it is opened counts as damaged, and is made anew.
        self._engine = RestartingProcess(_ENGINE, Open(str(path), dimensions), patience, IndexUnusable)
        self._reader: RestartingProcess | None = None  # while the engine optimizes
        self._changing = asyncio.Lock()
        self._optimizing: asyncio.Task[None] | None = None
        self._optimized_at: float = OPTIMIZED_AT

    async def open(self) -> None:
        await self._engine.start()

    async def remove(self) -> None:
        await self.close()
        await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        if self._path.exists():
            with locked(self._path):
                shutil.rmtree(self._path)
            lock_file(self._path).unlink()

    async def close(self) -> None:
        if self._optimizing is not None:
            self._optimizing.cancel()
            await asyncio.wait([self._optimizing])
        await self._engine.close()

    async def upsert(self, packed: bytes) -> None:
        await self._change(Upsert(msgspec.Raw(packed)))

    async def flush(self) -> None:
        waiting = await self._change(Flush())
        if waiting >= self._optimized_at and (self._optimizing is None or self._optimizing.done()):
            self._optimizing = asyncio.create_task(self.optimize())

    async def set_payload(self, ids: list[str], payload: dict[str, Any]) -> None:
        await self._change(SetPayload(ids, payload))

    async def delete(self, ids: list[str]) -> None:
        await self._change(Delete(ids))

    async def _change(self, request: Upsert | Flush | SetPayload | Delete) -> Any:
        async with self._changing:
            return await self._engine.ask(request)

    async def optimize(self) -> None:
        """Write the points in memory to files. Where that fails, `flush` does not try it again: they stay in memory."""
        async with self._changing:
            reader = RestartingProcess(_ENGINE, Read(str(self._path), self.dimensions))
            try:
                await self._engine.ask(Flush())  # the reader reads files
                await reader.start()
                self._reader = reader
                await self._engine.ask(Optimize())
            except (IndexUnavailable, IndexUnusable) as error:
                self._optimized_at = math.inf
                log.warning("the search index cannot be optimized, and takes more memory: %s", error)
            finally:
                self._reader = None
                await reader.close()

    @property
    def _searched(self) -> RestartingProcess:
        return self._reader or self._engine

    async def search_dense(
        self, vector: Vector, where: SearchFilter, limit: int, without: Sequence[int] = ()
    ) -> list[Hit]:
        return await self._search(SearchPoints(self._bytes(vector), None, *_within(where), limit, list(without)))

    async def search_words(
        self, text: str, where: SearchFilter, limit: int, without: Sequence[int] = (), *, prompts: bool = False
    ) -> list[Hit]:
        return await self._search(
            SearchPoints(None, clean(text), *_within(where), limit, list(without), prompts=prompts)
        )

    async def search_similar(
        self, point_id: str, where: SearchFilter, limit: int, without: Sequence[int] = ()
    ) -> list[Hit] | None:
        hits = await self._searched.ask(SearchSimilar(point_id, *_within(where), limit, list(without)))
        return None if hits is None else [_hit(hit) for hit in hits]

    async def newest(self, where: SearchFilter, limit: int, until: str | None = None) -> list[tuple[str, str]]:
        return [(point_id, at) for point_id, at in await self._searched.ask(Newest(*_within(where), limit, until))]

    async def occurrences(self, passages: Sequence[int], where: SearchFilter) -> dict[int, Occurrences]:
        counts = await self._searched.ask(CountPassages(list(passages), *_within(where))) if passages else []
        return {passage: Occurrences(events, traces) for passage, events, traces in counts}

    async def told(self, keys: Sequence[int], but: Sequence[str]) -> dict[int, str | None]:
        return dict(await self._engine.ask(Told(list(keys), list(but)))) if keys else {}

    async def repeating(self, keys: Sequence[int], but: Sequence[str]) -> list[str]:
        return list(await self._engine.ask(Repeating(list(keys), list(but)))) if keys else []

    async def facets(self, where: SearchFilter, fields: Sequence[str], limit: int, words: str | None = None) -> Counts:
        ids = None
        if words is not None:
            ids = [hit.id for hit in await self.search_words(words, where, WORDS_COUNTED)]
            if not ids:
                return Counts({field: [] for field in fields}, 0)
        # One request for each field, so that searches can be answered in between.
        counted: dict[str, list[tuple[str, int]]] = {}
        for field in fields:
            counts = await self._searched.ask(Facet(field, *_within(where), max(limit, FACET_DEPTH), ids))
            counted[field] = most_frequent(((value, count) for value, count in counts), limit)
        return Counts(counted, None if ids is None else len(ids))

    async def count(self) -> int:
        count: int = await self._searched.ask(Count())
        return count

    async def _search(self, request: SearchPoints) -> list[Hit]:
        return [_hit(hit) for hit in await self._searched.ask(request)]

    def _bytes(self, vector: Vector) -> bytes:
        return checked(vector, self.dimensions).tobytes()


def _within(where: SearchFilter) -> tuple[list[tuple[str, str]], tuple[str | None, str | None]]:
    return list(where.equal().items()), period(where)


def _hit(fields: list[Any]) -> Hit:
    point_id, score, passage, told, repeated, signature = fields
    return Hit(point_id, score, passage, tuple(told), tuple(repeated), signature)
