import threading
import time

import numpy as np
import pytest

from storage.embedding.model import prepare
from storage.embedding.reranker import Reranker
from tests.clock import Clock

TEXTS = [
    "The customer's card got rejected",
    "A cat sleeps on the sofa",
    "lookup_order {order_id: 4711}: the order was not found",
]
QUERY = "The payment was declined by the bank"


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("storage.embedding.reranker.time", clock)
    return clock


class Counted:
    """An embedder that counts what it reads, and takes longer if told to, by a clock."""

    def __init__(self, embedder, clock=time):
        self._embedder, self._clock = embedder, clock
        self.read = []
        self.takes = 0.0

    def embed(self, texts):
        self._clock.sleep(self.takes)
        self.read += texts
        return self._embedder.embed(texts)


@pytest.fixture(scope="module")
def minilm(tmp_path_factory):
    return prepare("minilm", tmp_path_factory.mktemp("data"), 1, lambda *_: None)


@pytest.fixture
def counted(minilm):
    return Counted(minilm)


@pytest.fixture
def timed(minilm, clock):
    return Counted(minilm, clock)


def of(counted):
    reranker = Reranker(counted)
    counted.read.clear()
    return reranker


@pytest.fixture
def reranker(counted):
    return of(counted)


def soon():
    return time.monotonic() + 60


def test_scores_are_cosines_in_the_texts_order(reranker, minilm):
    vectors = minilm.embed([QUERY, *TEXTS])
    scores = reranker.score(QUERY, TEXTS, soon())
    assert np.allclose(scores, vectors[1:] @ vectors[0], atol=1e-5)
    assert scores[0] == max(scores) > 0.42


def test_what_was_read_lately_is_not_read_again(reranker, counted):
    first = reranker.score(QUERY, TEXTS, soon())
    assert reranker.score(QUERY, [*TEXTS[::-1], "new"], soon())[:3] == first[::-1]
    assert counted.read == [QUERY, *TEXTS, "new"]


def test_the_vectors_kept_are_those_used_last(counted):
    reranker = Reranker(counted, cached=3)
    counted.read.clear()
    reranker.score(QUERY, ["a", "b"], soon())
    reranker.score(QUERY, ["a", "c"], soon())  # b goes
    reranker.score(QUERY, ["a", "c", "b"], soon())
    assert counted.read == [QUERY, "a", "b", "c", "b"]


def test_at_the_deadline_those_are_given_that_were_read(timed, clock):
    reranker = of(timed)
    timed.takes = 0.1
    texts = [f"text number {number}" for number in range(100)]
    started = clock.now
    scores = reranker.score(QUERY, texts, started + 1.0)
    assert 8 <= len(scores) <= 9
    assert clock.now - started < 1.1
    assert timed.read == [QUERY, *texts[: len(scores)]]


def test_a_deadline_that_has_passed_reads_nothing(reranker, counted):
    assert reranker.score(QUERY, TEXTS, time.monotonic() - 1) == []
    assert counted.read == []


def test_one_slow_text_does_not_stop_later_searches(timed, clock):
    reranker = of(timed)
    timed.takes = 2.0
    reranker.score("slow", [], clock.now + 60)
    timed.takes = 0.0
    assert len(reranker.score("slow", TEXTS, clock.now + 1.5)) == 3


def test_a_slow_text_does_not_stop_later_searches_whose_first_texts_are_known(timed, clock):
    reranker = of(timed)
    reranker.score(QUERY, TEXTS[:1], clock.now + 60)
    timed.takes = 2.0
    reranker.score(QUERY, TEXTS[:2], clock.now + 60)
    timed.takes = 0.0
    assert len(reranker.score(QUERY, [*TEXTS, "one", "two"], clock.now + 1.5)) == 5


def test_threads_that_score_at_once_take_turns_within_their_time(reranker, counted):
    expected = reranker.score(QUERY, TEXTS, soon())
    counted.takes = 0.5
    scores = {}

    def score(name, texts, seconds):
        scores[name] = reranker.score(QUERY, texts, time.monotonic() + seconds)

    threads = [
        threading.Thread(target=score, args=("first", ["one", "two"], 60)),
        threading.Thread(target=score, args=("second", TEXTS, 60)),
        threading.Thread(target=score, args=("hurried", TEXTS, 0.1)),
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert len(scores["first"]) == 2
    assert scores["second"] == expected
    assert scores["hurried"] == []
