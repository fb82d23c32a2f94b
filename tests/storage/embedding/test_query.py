"""MiniLM reads a query for the static table."""

import time

import numpy as np
import pytest

from storage.embedding.model import prepare
from storage.embedding.reranker import Reranker


@pytest.fixture(scope="module")
def table(static_data_dir):
    return prepare("static", static_data_dir, 0, lambda *_: None)


@pytest.fixture(scope="module")
def minilm(static_data_dir):
    return Reranker.with_axes(prepare("minilm", static_data_dir, 0, lambda *_: None), static_data_dir)


def cosine(one, other):
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def in_a_minute():
    return time.monotonic() + 60


@pytest.mark.parametrize(
    ("query", "wanted", "other"),
    [
        ("is it warm in Portugal?", "Weather forecast for Lisbon: sunny, 24 degrees.", "Is it in the cupboard?"),
        ("crooks pretend to be the boss", "Fraud: somebody poses as the director.", "The boss likes to pretend."),
        ("the computer ran out of memory", "OOMKilled: the container used more than 2 GiB", "Our computer class"),
    ],
)
def test_what_is_looked_for_is_nearer_to_what_means_the_same(table, minilm, query, wanted, other):
    (own,) = table.embed([query])
    query_vector = minilm.query_vector(query, own, in_a_minute())
    near, far = table.embed([wanted, other])
    assert cosine(query_vector, near) - cosine(query_vector, far) > cosine(own, near) - cosine(own, far)


def test_the_tables_own_words_still_count(table, minilm):
    (own,) = table.embed(["refund the order"])
    assert 0.3 < cosine(minilm.query_vector("refund the order", own, in_a_minute()), own) < 0.999


def test_without_time_the_tables_own_vector_is_looked_for(table, minilm):
    (own,) = table.embed(["never read before"])
    assert minilm.query_vector("never read before", own, time.monotonic() - 1) is own


def test_the_query_is_read_once_for_search_and_scores(table, static_data_dir):
    read = []
    embedder = prepare("minilm", static_data_dir, 0, lambda *_: None)

    class Seen:
        def embed(self, texts):
            read.extend(texts)
            return embedder.embed(texts)

    minilm = Reranker(Seen(), np.zeros((embedder.dimensions, table.dimensions), np.float32) + 1)
    read.clear()
    minilm.query_vector("read once", table.embed(["read once"])[0], in_a_minute())
    minilm.score("read once", ["a text"], in_a_minute())
    assert read == ["read once", "a text"]
