"""The embedded index, a model that costs nothing, and an indexer between them and the store."""

import asyncio
import contextlib
import zlib

import numpy as np
import pytest

from storage import indexer as indexer_module
from storage.index.edge import EdgeIndex
from storage.indexer import Indexer
from storage.reader import Reader
from storage.writer import Writer


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(indexer_module, "_RETRY_AFTER", 0.01)


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

    def embed(self, texts):
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
def indexing():
    """Runs an Indexer over a database and an index, as a receiver does, until the block ends or it is cancelled."""

    @contextlib.asynccontextmanager
    async def run(database, index, embedder):
        indexer = Indexer(database, Reader(database))
        await indexer.count_pending()
        indexer.task = asyncio.create_task(indexer.run(lambda: embedder, lambda _: index))
        try:
            yield indexer
        finally:
            indexer.task.cancel()
            await asyncio.wait([indexer.task])

    return run


@pytest.fixture
def caught_up():
    """Waits until everything that is stored is indexed."""

    queue = "SELECT id FROM index_queue LIMIT 1"

    async def wait(indexer):
        async with asyncio.timeout(20):
            while indexer.state != "ready" or indexer.pending or (await indexer._database.query(queue))[0]:
                assert indexer.state != "failed", indexer.reason
                await asyncio.sleep(0.005)

    return wait
