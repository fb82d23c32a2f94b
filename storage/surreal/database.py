"""A connection to SurrealDB: the embedded engine (`surrealkv://`, `mem://`) or a server (`ws://`, `wss://`)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from surrealdb.errors import ServerError, SurrealError

from mapping.errors import Code, Problem
from storage.surreal import cbor
from storage.surreal.embedded import Embedded, EngineFailedError
from storage.surreal.errors import (
    AccessError,
    ConflictError,
    InUseError,
    OpenError,
    StatementRefusedError,
    fault,
    results,
    unavailable,
)
from storage.surreal.server import Request, Server
from storage.surreal.timing import took

# Runs statements with variables, as `Database.run` does.
Run = Callable[..., Awaitable[list[Any]]]

_SERVERS = ("ws://", "wss://")
# Where a user is defined, and what must be named besides to sign it in.
ROOT = "root"
_SCOPES = {ROOT: (), "namespace": ("namespace",), "database": ("namespace", "database")}
_TRANSACTION = "BEGIN;"
_LOCKED = "already locked"  # part of the engine's message
_CONFLICT = "can be retried"  # part of the server's, where others make the same namespace at this moment
_STORAGE = "key-value store"  # part of the server's, where signing in meets a fault of its storage
_TORN = "WAL error"  # part of SurrealKV's


# Seconds that an engine may need to close: it writes its memory to its tables, at most 1 GB, possibly after replaying a
# log of that size or merging tables.
_PATIENCE = 60.0
# Seconds that a query may take; and that the next ones may take after one took longer, because they have waited
# already. Exporters give up after 10 s, and send again if they get a 503 before that. A commit of 500 events takes 0.1
# s.
ANSWERS_WITHIN = 7.0
THEN_WITHIN = 2.0
# Seconds that signing in may take.
_SET_UP_WITHIN = 30.0


@contextlib.asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Raise TimeoutError, which says how long it was, if the body takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise TimeoutError(f"not within {seconds:.0f} s") from error


class Database:
    """Queries with variables. Reconnects to a server after an interruption; the embedded engine stays open.

    `token` signs in instead of `user` and `password`. `auth_level` is where the user is defined: `root`, `namespace` or
    `database`.

    `on_progress` is called with the progress while the embedded engine opens slowly. `patience` is how many seconds to
    wait for a store that another process still has open. A query fails after `answers_within` seconds; the next ones
    fail after `then_within` seconds, until one is answered. `prepare` is called with each new connection's `run` before
    anything else is sent on it; `failed` is called with the message of each Problem.
    """

    def __init__(
        self,
        url: str,
        *,
        namespace: str,
        database: str,
        user: str = "",
        password: str = "",
        auth_level: str = ROOT,
        token: str = "",
        on_progress: Callable[[str], None] = lambda _: None,
        prepare: Callable[[Run], Awaitable[object]] | None = None,
        failed: Callable[[str], None] = lambda _: None,
        pool_size: int = 1,
        patience: float = _PATIENCE,
        answers_within: float = ANSWERS_WITHIN,
        then_within: float = THEN_WITHIN,
    ) -> None:
        self.url = url
        self.embedded = not url.startswith(_SERVERS)
        self._namespace, self._database = namespace, database
        self._user, self._password = user, password
        self._auth_level, self._token = auth_level, token
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._pool_size = pool_size
        self._closed = False
        self._answers = True
        self._numbers = itertools.count()
        self._on_progress = on_progress
        self._prepare = prepare
        self._failed = failed
        self._patience = patience
        self._answers_within, self._then_within = answers_within, then_within
        self._starting: _Connection | None = None
        # To a server whose log has a torn record, until it hangs up: see `_check_log`.
        self._torn: Server | None = None

    async def open(self) -> None:
        """Connect. Raises OpenError if retrying will not help, Problem (UNAVAILABLE) if it may."""
        self._closed = False
        await self._connected()

    async def close(self) -> None:
        self._closed = True
        if self._starting is not None:
            self._starting.abort()  # so that a stop does not wait for the end of a replay or a migration
        async with self._connecting:
            for connection in (self._connection, self._torn):
                if connection is not None:
                    await _close(connection)
            self._connection = self._torn = None

    async def version(self) -> str:
        """Return the engine's or server's version. Raises as `query` does."""
        async with self._in_time(), self._connection_in_use() as connection:
            return await connection.version()

    async def query(self, query: str, /, **variables: Any) -> list[Any]:
        """Run statements and return the result of each. Values are passed as variables, never in the text.

        Raises ConflictError, StatementRefusedError, or Problem (UNAVAILABLE), also if the answer takes too long. A
        transaction (`BEGIN; ...; COMMIT;`) that raises has changed nothing; only after Problem this is not known.
        """
        async with self._in_time():
            return await self.run(query, **variables)

    async def run(self, query: str, /, **variables: Any) -> list[Any]:
        """Run statements as `query` does, without a time limit."""
        async with self._connection_in_use() as connection:
            return await self._run_on(connection, query, **variables)

    async def _run_on(self, connection: _Connection, query: str, /, **variables: Any) -> list[Any]:
        request = Request(next(self._numbers), query, variables)
        answer = cbor.decode(await _sent(connection, request, writes=query.lstrip().startswith(_TRANSACTION)))
        self._answers = True
        if answer.get("error"):
            raise fault(self.url, answer["error"].get("kind"), str(answer["error"].get("message")))
        took(statement["time"] for statement in answer["result"])
        return results(self.url, answer["result"])

    async def read(self, query: str, /, **variables: Any) -> bytes:
        """Return the undecoded CBOR answer to a query that reads: `{result: [{status, result}, ...]}` or `{error}`.

        The caller decodes it and handles the errors in it. Other errors are raised as by `query`.
        """
        async with self._in_time(), self._connection_in_use() as connection:
            answer = await _sent(connection, Request(next(self._numbers), query, variables), writes=False)
            self._answers = True
            return answer

    async def follow(self, query: str, /, created: Callable[[Any], None], begun: Callable[[], None]) -> None:
        """Run a `LIVE SELECT` until cancelled. Call `begun` once it runs, and `created` with what it tells of new rows.

        It has a connection to the server of its own, where it holds up nobody. Raises as `query` does.
        """
        connection = Server(self.url)
        try:
            await self._sign_in(connection)
            async with within(_SET_UP_WITHIN):
                (live_id,) = await self._run_on(connection, query)
                notifications = await connection.live(str(live_id))
            begun()
            async for notification in notifications:
                if notification["action"] == "CREATE":
                    created(notification["result"].id)
        except (SurrealError, OSError, ValueError, KeyError) as error:
            raise unavailable(self.url, error) from error
        finally:
            await _close(connection)
        raise unavailable(self.url, "it has ended the live query")

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        seconds = self._answers_within if self._answers else self._then_within
        try:
            async with within(seconds):
                yield
        except TimeoutError as error:
            self._answers = False
            problem = unavailable(self.url, error)
            self._failed(problem.message)
            raise problem from error

    @contextlib.asynccontextmanager
    async def _connection_in_use(self) -> AsyncIterator[_Connection]:
        """Yield the connection; translate its errors, and drop it if it is broken."""
        try:
            async with self._translating() as connection:
                yield connection
        except Problem as problem:
            if not self._closed:
                self._failed(problem.message)
            raise

    @contextlib.asynccontextmanager
    async def _translating(self) -> AsyncIterator[_Connection]:
        try:
            connection = await self._connected()
        except OpenError as error:  # it could be opened before, so this may pass
            raise Problem(Code.UNAVAILABLE, str(error), retry_after=5) from error
        try:
            yield connection
        except (ServerError, ValueError) as error:
            # ValueError: the values cannot be encoded as CBOR. ServerError: the engine or server cannot read them.
            raise StatementRefusedError(str(error)) from error
        except (SurrealError, EngineFailedError, OSError) as error:
            await self._drop(connection)
            raise unavailable(self.url, error) from error
        except Problem as problem:
            if isinstance(connection, Server) and _TORN in problem.message:
                self._connection, self._torn = None, connection
                await self._check_log()
            await self._drop(connection)
            raise
        replaced = self.embedded and connection is not self._connection
        if (replaced or connection is self._torn) and not self._closed:
            # Another query saw that the engine could not write its log; what it has written since would be lost.
            raise unavailable(self.url, "its log could not be written")

    async def _check_log(self) -> None:
        """Raise Problem until a server whose log could not be written (a full disk) has been stopped.

        Its engine goes on as the embedded one does (`_drop`): after a kill it reads its log only up to the torn record.
        """
        if self._torn is None:
            return
        if not self._torn.ended:
            raise Problem(
                Code.UNAVAILABLE,
                f"SurrealDB at {self.url} could not write its log, and a kill would lose what it stores from now on: "
                "make room on its disk, stop it (SIGTERM) and start it again",
                retry_after=5,
            )
        await _close(self._torn)
        self._torn = None

    async def _connected(self) -> _Connection:
        await self._check_log()
        connection = self._connection
        if connection is not None and connection.ended:
            await self._drop(connection)
        if self._connection is not None:
            return self._connection
        # Shielded: a cancelled caller must not leave an engine behind that keeps the folder locked.
        connecting = asyncio.ensure_future(self._reconnected())
        connecting.add_done_callback(lambda task: task.cancelled() or task.exception())  # the caller may be gone
        return await asyncio.shield(connecting)

    async def _reconnected(self) -> _Connection:
        async with self._connecting:
            if self._closed:
                raise self._is_closed()
            await self._check_log()
            if self._connection is None:
                self._connection = await self._connect(time.monotonic() + self._patience)
            return self._connection

    async def _connect(self, deadline: float) -> _Connection:
        """Return a new connection. Waits for what passes: the engine of a killed receiver that is still closing."""
        connection: _Connection | None = None
        try:
            if self.embedded:
                connection = self._starting = await Embedded.start(self.url, self._on_progress)
            else:
                connection = self._starting = Server(self.url, self._pool_size)
            await self._set_up(connection)
        except _NOT_SET_UP as error:
            if isinstance(connection, Server) and _TORN in str(error):
                self._torn = connection
                await self._check_log()
            if connection is not None:
                await _close(connection)
            if self._closed:
                raise self._is_closed() from error
            if any(passing in str(error) for passing in (_LOCKED, _CONFLICT)) and time.monotonic() < deadline:
                await asyncio.sleep(0.2)
                return await self._connect(deadline)
            raise self._why_not_opened(error) from error
        finally:
            self._starting = None
        return connection

    async def _set_up(self, connection: _Connection) -> None:
        await self._sign_in(connection)
        if self._prepare is not None:
            await self._prepare(partial(self._run_on, connection))

    async def _sign_in(self, connection: _Connection) -> None:
        await connection.connect()
        async with within(_SET_UP_WITHIN):
            if self._token:
                await connection.authenticate(self._token)
            elif self._user:
                scope = {"namespace": self._namespace, "database": self._database}
                names = {name: scope[name] for name in _SCOPES[self._auth_level]}
                await connection.signin({**names, "username": self._user, "password": self._password})
            await connection.use(self._namespace, self._database)

    def _why_not_opened(self, error: Exception) -> Exception:
        """Return an OpenError where waiting will not help, else a Problem."""
        if isinstance(error, (OpenError, Problem)):
            return error
        if isinstance(error, StatementRefusedError):
            return OpenError(f"SurrealDB at {self.url} does not take the schema: {error}")
        if isinstance(error, ServerError) and _STORAGE not in str(error):
            return AccessError(f"SurrealDB at {self.url} refuses: {error}")
        if _LOCKED in str(error):
            return InUseError(f"{self.url} is in use by another process: stop that one first")
        if self.embedded:
            return OpenError(f"SurrealDB cannot open {self.url}: {error}")
        return unavailable(self.url, error)

    def _is_closed(self) -> Problem:
        return Problem(Code.UNAVAILABLE, f"SurrealDB at {self.url} is closed", retry_after=5)

    async def _drop(self, connection: _Connection) -> None:
        """Drop a broken connection; the next query makes a new one.

        A connection to a server has lost its session. The embedded engine, if it could not write its log (a full disk),
        goes on writing after the torn record and reports success, but after a kill it reads the log only up to there:
        it must be opened anew.
        """
        if connection is self._connection:
            self._connection = None
            await asyncio.shield(asyncio.ensure_future(self._closed_down(connection)))

    async def _closed_down(self, connection: _Connection) -> None:
        async with self._connecting:
            await _close(connection)


# What setting up a connection may raise: the SDK, the engine, and the preparation.
_NOT_SET_UP = (
    *(SurrealError, EngineFailedError, OSError, ValueError),
    *(OpenError, Problem, ConflictError, StatementRefusedError),
)


_Connection = Embedded | Server


async def _sent(connection: _Connection, request: Request, *, writes: bool) -> bytes:
    """Return the undecoded answer."""
    if isinstance(connection, Embedded):
        return await connection.execute(request.WS_CBOR_DESCRIPTOR, writes=writes)
    return await connection.execute(request)


async def _close(connection: _Connection) -> None:
    with contextlib.suppress(SurrealError, OSError):  # it is broken already
        await connection.close()
