"""What is peculiar to a server: it may be away, busy, or of another opinion; and what is sent to it."""

import json

import pytest
from aiohttp import web

from storage.errors import IndexUnavailable, IndexUnusable
from storage.filters import SearchFilter
from storage.qdrant.base import Point

EAST = [1.0, 0.0, 0.0, 0.0]
ID = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
async def answering(unused_tcp_port, server_index):
    """Return a function of a status and a body that makes an index, and what it asked for.

    Whether a collection exists may be answered otherwise.
    """
    asked: list[tuple[str, str, dict]] = []
    runners, indexes = [], []

    async def make(status: int, body: str, exists: str = "", **headers: str):
        async def answer(request: web.Request) -> web.Response:
            text = await request.text()
            asked.append((request.method, request.path, json.loads(text) if text else {}))
            if exists and request.path.endswith("/exists"):
                return web.Response(text=exists, content_type="application/json")
            return web.Response(status=status, text=body, content_type="application/json", headers=headers)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runners.append(web.AppRunner(application))
        await runners[-1].setup()
        await web.TCPSite(runners[-1], "127.0.0.1", unused_tcp_port).start()
        indexes.append(server_index(f"http://127.0.0.1:{unused_tcp_port}", None, "events", 4))
        return indexes[-1], asked

    yield make
    for index in indexes:
        await index.close()
    for runner in runners:
        await runner.cleanup()


def calls(index):
    return (
        index.open(),
        index.count(),
        index.upsert([Point(ID, EAST, "refund", {})]),
        index.delete([ID]),
        index.search_dense(EAST, SearchFilter(), 5),
        index.search_words("refund", SearchFilter(), 5),
        index.remove(),
    )


async def test_a_server_that_is_away_is_unavailable(unused_tcp_port, server_index):
    index = server_index(f"http://127.0.0.1:{unused_tcp_port}", None, "events", 4)
    for call in calls(index):
        with pytest.raises(IndexUnavailable, match=f"no Qdrant server answers at http://127.0.0.1:{unused_tcp_port}"):
            await call
    await index.close()


@pytest.mark.parametrize(
    "status, body, error, message",
    [
        (401, "Must provide an API key", IndexUnavailable, "answered 401: Must provide an API key"),
        (503, "<html>proxy</html>", IndexUnavailable, "answered 503: <html>proxy"),
        (500, '{"status": {"error": "disk is full"}}', IndexUnavailable, "answered 500: disk is full"),
        (
            404,
            '{"status": {"error": "Not found"}}',
            IndexUnavailable,
            "something else does: correct storage.qdrant.url",
        ),
        (400, '{"status": {"error": "Wrong input"}}', ValueError, "answered 400: Wrong input"),
        (200, "<html>some other server</html>", IndexUnavailable, "no Qdrant server answers"),
        (200, '{"result": "yes"}', IndexUnavailable, "no Qdrant server answers"),
    ],
)
async def test_what_a_server_answers_is_told(answering, status, body, error, message):
    index, _ = await answering(status, body)
    with pytest.raises(error, match=message):
        await index.count()


async def test_a_collection_is_gone_only_where_qdrant_says_that_it_does_not_exist(answering):
    exists = '{"result": {"exists": false}, "status": "ok", "time": 0.0}'
    index, asked = await answering(404, '{"status": {"error": "Not found"}}', exists=exists)
    with pytest.raises(IndexUnusable, match="collection events is gone"):
        await index.count()
    assert [path for _, path, _ in asked] == ["/collections/events/points/count", "/collections/events/exists"]


async def test_nothing_is_damaged_or_lost_for_an_address_where_nothing_is_found(answering):
    index, _ = await answering(404, "<html>a proxy</html>")
    for call in calls(index):
        with pytest.raises(IndexUnavailable, match="something else does"):
            await call


async def test_a_busy_server_is_unavailable(answering):
    index, _ = await answering(429, '{"status": {"error": "slow down"}}', **{"Retry-After": "1"})
    with pytest.raises(IndexUnavailable, match="busy"):
        await index.count()


async def test_the_filter_is_pushed_down_into_each_search(answering):
    index, asked = await answering(200, '{"result": {"points": []}, "status": "ok", "time": 0.0}')
    where = SearchFilter(agent_id="a", status="error", since=1_767_787_200_000_000_000, until=1_767_787_200_000_000_001)
    await index.search_dense(EAST, where, 5)
    await index.search_words("refund", where, 5)
    (*_, dense), (*_, words) = asked
    assert dense["using"] == "dense"
    assert words["using"] == "bm25"
    for query in (dense, words):
        agent, status, period = query["filter"]["must"]
        assert (agent["key"], agent["match"]) == ("agent_id", {"value": "a"})
        assert (status["key"], status["match"]) == ("status", {"value": "error"})
        assert period["key"] == "timestamp"
        assert period["range"] == {"gte": "2026-01-07T12:00:00Z", "lt": "2026-01-07T12:00:00.000001Z"}


async def test_a_collection_is_made_for_more_than_fits_into_memory(answering):
    index, asked = await answering(200, '{"result": true, "status": "ok", "time": 0.0}')
    await index._create()
    ((method, path, settings),) = asked
    assert (method, path) == ("PUT", "/collections/events")
    assert settings["vectors"] == {"dense": {"size": 4, "distance": "Cosine", "on_disk": True}}
    assert settings["sparse_vectors"] == {"bm25": {"modifier": "idf"}}
    # With more, each would weigh words by its own points alone (IDF).
    assert (settings["shard_number"], settings["on_disk_payload"]) == (1, True)
    assert settings["quantization_config"] == {"scalar": {"type": "int8", "always_ram": True}}
