"""What is deleted in the store leaves the index, whatever the two do at the moment, and is never found."""

import asyncio
import time

import pytest

from mapping.times import NS
from storage.filters import SearchFilter
from storage.qdrant.edge import EdgeIndex
from storage.read.reader import Reader
from storage.retention.prune import Pruned, Pruner, Selection
from storage.search.results import MODES
from storage.search.search import Searcher

EVERYTHING = Selection(before=2**63)
embedded = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


class Held(EdgeIndex):
    """An index whose next upsert or deletion waits, before or after it is done, until it is let go."""

    def __init__(self, path, before=None, after=None):
        super().__init__(path, 32)
        self.before, self.after = before, after
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def upsert(self, points):
        await self._held("upsert", super().upsert, points)

    async def delete(self, ids):
        await self._held("delete", super().delete, ids)

    async def _held(self, name, work, arguments):
        if self.before == name:
            await self._wait()
        await work(arguments)
        if self.after == name:
            await self._wait()

    async def _wait(self):
        self.reached.set()
        await self.go.wait()


async def prune(database, which=EVERYTHING):
    return await Pruner(database).prune(which, share=1.0, seconds=60)


async def found(database, indexer, query):
    """Return what is found, in any mode."""
    search = Searcher(Reader(database), indexer)
    results = [(await search.search(query, mode, SearchFilter(), 10)).results for mode in MODES]
    return {result.event["id"] for of_mode in results for result in of_mode}


@embedded
async def test_what_was_deleted_is_never_found_and_its_points_are_soon_gone(
    database, index, embedder, indexing, caught_up, store
):
    async with indexing(database, index, embedder) as indexer:
        old = await store(*[f"an old apple {number}" for number in range(5)], indexer=indexer, trace_id="old")
        (new,) = await store("a new apple", indexer=indexer, trace_id="new", timestamp=2 * 10**18)
        await caught_up(indexer)
        assert await found(database, indexer, "apple") == {*old, new}
        assert await prune(database, Selection(before=1_900_000_000 * NS)) == Pruned(1, 5)
        assert await found(database, indexer, "apple") == {new}
        indexer.added(0)
        await caught_up(indexer)
        assert await index.count() == 1
        assert [hit.id for hit in await index.search_words("apple", SearchFilter(), 10)] == [new]
        assert await found(database, indexer, "apple") == {new}


@embedded
async def test_what_was_deleted_before_it_was_indexed_is_never_indexed(
    database, index, embedder, indexing, caught_up, store
):
    await store("an apple", "a pear", trace_id="t")
    await prune(database)
    (plum,) = await store("a plum")
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert await index.count() == 1
        assert embedder.embedded[-1:] == ["a plum"]
        assert "an apple" not in embedder.embedded
        assert indexer.indexed == 1
        assert await found(database, indexer, "plum") == {plum}


@pytest.mark.parametrize("hold", [{"before": "upsert"}, {"after": "upsert"}])
@embedded
async def test_what_is_deleted_while_it_is_indexed_is_gone_from_the_index(
    database, tmp_path, embedder, indexing, caught_up, store, hold
):
    index = Held(tmp_path / "qdrant", **hold)
    await store("an apple")
    async with indexing(database, index, embedder) as indexer:
        await asyncio.wait_for(index.reached.wait(), 60)
        await prune(database)
        index.go.set()
        await caught_up(indexer)
        assert await index.count() == 0


@pytest.mark.parametrize("hold", [{"before": "upsert"}, {"before": "delete"}, {"after": "delete"}])
@embedded
async def test_a_receiver_that_ends_between_the_two_deletions_completes_them_at_its_next_start(
    database, tmp_path, embedder, indexing, caught_up, store, hold
):
    async with indexing(database, EdgeIndex(tmp_path / "qdrant", 32), embedder) as indexer:
        await store("an apple", "a pear", indexer=indexer)
        await caught_up(indexer)
    if hold == {"before": "upsert"}:
        await store("a plum")
    else:
        await prune(database)
    index = Held(tmp_path / "qdrant", **hold)
    async with indexing(database, index, embedder):
        await asyncio.wait_for(index.reached.wait(), 60)
        await prune(database)
    index = EdgeIndex(tmp_path / "qdrant", 32)
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert await index.count() == 0
        assert await found(database, indexer, "apple") == set()


@embedded
async def test_what_was_stored_again_stays_even_if_the_deletion_is_told_later(
    database, index, embedder, indexing, caught_up, store
):
    """The clock was set back in between: the second storing stands before the deletion in the queue."""
    async with indexing(database, index, embedder) as indexer:
        (apple,) = await store("an apple", indexer=indexer)
        await caught_up(indexer)
        record = {"id": f"{time.time_ns():020d}-z", "event_ids": [], "size": 0, "deleted": [apple]}
        await database.query("INSERT INTO index_queue $record", record=record)
        indexer.added(0)
        await caught_up(indexer)
        assert await found(database, indexer, "apple") == {apple}
        assert await index.count() == 1


@embedded
async def test_an_index_that_is_built_anew_holds_nothing_that_was_deleted(
    database, index, embedder, indexing, caught_up, store
):
    async with indexing(database, index, embedder) as indexer:
        await store("an apple", indexer=indexer, trace_id="t")
        await store("a pear", indexer=indexer, trace_id="u")
        await caught_up(indexer)
        indexer.rebuild()
        await prune(database, Selection(trace_id="t"))
        indexer.added(0)
        await asyncio.sleep(0.1)
        await caught_up(indexer)
        assert await index.count() == 1


@pytest.mark.parametrize("connect", ["server"], indirect=True)
async def test_a_receiver_that_was_slow_takes_back_what_another_one_has_deleted_meanwhile(
    connect, tmp_path, embedder, indexing, caught_up, store
):
    """Both index the same record. One is done, and deletes; then the other one comes with its points."""
    database = await connect()
    index = Held(tmp_path / "qdrant", before="upsert")
    await store("an apple")
    async with indexing(await connect(), index, embedder) as slow:
        await asyncio.wait_for(index.reached.wait(), 60)
        await prune(database)
        (records,) = await database.query("SELECT * FROM index_queue WHERE deleted != NONE")
        assert len(records) == 1
        await database.query("DELETE index_queue")  # as the other one does when it is through
        index.go.set()
        slow.added(0)
        await caught_up(slow)
        assert await index.count() == 0


@embedded
async def test_events_that_come_are_indexed_and_deleted_all_the_time_and_the_index_follows(
    database, index, embedder, indexing, caught_up, store
):
    async with indexing(database, index, embedder, part=3) as indexer:
        await caught_up(indexer)
        seen = set()

        async def come():
            for number in range(40):
                texts = [f"apple {number}"] * 5
                await store(*texts, indexer=indexer, trace_id=f"t{number % 7}", timestamp=number * NS)

        async def go():
            for number in range(40):
                await prune(database, Selection(before=number * NS - 3 * NS))
                indexer.added(0)
                before = {*(await database.query("SELECT VALUE id FROM agent_event"))[0]}
                hits = await found(database, indexer, "apple")
                assert not hits & (seen - before), "found after it was deleted"
                seen.update(before)
                await asyncio.sleep(0.01)

        await asyncio.gather(come(), go())
        await caught_up(indexer)
        (there,) = await database.query("SELECT VALUE id FROM agent_event")
        assert await index.count() == len(there) > 0
        assert {hit.id for hit in await index.search_words("apple", SearchFilter(), 1000)} == {*there}
