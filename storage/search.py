"""Search by meaning and by words: the index finds, the store shows."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Literal, get_args

from mapping.errors import invalid
from storage.asking import asking, index_state, model_of
from storage.index.base import Filter, Hit, VectorIndex, fused_depth
from storage.indexer import Indexer
from storage.reader import Reader
from storage.results import Group, add_highlights, add_parts, grouped, hits_needed, shown, took_ms

if TYPE_CHECKING:
    from storage.index.base import Vector

Mode = Literal["hybrid", "semantic", "keyword"]
MODES: tuple[Mode, ...] = get_args(Mode)


class Search:
    """Searches what the indexer has indexed."""

    def __init__(self, reader: Reader, indexer: Indexer) -> None:
        self._reader = reader
        self._indexer = indexer

    async def search(
        self,
        query: str,
        mode: Mode,
        which: Filter,
        limit: int,
        group_by: Group | None = None,
        *,
        parts: bool = False,
    ) -> dict[str, Any]:
        """Give `{query, mode, took_ms, index: {state, pending}, results: [{score, event, highlights}]}`, best first.

        With `group_by`, a result is the best event of its trace or session, and `more` says how many others of it were
        found. With `parts`, a result has its rank and score in each list that its score is made of, too.

        Raises Problem: INVALID_ARGUMENT for an empty query and where search is off, UNAVAILABLE while the model is
        prepared or the index is away.
        """
        if not query.strip():
            raise invalid("q: expected the words to search for")
        started = time.perf_counter()
        needed = hits_needed(limit, group_by)
        with asking(self._indexer) as index:
            vector = None if mode == "keyword" else await self._embedded(query)
            hits = await _hits(index, query, vector, mode, which, needed)
            lists = await _lists(index, query, vector, mode, which, needed) if parts else {}
        results = grouped(await shown(self._reader, hits), group_by)[:limit]
        await add_highlights(results, query)
        if parts:
            add_parts(results, lists)
        return {
            "query": query,
            "mode": mode,
            "took_ms": took_ms(started),
            "index": index_state(self._indexer),
            "results": results,
        }

    async def _embedded(self, query: str) -> Vector:
        vectors = await asyncio.to_thread(model_of(self._indexer).embed, [query])
        vector: Vector = vectors[0]
        return vector


async def _hits(
    index: VectorIndex, query: str, vector: Vector | None, mode: Mode, which: Filter, limit: int
) -> list[Hit]:
    if vector is None:
        return await index.search_words(query, which, limit)
    if mode == "semantic":
        return await index.search_dense(vector, which, limit)
    return await index.search_hybrid(vector, query, which, limit)


async def _lists(
    index: VectorIndex, query: str, vector: Vector | None, mode: Mode, which: Filter, limit: int
) -> dict[str, list[Hit]]:
    """Give the lists that a mode puts together, as deep as it looks."""
    lists = {}
    if mode != "semantic":
        lists["keyword"] = await index.search_words(query, which, fused_depth(limit))
    if vector is not None:
        lists["semantic"] = await index.search_dense(vector, which, fused_depth(limit))
    return lists
