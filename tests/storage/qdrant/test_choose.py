import subprocess
import sys

import pytest

from storage.qdrant.choose import Indexes
from storage.qdrant.edge import EdgeIndex
from storage.qdrant.server import ServerIndex


@pytest.fixture
def settings(tmp_path):
    return {"api_key": "", "collection": "agent_events", "data_dir": tmp_path}


async def test_a_url_means_a_server(settings):
    server = Indexes(url="http://127.0.0.1:6333", **settings).named("a", 4)
    assert isinstance(server, ServerIndex)
    assert server.collection == "agent_events-a"
    await server.close()


async def test_who_asks_the_server_for_the_settings_name_gets_the_collection_that_serves(settings, caplog):
    indexes = Indexes(url=":memory:", **settings)
    server = indexes.named("a", 4)
    await server.open()
    after = ServerIndex(":memory:", "", "agent_events-b", 4)
    await after._client.close()
    after._client = server._client  # each client imitates a server of its own
    await after.open()
    for index in (server, after, after):
        await indexes.put_in_place(index)
        (alias,) = (await server._client.get_aliases()).aliases
        assert (alias.alias_name, alias.collection_name) == ("agent_events", index.collection)
    await server._client.delete_collection("agent_events-b")
    await server._client.create_collection("agent_events", vectors_config={})
    await indexes.put_in_place(server)
    assert "agent_events at :memory: is a collection, not an alias" in caplog.text
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


def test_where_there_is_no_server_its_client_is_not_loaded():
    program = (
        "import sys; from pathlib import Path; from storage.qdrant.choose import Indexes; import storage.stores; "
        "given = {'api_key': '', 'collection': 'c', 'data_dir': Path()}; "
        "Indexes(url='', **given).named('a', 4); print('qdrant_client' in sys.modules); "
        "Indexes(url='http://127.0.0.1:1', **given); print('qdrant_client' in sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded == "False\nTrue\n"
