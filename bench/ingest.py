"""Measure how fast the receiver accepts, stores and indexes events: `make bench`. Prints a table.

JSON and plots are in bench/results/.

Accepted, stored and searchable are different rates: items answered 200 a second while requests ran, events in SurrealDB
a second, and events in the search index a second. The ceiling is how fast the engine alone stores the same rows.
Compare within one run: machines differ, and a shared machine changes from minute to minute.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import plot
import traffic
from program import HERE, Load, Receiver

RESULTS = HERE / "results"
STEADY = 1_000  # spans a second of the last scenario


def measure(scenario: str, items: int, model: str, rate: float = 0) -> tuple[dict[str, float], dict[str, Any]]:
    """Run one scenario on a fresh receiver. Return the figures, and the rates over time for the plot."""
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        receiver = Receiver(data_dir, model)
        try:
            load = Load(receiver, scenario, items, rate=rate)
            before = receiver.usage()
            began = time.perf_counter()
            stored_at: list[tuple[float, int]] = []
            done = threading.Event()
            watcher = threading.Thread(target=_watch, args=(receiver, began, stored_at, done))
            watcher.start()
            sent = load.go()
            after = receiver.usage()
            done.set()
            watcher.join()
            receiver.wait(lambda: receiver.stats()["events"] >= sent["accepted"])  # counted in the store itself
            stored = receiver.stats()["events"]
            latencies = sorted(latency for _, latency, _, status in sent["answers"] if status == 200)
            row = {
                "accepted": sent["accepted"] / sent["seconds"],
                "stored": stored / sent["seconds"],
                "searchable": 0.0,
                "p50 ms": latencies[len(latencies) // 2] * 1000,
                "p99 ms": latencies[len(latencies) * 99 // 100] * 1000,
                "CPU s/1,000": (after.cpu - before.cpu) / max(stored, 1) * 1000,
                "peak MB": after.peak,
                "refused": float(sum(status != 200 for _, _, _, status in sent["answers"])),
            }
            if model != "off":
                receiver.wait(lambda: receiver.stats()["index_pending"] == 0)
                row["searchable"] = receiver.stats()["indexed"] / (time.perf_counter() - began)
            return row, {"stored": stored_at, "answers": sent["answers"]}
        finally:
            receiver.stop()


def _watch(receiver: Receiver, began: float, stored_at: list[tuple[float, int]], done: threading.Event) -> None:
    """Record once a second how much is stored."""
    while not done.wait(1):
        stored_at.append((time.perf_counter() - began, receiver.stored()))


def ceiling(scenario: str, items: int) -> float:
    """Return the events a second that the engine alone stores, at the best number of commits in flight."""
    rates = subprocess.run(
        [sys.executable, str(HERE / "ceiling.py"), scenario, str(items)], stdout=subprocess.PIPE, check=True
    ).stdout
    return max(json.loads(rates).values())


def draw(name: str, course: dict[str, Any]) -> None:
    stored = [(0.0, 0), *course["stored"]]
    rates = [(at, (count - before) / (at - was)) for (was, before), (at, count) in itertools.pairwise(stored)]
    answers = [(at, latency) for at, latency, _, _ in course["answers"]]
    path = RESULTS / (name.replace(",", "").replace(" ", "-") + ".svg")
    plot.draw(path, name, rates, answers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=50_000, help="items sent in each scenario")
    parser.add_argument("--model", default="off", help="embedding.model of the receiver; off: store only")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    steady = f"spans, protobuf, 100 a request, {STEADY:,} a second"
    scenarios = [(name, name, 0) for name in traffic.SCENARIOS] + [(steady, "spans, protobuf, 100 a request", STEADY)]
    results: dict[str, dict[str, float]] = {}
    for name, scenario, rate in scenarios:
        if arguments.only not in name:
            continue
        row, course = measure(scenario, arguments.items, arguments.model, rate)
        if not rate:
            row["ceiling"] = ceiling(scenario, arguments.items)
            row["stored/ceiling"] = row["stored"] / row["ceiling"]
        if not results:
            print(f"{'a second where not said':46}", *(f"{column:>14}" for column in row))
        print(f"{name:46}", *(f"{value:14,.2f}" for value in row.values()), flush=True)
        results[name] = row
        draw(name, course)
    (RESULTS / "ingest.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
