"""A receiver in the test's process (`start`) or one of its own (`serve`), on real embedded stores and a free port.

A module that shares one says `loop_scope="module"`: the receiver and its tests live in the same event loop.
"""

import asyncio
import contextlib
import dataclasses
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import aiohttp
import pytest
import pytest_asyncio

from receiver import settings as s
from receiver.http.app import application
from receiver.server import listen, storage_config
from storage.stores import Stores

JSON = "application/json"
PROTOBUF = "application/x-protobuf"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


class Receiver:
    """What a client sees of it, its application with what runs it, and its `storage`."""

    def __init__(self, client, app, runner, storage, port):
        self.client = client
        self.app = app
        self.runner = runner
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

    async def raw(self, data, *, eof=False, seconds=20):
        """Send bytes as they are; return all that comes back until the connection is closed from there."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            if eof:
                writer.write_eof()
            return await asyncio.wait_for(reader.read(), seconds)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def read(self, path):
        """Return the JSON of a path that is there."""
        answer = await self.get(path)
        assert answer.status == 200, answer.body
        return answer.json()


def settings_of(
    folder,
    *,
    model="off",
    limits=None,
    redaction=None,
    telemetry=None,
    retention=None,
    prices=None,
    otlp=None,
    alerts=None,
    **server,
):
    keys = server.pop("keys", ())
    plain, named = (
        [s.Secret(key) for key in keys if isinstance(key, str)],
        [key for key in keys if not isinstance(key, str)],
    )
    return s.Settings(
        server=s.Server(**{"port": 0, "otlp_port": None, "grpc_port": None, **server}),
        auth=s.Auth(api_keys=tuple(plain), keys=tuple(named)),
        storage=s.Storage(data_dir=folder),
        embedding=s.Embedding(model=model),
        prices=s.Prices(file=prices),
        otlp=s.Otlp(**otlp or {}),
        alerts=s.Alerts(**alerts or {}),
        limits=s.Limits(**limits or {}),
        redaction=s.Redaction(**redaction or {}),
        retention=s.Retention(**retention or {}),
        telemetry=s.Telemetry(**telemetry or {}),
    )


@asynccontextmanager
async def running(settings, *, opened=True, storage=None):
    """Run a receiver with these settings, and fields of its StorageConfig that no setting has."""
    storage = Stores(dataclasses.replace(storage_config(settings), **storage or {}))
    async with AsyncExitStack() as stack:
        app = application(settings, storage)
        runner = await listen(app, settings)
        stack.push_async_callback(storage.close)
        stack.push_async_callback(runner.cleanup)
        if opened:
            await storage.open()
        port = runner.addresses[0][1]
        client = await stack.enter_async_context(
            aiohttp.ClientSession(f"http://127.0.0.1:{port}", auto_decompress=False)
        )
        yield Receiver(client, app, runner, storage, port)


def _starter(stack, folder, folder_with_schema):
    async def start(*, opened=True, data="data", **server):
        settings = settings_of(folder / data, **server)
        if not (folder / data).exists():  # making the schema takes as long as all else that opens a receiver
            shutil.copytree(folder_with_schema, folder / data / "surreal")
        return await stack.enter_async_context(running(settings, opened=opened))

    return start


@pytest_asyncio.fixture(loop_scope="module")
async def start(tmp_path, folder_with_schema):
    """Start a receiver of the test's own: `await start(keys=["one"], max_body_bytes=1000)`."""
    async with AsyncExitStack() as stack:
        yield _starter(stack, tmp_path, folder_with_schema)


@pytest.fixture
def alone(tmp_path):
    """Start a receiver that the test itself stops: `async with alone(keys=["one"]) as receiver`."""
    return lambda storage=None, **given: running(settings_of(tmp_path / "data", **given), storage=storage)


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(start):
    """A receiver with nothing stored."""
    return await start()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def start_shared(tmp_path_factory, folder_with_schema):
    """Start a receiver for all tests of a module, where it does not matter what is stored: opening one takes 0.1 s."""
    async with AsyncExitStack() as stack:
        yield _starter(stack, tmp_path_factory.mktemp("receiver"), folder_with_schema)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver(start_shared):
    return await start_shared()


SERVE = """
import argparse, os, sys
from receiver.server import run
from receiver.settings import load
settings = lambda: load(argparse.Namespace(), os.environ)
sys.exit(run(settings(), settings))
"""


class Process:
    """A receiver in a process of its own. `log` is what it has written to stderr so far."""

    def __init__(self, data, **environ):
        given = {
            "SERVER_PORT": "0",
            "SERVER_OTLP_PORT": "off",
            "SERVER_GRPC_PORT": "off",
            "EMBEDDING_MODEL": "off",
            "STORAGE_DATA_DIR": str(data),
        }
        self.data, self.log = data, ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env={name: value for name, value in os.environ.items() if not name.startswith("VECTADB_")}
            | {f"VECTADB_{name}": value for name, value in (given | environ).items()},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # its engines' processes are in its group
        )

    def says(self, pattern):
        """Wait for a line, and return what the pattern's group matches."""
        for line in self.process.stderr:
            self.log += line
            if found := re.search(pattern, line):
                return found[found.re.groups]
        raise AssertionError(f"it ended without saying {pattern}:\n{self.log}")

    def started(self):
        self.url = self.says(r"listens on (http://[^\s;]+:\d+)")
        self.says("ready to ingest")
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.ends()

    def ends(self):
        """Wait for the end; return the exit code."""
        self.log += self.process.communicate(timeout=60)[1]
        return self.process.returncode

    def kill(self):
        """Kill it and its engines at once, as a machine does that stops."""
        with contextlib.suppress(ProcessLookupError):  # they are gone
            os.killpg(self.process.pid, signal.SIGKILL)
        self.log += self.process.communicate(timeout=60)[1]

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def ask(self, method, path, value=None, headers=None):
        """Return the answer's status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, json.dumps(value), {"Content-Type": "application/json"} | (headers or {}))
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, told

    def post(self, path, value):
        status, told = self.ask("POST", path, value)
        assert status == 200, told
        return told

    def get(self, path):
        status, told = self.ask("GET", path)
        assert status == 200, told
        return told


@contextlib.contextmanager
def _serving(folder):
    processes = []

    def start(data="data", **environ):
        processes.append(Process(folder / data, **environ))
        return processes[-1]

    yield start
    for started in processes:
        started.kill()


@pytest.fixture
def serve(tmp_path):
    """Start a receiver: `serve(SERVER_PORT="8080")`. All of them are killed in the end."""
    with _serving(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def serve_shared(tmp_path_factory):
    """Start a receiver for all tests of a module."""
    with _serving(tmp_path_factory.mktemp("served")) as start:
        yield start


@pytest.fixture
def small_disk(tmp_path):
    """A volume of 300 MB: the model and the two stores take about half of it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(folder)]
    if sys.platform != "linux" or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("needs Linux and the right to mount a small volume (root)")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def fill():
    """Writes a file until the disk is full."""

    def until_full(path):
        with path.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(1 << 16))
        assert shutil.disk_usage(path).free == 0

    return until_full
