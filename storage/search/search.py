"""Search by meaning and by words: Qdrant finds the hits, MiniLM orders the best of them, SurrealDB has the events."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mapping.errors import invalid
from mapping.search_text.identifiers import identifiers_of
from storage.filters import SearchFilter
from storage.indexing.indexer import Indexer
from storage.qdrant.base import Hit, VectorIndex, fused_depth
from storage.qdrant.bm25 import INNER, exact_things, exact_words, telling_tokens, things, tokens
from storage.read.reader import Reader
from storage.search.alike import first_alike
from storage.search.fusion import best_first, fused, ranked, score, shares_of
from storage.search.index_access import asking, model_of
from storage.search.passages import by_one_event, distinct
from storage.search.reranking import TimedReranker
from storage.search.results import (
    Group,
    Mode,
    SearchResult,
    add_highlights,
    add_parts,
    counted,
    grouped,
    hits_needed,
    shown,
    told_once,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# The maximum number of candidates that are re-ranked, and searched for exact things.
CANDIDATES = 50
# How many of a query's exact things are searched separately, and how many hits are read of each: a thing that more
# events have does not discriminate.
_THINGS, _HOLDERS = 3, 20
# How many system prompts are found at most, and how many words of one are a part of it.
_PROMPTS, _PHRASE = 2, 4
_WORD = re.compile(r"\w+")


class SearchResults(NamedTuple):
    """Results, best first, and how they were found.

    `mode` is keyword instead of hybrid while the model is prepared, or while the index has another model's vectors.
    `reranked` is the number of candidates that MiniLM had the time to read in a hybrid search, of `candidates`.
    """

    mode: Mode
    reranked: int
    candidates: int
    results: list[SearchResult]


class _Hits(NamedTuple):
    """The hits of a search, best first: the lists by meaning and by words, hits for exact things, system prompts."""

    lists: dict[str, list[Hit]]
    holders: list[Hit]
    prompts: list[Hit]


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
        """Return events, best first; of those that say the same, the best.

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
        candidates = 0
        if mode == "hybrid":
            results, lists["reranked"], candidates = await self._ordered(query, hits, needed, left)
        else:
            (best,) = lists.values()
            found = await shown(self._reader, best, hits.prompts)
            results = _with_prompts(query, found, told_once(found), needed)
        results = grouped(results, group_by)[:limit]
        with asking(self._indexer) as index:
            await asyncio.gather(counted(index, results, which), add_highlights(results, query))
        if parts:
            add_parts(results, lists)
        return SearchResults(mode, len(lists.get("reranked", ())), candidates, results)

    async def _query_vector(
        self, query: str, vector: NDArray[np.float32], left: float
    ) -> tuple[NDArray[np.float32], float]:
        """Return the vector to search with, and the seconds left of the budget."""
        assert self._reranker is not None  # noqa: S101 - for mypy: there is a budget
        deadline = time.monotonic() + left
        vector = await self._reranker.query_vector(query, vector, deadline)
        return vector, deadline - time.monotonic()

    async def _ordered(
        self, query: str, hits: _Hits, needed: int, left: float
    ) -> tuple[list[SearchResult], list[Hit], int]:
        """Return the best results of a hybrid search, the hits that MiniLM scored in `left` seconds, and their number.

        The number is that of the candidates: it would have scored so many with time for all.
        """
        deadline = time.monotonic() + left
        by_score = fused(hits.lists["semantic"], hits.lists["keyword"])
        things_asked = exact_things(query)
        if not (self._reranker or things_asked or hits.holders):
            return await self._first(query, by_score, hits.prompts, needed), [], 0
        alike = await asyncio.to_thread(_alike, by_score, hits.holders) if self._reranker else {}
        candidates, others = _candidates(sorted(by_score, key=lambda hit: hit.id in alike), hits.holders)
        found = await shown(self._reader, candidates, hits.prompts)
        results = {result.event["id"]: result for result in told_once(found) if not result.is_prompt}
        held = await asyncio.to_thread(_held, things_asked, results)
        # MiniLM reads candidates with an exact thing first.
        first = [hit for hit in candidates if hit.id in results]
        best = [hit.id for hit in sorted(first, key=lambda hit: -held.get(hit.id, 0))[:CANDIDATES]]
        cosines: list[float] = []
        if self._reranker:
            cosines = await self._reranker.scores(query, (results[each].text for each in best), deadline)
        read = dict(zip(best, cosines, strict=False))
        shares = shares_of(hits.lists["keyword"])
        scores = {each: score(cosine, shares.get(each, 0.0)) for each, cosine in read.items()}
        scores |= _guessed(by_score, scores, alike)
        ordered = ranked([*first, *others], scores, held, needed + CANDIDATES)
        results |= {
            result.event["id"]: result
            for result in await shown(self._reader, [hit for hit in ordered if hit.id not in results])
        }
        for hit in ordered:
            if hit.id in results:
                results[hit.id].score = hit.score
        texts = told_once([results[hit.id] for hit in ordered if hit.id in results])
        return (
            _with_prompts(query, found, texts, needed),
            best_first(Hit(each, scores[each]) for each in read),
            len(best) if self._reranker else 0,
        )

    async def _first(
        self, query: str, ordered: Sequence[Hit], prompts: Sequence[Hit], needed: int
    ) -> list[SearchResult]:
        """Return the first results of the ordered hits. Of their events no more are read than that takes."""
        at_once = 2 * needed  # several events may tell the same
        found = await shown(self._reader, ordered[:at_once], prompts)
        texts = told_once([result for result in found if not result.is_prompt])
        for start in range(at_once, min(len(ordered), needed + CANDIDATES), at_once):
            if len(texts) >= needed:
                break
            found += await shown(self._reader, ordered[start : start + at_once])
            texts = told_once([result for result in found if not result.is_prompt])
        return _with_prompts(query, found, texts, needed)


