"""SurrealDB two ways, each test on its own database: the embedded engine on disk, and a server: the one that
`tests/servers/surreal/build.sh` has built, or that VECTADB_TEST_SURREALDB_URL names (with _USER and _PASSWORD). A
stand-in answers as a test tells it to, or not."""

import asyncio
import contextlib
import os
import shutil
import uuid
from collections import Counter

import pytest
from aiohttp import WSMsgType, web
from surrealdb_embedded import AsyncEmbeddedDB

from mapping.correlation.message_chain import conversation_of
from mapping.model import Event
from mapping.times import NS
from storage.interpreting.interpreter import Interpreter
from storage.read.reader import Reader
from storage.surreal import cbor, schema
from storage.surreal.database import Database
from storage.write.writer import Writer
from tests.ports import free_ports

SERVER = os.environ.get("VECTADB_TEST_SURREALDB_URL", "")
HOUR = 3600 * NS
NOON = 1_767_960_000 * NS  # 2026-01-09T12:00:00Z


class StandIn:
    """A SurrealDB server as far as the SDK can tell: /rpc in CBOR, each frame answered by an embedded engine.

    Like a server it knows for each socket who has signed in, and answers nobody else. `sent` holds the requests'
    methods; frames wait while `answering` is not set.
    """

    USER, PASSWORD, TOKEN = "root", "secret", "a.to.ken"

    def __init__(self, url):
        self.engine = AsyncEmbeddedDB(url)
        self.sent = []
        self.answering = asyncio.Event()
        self.answering.set()
        self._sockets = set()
        self._runner = None

    async def start(self):
        await self.engine.connect()
        application = web.Application()
        application.router.add_get("/rpc", self._serve)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.listen()

    async def listen(self, port=None):
        site = web.TCPSite(self._runner, "127.0.0.1", port or free_ports(1)[0])
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"ws://127.0.0.1:{self.port}"

    async def stop_listening(self):
        for site in list(self._runner.sites):
            await site.stop()
        self.hang_up()

    def hang_up(self):
        """Break every connection without a word, as a server does that is killed."""
        for transport in self._sockets:
            transport.abort()

    async def stop(self):
        self.hang_up()
        await self._runner.cleanup()
        await self.engine.close()

    async def _serve(self, request):
        socket = web.WebSocketResponse(protocols=["cbor"], max_msg_size=0)
        await socket.prepare(request)
        self._sockets.add(transport := request.transport)
        done, tasks = set(), set()
        try:
            async for message in socket:
                assert message.type is WSMsgType.BINARY
                tasks.add(asyncio.create_task(self._answer(socket, done, message.data)))
        finally:
            self._sockets.discard(transport)
            await asyncio.gather(*tasks)
        return socket

    async def _answer(self, socket, done, frame):
        try:
            request = cbor.decode(frame)
            self.sent.append(request["method"])
            answer = self.own_answer(request, done)
            await self.answering.wait()
            answer = await self.engine.execute(frame) if answer is None else cbor.encode(answer)
        except ValueError:  # no request to answer: a server does not know whose it was
            answer = cbor.encode({"error": {"code": -32700, "message": "Parse error"}})
        if not socket.closed:
            with contextlib.suppress(ConnectionError):  # hung up
                await socket.send_bytes(answer)

    def own_answer(self, request, done):
        if request["method"] == "signin":
            if list(request["params"][0].values()) == [self.USER, self.PASSWORD]:
                done.add("signin")
                return {"id": request["id"], "result": self.TOKEN}
            return None  # the engine refuses as a server does
        if request["method"] == "authenticate" and request["params"] == [self.TOKEN]:
            done.add("signin")
            return {"id": request["id"], "result": self.TOKEN}
        if "signin" not in done:
            return self.refusal(request, "Anonymous access not allowed")
        if request["method"] == "use":
            done.add("use")
        elif request["method"] == "query" and "use" not in done:
            return self.refusal(request, "Specify a namespace to use")
        return None

    def refusal(self, request, message):
        return {"id": request["id"], "error": {"code": -32002, "message": message, "kind": "NotAllowed"}}


@pytest.fixture
async def stand_in(tmp_path):
    # On disk: in memory the engine loses updates of transactions at once.
    server = StandIn(f"surrealkv://{tmp_path}/stand-in")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def server_access(request):
    """Where the server is and who signs in, as a Database takes it."""
    if SERVER:
        user, password = (os.environ.get(f"VECTADB_TEST_SURREALDB_{name}", "") for name in ("USER", "PASSWORD"))
        return {"url": SERVER, "user": user, "password": password}
    server = request.getfixturevalue("surreal_server")
    return {"url": server.url, "user": server.USER, "password": server.PASSWORD}


