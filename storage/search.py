"""Search by meaning and by words: the index finds, the store shows."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Literal, get_args

from mapping.errors import invalid
from storage.asking import asking, index_state, model_of
from storage.index.base import Filter, Hit, VectorIndex
from storage.indexer import Indexer
from storage.reader import Reader
from storage.results import Group, add_highlights, grouped, hits_needed, shown, took_ms

Mode = Literal["hybrid", "semantic", "keyword"]
MODES: tuple[Mode, ...] = get_args(Mode)


class Search:
    """Searches what the indexer has indexed."""

    def __init__(self, reader: Reader, indexer: Indexer) -> None:
        self._reader = reader
        self._indexer = indexer

    async def search(
        self, query: str, mode: Mode, which: Filter, limit: int, group_by: Group | None = None
    ) -> dict[str, Any]:
        """Give `{query, mode, took_ms, index: {state, pending}, results: [{score, event, highlights}]}`, best first.

        With `group_by`, a result is the best event of its trace or session, and `more` says how many others of it were
        found. Raises Problem: INVALID_ARGUMENT for an empty query and where search is off, UNAVAILABLE while the model
        is prepared or the index is away.
        """
        if not query.strip():
            raise invalid("q: expected the words to search for")
        started = time.perf_counter()
        with asking(self._indexer) as index:
            hits = await self._hits(index, query, mode, which, hits_needed(limit, group_by))
        results = grouped(await shown(self._reader, hits), group_by)[:limit]
        await add_highlights(results, query)
        return {
            "query": query,
            "mode": mode,
            "took_ms": took_ms(started),
            "index": index_state(self._indexer),
            "results": results,
        }

    async def _hits(self, index: VectorIndex, query: str, mode: Mode, which: Filter, limit: int) -> list[Hit]:
        if mode == "keyword":
            return await index.search_words(query, which, limit)
        vector = (await asyncio.to_thread(model_of(self._indexer).embed, [query]))[0]
        if mode == "semantic":
            return await index.search_dense(vector, which, limit)
        return await index.search_hybrid(vector, query, which, limit)
