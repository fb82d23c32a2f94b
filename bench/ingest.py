"""How fast the receiver takes, stores and indexes: `make bench`. Prints a table, writes bench/results/ingest.json.

Accepted, stored and searchable are different rates: items answered 200 a second while requests ran, events in SurrealDB
a second, and events in the search index a second. Compare within one run; machines differ, and a shared one from minute
to minute.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import traffic

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "ingest.json"


class Receiver:
    """The real program, on empty stores in a folder of its own."""

    def __init__(self, data_dir: str, model: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "receiver", "serve", "--port", str(port), "--otlp-port", "off"]
        self.process = subprocess.Popen(
            [*command, "--data-dir", data_dir, "--log-level", "warning"],
            env={**os.environ, "VECTADB_EMBEDDING_MODEL": model},
            cwd=HERE.parent,
        )
        self.wait(lambda: self.get("/readyz") is not None)

    def get(self, path: str) -> Any:
        try:
            with urllib.request.urlopen(self.url + path) as answer:  # noqa: S310 - our own address
                return json.load(answer)
        except OSError:
            return None

    def wait(self, ready: Any, seconds: float = 600) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the receiver did not get ready")
            time.sleep(0.05)

    def usage(self) -> tuple[float, float]:
        """CPU seconds so far, and peak resident memory in MB. Linux only: zeros elsewhere."""
        proc = Path(f"/proc/{self.process.pid}")
        if not proc.exists():
            return 0.0, 0.0
        fields = (proc / "stat").read_text().rpartition(")")[2].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        peak = next(line for line in (proc / "status").read_text().splitlines() if line.startswith("VmHWM"))
        return cpu, int(peak.split()[1]) / 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def measure(scenario: str, items: int, seconds: float, model: str) -> dict[str, float]:
    """Run one scenario on a fresh receiver."""
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        receiver = Receiver(data_dir, model)
        try:
            if model != "off":
                receiver.wait(lambda: receiver.get("/api/v1/stats")["index_state"] == "ready")
            load = subprocess.Popen(
                [sys.executable, str(HERE / "load.py"), receiver.url, scenario, str(items), str(seconds), "1"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            assert load.stdout is not None  # noqa: S101 - for the type checker
            load.stdout.readline()
            cpu, _ = receiver.usage()
            began = time.perf_counter()
            sent = json.loads(load.communicate("go\n")[0])
            used, peak = receiver.usage()
            stored = receiver.get("/api/v1/stats")["events"]
            row = {
                "accepted": sent["accepted"] / sent["seconds"],
                "stored": stored / (time.perf_counter() - began),
                "searchable": 0.0,
                "p50 ms": sent["latencies"][len(sent["latencies"]) // 2] * 1000,
                "p99 ms": sent["latencies"][len(sent["latencies"]) * 99 // 100] * 1000,
                "CPU s per 1,000": (used - cpu) / max(stored, 1) * 1000,
                "peak MB": peak,
                "refused": sum(count for status, count in sent["answers"].items() if status != "200"),
            }
            if model != "off":
                receiver.wait(lambda: receiver.get("/api/v1/stats")["index_pending"] == 0, 3600)
                row["searchable"] = receiver.get("/api/v1/stats")["indexed"] / (time.perf_counter() - began)
            return row
        finally:
            receiver.stop()


def ceiling(scenario: str, items: int) -> float:
    """Events a second that the engine alone stores, at the best number of commits in flight."""
    rates = subprocess.run(
        [sys.executable, str(HERE / "ceiling.py"), scenario, str(items)], stdout=subprocess.PIPE, check=True
    ).stdout
    return max(json.loads(rates).values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=30_000, help="items sent in each scenario at most")
    parser.add_argument("--seconds", type=float, default=15, help="seconds of sending in each scenario at most")
    parser.add_argument("--model", default="off", help="embedding.model of the receiver; off: store only")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    arguments = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    for scenario in traffic.SCENARIOS:
        if arguments.only in scenario:
            results[scenario] = row = measure(scenario, arguments.items, arguments.seconds, arguments.model)
            row["ceiling"] = ceiling(scenario, arguments.items)
            row["stored/ceiling"] = row["stored"] / row["ceiling"]
            if len(results) == 1:
                print(f"{'per second where not said':38}", *(f"{name:>16}" for name in results[scenario]))
            print(f"{scenario:38}", *(f"{value:16,.2f}" for value in results[scenario].values()), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