@pytest.fixture(params=["embedded", "server"])
async def connect(request, tmp_path, folder_with_schema):
    """Gives a connection to the test's database, as one receiver has it. Embedded there is only one to have."""
    opened = []
    if request.param == "embedded":
        shutil.copytree(folder_with_schema, tmp_path / "surreal")
        database = Database(f"surrealkv://{tmp_path}/surreal", namespace="vectadb", database="vectadb")
        opened.append(database)

        async def give():
            return database

    else:
        access = request.getfixturevalue("server_access")
        namespace = f"test_{uuid.uuid4().hex}"

        async def give():
            opened.append(Database(**access, namespace=namespace, database="vectadb", prepare=schema.apply))
            await opened[-1].open()
            return opened[-1]

        await give()
    yield give
    if request.param == "server":
        await opened[0].query(f"REMOVE NAMESPACE {namespace}")
    for database in opened:
        await database.close()


@pytest.fixture
async def database(connect):
    return await connect()


class Interposed:
    """A database with something of a test's own before each query, or after it: given the statements and variables."""

    def __init__(self, database, *, before=None, after=None):
        self._database, self._before, self._after = database, before, after
        self.embedded = database.embedded

    async def query(self, statements, **variables):
        if self._before is not None:
            await self._before(statements, variables)
        results = await self._database.query(statements, **variables)
        if self._after is not None:
            await self._after(statements, variables)
        return results


@pytest.fixture(scope="session")
def interposed():
    return Interposed


@pytest.fixture
def writer_on():
    """Makes a Writer as a receiver has it; `committed` collects the events of each commit, `sizes` their numbers."""

    def make(database, **options):
        committed, sizes = [], []

        def measured(events, seconds):
            assert seconds > 0
            sizes.append(events)

        writer = Writer(database, agent_window=HOUR, committed=committed.append, measured=measured, **options)
        writer.committed, writer.sizes = committed, sizes
        return writer

    return make


@pytest.fixture
def writer(database, writer_on):
    return writer_on(database)


@pytest.fixture
def reader(database):
    return Reader(database)


@pytest.fixture(scope="session")
def make_event():
    """Makes an event: a JSON event at noon, unless told otherwise."""

    def make(**fields):
        return Event(**({"id": str(uuid.uuid4()), "timestamp": NOON, "kind": "json", "properties": {}} | fields))

    return make


@pytest.fixture(scope="session")
def make_call(make_event):
    """Makes the event of a model's call: the texts of its messages, by turns user's and model's, and an answer."""

    def make(*texts, answer=None, **fields):
        messages = [{"role": ("user", "assistant")[turn % 2], "content": text} for turn, text in enumerate(texts)]
        event = make_event(properties={"messages": messages} | ({"output": answer} if answer else {}), **fields)
        event.conversation = conversation_of(event, [event.properties])
        return event

    return make


@pytest.fixture
def interpret():
    """Interprets all that is stored, as a receiver does beside it."""

    async def until_done(database):
        interpreter = Interpreter(database, linger=0.01)
        await interpreter.count_pending()
        interpreting = asyncio.create_task(interpreter.run())
        async with asyncio.timeout(60):
            while interpreter.pending or interpreter.state != "ready":
                await asyncio.sleep(0.01)
        interpreting.cancel()
        await asyncio.gather(interpreting, return_exceptions=True)

    return until_done


@pytest.fixture(scope="session")
def balance():
    """Checks that what a database says twice agrees, and gives its traces and events by id.

    A trace and its events lead to one another; a trace counts its events; what is to be indexed is there, once where
    nothing was to be indexed `again`.
    """

    async def check(database, *, again=False):
        traces, events, reached, queued = await database.query(
            "SELECT * FROM agent_trace; SELECT * FROM agent_event;"
            "SELECT id, <~agent_event AS events FROM agent_trace;"
            "SELECT VALUE event_ids FROM index_queue"
        )
        trace_of = {row["id"]: row["trace_id"] for row in events}
        assert {row["id"]: row["trace"] for row in events} == trace_of
        assert {row["id"]: sorted(row["events"]) for row in reached} == {
            row["id"]: sorted(event_id for event_id, trace_id in trace_of.items() if trace_id == row["id"])
            for row in traces
        }
        assert {row["id"]: row["event_count"] for row in traces} == Counter(trace_of.values())
        ids = [event_id for record in queued for event_id in record]
        assert sorted(set(ids) if again else ids) == sorted(
            row["id"] for row in events if row.get("indexed") is not False
        )
        return {row["id"]: row for row in traces}, {row["id"]: row for row in events}

    return check
