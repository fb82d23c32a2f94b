"""The receiver that is killed: `python -m receiver serve` and its engines, on the same folder every time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))  # the program, wherever this is started

from tests.ports import free_ports

ROOT = Path(__file__).parent.parent.parent
# The engine replays its log first, and the machine may be busy.
_STARTS_WITHIN = 120.0
_STOPS_WITHIN = 60.0
_ENGINE = "storage.surreal.engine"
_INTERPRETER = "storage.interpreting.worker"
# What a log may not hold. An unhandled error, the engine's panic, and what the receiver itself calls an error.
_FAULT = re.compile(r"Traceback| ERROR | CRITICAL |panicked|never retrieved")


class Victim:
    """One start of the receiver. `log` holds what it and the starts before it wrote.

    `settings` are further ones, by their variables' names without `VECTADB_`; `ports` are those of HTTP and gRPC, where
    they are not to be any two.
    """

    def __init__(
        self, folder: Path, model: str, settings: Mapping[str, str] | None = None, ports: Sequence[int] = ()
    ) -> None:
        self.port, self.grpc_port = ports or free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.grpc_address = f"127.0.0.1:{self.grpc_port}"
        self.log = folder / "receiver.log"
        self.began = time.perf_counter()
        with self.log.open("ab") as log:
            self._read_from = log.tell()
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-X", "faulthandler", "-m", "receiver", "serve"),
                    *("--port", str(self.port), "--otlp-port", "off", "--grpc-port", str(self.grpc_port)),
                    *("--data-dir", str(folder / "data")),
                ],
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if not name.startswith("VECTADB_")}
                | {"VECTADB_EMBEDDING_MODEL": model}
                | {f"VECTADB_{name}": value for name, value in (settings or {}).items()},
                stderr=log,
                start_new_session=True,  # its engines' processes are in its group
            )

    def ask(self, path: str) -> tuple[int, Any]:
        """Return status and JSON of a path; status 0 where nobody answers."""
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
        """Kill all its processes at once, as a machine does that stops."""
        with contextlib.suppress(ProcessLookupError):  # they are gone
            os.killpg(self._process.pid, signal.SIGKILL)
        self._wait_for_all()

    def kill_receiver(self) -> None:
        """Kill the receiver's process alone. The engines see the end of their input, close and end."""
        self._process.kill()
        self._wait_for_all()

    def kill_engine(self) -> None:
        """Kill SurrealDB's engine alone."""
        (pid,) = (pid for pid, command in self._processes().items() if _ENGINE in command)
        os.kill(pid, signal.SIGKILL)

    def kill_interpreter(self) -> None:
        """Kill the process that interprets alone, if it has started: the receiver starts another one."""
        for pid, command in self._processes().items():
            if _INTERPRETER in command:
                with contextlib.suppress(ProcessLookupError):  # it has just ended
                    os.kill(pid, signal.SIGKILL)

    def _processes(self) -> dict[int, list[str]]:
        """Return the command of each process of its group that has not ended. Linux only: it is read from /proc."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has just ended
                # proc(5): the state is the first after the name, which may hold anything, and the group the third.
                state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(group) == self._process.pid and state not in "ZX":
                    found[int(process.name)] = (process / "cmdline").read_text().split("\0")
        return found

    def _wait_for_all(self) -> None:
        self._process.wait()
        deadline = time.monotonic() + _STOPS_WITHIN
        while left := self._processes():
            if time.monotonic() > deadline:
                raise RuntimeError(f"still there after the receiver was killed: {left}")
            time.sleep(0.01)

    def stop(self) -> int:
        self._process.terminate()
        try:
            return self._process.wait(timeout=_STOPS_WITHIN)
        finally:
            self.kill()

    def faults(self) -> list[str]:
        """Return the lines of this start's log that speak of a fault."""
        with self.log.open("rb") as log:
            log.seek(self._read_from)
            return [line for line in log.read().decode(errors="replace").splitlines() if _FAULT.search(line)]
