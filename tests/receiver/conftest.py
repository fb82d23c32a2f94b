"""A receiver as `serve` runs it, on real embedded stores in a temporary folder, on a port that is free.

A module that shares one says `loop_scope="module"`: the receiver and its tests live in the same event loop.
"""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import aiohttp
import pytest_asyncio

from receiver import settings as s
from receiver.http.app import application
from receiver.server import listen, storage_config
from storage.stores import Storage

JSON = "application/json"
PROTOBUF = "application/x-protobuf"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


class Receiver:
    """What a client sees of it, and its `storage`."""

    def __init__(self, client, storage, port):
        self.client = client
        self.storage = storage
        self.port = port

    async def send(self, method, path, body=None, **headers):
        """Send with headers written as `content_type="..."`; the answer comes read."""
        names = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        async with self.client.request(
            method, path, data=body, headers=names, skip_auto_headers=["Content-Type"]
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def post(self, path, body=b"", content_type=JSON, **headers):
        return await self.send("POST", path, body, content_type=content_type, **headers)

    async def get(self, path, **headers):
        return await self.send("GET", path, **headers)

    async def read(self, path):
        """Give the JSON of a path that is there."""
        answer = await self.get(path)
        assert answer.status == 200, answer.body
        return answer.json()


def settings_of(folder, *, model="off", **server):
    keys = tuple(s.Secret(key) for key in server.pop("keys", ()))
    return s.Settings(
        server=s.Server(**{"port": 0, "otlp_port": None, **server}),
        auth=s.Auth(api_keys=keys),
        storage=s.Storage(data_dir=folder),
        embedding=s.Embedding(model=model),
    )


@asynccontextmanager
async def running(settings, *, opened=True):
    storage = Storage(storage_config(settings))
    async with AsyncExitStack() as stack:
        runner = await listen(application(settings, storage), settings)
        stack.push_async_callback(storage.close)
        stack.push_async_callback(runner.cleanup)
        if opened:
            await storage.open()
        port = runner.addresses[0][1]
        client = await stack.enter_async_context(
            aiohttp.ClientSession(f"http://127.0.0.1:{port}", auto_decompress=False)
        )
        yield Receiver(client, storage, port)


def _starter(stack, folder):
    async def start(*, opened=True, data="data", **server):
        settings = settings_of(folder / data, **server)
        return await stack.enter_async_context(running(settings, opened=opened))

    return start


@pytest_asyncio.fixture(loop_scope="module")
async def start(tmp_path):
    """Start a receiver of the test's own: `await start(keys=["one"], max_body_bytes=1000)`."""
    async with AsyncExitStack() as stack:
        yield _starter(stack, tmp_path)


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(start):
    """A receiver with nothing stored."""
    return await start()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def start_shared(tmp_path_factory):
    """Start a receiver for all tests of a module, where it does not matter what is stored: opening one takes 0.1 s."""
    async with AsyncExitStack() as stack:
        yield _starter(stack, tmp_path_factory.mktemp("receiver"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver(start_shared):
    return await start_shared()
