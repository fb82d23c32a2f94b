"""The receiver's side of SurrealDB's server: a pool of connections (`ws://`, `wss://`), signed in as one.

What comes on one connection, a server does on one core. So a query goes to the connection with the fewest others before
it: a long one holds up no commit, and several commits are done at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from surrealdb.connections import async_ws
from surrealdb.connections.async_ws import AsyncWsSurrealConnection
from surrealdb.errors import SurrealError

from storage.surreal import cbor

# The SDK gives up after 30 s. Here a query may take as long as its caller says, and a step of a migration a day; a
# server that is gone is noticed by the SDK's pings.
async_ws._RPC_RECV_TIMEOUT = 86_400.0  # noqa: SLF001 - it has no parameter for it

# The id of a query in its answer, which is a map in CBOR. The keys are in order: before `result`, after `error`.
_ID = re.compile(rb"\A.bid.(\d+)|bid.(\d+)\Z", re.DOTALL)


class Request:
    """A query in the form that the SDK's connections send, which read its id and its bytes."""

    def __init__(self, number: int, query: str, variables: dict[str, Any]) -> None:
        self.id = str(number)
        self.WS_CBOR_DESCRIPTOR = cbor.request(self.id, query, variables)


class Connection(AsyncWsSurrealConnection):
    """One connection. `unanswered` has the ids of queries, also of those whose answer nobody waits for any more."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.unanswered: set[str] = set()

    async def execute(self, request: Request) -> bytes:
        """Return the undecoded answer."""
        self.unanswered.add(request.id)
        # The request has what is read of the SDK's own.
        answer = await _not_losing_cancellation(self._send(request, "query", bypass=True))  # type: ignore[arg-type]
        undecoded: bytes = answer["cbor"]
        return undecoded

    def _route_frame(self, data: bytes) -> None:
        """Hand over answers to queries as they are. The SDK decodes in Python, which takes nine times as long."""
        found = _ID.search(data)
        request_id = (found[1] or found[2]).decode() if found else ""
        if request_id not in self.unanswered:  # the SDK's own request, or a notification
            super()._route_frame(data)
            return
        self.unanswered.remove(request_id)
        waiting = self.qry.get(request_id)
        if waiting is not None and not waiting.done():
            waiting.set_result({"cbor": data})

    def _fail_pending(self, error: BaseException) -> None:
        """Fail the requests that wait for an answer, and avoid warnings about those that nobody awaits."""
        waiting = list(self.qry.values())
        super()._fail_pending(error)
        for answer in waiting:
            if answer.done() and not answer.cancelled():
                answer.exception()


class Server:
    """A pool of `size` connections. It has the methods of one of the SDK's that are used here."""

    def __init__(self, url: str, size: int = 1) -> None:
        self._connections = [Connection(url) for _ in range(size)]

    async def connect(self) -> None:
        for connection in self._connections:
            await connection.connect()

    async def signin(self, user: dict[str, Any]) -> None:
        """Sign in once, and elsewhere with the token that comes of it: to check a password takes a server long."""
        first, *others = self._connections
        tokens = await first.signin(user)
        for connection in others:
            await connection.authenticate(str(tokens.access))

    async def authenticate(self, token: str) -> None:
        for connection in self._connections:
            await connection.authenticate(token)

    async def use(self, namespace: str, database: str) -> None:
        for connection in self._connections:
            await connection.use(namespace, database)

    async def version(self) -> str:
        return await self._connections[0].version()

    async def execute(self, request: Request) -> bytes:
        """Return the undecoded answer to a query."""
        return await min(self._connections, key=lambda each: len(each.unanswered)).execute(request)

    async def live(self, live_id: str) -> AsyncGenerator[dict[str, Any], None]:
        """Return the notifications of a live query. It must be the only connection."""
        (connection,) = self._connections
        return await connection.subscribe_live(live_id)

    @property
    def ended(self) -> bool:
        """Return whether a connection is closed. The SDK would reconnect without signing in again."""
        return any(each.recv_task is None or each.recv_task.done() for each in self._connections)

    def abort(self) -> None:
        """Break the connections at once. What waits for an answer raises ConnectionUnavailableError."""
        for connection in self._connections:
            if connection.socket is not None:
                connection.socket.transport.abort()

    async def close(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(SurrealError, OSError):  # it is broken already
                await connection.close()


async def _not_losing_cancellation(answer: Coroutine[Any, Any, Any]) -> Any:
    """Await the SDK's answer. The SDK uses asyncio.wait_for, which in Python 3.11 may lose a cancellation; raise it."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    value = await answer
    if task and task.cancelling() > before:
        raise asyncio.CancelledError
    return value
