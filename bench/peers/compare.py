"""Compare the receiver with its peers, side by side: `python bench/peers/compare.py`. The README has the rest.

JSON: bench/results/peers.json.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from peers import PEERS, Peer, Ports
from program import HERE, Helper, Receiver, free_ports
from traffic import SPANS_A_RUN

SCENARIO = "spans, protobuf, 100 a request"
# Seconds after which a count that no longer grows is final: more than any of them waits before it writes.
_SETTLED = 10.0
_START_WITHIN = 180.0


class Running:
    """A peer that runs, with all of its processes."""

    def __init__(self, peer: Peer, folder: Path, data: Path, log: Path) -> None:
        self._peer, self._data = peer, data
        self.ports = Ports(*free_ports(4))
        environment = {**os.environ, **peer.environment(data, self.ports)}
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                peer.command(folder, data, self.ports),
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                sys.exit(f"it did not start: see {log}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._peer.ready(self.ports), timeout=5):  # noqa: S310 - loopback
                return True
        except (OSError, urllib.error.HTTPError):
            return False

    def load(self, items: int, *, killed: bool = False) -> Helper:
        options = ["--seed", "0", *(["--until-broken"] if killed else [])]
        for header in self._peer.headers:
            options += ["--header", header]
        url, grpc = f"http://127.0.0.1:{self.ports.http}", f"127.0.0.1:{self.ports.grpc}"
        return Helper("load.py", url, grpc, SCENARIO, items, *options)

    def stored(self, runs: int) -> int:
        return self._peer.stored(self._data, self.ports, runs)

    def settled(self, runs: int, expected: int) -> tuple[int, float]:
        """Return how many spans are stored once their number no longer grows, and when it last grew."""
        stored, grew = self.stored(runs), time.perf_counter()
        while stored < expected and time.perf_counter() - grew < _SETTLED:
            time.sleep(0.5)
            if (now := self.stored(runs)) > stored:
                stored, grew = now, time.perf_counter()
        return stored, grew

    def _processes(self) -> list[int]:
        """Return the ids of its processes: those of its session. Linux only."""
        pids = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            if int(fields[3]) == self._process.pid:
                pids.append(int(status.parent.name))
        return pids

    def usage(self) -> tuple[float, float]:
        """Return the CPU seconds and the resident MB of its processes."""
        megabytes = 0.0
        for pid in (pids := self._processes()):
            lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            megabytes += int(lines.get("VmRSS", "0 kB").split()[0]) / 1024
        return sum(Receiver.cpu_seconds(pid) for pid in pids), megabytes

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _size(folder: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def measure(peer: Peer, folder: Path, data: Path, items: int) -> dict[str, float]:
    """Send the spans as fast as they are taken, and count what is stored."""
    log = data.with_name(f"{data.name}.log")
    running = Running(peer, folder, data, log)
    try:
        load = running.load(items)
        before, _ = running.usage()
        began = time.perf_counter()
        sent = load.tell("go")
        done = time.perf_counter()
        stored, grew = running.settled(items // SPANS_A_RUN, sent["accepted"])
        after, megabytes = running.usage()
    finally:
        running.stop()
    return {
        "accepted/s": sent["accepted"] / sent["seconds"],
        "stored/s": stored / (max(grew, done) - began),
        "stored of accepted": stored / max(sent["accepted"], 1),
        "CPU us": (after - before) / max(stored, 1) * 1e6,
        "MB": megabytes,
        "disk B": _size(data) / max(stored, 1),
    }


def killed(peer: Peer, folder: Path, data: Path, items: int, seconds: float) -> dict[str, float]:
    """Kill it with SIGKILL while it takes spans; return how many it has acknowledged and how many it has afterwards."""
    log = data.with_name(f"{data.name}.log")
    running = Running(peer, folder, data, log)
    load = running.load(items, killed=True)
    threading.Timer(seconds, running.kill).start()
    sent = load.tell("go")
    running = Running(peer, folder, data, log)
    try:
        left, _ = running.settled(items // SPANS_A_RUN, sent["accepted"])
    finally:
        running.stop()
    return {"acknowledged": sent["accepted"], "left": left}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=5_000, help="spans sent to each in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="peers whose name contains this")
    parser.add_argument("--kill-after", type=float, default=2.0, help="seconds of load before the SIGKILL")
    parser.add_argument(
        "--installed", type=Path, default=HERE / "results" / "peers", help="where the peers are, or are installed"
    )
    arguments = parser.parse_args()
    peers = {name: peer for name, peer in PEERS.items() if arguments.only in name}
    folders = {name: arguments.installed.resolve() / name.split()[0].strip(",").lower() for name in peers}
    for name, peer in peers.items():
        peer.install(folders[name])
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in peers}
    kills: dict[str, dict[str, float]] = {}
    for number in range(arguments.rounds + 1):
        for name, peer in peers.items():
            with tempfile.TemporaryDirectory(prefix="vectadb-peers-") as temporary:
                data = Path(temporary) / "data"
                data.mkdir()
                if number < arguments.rounds:
                    row = measure(peer, folders[name], data, arguments.items)
                    rounds[name].append(row)
                else:
                    row = killed(peer, folders[name], data, 10 * arguments.items, arguments.kill_after)
                    kills[name] = row
            print(f"{name:24}", *(f"{key} {value:,.2f}" for key, value in row.items()), sep="  ", flush=True)
    report: dict[str, Any] = {}
    for name, rows in rounds.items():
        medians = {key: statistics.median(row[key] for row in rows) for key in rows[0]} if rows else {}
        report[name] = medians | kills[name]
    print()
    for name, row in report.items():
        print(f"{name:24}", *(f"{key} {value:,.2f}" for key, value in row.items()), sep="  ")
    (HERE / "results").mkdir(exist_ok=True)
    saved = {"medians": report, "rounds": rounds, "cores": os.cpu_count()}
    (HERE / "results" / "peers.json").write_text(json.dumps(saved, indent=1))


if __name__ == "__main__":
    main()
