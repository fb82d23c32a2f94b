"""What is found at once is noted as indexed once it is on the index's disk, and done again where it may be lost."""

import asyncio

import pytest

from storage.filters import SearchFilter

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


async def queued(database):
    return (await database.query("SELECT VALUE size FROM index_queue"))[0]


async def found_all(indexer):
    async with asyncio.timeout(60):
        while indexer.state != "ready" or indexer.pending:
            await asyncio.sleep(0.005)


async def test_events_are_found_once_each_before_they_are_flushed_and_noted_at_a_stop(
    database, index, embedder, indexing, store
):
    async with indexing(database, index, embedder, flush_every=60) as indexer:
        await found_all(indexer)
        await store("an apple", indexer=indexer)
        await found_all(indexer)
        await store("a pear", indexer=indexer)
        await found_all(indexer)
        assert [len(await index.search_words(word, SearchFilter(), 10)) for word in ("apple", "pear")] == [1, 1]
        assert await queued(database) == [1, 1]
        assert embedder.embedded == ["an apple", "a pear"]
    assert await queued(database) == []


async def test_what_was_not_flushed_when_the_index_failed_is_indexed_again(database, index, embedder, indexing, store):
    async with indexing(database, index, embedder, flush_every=60) as indexer:
        await found_all(indexer)
        await store("an apple", indexer=indexer)
        await found_all(indexer)
        index._engine._process.kill()
        await store("a pear", indexer=indexer)
        async with asyncio.timeout(60):
            while indexer.indexed < 3:
                await asyncio.sleep(0.005)
        await found_all(indexer)
        assert await index.count() == 2
    assert await queued(database) == []


async def test_the_queue_is_flushed_early_where_it_grows_long(database, index, embedder, indexing, caught_up, store):
    async with indexing(database, index, embedder, flush_every=60, most_unflushed=3) as indexer:
        await found_all(indexer)
        for number in range(3):
            await store(f"apple {number}", indexer=indexer)
            await found_all(indexer)
        await caught_up(indexer)
        assert await queued(database) == []
