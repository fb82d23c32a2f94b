"""Measure what interpreting costs senders, and how far it is behind: `make bench`.

Spans arrive at a steady rate. Measured are the rates at which they were accepted, stored, interpreted and, with a
model, searchable, and how long acknowledgements took; and, in turns, the same of another build (`--beside FOLDER`, a
checkout of this repository with its own `.venv`), such as one that interprets nothing. On a busy machine only
comparisons within one run are meaningful; CPU time is that of each process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import program
from program import HERE, Load, Receiver

SCENARIO = "spans, protobuf, 100 a request"


def steady(model: str, models: Path | None, items: int, rate: int) -> dict[str, float]:
    """Send at a rate. Return the rates of each step, and the CPU time and latency."""
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        if models is not None:
            (Path(data_dir) / "models").symlink_to(models)
        receiver = Receiver(data_dir, model)
        interprets = b"interpreted_events" in receiver.metrics()
        try:
            load = Load(receiver, SCENARIO, items, rate=rate)
            began = time.perf_counter()
            sent = load.go()
            took = time.perf_counter() - began
            behind = interpreted(receiver)
            latencies = sorted(latency for _, latency, _, status in sent["answers"] if status == 200)
            row = {
                "accepted/s": sent["accepted"] / sent["seconds"],
                "stored/s": receiver.stored() / took,
                "p50 ms": latencies[len(latencies) // 2] * 1000,
                "p99 ms": latencies[len(latencies) * 99 // 100] * 1000,
            }
            if interprets:
                row["not interpreted at the end"] = sent["accepted"] - behind
                receiver.wait(lambda: interpreted(receiver) >= sent["accepted"])
                row["interpreted/s"] = sent["accepted"] / (time.perf_counter() - began)
                row["s behind"] = time.perf_counter() - began - took
            if model != "off":
                receiver.wait(lambda: receiver.indexed() >= sent["accepted"])
                row["searchable/s"] = sent["accepted"] / (time.perf_counter() - began)
            row |= {f"{name} us": seconds / sent["accepted"] * 1e6 for name, seconds in receiver.seconds().items()}
            return row
        finally:
            receiver.stop()


def interpreted(receiver: Receiver) -> int:
    return receiver.metric("vectadb_receiver_interpreted_events_total")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=20_000, help="spans of each run")
    parser.add_argument("--rates", type=int, nargs="+", default=[1_000, 2_000], help="spans a second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="off")
    parser.add_argument("--beside", type=Path, help="another checkout to compare with")
    arguments = parser.parse_args()
    builds = {"this build": HERE.parent} | ({"beside": arguments.beside} if arguments.beside else {})
    results: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        models = None
        if arguments.model != "off":
            models = Path(folder) / "models"
            models.mkdir()
            with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
                (Path(data_dir) / "models").symlink_to(models)
                Receiver(data_dir, arguments.model).stop()  # builds the model
        for rate in arguments.rates:
            for _ in range(arguments.rounds):
                for build, checkout in builds.items():
                    program.CHECKOUT = checkout
                    row = steady(arguments.model, models, arguments.items, rate)
                    results.setdefault(f"{build}, {rate} spans a second", []).append(row)
                    print(
                        f"{build:12} {rate:6}",
                        *(f"{name} {value:,.1f}" for name, value in row.items()),
                        sep="  ",
                        flush=True,
                    )
    for name, of_build in results.items():
        medians = {key: statistics.median(row[key] for row in of_build) for key in of_build[0]}
        print(f"{name}, median:", *(f"{key} {value:,.1f}" for key, value in medians.items()), sep="  ")
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "interpreting.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    sys.exit(main())
