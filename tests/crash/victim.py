"""The receiver that is killed: `python -m receiver serve` in a process of its own, on the same folder every time."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
# The engine replays its log first, and the machine may be busy.
_STARTS_WITHIN = 120.0
_STOPS_WITHIN = 60.0
# What a log may not hold. An unhandled error, the engine's panic, and what the receiver itself calls an error.
_FAULT = re.compile(r"Traceback| ERROR | CRITICAL |panicked|never retrieved")


class Victim:
    """One start of the receiver. `log` holds what it and the starts before it wrote."""

    def __init__(self, folder: Path, model: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            self.port: int = held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "receiver.log"
        self.began = time.perf_counter()
        with self.log.open("ab") as log:
            self._read_from = log.tell()
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-X", "faulthandler", "-m", "receiver", "serve"),
                    *("--port", str(self.port), "--otlp-port", "off", "--data-dir", str(folder / "data")),
                ],
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if not name.startswith("VECTADB_")}
                | {"VECTADB_EMBEDDING_MODEL": model},
                stderr=log,
            )

    def ask(self, path: str) -> tuple[int, Any]:
        """Give status and JSON of a path; status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:  # noqa: S310 - our own address
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, None

    def get(self, path: str) -> Any:
        status, value = self.ask(path)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {value}")
        return value

    def is_ready(self) -> bool:
        if self._process.poll() is not None or time.perf_counter() - self.began > _STARTS_WITHIN:
            raise RuntimeError(f"the receiver does not start:\n{self.log.read_text(errors='replace')[-4000:]}")
        return self.ask("/readyz")[0] == 200

    def kill(self) -> None:
        """Kill the process, and it alone: its search engine's process finds out by itself."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        self._process.terminate()
        try:
            return self._process.wait(timeout=_STOPS_WITHIN)
        finally:
            self._process.kill()

    def faults(self) -> list[str]:
        """Give the lines of this start's log that speak of a fault."""
        with self.log.open("rb") as log:
            log.seek(self._read_from)
            return [line for line in log.read().decode(errors="replace").splitlines() if _FAULT.search(line)]
