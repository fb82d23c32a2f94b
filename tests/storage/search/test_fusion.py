"""One scale for meaning and words; exact things before all."""

from storage.qdrant.base import Hit
from storage.search.fusion import WORDS_WEIGHT, fused, ranked


def ids(hits):
    return "".join(hit.id for hit in hits)


def scores_of(hits):
    return {hit.id: hit.score for hit in hits}


def test_what_both_find_comes_before_what_one_finds_as_well():
    assert ids(fused([Hit("a", 0.6), Hit("b", 0.55)], [Hit("b", 7.0), Hit("c", 1.0)])) == "bac"


def test_words_count_by_their_share_of_the_best():
    near = [Hit("a", 0.5), Hit("b", 0.4)]
    scores = scores_of(fused(near, [Hit("b", 8.0), Hit("a", 2.0)]))
    assert scores == {"a": 0.5 + WORDS_WEIGHT / 4, "b": 0.4 + WORDS_WEIGHT}
    assert scores == scores_of(fused(near, [Hit("b", 80.0), Hit("a", 20.0)]))


def test_what_only_words_find_is_as_near_as_the_last():
    assert scores_of(fused([Hit("a", 0.9), Hit("b", 0.2)], [Hit("c", 3.0)]))["c"] == 0.2 + WORDS_WEIGHT
    assert scores_of(fused([], [Hit("c", 3.0)])) == {"c": WORDS_WEIGHT}
    assert fused([], []) == []


def test_what_was_read_again_comes_before_what_was_not():
    assert ids(ranked([Hit("a", 0.9), Hit("b", 0.8), Hit("c", 0.7)], {"b": 0.3, "c": 0.4}, {})) == "cba"


def test_who_holds_more_exact_things_comes_first_whatever_the_scores():
    hits = [Hit("a", 1.1), Hit("b", 0.1), Hit("c", -0.5), Hit("d", 0.2)]
    assert ids(ranked(hits, {"a": 1.1}, {"b": 1, "c": 2, "d": 1})) == "cdba"


def test_scores_fall():
    hits = [Hit("a", 0.9), Hit("b", 0.8), Hit("c", -1.0), Hit("d", 0.5)]
    scores = [hit.score for hit in ranked(hits, {"b": 0.3}, {"c": 1})]
    assert scores == sorted(scores, reverse=True)
