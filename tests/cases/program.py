"""A receiver in a process of its own, as `python -m receiver serve` starts it, and what is asked of it."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.cases.sending import FreshIds, Request
from tests.ports import free_ports

# Seconds until a receiver is ready, and until it has interpreted and indexed what it was sent.
START, CATCH_UP = 60, 120


class Program:
    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=30)

    def post(self, request: Request) -> httpx.Response:
        return self.client.post(request.path, content=request.body, headers={"Content-Type": request.content_type})

    def catches_up(self) -> None:
        """Wait until all that is stored is interpreted and can be searched."""
        deadline = time.monotonic() + CATCH_UP
        while (waiting := self._waiting()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not waiting, waiting

    def _waiting(self) -> dict[str, Any]:
        stats = self.client.get("/api/v1/stats").json()
        waiting = {"interpretation_pending": stats["interpretation_pending"], "index_pending": stats["index_pending"]}
        return {name: count for name, count in waiting.items() if count}


class Told:
    """What a receiver answers about one case, in the ids of the case's file: `answers` when it was sent."""

    def __init__(self, program: Program, ids: FreshIds, trace_ids: list[str], answers: list[httpx.Response]) -> None:
        self._program, self._ids = program, ids
        self.trace_ids, self.answers = trace_ids, answers

    def get(self, path: str, **query: Any) -> Any:
        """Give the JSON of a path that is there."""
        answer = self.asks(path, **query)
        assert answer.status_code == 200, f"{path} {query}: {answer.status_code} {answer.text}"
        return json.loads(self._ids.back(answer.text))

    def asks(self, path: str, **query: Any) -> httpx.Response:
        asked = {name: self._ids.of(str(value)) for name, value in query.items()}
        return self._program.client.get(f"/api/v1{self._ids.of(path)}", params=asked)

    def prune(self, session_id: str) -> httpx.Response:
        return self._program.client.post("/api/v1/prune", json={"session_id": self._ids.of(session_id)})

    def pages(self, path: str, field: str, **query: Any) -> list[Any]:
        """Give the items of all pages of a list."""
        items, cursor = [], ""
        while cursor is not None:
            page = self.get(path, limit=200, cursor=cursor, **query)
            items += page[field]
            cursor = page["next_cursor"]
        return items


@contextlib.contextmanager
def serving(folder: Path, models: Path) -> Iterator[Program]:
    """Start a receiver on a data folder of its own that finds the embedding model in `models`."""
    data_dir = folder / "data"
    data_dir.mkdir()
    (data_dir / "models").symlink_to(models)
    (port,) = free_ports(1)
    flags = ["--data-dir", str(data_dir), "--port", str(port), "--otlp-port", "off", "--grpc-port", "off"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VECTADB_", "OTEL_"))}
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-m", "receiver", "serve", *flags], stderr=stream, env=clean)
    try:
        program = Program(f"http://127.0.0.1:{port}")
        _wait_until_ready(process, program, log)
        yield program
        program.client.close()
    finally:
        process.terminate()
        code = process.wait(30)
    assert code == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def _wait_until_ready(process: subprocess.Popen, program: Program, log: Path) -> None:
    deadline = time.monotonic() + START
    while True:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx.TransportError):
            if program.client.get("/readyz").status_code == 200:
                return
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
