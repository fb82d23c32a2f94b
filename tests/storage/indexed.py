"""The embedded index, a model that costs nothing, and an indexer between them and the store."""

import asyncio
import contextlib
import shutil
import threading
import zlib

import numpy as np
import pytest

from storage.errors import IndexUnusable
from storage.indexing.indexer import Indexer
from storage.indexing.points.maker import PointMaker
from storage.indexing.tuning import Tuning
from storage.qdrant.edge import EdgeIndex
from storage.qdrant.messages import Open
from storage.read.reader import Reader
from storage.workers.process import RestartingProcess
from storage.write.writer import Writer

IMPATIENT = Tuning(retry_after=0.01, linger=0.01, searches_end_within=0.1, flush_every=0.01)


@pytest.fixture
def index(tmp_path):
    return EdgeIndex(tmp_path / "qdrant", 32)


@pytest.fixture
def store(database, make_event):
    """Stores events with these texts, and tells the indexer of them as a receiver does."""

    async def write(*texts, indexer=None, **fields):
        def committed(stored):
            if indexer is not None:
                indexer.added(len(stored))

        events = [make_event(properties={"input.value": text}, **fields) for text in texts]
        await Writer(database, agent_window=0, committed=committed).write(events)
        return [event.id for event in events]

    return write


class WordEmbedder:
    """Texts with the same words are near: each word adds to one of 32 dimensions. Enough where meaning is not asked."""

    def __init__(self, name="words"):
        self.name = name
        self.dimensions = 32
        self.embedded = []
        self.held, self._go = threading.Event(), threading.Event()
        self._holds = lambda _: False

    def hold_at(self, word):
        """Wait, once, before a text with this word is embedded, until `go_on`."""
        self._holds = lambda texts: any(word in text for text in texts)

    def hold_after(self, count):
        """Wait, once, after so many texts."""
        self._holds = lambda _: len(self.embedded) >= count

    def go_on(self):
        self._go.set()

    def embed(self, texts):
        if self._holds(texts):
            self.held.set()
            self._go.wait(20)
        self.embedded += texts
        vectors = np.zeros((len(texts), 32), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            vector[31] = 0.01  # a text without words has a direction, too
            for word in text.lower().split():
                vector[zlib.crc32(word.encode()) % 31] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def embedder():
    return WordEmbedder()


@pytest.fixture
def new_embedder():
    return WordEmbedder


@pytest.fixture
def running():
    """Runs an Indexer with a model that is still to be prepared. `index` is one index, or all of them by name."""

    async def run(indexer, prepare, index, keywords_first=None):
        indexes = index if hasattr(index, "named") else OneIndex(index)
        prepared = []

        def prepare_once():
            prepared.append(prepare())
            return prepared[0]

        try:
            await indexer.run(prepare_once, lambda: Preparer(prepared[0]), indexes, keywords_first)
        finally:
            if isinstance(indexes, OneIndex):
                await indexes.close()

    return run


@pytest.fixture
def indexing(running):
    """Runs an Indexer over a database and an index, as a receiver does, until the block ends or it is cancelled.

    It waits for little, and otherwise goes as `tuning` says: `indexing(database, index, embedder, part=3)`.
    """

    @contextlib.asynccontextmanager
    async def run(database, index, embedder, membership=None, **tuning):
        tuned = IMPATIENT._replace(**tuning)
        indexer = Indexer(database, Reader(database), tuning=tuned, membership=membership)
        await indexer.count_pending()
        indexer.task = asyncio.create_task(running(indexer, lambda: embedder, index))
        try:
            yield indexer
        finally:
            indexer.task.cancel()
            await asyncio.wait([indexer.task])

    return run


class Preparer:
    """Makes points in a thread of this process, so that the model may be the test's own."""

    def __init__(self, embedder):
        self._maker = PointMaker(embedder)

    async def make(self, answer, *, plain, told=None):
        return await asyncio.to_thread(self._maker.make, answer, plain=plain, told=told)

    async def forget_told(self):
        self._maker.forget_told()

    async def close(self):
        pass


class OneIndex:
    """The indexes' folders, of which the last that was asked for is the test's index."""

    def __init__(self, index):
        self._index, self._left = index, []
        path = index._path
        self._folder = path.parent if path.parent.name == "qdrant" else path

    def named(self, name, dimensions):
        path = self._folder / name
        if self._index._path != path:
            self._left.append(self._index._engine)
            self._index._path = path
            self._index._engine = RestartingProcess(
                "storage.qdrant.engine", Open(str(path), dimensions), died_at_start=IndexUnusable
            )
        return self._index

    async def put_in_place(self, index):
        pass

    async def remove(self, name):
        await self.close()
        shutil.rmtree(self._folder / name, ignore_errors=True)

    async def close(self):
        for engine in self._left:
            await engine.close()


async def until_settled(indexer):
    """Wait until everything that is stored is indexed."""
    queue = "SELECT id FROM index_queue LIMIT 1"
    async with asyncio.timeout(60):
        while indexer.state != "ready" or indexer.pending or (await indexer._database.query(queue))[0]:
            assert indexer.state != "failed", indexer.reason
            await asyncio.sleep(0.005)


@pytest.fixture
def caught_up():
    return until_settled
