"""The receiver under test: `python -m receiver serve` in a process of its own, and bare connections to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent.parent))  # the program, wherever this is started

from tests.ports import free_ports

ROOT = Path(__file__).parent.parent.parent
MAX_BODY = 1024 * 1024
# A case may take a second; what takes this long never answers.
GIVE_UP = 20.0
# Long enough for an answer to what is no whole request, where one comes at all.
LINGER = 0.3


class Target:
    def __init__(self, folder: Path, max_body: int = MAX_BODY) -> None:
        self.port, self.grpc_port = free_ports(2)
        self._log = folder / "receiver.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-X", "faulthandler", "-m", "receiver", "serve"),
                    *(
                        *("--port", str(self.port), "--otlp-port", "off", "--grpc-port", str(self.grpc_port)),
                        *("--data-dir", str(folder / "data")),
                    ),
                ],
                cwd=ROOT,
                env=os.environ | {"VECTADB_EMBEDDING_MODEL": "off", "VECTADB_SERVER_MAX_BODY_BYTES": str(max_body)},
                stderr=log,
                start_new_session=True,  # Ctrl-C is the fuzzer's to hear; its engine is in its group
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def ready(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError, EOFError):
                answer = await Connection(self.port).exchange("GET", b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                if answer.status == 200:
                    return
            if not self.alive or time.monotonic() > deadline:
                raise RuntimeError(f"the receiver does not start:\n{self._log.read_text(errors='replace')}")
            await asyncio.sleep(0.1)

    def memory(self) -> int:
        """Return the process's resident bytes, 0 where there is no /proc to ask."""
        return self._memory("VmRSS")

    def peak(self) -> int:
        """Return the most resident bytes that it has had, 0 as above."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        found = re.search(rf"{name}:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    def complaints(self) -> list[str]:
        """Return what its log says of a fault of its own, each with its traceback."""
        entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", self._log.read_text(errors="replace"), flags=re.MULTILINE)
        return [
            entry.rstrip() for entry in entries if re.search(r"Traceback| ERROR | CRITICAL |Error: |panicked", entry)
        ]

    def stop(self) -> int:
        self._process.terminate()
        try:
            return self._process.wait(timeout=30)
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill it with its engine, which would still be at work in the folder."""
        with contextlib.suppress(ProcessLookupError):  # they are gone
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Connection:
    """One connection, opened when it is needed and again after it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def exchange(self, method: str, request: bytes) -> Answer:
        """Send a whole request and read its answer. Raises OSError (TimeoutError), EOFError or ValueError without."""
        began = time.perf_counter()
        async with asyncio.timeout(GIVE_UP):
            reused = self._writer is not None
            try:
                answer = await self._exchange(method, request)
            except (OSError, EOFError):
                self.close()
                if not reused:
                    raise
                # The receiver closed it after the request before, as HTTP allows: that is no fault of this one.
                began = time.perf_counter()
                answer = await self._exchange(method, request)
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer._replace(seconds=time.perf_counter() - began)

    async def _exchange(self, method: str, request: bytes) -> Answer:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 24)
        assert self._reader is not None
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        size = int(headers.get("content-length", "0"))
        body = b"" if method == "HEAD" else await self._reader.readexactly(size)
        return Answer(int(first.split()[1]), headers, body, 0)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None


async def throw(port: int, data: bytes) -> bytes:
    """Send what may be no request on a connection of its own, and hang up. Returns what came back."""
    back = bytearray()
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                writer.write(data)
                while part := await reader.read(65536):
                    back += part
        writer.transport.abort()
    return bytes(back)
