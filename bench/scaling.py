"""Measure what several receivers do on one SurrealDB server: `python bench/scaling.py`.

JSON: bench/results/scaling.json.

One, two and three receivers are started on an empty database, and sent as many spans in all, as fast as they take
them, each by a load generator of its own; meanwhile somebody lists traces at the first of them. `done` is when all is
interpreted (and searchable, with a model and a Qdrant server). CPU is in microseconds a span, by process; what the
receivers' processes use is added up. All of it shares this machine. Compare within one run.

`--cores 0.25` lets each receiver, with its workers, use so much of a core and no more, so that a small machine shows
what receivers on machines of their own would do beside one server (root, and the cpu controller of cgroup 1).

The server is the one that tests/servers/surreal/build.sh has built, unless --surreal names a binary.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import program
from program import HERE, Load, Receiver

SCENARIO = "spans, protobuf, 100 a request"
CONNECTIONS = 24  # of all load generators
USER, PASSWORD = "root", "secret"
LOOKS_EVERY = 0.5  # seconds
WARM = 600  # spans to each receiver before it is measured: its workers load their model with the first ones
PERIOD = 20_000  # microseconds, in each of which a receiver may use its part of a core


class Server:
    """SurrealDB's server on a port of its own, with its data in a folder."""

    def __init__(self, binary: str, folder: str) -> None:
        address = f"127.0.0.1:{program.free_ports(1)[0]}"
        self.url = f"ws://{address}"
        user = ("--user", USER, "--pass", PASSWORD)
        self.process = subprocess.Popen(
            [binary, "start", "--no-banner", "--log", "error", "--bind", address, *user, f"surrealkv://{folder}"],
            env=os.environ | {"SURREAL_ONLINE_VERSION_CHECK": "false"},
            stdout=subprocess.DEVNULL,
        )
        ends = time.monotonic() + 30
        while not self._answers(f"http://{address}/health"):
            if time.monotonic() > ends:
                sys.exit("the server did not get there")
            time.sleep(0.05)

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return True
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def limit(receiver: Receiver, cores: float) -> Path:
    """Let the receiver and its workers use so much CPU. Returns the group, to be removed once they have ended."""
    group = Path(f"/sys/fs/cgroup/cpu/vectadb-{receiver.process.pid}")
    group.mkdir()
    (group / "cpu.cfs_quota_us").write_text(str(int(cores * PERIOD)))
    (group / "cpu.cfs_period_us").write_text(str(PERIOD))
    for pid in receiver.pids():
        (group / "cgroup.procs").write_text(str(pid))
    return group


class Reader:
    """Lists traces at a receiver, so often a second, until `stop`, which returns how many seconds each list took."""

    def __init__(self, receiver: Receiver, rate: float) -> None:
        self._receiver, self._rate = receiver, rate
        self._done, self._took = threading.Event(), list[float]()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while self._rate and not self._done.wait(1 / self._rate):
            began = time.perf_counter()
            self._receiver.get("/api/v1/traces?limit=50")
            self._took.append(time.perf_counter() - began)

    def stop(self) -> list[float]:
        self._done.set()
        self._thread.join()
        return sorted(self._took)


