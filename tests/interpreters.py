"""Processes that interpret go from one test to the next: starting one takes longer than most tests that need one."""

import contextlib
import subprocess
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from storage.errors import IndexUnavailable, IndexUnusable
from storage.workers import process

_MODULE = "storage.interpreting.worker"


class _Reused(process.ChildProcess):
    """A process that, if it interprets and still runs at its end, is given the first request of the next one."""

    idle: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(
        self, module: str, first: msgspec.Struct, died_at_start: type[IndexUnavailable | IndexUnusable]
    ) -> None:
        self._killed = False
        while module == _MODULE and self.idle:
            self._module, self._process = module, self.idle.pop()
            try:
                self.ask(first)  # all that it knew of another store is gone with that
            except IndexUnavailable:  # a test has killed it meanwhile
                super().end()
            else:
                return
        self._killed = False
        super().__init__(module, first, died_at_start)

    def ask(self, request: msgspec.Struct, *arguments: Any, **named: Any) -> Any:
        try:
            return super().ask(request, *arguments, **named)
        except (IndexUnavailable, IndexUnusable):
            self._killed = True  # whatever it was: it does not go on
            raise

    def kill(self) -> None:
        self._killed = True
        super().kill()

    def end(self) -> None:
        if self._module == _MODULE and not self._killed:
            self.idle.append(self._process)
        else:
            super().end()


@contextlib.contextmanager
def reused() -> Iterator[None]:
    """Let processes that interpret be used again until the block ends."""
    own, process.ChildProcess = process.ChildProcess, _Reused  # type: ignore[misc]
    try:
        yield
    finally:
        process.ChildProcess = own  # type: ignore[misc]
        while _Reused.idle:
            with _Reused.idle.pop() as last:
                assert last.stdin is not None
                last.stdin.close()
