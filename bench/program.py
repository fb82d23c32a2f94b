"""The real program, started with empty stores of its own, and the CPU time and memory that it uses."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
# The checkout whose program runs, and the Python that runs it: by default another checkout's own.
CHECKOUT = HERE.parent
PYTHON: str | None = None


class Usage(NamedTuple):
    """CPU seconds and peak resident MB so far, of the receiver and its index engine. Zeros if not on Linux."""

    cpu: float
    peak: float


def free_ports(number: int) -> list[int]:
    """Return ports of loopback that nobody uses now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Receiver:
    def __init__(
        self, data_dir: str, model: str, *, wait_for_index: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        port, grpc_port = free_ports(2)
        self.grpc_address = f"127.0.0.1:{grpc_port}"
        # A build of before has no gRPC.
        grpc_flag = ["--grpc-port", str(grpc_port)] if (CHECKOUT / "receiver" / "grpc").exists() else []
        self.url = f"http://127.0.0.1:{port}"
        own = sys.executable if HERE.parent == CHECKOUT else str(CHECKOUT / ".venv" / "bin" / "python")
        python = PYTHON or own
        command = [python, "-m", "receiver", "serve", "--log-level", "warning", "--data-dir", data_dir]
        self.process = subprocess.Popen(
            [*command, "--port", str(port), "--otlp-port", "off", *grpc_flag],
            env={**os.environ, "VECTADB_EMBEDDING_MODEL": model, **(settings or {})},
            cwd=CHECKOUT,
        )
        self.wait(lambda: self.get("/readyz") is not None)
        if model != "off" and wait_for_index:
            self.wait(lambda: self.stats()["index_state"] == "ready")

    def get(self, path: str) -> Any:
        """Return the answer, None where there is none."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as answer:  # noqa: S310 - our own address
                return json.load(answer)
        except OSError:
            return None

    def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = self.get("/api/v1/stats")
        return stats

    def stored(self) -> int:
        """Events stored since the start, by the receiver's own account, which costs it nothing."""
        return self.metric("vectadb_receiver_commit_events_sum")

    def indexed(self) -> int:
        """Events indexed since the start, as `stored`."""
        return self.metric("vectadb_receiver_indexed_events_total")

    def metrics(self) -> bytes:
        with urllib.request.urlopen(self.url + "/metrics", timeout=60) as answer:  # noqa: S310 - our own address
            text: bytes = answer.read()
            return text

    def metric(self, name: str) -> int:
        match = re.search(rf"^{name}(?:{{.*}})? (\S+)".encode(), self.metrics(), re.MULTILINE)
        return int(float(match[1])) if match else 0

    def seconds(self) -> dict[str, float]:
        """Return the CPU seconds of each process so far, by the last part of its module's name. Linux only."""
        used: dict[str, float] = {}
        for pid, name in self._processes():
            used[name] = used.get(name, 0) + self.cpu_seconds(pid)
        return used

    def memory(self) -> dict[str, dict[str, float]]:
        """Return the anonymous MB of each process, those of mapped files, and the most it had. Empty but on Linux."""
        held = {}
        for pid, name in self._processes() if Path("/proc/self/smaps_rollup").exists() else ():
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
            sizes = {key: int(rest.split()[0]) / 1024 for key, _, rest in (line.partition(":") for line in lines)}
            peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            files = sizes["Rss"] - sizes["Anonymous"]
            held[name] = {"anonymous": sizes["Anonymous"], "files": files, "peak": int(peak[1]) / 1024 if peak else 0.0}
        return held

    def _processes(self) -> list[tuple[int, str]]:
        """Return the receiver's processes with the last parts of their modules' names."""
        processes = [(self.process.pid, "receiver")]
        for pid in self.pids()[1:]:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            module = next((word for word in words if word.startswith("storage.")), "other")
            processes.append((pid, module.removeprefix("storage.").removesuffix(".worker").removesuffix(".engine")))
        return processes

    @staticmethod
    def cpu_seconds(pid: int) -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait(self, until: Callable[[], bool], seconds: float = 3600) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the receiver did not get there")
            time.sleep(0.05)

    def pids(self) -> list[int]:
        """Return the processes of the receiver: its own and its workers'. Linux only."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [self.process.pid, *(int(pid) for task in tasks for pid in (task / "children").read_text().split())]

    def usage(self) -> Usage:
        proc = Path("/proc")
        if not proc.exists():
            return Usage(0.0, 0.0)
        ticks = peak = 0
        for pid in self.pids():
            fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
            status = (proc / str(pid) / "status").read_text().splitlines()
            peak += int(next(line for line in status if line.startswith("VmHWM")).split()[1])
        return Usage(ticks / os.sysconf("SC_CLK_TCK"), peak / 1024)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(120)


class Helper:
    """A program of this folder in a separate process, which is ready when this returns."""

    def __init__(self, program: str, *arguments: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / program), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        self._process.stdout.readline()

    def tell(self, word: str) -> dict[str, Any]:
        """Send the word it waits for, and return the line it prints then, without waiting for it to end."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: these are pipes
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def begin(self, word: str) -> None:
        """Send the word it waits for."""
        assert self._process.stdin is not None  # noqa: S101 - as above
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def end(self) -> bool:
        """End it, and return whether it was still at work."""
        working = self._process.poll() is None
        self._process.kill()
        self._process.communicate()
        return working


class Load(Helper):
    """The load generator. It has prepared its requests when this returns; `go` sends them."""

    def __init__(
        self, receiver: Receiver, scenario: str, items: int, *, seed: int = 1, connections: int = 8, rate: float = 0
    ) -> None:
        options = ("--seed", seed, "--connections", connections, "--rate", rate)
        super().__init__("load.py", receiver.url, receiver.grpc_address, scenario, items, *options)

    def go(self) -> dict[str, Any]:
        """Send, and return the result: `seconds`, `accepted`, and `answers` as [moment, seconds, items, status]."""
        return self.tell("go")