def measure(
    binary: str, number: int, items: int, model: str, qdrant: str, seed: int, lists_a_second: float, cores: float
) -> dict[str, float]:
    """Start so many receivers, send, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        server = Server(binary, f"{folder}/surreal")
        settings = {
            "VECTADB_STORAGE_SURREALDB_URL": server.url,
            "VECTADB_STORAGE_SURREALDB_USER": USER,
            "VECTADB_STORAGE_SURREALDB_PASSWORD": PASSWORD,
        }
        if qdrant:
            settings |= {
                "VECTADB_STORAGE_QDRANT_URL": qdrant,
                "VECTADB_STORAGE_QDRANT_COLLECTION": f"bench{time.time_ns()}",
            }
        receivers: list[Receiver] = []
        groups: list[Path] = []
        try:
            for each in range(number):
                waits = not each or bool(qdrant)  # the first one's index, or the one that all share
                receivers += [Receiver(f"{folder}/{each}", model, wait_for_index=waits, settings=settings)]
            warming, loads = (_loads(receivers, *each) for each in ((number * WARM, seed + 1000), (items, seed)))
            groups += [limit(receiver, cores) for receiver in receivers if cores]
            # Until each knows of the others.
            time.sleep(3)
            searched = bool(qdrant) and model != "off"
            warm = _accepted(_go(warming))
            _wait_until_done(receivers, warm, searched=searched)
            before = _seconds(server, receivers)
            reader = Reader(receivers[0], lists_a_second)
            began = time.perf_counter()
            sent = _go(loads)
            stored_after = time.perf_counter() - began
            lists = reader.stop()
            stored = _seconds(server, receivers)
            accepted = _accepted(sent)
            _wait_until_done(receivers, warm + accepted, searched=searched)
            done_after = time.perf_counter() - began
            done = _seconds(server, receivers)
        finally:
            for receiver in receivers:
                receiver.stop()
            server.stop()
            for group in groups:
                group.rmdir()
    latencies = sorted(latency for each in sent for _, latency, _, status in each["answers"] if status == 200)
    row = {
        "stored/s": accepted / stored_after,
        "done/s": accepted / done_after,
        "ack p50 ms": statistics.median(latencies) * 1000,
        "ack p99 ms": latencies[len(latencies) * 99 // 100] * 1000,
        **({"list p50 ms": statistics.median(lists) * 1000, "list max ms": lists[-1] * 1000} if lists else {}),
        "cores": (stored - before).total() / stored_after,
    }
    used = done - before
    return (
        row
        | {f"{name} us": seconds / accepted * 1e6 for name, seconds in used.items()}
        | {"all us": used.total() / accepted * 1e6}
    )


def _loads(receivers: list[Receiver], items: int, seed: int) -> list[Load]:
    number = len(receivers)
    return [
        Load(receiver, SCENARIO, items // number, seed=seed + each, connections=CONNECTIONS // number)
        for each, receiver in enumerate(receivers)
    ]


def _go(loads: list[Load]) -> list[dict[str, Any]]:
    """Send from all load generators at once. Returns what each saw."""
    with ThreadPoolExecutor(len(loads)) as pool:
        return [*pool.map(Load.go, loads)]


def _accepted(sent: list[dict[str, Any]]) -> int:
    return sum(each["accepted"] for each in sent)


def _seconds(server: Server, receivers: list[Receiver]) -> Counter[str]:
    used = Counter({"surrealdb": Receiver.cpu_seconds(server.process.pid)})
    for receiver in receivers:
        used.update(receiver.seconds())
    return used


def _wait_until_done(receivers: list[Receiver], items: int, *, searched: bool) -> None:
    """Wait until all is interpreted, and indexed where it is `searched`, by the receivers' own accounts."""
    while sum(each.metric("vectadb_receiver_interpreted_events_total") for each in receivers) < items:
        time.sleep(LOOKS_EVERY)
    while searched and sum(each.indexed() for each in receivers) < items:
        time.sleep(LOOKS_EVERY)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=30_000, help="spans of each run")
    parser.add_argument("--receivers", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lists", type=float, default=2, help="lists of traces a second; 0: nobody reads")
    parser.add_argument("--cores", type=float, default=0, help="of which each receiver may use so much; 0: all")
    parser.add_argument("--model", default="off", help="without --qdrant, only the first receiver indexes")
    parser.add_argument("--qdrant", default="", metavar="URL", help="a Qdrant server, where collections are made")
    parser.add_argument("--surreal", default="", metavar="BINARY", help="SurrealDB's server")
    parser.add_argument("--beside", type=Path, help="another checkout to compare with")
    arguments = parser.parse_args()
    build = [HERE.parent / "tests" / "servers" / "surreal" / "build.sh", "--path"]
    binary = arguments.surreal or subprocess.run(build, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    builds = {"this build": HERE.parent} | ({"beside": arguments.beside} if arguments.beside else {})
    results: dict[str, list[dict[str, float]]] = {}
    for round_ in range(arguments.rounds):
        for number in arguments.receivers:
            for name, checkout in builds.items():
                program.CHECKOUT = checkout
                row = measure(
                    binary,
                    number,
                    arguments.items,
                    arguments.model,
                    arguments.qdrant,
                    10 * round_ + 1,
                    arguments.lists,
                    arguments.cores,
                )
                show(f"{name}, {number}", row | {"load": os.getloadavg()[0]})
                results.setdefault(f"{name}, {number} receivers", []).append(row)
    for name, rows in results.items():
        show(f"median: {name}", {key: statistics.median(row.get(key, 0.0) for row in rows) for key in rows[0]})
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "scaling.json").write_text(json.dumps(results, indent=1))


def show(name: str, row: dict[str, float]) -> None:
    print(f"{name:32}", *(f"{column} {value:,.1f}" for column, value in row.items()), sep="  ", flush=True)


if __name__ == "__main__":
    main()
