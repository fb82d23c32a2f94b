"""The indexes under test: Edge, and the server VECTADB_TEST_QDRANT_URL names or else the client's imitation of one."""

import os
import uuid
from collections.abc import AsyncIterator, Callable

import pytest

from storage.qdrant.base import Point, VectorIndex
from storage.qdrant.edge import EdgeIndex
from storage.qdrant.packing import pack
from storage.qdrant.server import ServerIndex

SERVER = os.environ.get("VECTADB_TEST_QDRANT_URL", ":memory:")


def pytest_collection_modifyitems(items):
    # The imitation has no payload indexes and says so; its filters scan, with the same results.
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"))


# Points a part: some tests want several.
PART = 256


class TakesPoints:
    """An index that is given points as they are."""

    async def upsert(self, points: list[Point]) -> None:
        for start in range(0, len(points), PART):
            await super().upsert(pack(points[start : start + PART], self.dimensions))
        await self.flush()


class Edge(TakesPoints, EdgeIndex):
    pass


class Server(TakesPoints, ServerIndex):
    pass


@pytest.fixture
def edge_index() -> type[EdgeIndex]:
    return Edge


@pytest.fixture
def server_index() -> type[ServerIndex]:
    return Server


@pytest.fixture(params=["edge", "server"])
async def make_index(request, tmp_path) -> AsyncIterator[Callable[..., VectorIndex]]:
    """Return a function of the dimensions; each call makes an unopened index over the same folder or collection."""
    collection = f"test-{uuid.uuid4()}"
    indexes: list[VectorIndex] = []

    def make(dimensions: int | None = 4) -> VectorIndex:
        if request.param == "edge":
            index = Edge(tmp_path / "qdrant", dimensions)
        else:
            index = Server(SERVER, None, collection, dimensions)
            if SERVER == ":memory:" and indexes:
                index._client = indexes[0]._client  # the imitation's memory is one client's own
        indexes.append(index)
        return index

    yield make
    for index in indexes:
        if isinstance(index, ServerIndex) and SERVER != ":memory:":
            await index._client.delete_collection(collection)
        await index.close()


@pytest.fixture
async def index(make_index) -> VectorIndex:
    index = make_index()
    await index.open()
    return index
