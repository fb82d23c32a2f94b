"""While the model is prepared, words are found; once it is there, meaning is, and nothing was lost on the way."""

import asyncio
import threading

import pytest

from mapping.errors import Code, Problem
from mapping.times import LATEST
from storage.filters import SearchFilter
from storage.indexing.index_state import Vectors
from storage.indexing.indexer import Indexer
from storage.indexing.keywords_first import KeywordsFirst
from storage.indexing.points.preparer import PreparerProcess
from storage.retention.prune import Pruner, Selection
from storage.search.search import Searcher
from tests.storage.indexed import IMPATIENT

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


AT_ONCE = {"patience": 0.0, "look_every": 0.01}


@pytest.fixture
async def preparing(database, reader, index, embedder, running, tmp_path):
    """An indexer whose model is prepared once `there` is set."""
    indexer = Indexer(database, reader, tuning=IMPATIENT)
    indexer.there = threading.Event()

    def prepare():
        indexer.there.wait(20)
        return embedder

    vectors = Vectors(embedder.name, embedder.dimensions)
    first = KeywordsFirst(lambda: PreparerProcess(None, tmp_path, 1), vectors, **AT_ONCE)
    task = asyncio.create_task(running(indexer, prepare, index, first))
    yield indexer
    indexer.there.set()
    task.cancel()
    await asyncio.wait([task])


async def found(indexer, reader, query, mode="keyword"):
    answer = await Searcher(reader, indexer).search(query, mode, SearchFilter(), 10)
    return answer.mode, [result.event["properties"]["input.value"] for result in answer.results]


async def until_found(indexer, reader, query, count):
    async with asyncio.timeout(60):
        while indexer.index is None or len((await found(indexer, reader, query))[1]) != count:
            await asyncio.sleep(0.01)


async def test_words_are_found_before_meaning_is(preparing, reader, store, caught_up, index):
    await store("a red apple", indexer=preparing)
    await until_found(preparing, reader, "apple", 1)
    assert preparing.state == "preparing"
    assert preparing.pending == 1
    assert await found(preparing, reader, "apple", "hybrid") == ("keyword", ["a red apple"])
    with pytest.raises(Problem, match="preparing") as raised:
        await found(preparing, reader, "apple", "semantic")
    assert raised.value.code is Code.UNAVAILABLE
    preparing.there.set()
    await caught_up(preparing)
    assert await found(preparing, reader, "red apple", "semantic") == ("semantic", ["a red apple"])
    assert await index.count() == 1


async def test_what_is_deleted_meanwhile_is_gone(preparing, database, reader, store, caught_up, index):
    await store("an apple", indexer=preparing)
    await until_found(preparing, reader, "apple", 1)
    await Pruner(database).prune(Selection(before=LATEST), share=1.0, seconds=10)
    async with asyncio.timeout(60):
        while await index.count():
            await asyncio.sleep(0.01)
    preparing.there.set()
    await caught_up(preparing)
    assert await index.count() == 0


async def test_a_model_that_only_loading_tells_about_is_waited_for(
    database, running, index, embedder, reader, store, tmp_path
):
    indexer = Indexer(database, reader, tuning=IMPATIENT)
    there = threading.Event()
    first = KeywordsFirst(lambda: PreparerProcess(None, str(tmp_path), 1), None, **AT_ONCE)
    task = asyncio.create_task(running(indexer, lambda: there.wait(20) and embedder, index, first))
    await store("an apple", indexer=indexer)
    await asyncio.sleep(0.3)
    assert indexer.index is None
    with pytest.raises(Problem, match="preparing"):
        await found(indexer, reader, "apple")
    there.set()
    async with asyncio.timeout(60):
        while indexer.state != "ready" or indexer.pending:
            await asyncio.sleep(0.01)
    assert await found(indexer, reader, "apple") == ("keyword", ["an apple"])
    task.cancel()
    await asyncio.wait([task])


async def test_beside_other_receivers_nothing_is_indexed_without_vectors(database, store, tmp_path):
    await store("a red apple")
    served = []
    first = KeywordsFirst(lambda: PreparerProcess(None, tmp_path, 1), Vectors("words", 32), **AT_ONCE)
    async with asyncio.timeout(60):
        await first.run(database, None, lambda: False, served.append, lambda: False)
    assert served == []
