"""The embedded index: Qdrant Edge on disk, in a process of its own (`engine.py` says why)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from storage.errors import IndexUnusable
from storage.filters import SearchFilter
from storage.qdrant.base import FACET_DEPTH, Hit, most_frequent, period
from storage.qdrant.bm25 import clean
from storage.qdrant.locking import lock_file, locked
from storage.qdrant.messages import Count, Delete, Facet, Flush, Open, SearchPoints, SearchSimilar, SetPayload, Upsert
from storage.qdrant.vectors import checked
from storage.workers.process import RestartingProcess

if TYPE_CHECKING:
    from storage.qdrant.base import Vector


class EdgeIndex:
    """An index in the folder `path`, for one process at a time. Closing it takes at most `patience` seconds.

    Requests are answered in order. An engine that failed is started again by the next request.
    """

    def __init__(self, path: Path, dimensions: int | None, patience: float = 5.0) -> None:
        self.dimensions = dimensions
        self._path = path
        # An index that kills the engine as it is opened counts as damaged, and is made anew.
        self._engine = RestartingProcess("storage.qdrant.engine", Open(str(path), dimensions), patience, IndexUnusable)

    async def open(self) -> None:
        await self._engine.start()

    async def remove(self) -> None:
        await self._engine.close()
        await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        if self._path.exists():
            with locked(self._path):
                shutil.rmtree(self._path)
            lock_file(self._path).unlink()

    async def close(self) -> None:
        await self._engine.close()

    async def upsert(self, packed: bytes) -> None:
        await self._engine.ask(Upsert(msgspec.Raw(packed)))

    async def flush(self) -> None:
        await self._engine.ask(Flush())

    async def set_payload(self, ids: list[str], payload: dict[str, Any]) -> None:
        await self._engine.ask(SetPayload(ids, payload))

    async def delete(self, ids: list[str]) -> None:
        await self._engine.ask(Delete(ids))

    async def search_dense(self, vector: Vector, where: SearchFilter, limit: int) -> list[Hit]:
        return await self._search(self._bytes(vector), None, where, limit)

    async def search_words(self, text: str, where: SearchFilter, limit: int) -> list[Hit]:
        return await self._search(None, clean(text), where, limit)

    async def search_similar(self, point_id: str, where: SearchFilter, limit: int) -> list[Hit] | None:
        hits = await self._engine.ask(SearchSimilar(point_id, list(where.equal().items()), period(where), limit))
        return None if hits is None else [Hit(*hit) for hit in hits]

    async def facets(self, where: SearchFilter, fields: Sequence[str], limit: int) -> dict[str, list[tuple[str, int]]]:
        # One request for each field, so that searches can be answered in between.
        counted: dict[str, list[tuple[str, int]]] = {}
        for field in fields:
            counts = await self._engine.ask(
                Facet(field, list(where.equal().items()), period(where), max(limit, FACET_DEPTH))
            )
            counted[field] = most_frequent(((value, count) for value, count in counts), limit)
        return counted

    async def count(self) -> int:
        count: int = await self._engine.ask(Count())
        return count

    async def _search(self, vector: bytes | None, text: str | None, where: SearchFilter, limit: int) -> list[Hit]:
        hits = await self._engine.ask(SearchPoints(vector, text, list(where.equal().items()), period(where), limit))
        return [Hit(*hit) for hit in hits]

    def _bytes(self, vector: Vector) -> bytes:
        return checked(vector, self.dimensions).tobytes()
