import pytest

from storage.index.choose import Indexes
from storage.index.edge import EdgeIndex
from storage.index.server import ServerIndex


@pytest.fixture
def settings(tmp_path):
    return {"api_key": "", "collection": "agent_events", "data_dir": tmp_path}


async def test_a_url_means_a_server(settings):
    server = Indexes(url="http://127.0.0.1:6333", **settings).named("a", 4)
    assert isinstance(server, ServerIndex)
    assert server.collection == "agent_events-a"
    await server.close()


async def test_none_means_embedded_indexes_each_in_its_folder_until_it_is_removed(settings, tmp_path):
    indexes = Indexes(url="", **settings)
    for name in ("a", "b"):
        embedded = indexes.named(name, 4)
        assert isinstance(embedded, EdgeIndex)
        await embedded.open()
        await embedded.close()
    await indexes.remove("a")
    await indexes.remove("a")
    await indexes.remove("never-there")
    assert [path.name for path in (tmp_path / "qdrant").iterdir() if path.is_dir()] == ["b"]
