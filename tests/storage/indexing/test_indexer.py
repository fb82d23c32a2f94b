"""What is stored becomes searchable, whatever happens on the way. With the real embedded index."""

import asyncio
import threading
import time

import pytest
from aiohttp import web

from mapping.errors import Code, Problem
from mapping.times import EARLIEST, LATEST
from storage.errors import IndexUnavailable
from storage.filters import SearchFilter
from storage.indexing import index_state
from storage.indexing.indexer import Indexer
from storage.qdrant.choose import Indexes
from storage.qdrant.edge import EdgeIndex
from tests.storage.indexed import IMPATIENT

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


class Interrupted(EdgeIndex):
    """Hangs before or after an upsert."""

    def __init__(self, path, stop_at, after):
        super().__init__(path, 32)
        self.upserts_left, self.after = stop_at, after
        self.stopped = asyncio.Event()

    async def upsert(self, points):
        if self.upserts_left == 0 and not self.after:
            await self._hang()
        await super().upsert(points)
        if self.upserts_left == 0:
            await self._hang()
        self.upserts_left -= 1

    async def _hang(self):
        self.stopped.set()
        await asyncio.Event().wait()


async def found(index, text):
    return [hit.id for hit in await index.search_words(text, SearchFilter(), 10)]


async def queue(database):
    return (await database.query("SELECT * FROM index_queue"))[0]


async def test_what_was_stored_before_and_after_the_start_is_indexed(
    database, index, embedder, indexing, caught_up, store
):
    (before,) = await store("an apple")
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        (after,) = await store("a pear", indexer=indexer)
        await caught_up(indexer)
        assert await found(index, "apple") == [before]
        assert await found(index, "pear") == [after]
        assert await index.count() == 2
    assert await queue(database) == []
    assert embedder.embedded == ["an apple", "a pear"]


async def test_it_says_since_when_the_oldest_waits_and_how_many_it_has_indexed(
    database, index, embedder, indexing, caught_up, store
):
    before = time.time_ns()
    await store("one", "two")
    between = time.time_ns()
    await store("three")
    indexer = Indexer(database, None, tuning=IMPATIENT)
    assert indexer.oldest is None
    await indexer.count_pending()
    assert before < indexer.oldest < between
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert indexer.indexed == 3
        async with asyncio.timeout(60):
            while indexer.oldest is not None:
                await asyncio.sleep(0.005)
        index.upsert = lambda _points: asyncio.Event().wait()  # it hangs
        await store("four", indexer=indexer)
        assert indexer.oldest > between


async def test_it_says_how_far_it_is(database, index, embedder, running, store):
    await store("one", "two")
    preparing = asyncio.Event()
    loop = asyncio.get_running_loop()

    def prepare():
        indexer.progressed(0.5, "unpacking")
        asyncio.run_coroutine_threadsafe(preparing.wait(), loop).result()
        return embedder

    indexer = Indexer(database, None, tuning=IMPATIENT)
    assert (indexer.state, indexer.pending) == ("off", 0)
    await indexer.count_pending()
    task = asyncio.create_task(running(indexer, prepare, index))
    while indexer.progress == 0:
        await asyncio.sleep(0.001)
    assert (indexer.state, indexer.reason, indexer.pending) == ("preparing", "unpacking", 2)
    assert indexer.index is None
    task.cancel()
    preparing.set()
    await asyncio.wait([task])


async def test_an_event_that_is_not_to_be_searched_is_not_indexed(
    database, index, embedder, indexing, caught_up, store
):
    await store("a secret", indexed=False)
    await store("an apple")
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert await index.count() == 1
        indexer.rebuild()
        await caught_up(indexer)
        assert await index.count() == 1
    assert "a secret" not in embedder.embedded


async def test_one_that_is_stopped_midway_goes_on_where_it_was(
    database, tmp_path, embedder, indexing, caught_up, store
):
    """Five indexers are cancelled before or after an upsert; the last starts over the same stores."""
    for number in range(4):
        await store(*[f"fruit number{number * 5 + place}" for place in range(5)])
    for stop_at, after in [(0, False), (0, True), (3, False), (3, True), (2, False)]:
        index = Interrupted(tmp_path / "qdrant", stop_at, after)
        async with indexing(database, index, embedder, part=2):
            await asyncio.wait_for(index.stopped.wait(), 60)
    index = EdgeIndex(tmp_path / "qdrant", 32)
    async with indexing(database, index, embedder, part=2) as indexer:
        await caught_up(indexer)
        assert await index.count() == 20
        assert all([len(await found(index, f"number{number}")) == 1 for number in range(20)])
    assert await queue(database) == []


async def test_an_index_that_is_away_is_waited_for(
    database, index, embedder, indexing, caught_up, store, monkeypatch, caplog
):
    await store("an apple")
    open_index, upsert = index.open, index.upsert
    faults = [IndexUnavailable("the index is away")] * 2

    def sometimes(method):
        async def call(*arguments):
            if faults:
                raise faults.pop()
            await method(*arguments)

        return call

    monkeypatch.setattr(index, "open", sometimes(open_index))
    monkeypatch.setattr(index, "upsert", sometimes(upsert))
    async with indexing(database, index, embedder) as indexer:
        while indexer.state != "waiting":
            await asyncio.sleep(0)
        assert (indexer.reason, indexer.pending) == ("the index is away", 1)
        await caught_up(indexer)
        faults.append(IndexUnavailable("the index is away again"))
        (pear,) = await store("a pear", indexer=indexer)
        await caught_up(indexer)
        assert await found(index, "pear") == [pear]
        assert await index.count() == 2
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "indexing waits: the index is away",
        "indexing waits: the index is away again",
    ]


