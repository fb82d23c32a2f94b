"""The receiver's side of the embedded engine: starts its process (`engine.py` says why), sends requests, closes it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from typing import Any

import msgspec
from surrealdb.errors import parse_rpc_error

from storage.surreal import cbor
from storage.surreal.messages import OPENED, Execute
from storage.surreal.replay import Replay
from storage.workers import messages
from storage.workers.messages import Reply

# -P: do not import from a folder named `storage` in the current directory.
_COMMAND = (sys.executable, "-P", "-m", "storage.surreal.engine")
# One arena, so that freed memory can be returned to the system (`engine.py`); a user's own setting is kept.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
# Large enough for a commit's request, which the engine then reads at once.
_PIPE = 1 << 20
_PROGRESS_EVERY = 0.1
# The engine's names for the SDK's.
_SIGN_IN = {"namespace": "NS", "database": "DB", "username": "user", "password": "pass"}
_REPLY = msgspec.msgpack.Decoder(Reply)


class EngineFailedError(Exception):
    """The engine failed, or its process ended; the message says why. Only `close` may be called after that."""


class Embedded:
    """A process with an open store. It has the methods of the SDK's connections that are used here."""

    def __init__(
        self, process: Process, requests: asyncio.WriteTransport, replay: Replay, on_progress: Callable[[str], None]
    ) -> None:
        self.pid = process.pid
        self._process = process
        self._replay, self._on_progress = replay, on_progress
        self._opening = ""
        self._requests = requests
        self._numbers = itertools.count(OPENED + 1)
        self._opened: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting = {OPENED: self._opened}
        self._receiving = asyncio.create_task(self._receive())

    @classmethod
    async def start(cls, url: str, on_progress: Callable[[str], None]) -> Embedded:
        """Start the process; it opens the store, and replays the log that a kill has left.

        If that takes long, `on_progress` is called with the progress, several times a second.
        """
        replay = Replay(url)
        theirs, ours = os.pipe()
        try:
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                with contextlib.suppress(OSError):  # a user's pipes have a limit; smaller pieces work, too
                    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, _PIPE)
            process = await asyncio.create_subprocess_exec(
                *_COMMAND, url, stdin=theirs, stdout=PIPE, env=_ENVIRONMENT | os.environ
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        requests, _ = await asyncio.get_running_loop().connect_write_pipe(
            asyncio.BaseProtocol, os.fdopen(ours, "wb", buffering=0)
        )
        return cls(process, requests, replay, on_progress)

    async def connect(self) -> None:
        """Wait until the store is open. Raises EngineFailedError."""
        while not (await asyncio.wait({self._opened}, timeout=_PROGRESS_EVERY))[0]:
            if self._opening:
                self._on_progress(self._opening + self._replay.progress(self.pid))
        self._opened.result()

    async def signin(self, user: dict[str, str]) -> None:
        await self._call("signin", {_SIGN_IN[name]: value for name, value in user.items()})

    async def authenticate(self, token: str) -> None:
        await self._call("authenticate", token)

    async def use(self, namespace: str, database: str) -> None:
        await self._call("use", namespace, database)

    @property
    def ended(self) -> bool:
        return self._receiving.done()

    async def execute(self, request: bytes, *, writes: bool) -> bytes:
        """Return the answer to a request of SurrealDB's RPC, both in CBOR. Reads may overtake writes.

        Raises ValueError for CBOR that the engine cannot read, and EngineFailedError.
        """
        # The pipe breaks shortly before the end of the process is known; after that, uvloop's pipe raises RuntimeError.
        if self.ended or self._requests.is_closing():
            raise EngineFailedError("the engine's process has ended")
        number = next(self._numbers)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._requests.write(messages.framed(Execute(number, writes, request)))
        return await answer

    async def close(self) -> None:
        """Let the engine write its memory to tables and end."""
        self._requests.close()
        await self._receiving

    def abort(self) -> None:
        """Kill the process at once. Acknowledged writes are kept."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def version(self) -> str:
        return str(await self._call("version"))

    async def _call(self, method: str, *params: Any) -> Any:
        """Call a method of SurrealDB's RPC. Raises ServerError if it is refused, and EngineFailedError."""
        answer = cbor.decode(
            await self.execute(cbor.encode({"id": method, "method": method, "params": params}), writes=False)
        )
        if error := answer.get("error"):
            raise parse_rpc_error(error)
        return answer.get("result")

    async def _receive(self) -> None:
        answers = self._process.stdout
        assert answers is not None  # noqa: S101 - for mypy: it is a pipe
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                reply = _REPLY.decode(await messages.receive(answers))
                if reply.outcome == "working":
                    self._opening = reply.value
                else:
                    self._answered(self._waiting.pop(reply.number), reply)
        code = await self._process.wait()
        self._requests.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(EngineFailedError(f"the engine's process has ended (exit code {code})"))
        if not self._opened.cancelled():
            self._opened.exception()  # the caller may be gone

    def _answered(self, answer: asyncio.Future[bytes], reply: Reply) -> None:
        if answer.done():  # the caller was cancelled
            return
        if reply.outcome == "done":
            answer.set_result(reply.value)
        elif reply.outcome == "invalid":
            answer.set_exception(ValueError(reply.value))
        else:
            answer.set_exception(EngineFailedError(reply.value))
