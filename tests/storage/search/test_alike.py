"""Hits that are nearly the same are told by their signatures, and MiniLM reads others first."""

import pytest

from storage.filters import SearchFilter
from storage.qdrant.base import Hit
from storage.search.alike import first_alike
from storage.search.reranking import TimedReranker
from storage.search.search import CANDIDATES, Searcher
from tests.storage.search.test_reranking import FakeMiniLM

ONES = (1 << 256) - 1


def hit(name, bits):
    return Hit(name, 1.0, signature=f"{bits:064x}")


def test_a_hit_is_like_the_first_one_with_nearly_the_same_signature():
    hits = [hit("a", 0), hit("b", ONES), hit("c", 0b111), hit("d", ONES ^ 0b111), hit("e", 0b1111)]
    assert first_alike(hits, 10) == {"c": "a", "d": "b", "e": "a"}


@pytest.mark.parametrize(("differing", "alike"), [(70, {"b": "a"}), (71, {})])
def test_up_to_275_of_1000_bits_may_differ(differing, alike):
    assert first_alike([hit("a", 0), hit("b", (1 << differing) - 1)], 10) == alike


def test_without_a_signature_a_hit_is_like_none():
    assert first_alike([Hit("a", 1.0), Hit("b", 1.0), hit("c", 0)], 10) == {}


def test_hits_are_compared_with_so_many_different_ones():
    hits = [hit("a", 0), hit("b", ONES), hit("c", ONES), hit("d", 1)]
    assert first_alike(hits, 1) == {"d": "a"}


@pytest.mark.parametrize("connect", ["embedded"], indirect=True)
async def test_a_question_asked_a_hundred_times_does_not_hide_another(
    database, reader, index, embedder, indexing, store, caught_up
):
    """They are better hits by meaning and words than the one that MiniLM likes, and MiniLM has no time for all."""
    minilm = FakeMiniLM(seconds=0.02)
    search = TimedReranker(lambda: minilm, 5.0)
    search.load()
    async with indexing(database, index, embedder) as indexer:
        asked = " ".join(f"apple{letter} where is my order of" for letter in "abcde")
        await store(*(f"{asked} {number}" for number in range(CANDIDATES + 10)), indexer=indexer)
        await store("liked: seven other words than these, and one is applea", indexer=indexer)
        await caught_up(indexer)
        answer = await Searcher(reader, indexer, search).search(f"{asked}", "hybrid", SearchFilter(), 10)
    assert "liked" in answer.results[0].text
    assert ["liked" in text for text in minilm.texts].index(True) < 3
    # Those that were not read come after it, in their order.
    assert len(answer.results) == 10
