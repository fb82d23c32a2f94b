"""The real receiver, `python -m receiver serve`, in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent.parent
STARTS_WITHIN = 30.0  # seconds; it takes one or two


class Program:
    """A receiver that takes events, its data and log in a folder. Without a folder of `models` it does not search."""

    def __init__(
        self, folder: Path, *, models: Path | None = None, key: str | None = None, keys: str = "", port: int = 0
    ) -> None:
        (folder / "data").mkdir(parents=True)
        environment = {
            "VECTADB_STORAGE_DATA_DIR": str(folder / "data"),
            "VECTADB_SEARCH_RERANK_MS": "0",  # its model would be read for seconds, of both cores
        }
        if models:
            (folder / "data" / "models").symlink_to(models)
        else:
            environment["VECTADB_EMBEDDING_MODEL"] = "off"
        if key:
            environment["VECTADB_AUTH_API_KEYS"] = key
        environment["VECTADB_AUTH_KEYS"] = keys
        self.key = key
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._log = folder / "receiver.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "receiver",
                    "serve",
                    "--port",
                    str(port),
                    "--otlp-port",
                    "off",
                    "--grpc-port",
                    "off",
                ],
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if not name.startswith(("VECTADB_", "OTEL_"))}
                | environment,
                stderr=log,
            )
        self.url = str(self._eventually(self._address))
        self._eventually(lambda: httpx.get(f"{self.url}/readyz", timeout=5).is_success)

    def stop(self) -> None:
        """Stop it, unless that was done, as a service manager does. It ends well, whoever reads live events."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            assert self._process.wait(timeout=30) == 0, self.log()
        finally:
            self._process.kill()
        assert "Traceback" not in self.log(), self.log()

    @contextmanager
    def interpreting_later(self) -> Iterator[None]:
        """Let what is stored meanwhile wait to be interpreted: the process that does it stands still."""
        (worker,) = (process for process in self._children() if b"storage.interpreting.worker" in process.read_bytes())
        pid = int(worker.parent.name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _children(self) -> Iterator[Path]:
        """Yield the files with the command lines of its processes."""
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):  # it has ended meanwhile
                if f"\nPPid:\t{self._process.pid}\n" in status.read_text():
                    yield status.with_name("cmdline")

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def get(self, path: str, **parameters: Any) -> Any:
        answer = httpx.get(f"{self.url}{path}", params=parameters, headers=self.headers, timeout=30)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, value: Any) -> Any:
        answer = httpx.post(f"{self.url}{path}", json=value, headers=self.headers, timeout=30)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def indexed(self, seconds: float = 60) -> None:
        """Wait until everything stored is searchable, and interpreted."""

        def done() -> bool:
            stats = self.get("/api/v1/stats")
            waiting = stats["index_pending"] or stats["interpretation_pending"]
            return not waiting and stats["index_state"] == "ready"

        self._eventually(done, seconds)

    def interpreted(self, seconds: float = 60) -> None:
        """Wait until all that was stored is interpreted."""
        self._eventually(lambda: not self.get("/api/v1/stats")["interpretation_pending"], seconds)

    def _address(self) -> str | None:
        found = re.search(r"listens on (http://\S+:\d+)", self.log())
        return found[1] if found else None

    def _eventually(self, look: Any, seconds: float = STARTS_WITHIN) -> Any:
        deadline = time.monotonic() + seconds
        while not (seen := look()):
            assert self._process.poll() is None, f"the receiver ended:\n{self.log()}"
            assert time.monotonic() < deadline, f"nothing after {seconds} s:\n{self.log()}"
            time.sleep(0.05)
        return seen
