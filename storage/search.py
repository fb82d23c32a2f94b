"""Search by meaning and by words: the index finds, the store shows."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Literal, get_args

from mapping.errors import Code, Problem, invalid
from storage.embedding.model import Embedder
from storage.index.base import Filter, Hit, IndexUnavailable, IndexUnusable, VectorIndex
from storage.indexer import Indexer
from storage.reader import Reader

Mode = Literal["hybrid", "semantic", "keyword"]
Group = Literal["trace", "session"]
MODES: tuple[Mode, ...] = get_args(Mode)
GROUPS: tuple[Group, ...] = get_args(Group)

# Hits looked at for each result, where several of them fall into one group.
_GROUPED = 5


class Search:
    """Searches what the indexer has indexed."""

    def __init__(self, reader: Reader, indexer: Indexer) -> None:
        self._reader = reader
        self._indexer = indexer

    async def search(
        self, query: str, mode: Mode, which: Filter, limit: int, group_by: Group | None = None
    ) -> dict[str, Any]:
        """Give the best matches as `{query, mode, took_ms, index: {state, pending}, results: [{score, event}]}`.

        With `group_by`, a result is the best event of its trace or session. Raises Problem: INVALID_ARGUMENT for an
        empty query and where search is off, UNAVAILABLE while the model is prepared or the index is away.
        """
        if not query.strip():
            raise invalid("q: expected the words to search for")
        embedder, index = self._ready()
        started = time.perf_counter()
        try:
            hits = await self._hits(embedder, index, query, mode, which, limit * (_GROUPED if group_by else 1))
        except IndexUnavailable as error:
            raise Problem(Code.UNAVAILABLE, f"the search index does not answer ({error}); try again") from error
        except IndexUnusable as error:
            self._indexer.rebuild()
            raise Problem(Code.UNAVAILABLE, f"the search index is built anew ({error}); try again") from error
        events = await self._reader.events_by_id(hit.id for hit in hits)
        # A hit that the store no longer has is not shown.
        results = [{"score": hit.score, "event": events[hit.id]} for hit in hits if hit.id in events]
        if group_by:
            results = _grouped(results, f"{group_by}_id")
        return {
            "query": query,
            "mode": mode,
            "took_ms": round((time.perf_counter() - started) * 1000, 3),
            "index": {"state": self._indexer.state, "pending": self._indexer.pending},
            "results": results[:limit],
        }

    async def _hits(
        self, embedder: Embedder, index: VectorIndex, query: str, mode: Mode, which: Filter, limit: int
    ) -> list[Hit]:
        if mode == "keyword":
            return await index.search_words(query, which, limit)
        vector = (await asyncio.to_thread(embedder.embed, [query]))[0]
        if mode == "semantic":
            return await index.search_dense(vector, which, limit)
        return await index.search_hybrid(vector, query, which, limit)

    def _ready(self) -> tuple[Embedder, VectorIndex]:
        indexer = self._indexer
        if indexer.state == "off":
            raise invalid("search is off: embedding.model is off; set it to minilm and start again")
        if indexer.state == "failed":
            raise Problem(Code.UNAVAILABLE, f"search is not possible: {indexer.reason}", retry_after=60)
        if indexer.embedder is None or indexer.index is None:
            raise Problem(
                Code.UNAVAILABLE,
                f"the search index is {indexer.state} ({indexer.progress:.0%}: {indexer.reason}); try again",
                retry_after=2,
            )
        return indexer.embedder, indexer.index


def _grouped(results: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    """Keep the best of each group; an event without the field is a group of its own."""
    best: dict[str, dict[str, Any]] = {}
    for result in results:
        best.setdefault(result["event"][field] or result["event"]["id"], result)
    return list(best.values())