async def _hits(
    index: VectorIndex, query: str, vector: NDArray[np.float32] | None, mode: Mode, which: SearchFilter, needed: int
) -> _Hits:
    # A list alone is longer than what is shown of it, because several events may tell the same.
    depth = fused_depth(needed) if mode == "hybrid" else 2 * needed

    async def by_meaning() -> list[Hit]:
        if vector is None:
            return []
        return await distinct(lambda most, but: index.search_dense(vector, which, most, but), depth)

    async def by_words(text: str, depth: int) -> list[Hit]:
        if mode == "semantic":
            return []
        return await distinct(lambda most, but: index.search_words(text, which, most, but), depth)

    async def in_prompts() -> list[Hit]:
        return [] if mode == "semantic" else await index.search_words(query, which, _PROMPTS, prompts=True)

    wanted = exact_words(query)[:_THINGS] if mode == "hybrid" else []
    alone = query.strip() in wanted
    # At once: a server is not waited for between them, nor the engine for this process.
    keyword, prompts, semantic, *of_things = await asyncio.gather(
        by_words(query, depth),
        in_prompts(),
        by_meaning(),
        *(by_words(thing, _HOLDERS) for thing in wanted if not alone),
    )
    # If nothing else is asked for, the list by words has its hits already.
    holders = keyword[:_HOLDERS] if alone else [hit for hits in of_things for hit in hits]
    holders, keyword, semantic = by_one_event(holders, keyword, semantic)
    lists = {"keyword": keyword, "semantic": semantic}
    return _Hits({mode: lists[mode]} if mode != "hybrid" else lists, holders, prompts)


def _alike(hits: Sequence[Hit], holders: Sequence[Hit]) -> dict[str, str]:
    """Return `first_alike` of the hits; those that may hold an exact thing are like none."""
    may_hold = {hit.id for hit in holders}
    return first_alike([hit for hit in hits if hit.id not in may_hold], CANDIDATES)


def _guessed(hits: Sequence[Hit], scores: Mapping[str, float], alike: Mapping[str, str]) -> dict[str, float]:
    """Return scores of hits that MiniLM has not read, but one that they are like: they are as far from it as before."""
    before = {hit.id: hit.score for hit in hits}
    return {
        hit.id: scores[first] + hit.score - before[first]
        for hit in hits
        if hit.id not in scores and (first := alike.get(hit.id, "")) in scores
    }


def _candidates(hits: Sequence[Hit], holders: Sequence[Hit]) -> tuple[list[Hit], list[Hit]]:
    """Return the candidates, the first hits and those that may hold an exact thing, and the other hits."""
    scores = {hit.id: hit.score for hit in hits}
    chosen = {hit.id for hit in hits[:CANDIDATES]}
    missing = {hit.id: hit for hit in holders if hit.id not in chosen}
    candidates = [
        *hits[:CANDIDATES],
        *(missing[each]._replace(score=scores.get(each, 0.0)) for each in sorted(missing)),
    ]
    return candidates, [hit for hit in hits[CANDIDATES:] if hit.id not in missing]


def _with_prompts(
    query: str, found: Sequence[SearchResult], ordered: Sequence[SearchResult], limit: int
) -> list[SearchResult]:
    """Return the first results, and among them the system prompts that were found, each once, as agents may share one.

    What a prompt says may happen, it has not happened: so prompts come last, and first if the query is a part of one.
    """
    words = _WORD.findall(query.lower())
    telling = telling_tokens(query) or tokens(query)
    prompts = {result.text: result for result in reversed(found) if result.is_prompt}
    first: list[SearchResult] = []
    last: list[SearchResult] = []
    for result in prompts.values():
        said = " ".join(_WORD.findall(result.text.lower()))
        if len(words) >= _PHRASE and f" {' '.join(words)} " in f" {said} ":
            first.append(result)
        elif 2 * len(telling & tokens(result.text)) > len(telling):
            last.append(result)
    first, last = first[:limit], last[: max(limit - len(first), 0)]
    texts = [result for result in ordered if not result.is_prompt][: max(limit - len(first) - len(last), 0)]
    for result in first:
        result.score = texts[0].score if texts else 1.0
    for result in last:
        result.score = texts[-1].score if texts else 1.0
    return [*first, *texts, *last]


def _held(wanted: list[str], results: dict[str, SearchResult]) -> dict[str, int]:
    """Return by result the number of `wanted` things in its text and identifiers."""
    return {each: len(_things(result).intersection(wanted)) for each, result in results.items() if wanted}


def _things(result: SearchResult) -> frozenset[str]:
    return things(result.text).union(each.strip(INNER).lower() for each in identifiers_of(result.event))
