"""The receiver's side of a child process (`storage.workers.request_loop`): start it, send requests, end it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

import msgspec

from storage.errors import IndexUnavailable, IndexUnusable
from storage.workers import messages
from storage.workers.messages import Reply

# -P: do not import from a folder named `storage` in the current directory.
_COMMAND = (sys.executable, "-P", "-m")
# numpy multiplies in as many threads as there are cores, which wait for each other by spinning: on a busy machine 64
# texts took ten times as long, and six times the processor's time.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
_ANSWER = msgspec.msgpack.Decoder(Reply)


def _ignore(_step: Any) -> None:
    """Take no notice of a step."""


class RestartingProcess:
    """A process that answers requests in order. After a failure it is started again by the next request."""

    def __init__(
        self,
        module: str,
        first: msgspec.Struct,
        patience: float = 5.0,
        died_at_start: type[IndexUnavailable | IndexUnusable] = IndexUnavailable,
    ) -> None:
        """Run `module` as the process; the request `first` is sent at each start to prepare it.

        If closing takes longer than `patience` seconds, the process is killed; acknowledged requests lose nothing by
        that. `died_at_start` is raised if the process ends instead of answering `first`.
        """
        self._patience = patience
        self._module, self._first, self._died_at_start = module, first, died_at_start
        self._process: ChildProcess | None = None
        # One thread is the queue. So a cancelled caller does not leave an exchange unfinished.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=module)

    async def start(self) -> None:
        """Start the process, or restart it if it runs."""
        await self._in_thread(self._start)

    async def ask(self, request: msgspec.Struct) -> Any:
        """Return the answer's value. Raises IndexUnavailable, IndexUnusable, or ValueError for a wrong request."""
        return await self._in_thread(self._exchange, request)

    def ask_blocking(self, request: msgspec.Struct, told: Callable[[Any], None] = _ignore) -> Any:
        """Do as `ask`, for callers in threads. `told` is called with the value of each reply about a step.

        An exception of `told` ends the process, and is raised.
        """
        return self._thread.submit(self._exchange, request, told).result()

    async def close(self) -> None:
        """Close within seconds. A process that is busy for longer is killed, which loses nothing."""
        try:
            await asyncio.wait_for(self._in_thread(self._end), self._patience)
        except TimeoutError:
            if self._process is not None:
                self._process.kill()
            await self._in_thread(self._end)

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    # The rest runs in the thread.

    def _start(self) -> None:
        self._end()
        self._process = ChildProcess(self._module, self._first, self._died_at_start)

    def _exchange(self, request: msgspec.Struct, told: Callable[[Any], None] = _ignore) -> Any:
        if self._process is None:
            self._start()
        assert self._process is not None  # noqa: S101 - for mypy: started
        try:
            return self._process.ask(request, told=told)
        except ValueError:
            raise
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


class ChildProcess:
    """A running process, until `end`. Blocking; only `kill` may be called from another thread."""

    def __init__(
        self, module: str, first: msgspec.Struct, died_at_start: type[IndexUnavailable | IndexUnusable]
    ) -> None:
        self._module = module
        self._process = subprocess.Popen(  # noqa: S603 - our own
            (*_COMMAND, module), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT | os.environ
        )
        try:
            self.ask(first, died_at_start)
        except BaseException:
            self.kill()
            self.end()
            raise

    def ask(
        self,
        request: msgspec.Struct,
        died: type[IndexUnavailable | IndexUnusable] = IndexUnavailable,
        told: Callable[[Any], None] = _ignore,
    ) -> Any:
        """Return the answer's value. After any error other than ValueError, only `end` may be called.

        `told` is called with the value of each reply about a step; if it raises, the process is killed. Raises `died`
        if the process ends instead of answering, and else as `RestartingProcess.ask`.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - for mypy: both are pipes
        assert stdout is not None  # noqa: S101
        try:
            messages.write(stdin, request)
            answer = self._answer(stdout)
            while answer is not None and answer.outcome == "working":
                told(answer.value)
                answer = self._answer(stdout)
        except BrokenPipeError:
            answer = None
        except BaseException:
            self.kill()
            raise
        if answer is None:
            self.kill()
            code = self._process.wait()
            raise died(f"{self._module} stopped by itself (exit code {code}); see its messages above")
        match answer.outcome:
            case "done":
                return answer.value
            case "invalid":
                raise ValueError(answer.value)
            case "unavailable":
                raise IndexUnavailable(answer.value)
            case _:
                raise IndexUnusable(answer.value)

    @staticmethod
    def _answer(stdout: IO[bytes]) -> Reply | None:
        body = messages.read(stdout)
        return None if body is None else _ANSWER.decode(body)

    def kill(self) -> None:
        """Kill the process at once."""
        self._process.kill()

    def end(self) -> None:
        """Let the process finish, and wait for its end."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.wait()
