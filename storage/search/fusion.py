"""Fuses the hits by meaning and by words, and applies MiniLM's scores of the best of them.

All scores are on one scale: the cosine plus a tenth of the BM25 score divided by the best BM25 score. Among the weights
up to 0.5, a tenth was the best on five of the ten domains of `tests/search`, or within 0.002 of it: with the static
table, with MiniLM's vector of the query, and after re-ranking. On all ten, nDCG@10 was 0.62; fusing by reciprocal rank
(k=2) gave 0.58.

An event with an exact thing of the query (`storage.qdrant.bm25.exact_things`) comes before all events without one: no
model can tell ORD-48213 from ORD-48231.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from storage.qdrant.base import Hit

WORDS_WEIGHT = 0.1
# More than the cosine and the words' share can add up to.
_EXACT = 2.0


def fused(semantic: Sequence[Hit], keyword: Sequence[Hit]) -> list[Hit]:
    """Fuse the hits by meaning, whose scores are cosines, and those by words (BM25), best first.

    A hit by words alone gets the cosine of the last hit by meaning.
    """
    lowest = semantic[-1].score if semantic else 0.0
    cosines = {hit.id: hit.score for hit in semantic}
    shares = shares_of(keyword)
    hits = {hit.id: hit for hit in (*semantic, *keyword)}
    return best_first(
        hit._replace(score=score(cosines.get(each, lowest), shares.get(each, 0.0))) for each, hit in hits.items()
    )


def shares_of(hits: Sequence[Hit]) -> dict[str, float]:
    """Return by id the BM25 score of each hit divided by that of the first, which is the best."""
    return {hit.id: hit.score / hits[0].score for hit in hits}


def score(cosine: float, share: float) -> float:
    return cosine + WORDS_WEIGHT * share


def best_first(hits: Iterable[Hit]) -> list[Hit]:
    """Sort hits by score, stably."""
    return sorted(hits, key=lambda hit: -hit.score)


def ranked(
    hits: Sequence[Hit], scores: Mapping[str, float], held: Mapping[str, int], most: int | None = None
) -> list[Hit]:
    """Sort hits by the number of exact things they hold (`held`), then by their new `scores`; those without one last.

    The first `most` of them are returned, None for all.
    The resulting scores never rise from hit to hit: a hit without a new score gets at most the lowest one before it.
    """
    ordered = sorted(hits, key=lambda hit: (-held.get(hit.id, 0), hit.id not in scores, -scores.get(hit.id, hit.score)))
    result: list[Hit] = []
    for hit in ordered[:most]:
        own = _EXACT * held.get(hit.id, 0) + scores.get(hit.id, hit.score)
        result.append(hit._replace(score=min(own, result[-1].score) if result else own))
    return result
