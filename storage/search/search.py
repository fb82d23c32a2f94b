"""Search by meaning and by words: Qdrant finds the hits, MiniLM orders the best of them, SurrealDB has the events."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from mapping.errors import invalid
from mapping.search_text.identifiers import identifiers_of
from mapping.search_text.text import text_of
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.qdrant.base import Hit, VectorIndex, fused_depth
from storage.qdrant.bm25 import INNER, exact_things, things
from storage.read.reader import Reader
from storage.search.fusion import best_first, fused, ranked, score, shares_of
from storage.search.index_access import asking, model_of
from storage.search.reranking import TimedReranker
from storage.search.results import Group, SearchResult, add_highlights, add_parts, grouped, hits_needed, shown
from storage.surreal.rows import EventRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Mode = Literal["hybrid", "semantic", "keyword"]
MODES: tuple[Mode, ...] = get_args(Mode)

# The maximum number of candidates that are re-ranked, and searched for exact things.
CANDIDATES = 50
# How many of a query's exact things are searched separately, and how many hits are read of each: a thing that more
# events have does not discriminate.
_THINGS, _HOLDERS = 3, 20


class SearchResults(NamedTuple):
    """Results, best first, and how they were found.

    `mode` is keyword instead of hybrid while the model is prepared, or while the index has another model's vectors.
    `reranked` is the number of candidates that MiniLM had the time to read in a hybrid search.
    """

    mode: Mode
    reranked: int
    results: list[SearchResult]


class _Hits(NamedTuple):
    """The hits of a search, best first: the lists by meaning and by words, and hits for exact things of the query."""

    lists: dict[str, list[Hit]]
    holders: list[Hit]


class Searcher:
    """Searches the indexed events. Without `reranker`, nothing is re-ranked."""

    def __init__(self, reader: Reader, indexer: Indexer, reranker: TimedReranker | None = None) -> None:
        self._reader = reader
        self._indexer = indexer
        self._reranker = reranker

    async def search(
        self,
        query: str,
        mode: Mode,
        which: SearchFilter,
        limit: int,
        group_by: Group | None = None,
        *,
        parts: bool = False,
    ) -> SearchResults:
        """Return events, best first.

        With `group_by`, only the best event of each trace or session is returned. With `parts`, a result has its place
        in each of the lists that were fused.

        Raises SearchOff, and Problem: INVALID_ARGUMENT for an empty query, UNAVAILABLE for a semantic search while the
        model is prepared, and for any search while the index cannot be reached.
        """
        if not query.strip():
            raise invalid("expected the words to search for")
        needed = hits_needed(limit, group_by)
        left = self._reranker.budget if self._reranker else 0.0
        with asking(self._indexer) as index:
            vector = None
            if mode == "hybrid" and self._indexer.embedder is None:
                mode = "keyword"  # the model is being prepared, or the serving index has another model's vectors
            if mode != "keyword":
                (vector,) = await asyncio.to_thread(model_of(self._indexer).embed, [query])
            if vector is not None and left:
                vector, left = await self._query_vector(query, vector, left)
            hits = await _hits(index, query, vector, mode, which, needed)
        lists = hits.lists
        if mode == "hybrid":
            results, lists["reranked"] = await self._ordered(query, hits, needed, left)
        else:
            (best,) = lists.values()
            results = await shown(self._reader, best)
        results = grouped(results, group_by)[:limit]
        await add_highlights(results, query)
        if parts:
            add_parts(results, lists)
        return SearchResults(mode, len(lists.get("reranked", ())), results)

    async def _query_vector(
        self, query: str, vector: NDArray[np.float32], left: float
    ) -> tuple[NDArray[np.float32], float]:
        """Return the vector to search with, and the seconds left of the budget."""
        assert self._reranker is not None  # noqa: S101 - for mypy: there is a budget
        deadline = time.monotonic() + left
        vector = await self._reranker.query_vector(query, vector, deadline)
        return vector, deadline - time.monotonic()

    async def _ordered(self, query: str, hits: _Hits, needed: int, left: float) -> tuple[list[SearchResult], list[Hit]]:
        """Return the best results of a hybrid search, and the hits that MiniLM scored in `left` seconds."""
        deadline = time.monotonic() + left
        results = {result.event["id"]: result for result in await shown(self._reader, _candidates(hits, needed))}
        candidates = [Hit(each, result.score) for each, result in results.items()]
        events = {each: result.event for each, result in results.items()}
        held = await asyncio.to_thread(_held, exact_things(query), events)
        # MiniLM reads candidates with an exact thing first.
        best = [hit.id for hit in ranked(candidates, {}, held)[:CANDIDATES]]
        cosines: list[float] = []
        if self._reranker and left > 0:
            texts = await asyncio.to_thread(_texts, [events[each] for each in best])
            cosines = await self._reranker.scores(query, texts, deadline)
        shares = shares_of(hits.lists["keyword"])
        scores = {each: score(cosine, shares.get(each, 0.0)) for each, cosine in zip(best, cosines, strict=False)}
        ordered = ranked(candidates, scores, held)[:needed]
        for hit in ordered:
            results[hit.id].score = hit.score
        return [results[hit.id] for hit in ordered], best_first(map(Hit._make, scores.items()))


async def _hits(
    index: VectorIndex, query: str, vector: NDArray[np.float32] | None, mode: Mode, which: SearchFilter, needed: int
) -> _Hits:
    depth = fused_depth(needed) if mode == "hybrid" else needed
    lists: dict[str, list[Hit]] = {}
    holders: list[Hit] = []
    if mode != "semantic":
        lists["keyword"] = await index.search_words(query, which, depth)
    if vector is not None:
        lists["semantic"] = await index.search_dense(vector, which, depth)
    if mode == "hybrid":
        for thing in exact_things(query)[:_THINGS]:
            if thing != query.strip().lower():  # then the list by words has its hits already
                holders += await index.search_words(thing, which, _HOLDERS)
    return _Hits(lists, holders)


def _candidates(hits: _Hits, needed: int) -> list[Hit]:
    """Return the candidates: the best hits by meaning and words, and hits that may hold an exact thing."""
    by_score = fused(hits.lists["semantic"], hits.lists["keyword"])
    best = by_score[: max(needed, CANDIDATES)]
    scores = {hit.id: hit.score for hit in by_score}
    missing = dict.fromkeys(hit.id for hit in hits.holders).keys() - {hit.id for hit in best}
    return best + [Hit(each, scores.get(each, 0.0)) for each in sorted(missing)]


def _held(wanted: list[str], events: dict[str, EventRow]) -> dict[str, int]:
    """Return by event the number of `wanted` things in its text and identifiers."""
    return {each: len(_things(event).intersection(wanted)) for each, event in events.items() if wanted}


def _things(event: EventRow) -> frozenset[str]:
    return things(_text(event)).union(each.strip(INNER).lower() for each in identifiers_of(event))


def _texts(events: list[EventRow]) -> list[str]:
    return [_text(event) for event in events]


def _text(event: EventRow) -> str:
    return text_of(event["name"], event["properties"])