async def test_an_index_that_went_away_is_ready_again_once_it_answers_and_not_before(
    database, index, embedder, indexing, caught_up, store, monkeypatch, caplog
):
    caplog.set_level("INFO")
    away, asked = [True], []

    def unless_away(method):
        async def call(*arguments):
            asked.append(method)
            if away:
                raise IndexUnavailable("the index is away")
            return await method(*arguments)

        return call

    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        for method in ("count", "upsert"):
            monkeypatch.setattr(index, method, unless_away(getattr(index, method)))
        (pear,) = await store("a pear", indexer=indexer)
        async with asyncio.timeout(30):
            while len(asked) < 5:
                await asyncio.sleep(0.01)
        assert (indexer.state, indexer.reason) == ("waiting", "the index is away")
        assert [caplog.text.count(said) for said in ("indexing waits", "search is ready")] == [1, 1]
        away.clear()
        await caught_up(indexer)
        assert await found(index, "pear") == [pear]
    assert [caplog.text.count(said) for said in ("indexing waits", "search is ready")] == [1, 2]


async def test_at_a_wrong_address_of_qdrant_it_waits_and_says_so_and_writes_nothing_again_and_again(
    database, embedder, indexing, store, tmp_path
):
    """A proxy, say, that finds nothing: the store's note of the index stays what it is."""
    asked = []

    async def answer(request):
        asked.append(request.path)
        return web.Response(status=404, text="nothing here")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    await store("an apple")
    noted = []
    async with indexing(database, Indexes(url=url, api_key="", collection="c", data_dir=tmp_path), embedder) as indexer:
        async with asyncio.timeout(60):
            while len(asked) < 10:
                noted += [note for note in [await index_state.read(database)] if note and note not in noted]
                await asyncio.sleep(0.01)
        assert (indexer.state, indexer.pending) == ("waiting", 1)
        assert indexer.reason.endswith("something else does: correct storage.qdrant.url")
    assert len(noted) == 1
    await runner.cleanup()


async def test_a_store_that_is_away_is_waited_for(database, index, embedder, indexing, caught_up, store, monkeypatch):
    await store("an apple")
    query = database.query
    broken = asyncio.Event()

    async def sometimes(statements, **variables):
        if statements.startswith("DELETE $records") and not broken.is_set():
            broken.set()
            await database.close()
            await database.open()
            raise Problem(Code.UNAVAILABLE, "the store is away")
        return await query(statements, **variables)

    monkeypatch.setattr(database, "query", sometimes)
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert broken.is_set()
        assert await index.count() == 1
    assert await queue(database) == []


async def test_what_another_receiver_left_behind_is_found_in_time(
    database, index, embedder, indexing, caught_up, store
):
    async with indexing(database, index, embedder, look_again_after=0.01) as indexer:
        await caught_up(indexer)
        (apple,) = await store("an apple", indexer=None)
        while await queue(database):
            await asyncio.sleep(0.01)
        assert await found(index, "apple") == [apple]


async def test_any_text_and_any_moment_can_be_indexed(database, index, embedder, indexing, caught_up, store):
    texts = ["", " \0 ", "x" * 100_000, "\u202e\ufeff", "emoji 🍐 " * 50, "{" * 5000]
    moments = [EARLIEST, -(2**63) - 1, 2**63, LATEST]
    await store(*texts)
    for number, moment in enumerate(moments):
        await store(f"apple{number}", timestamp=moment)
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert await index.count() == len(texts) + len(moments)
        for number, moment in enumerate(moments):
            assert len(await index.search_words(f"apple{number}", SearchFilter(since=moment), 5)) == 1


async def test_a_model_that_cannot_be_loaded_is_said_and_events_wait(database, index, running, store, caplog):
    await store("an apple")
    indexer = Indexer(database, None, tuning=IMPATIENT)

    def prepare():
        raise OSError("the model's file is not there")

    await running(indexer, prepare, index)
    assert (indexer.state, indexer.reason) == ("failed", "the model's file is not there")
    assert "indexing has stopped" in caplog.text
    assert len(await queue(database)) == 1


async def test_a_stop_ends_the_making_of_the_model(database, index, running):
    ended = threading.Event()

    def prepare():
        try:
            while True:
                indexer.progressed(0.5, "distilling")
                time.sleep(0.001)
        finally:
            ended.set()

    indexer = Indexer(database, None, tuning=IMPATIENT)
    task = asyncio.create_task(running(indexer, prepare, index))
    while indexer.progress == 0:
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait([task])
    assert await asyncio.to_thread(ended.wait, 30)


async def test_what_waits_is_counted_once_while_an_index_is_filled(
    database, index, embedder, indexing, caught_up, store
):
    await store("an apple", "a pear")
    embedder.hold_at("apple")
    async with indexing(database, index, embedder) as indexer:
        assert await asyncio.to_thread(embedder.held.wait, 60)
        assert (indexer.state, indexer.pending) == ("rebuilding", 2)
        embedder.go_on()
        await caught_up(indexer)
