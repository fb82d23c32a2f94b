"""A process of ours as its user sees it: started, asked, ended. Blocking; one thread at a time but for `kill`."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import Any

import msgspec

from storage.index import messages
from storage.index.base import IndexUnavailable, IndexUnusable
from storage.index.messages import Answer, Open

# -P: a folder named `storage`, where the receiver happens to be started, is not ours.
_COMMAND = (sys.executable, "-P", "-m")
_ANSWER = msgspec.msgpack.Decoder(Answer)


class EngineProcess:
    """A process that serves (`storage.index.serving`), until `end`. Raises IndexUnavailable and IndexUnusable."""

    def __init__(self, module: str, request: msgspec.Struct) -> None:
        """Start a module as a process, and make the first request, which prepares it."""
        self._process = subprocess.Popen((*_COMMAND, module), stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
        try:
            self.ask(request)
        except BaseException:
            self.kill()
            self.end()
            raise

    def ask(self, request: msgspec.Struct) -> Any:
        """Give the answer's value. After any error but ValueError the process is good for `end` only."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - for mypy: both are pipes
        assert stdout is not None  # noqa: S101
        try:
            messages.write(stdin, request)
            body = messages.read(stdout)
        except BrokenPipeError:
            body = None
        if body is None:
            self.kill()
            code = self._process.wait()
            message = f"a process of the search index stopped by itself (exit code {code}); see what it wrote above"
            raise IndexUnusable(message) if isinstance(request, Open) else IndexUnavailable(message)
        answer = _ANSWER.decode(body)
        match answer.outcome:
            case "done":
                return answer.value
            case "invalid":
                raise ValueError(answer.value)
            case "unavailable":
                raise IndexUnavailable(answer.value)
            case "unusable":
                raise IndexUnusable(answer.value)

    def kill(self) -> None:
        """End the process at once, in the middle of whatever it does. What it had flushed stays."""
        self._process.kill()

    def end(self) -> None:
        """Let the process close the index, and wait for that."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.wait()
