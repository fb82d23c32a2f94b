from storage.index.choose import choose_index
from storage.index.edge import EdgeIndex
from storage.index.server import ServerIndex


async def test_a_url_means_a_server_and_none_the_embedded_index(tmp_path):
    common = {"api_key": "", "collection": "agent_events", "data_dir": tmp_path, "dimensions": 4}
    server = choose_index(url="http://127.0.0.1:6333", **common)
    assert isinstance(server, ServerIndex)
    await server.close()
    embedded = choose_index(url="", **common)
    assert isinstance(embedded, EdgeIndex)
    await embedded.open()
    await embedded.close()
    assert (tmp_path / "qdrant").is_dir()
