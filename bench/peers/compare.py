"""Compare the receiver with its peers, side by side: `python bench/peers/compare.py`. The README has the rest.

JSON: bench/results/peers.json.
"""

from __future__ import annotations

import argparse
import contextlib
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
# What uses less than this share of a core for a second does no more than it does without spans (MLflow: 0.2).
_IDLE = 0.3
_IDLE_WITHIN = 60.0
# Answers after which an exporter sends again what it has sent.
_AGAIN = (429, 502, 503, 504)


class Running:
    """A peer that runs, with all of its processes."""

    def __init__(self, peer: Peer, folder: Path, data: Path, log: Path) -> None:
        self._peer, self._data = peer, data
        self.ports = Ports(*free_ports(len(Ports._fields)))
        environment = {**os.environ, **peer.environment(data, self.ports)}
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                peer.command(folder, data, self.ports),
                env=environment,
                cwd=data.parent,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                sys.exit(f"it did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._peer.ready(self.ports), timeout=5):  # noqa: S310 - loopback
                return True
        except (OSError, urllib.error.HTTPError):
            return False

    def load(self, items: int) -> Helper:
        self.idle()  # of several processes the first may answer while the others start
        # One of them may end and be started again, which no exporter minds.
        options = ["--seed", "0", "--until-refused"]
        for header in self._peer.headers:
            options += ["--header", header]
        url, grpc = f"http://127.0.0.1:{self.ports.http}", f"127.0.0.1:{self.ports.grpc}"
        return Helper("load.py", url, grpc, SCENARIO, items, *options)

    def stored(self, runs: int) -> int:
        return self._peer.stored(self._data, self.ports, runs)

    def settled(self, runs: int, expected: int) -> float:
        """Return when the number of spans written last grew, once it no longer does."""
        written, grew = self._peer.written(self._data, self.ports, runs), time.perf_counter()
        while written < expected and time.perf_counter() - grew < _SETTLED:
            time.sleep(0.05)
            if (now := self._peer.written(self._data, self.ports, runs)) > written:
                written, grew = now, time.perf_counter()
        return grew

    def idle(self) -> float:
        """Return the CPU seconds of its processes, once they use next to none, or after a minute."""
        deadline = time.monotonic() + _IDLE_WITHIN
        used = self.cpu_seconds()
        while time.monotonic() < deadline:
            time.sleep(1)
            before, used = used, self.cpu_seconds()
            if used - before < _IDLE:
                break
        return used

    def _processes(self) -> list[int]:
        """Return the ids of its processes: those of its session. Linux only."""
        pids = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has ended
                state, _, _, session = status.read_text().rpartition(")")[2].split()[:4]
                if int(session) == self._process.pid and state != "Z":
                    pids.append(int(status.parent.name))
        return pids

    def cpu_seconds(self) -> float:
        seconds = 0.0
        for pid in self._processes():
            with contextlib.suppress(OSError):
                seconds += Receiver.cpu_seconds(pid)
        return seconds

    def megabytes(self) -> float:
        """Return the resident MB of its processes; what several of them share counts once."""
        kilobytes = 0
        for pid in self._processes():
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                kilobytes += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
        return kilobytes / 1024

    def stop(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(60)
        self.kill()

    def kill(self) -> None:
        """Kill all of its processes with SIGKILL."""
        while pids := self._processes():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()


def _size(folder: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def measure(peer: Peer, folder: Path, data: Path, items: int) -> dict[str, float]:
    """Send the spans as fast as they are taken, and count what is stored."""
    running = Running(peer, folder, data, data.with_name("log"))
    runs = items // SPANS_A_RUN
    try:
        load = running.load(items)
        before, empty = running.cpu_seconds(), _size(data)
        began = time.perf_counter()
        sent = load.tell("go")
        grew = running.settled(runs, sent["accepted"])
        megabytes = running.megabytes()
        after = running.idle()
        stored = running.stored(runs)
    finally:
        running.stop()
    return {
        "accepted/s": sent["accepted"] / sent["seconds"],
        "stored/s": stored / (grew - began),
        "refused": sum(spans for _, _, spans, status in sent["answers"] if status not in {0, 200, *_AGAIN}),
        "stored of accepted": stored / max(sent["accepted"], 1),
        "CPU us": (after - before) / max(stored, 1) * 1e6,
        "MB": megabytes,
        "disk B": (_size(data) - empty) / max(stored, 1),
    }


def killed(peer: Peer, folder: Path, data: Path, items: int, seconds: float) -> dict[str, float]:
    """Kill it with SIGKILL while it takes spans; return how many it has acknowledged and how many it has afterwards."""
    log = data.with_name("log")
    running = Running(peer, folder, data, log)
    load = running.load(items)
    timer = threading.Timer(seconds, running.kill)
    timer.start()
    sent = load.tell("go")
    if timer.is_alive():
        timer.cancel()
        running.kill()
        sys.exit(f"it answered all {items} spans, or ended, before it was to be killed")
    running = Running(peer, folder, data, log)
    try:
        left = running.stored(items // SPANS_A_RUN)
    finally:
        running.stop()
    return {"acknowledged": sent["accepted"], "left": left}


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=30_000, help="spans sent in each round; to the slow ones a tenth")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", default="", help="peers whose name contains this")
    parser.add_argument(
        "--kill-after",
        type=float,
        default=2.0,
        help="seconds of load before the SIGKILL; ten times as many for the slow ones",
    )
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
                    row = measure(peer, folders[name], data, round(arguments.items * peer.share))
                    rounds[name].append(row)
                else:
                    row = killed(peer, folders[name], data, 3 * arguments.items, arguments.kill_after / peer.share)
                    kills[name] = row
            print(f"{name:24}", *(f"{key} {value:,.2f}" for key, value in row.items()), sep="  ", flush=True)
    report: dict[str, Any] = {}
    for name, rows in rounds.items():
        medians = {key: statistics.median(row[key] for row in rows) for key in rows[0]} if rows else {}
        report[name] = medians | kills[name]
    columns = list(next(iter(report.values()), {}))
    print(f"\n| | {' | '.join(columns)} |\n{'|---' * (1 + len(columns))}|")
    for name, row in report.items():
        print(f"| {name} | {' | '.join(_figure(row[column]) for column in columns)} |")
    (HERE / "results").mkdir(exist_ok=True)
    saved = {"medians": report, "rounds": rounds, "cores": os.cpu_count()}
    (HERE / "results" / "peers.json").write_text(json.dumps(saved, indent=1))


if __name__ == "__main__":
    main()
