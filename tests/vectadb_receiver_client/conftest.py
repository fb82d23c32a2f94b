"""A receiver in a process of its own, with two runs and sixty log lines, and both clients."""

import asyncio
import inspect
import time

import pytest

from tests.receiver.conftest import serve, serve_shared  # noqa: F401 - fixtures
from tests.receiver.mcp.conftest import RUNS
from vectadb_receiver_client import AsyncClient, Client

KEY = "one"
LINES = 60


@pytest.fixture(scope="module")
def filled(serve_shared):  # noqa: F811 - the fixture
    receiver = serve_shared(AUTH_API_KEYS=KEY, EMBEDDING_MODEL="minilm").started()
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "test"}, "spans": RUNS}]}]}
    assert receiver.ask("POST", "/v1/traces", body, {"X-API-Key": KEY})[0] == 200
    with Client(receiver.url, KEY) as client:
        lines = [
            {"timestamp": f"2026-01-07T19:00:{n:02}Z", "event_type": "log", "trace_id": "a log", "properties": {"n": n}}
            for n in range(LINES)
        ]
        assert client.send_batch({"events": lines})["ingested"] == LINES
        until = time.monotonic() + 60
        while (stats := client.stats())["interpretation_pending"] or stats["index_pending"]:
            assert time.monotonic() < until, stats
            time.sleep(0.05)
    return receiver


class Awaited:
    """An AsyncClient whose answers a test takes as those of a Client."""

    def __init__(self, *args, **options):
        self._client = AsyncClient(*args, **options)
        self._runner = asyncio.Runner()

    def _run(self, awaited):
        return self._runner.run(awaited)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._run(self._client.close())
        self._runner.close()

    def __getattr__(self, name):
        method = getattr(self._client, name)

        def call(*args, **given):
            answer = method(*args, **given)
            return self._run(answer) if inspect.isawaitable(answer) else self._each(answer)

        return call

    def _each(self, rows):
        async def following():
            return await anext(rows, rows)

        while (row := self._run(following())) is not rows:
            yield row


@pytest.fixture(params=[Client, Awaited], ids=["Client", "AsyncClient"])
def client_class(request):
    """Both clients, used alike."""
    return request.param
