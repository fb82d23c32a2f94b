"""Compare this build with an earlier one: `python bench/against.py REVISION`.

JSON: bench/results/against.json.

Both receive the same spans, in turns, on empty stores and without a model, as fast as they take them. `stored` is what
was acknowledged, and so is on disk, a second; CPU is in microseconds a span, until all is interpreted where a build
interprets; `disk` is what the data folder has in the end, in bytes a span. The figures are medians of the rounds. The
earlier build runs in this one's environment, unless --python names the Python of another.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import program
from program import HERE, Load, Receiver

SCENARIO = "spans, protobuf, 100 a request"
# The processes without which nothing is stored.
STORING = ("receiver", "surreal")


def measure(checkout: Path, python: str, items: int) -> dict[str, float]:
    program.CHECKOUT, program.PYTHON = checkout, python
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        # Its processes would import the installed package, which is this build's.
        receiver = Receiver(data_dir, "off", settings={"PYTHONPATH": str(checkout)})
        try:
            load = Load(receiver, SCENARIO, items)
            before = receiver.seconds()
            sent = load.go()
            if b"interpreted_events" in receiver.metrics():
                while receiver.metric("vectadb_receiver_interpreted_events_total") < sent["accepted"]:
                    time.sleep(0.5)  # asking costs the receiver, too
            after = receiver.seconds()
            receiver.wait(lambda: receiver.stats()["events"] >= sent["accepted"])
        finally:
            receiver.stop()
        accepted = sent["accepted"]
        cpu = {name: (seconds - before.get(name, 0)) / accepted * 1e6 for name, seconds in after.items()}
        return {
            "stored/s": accepted / sent["seconds"],
            "receiver and engine": sum(cpu.get(name, 0) for name in STORING),
            "all processes": sum(cpu.values()),
            "disk": _size(Path(data_dir)) / accepted,
        }


def _size(folder: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(row[name] for row in rounds) for name in rounds[0]}


def show(name: str, row: Mapping[str, Any]) -> None:
    print(f"{name:20}", *(f"{value:>20,.0f}" for value in row.values()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("revision", help="the earlier build's commit")
    parser.add_argument("--items", type=int, default=30_000, help="spans sent in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default=sys.executable, help="the Python of the earlier build's environment")
    arguments = parser.parse_args()
    here = HERE.parent
    with tempfile.TemporaryDirectory(prefix="vectadb-earlier-") as folder:
        git = shutil.which("git") or sys.exit("git is needed, for the earlier build")
        archive = subprocess.run([git, "archive", arguments.revision], cwd=here, stdout=subprocess.PIPE, check=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        builds = {arguments.revision: (Path(folder), arguments.python), "this": (here, sys.executable)}
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in builds}
        for _ in range(arguments.rounds):
            for name, (checkout, python) in builds.items():
                rounds[name].append(measure(checkout, python, arguments.items))
    results = {name: medians(rows) for name, rows in rounds.items()}
    print(f"{'':20}", *(f"{name:>20}" for name in results["this"]))
    for name, row in results.items():
        show(name, row)
    shares = {name: value / results[arguments.revision][name] for name, value in results["this"].items()}
    print(f"{'this / earlier':20}", *(f"{share:>20.2f}" for share in shares.values()))
    (HERE / "results").mkdir(exist_ok=True)
    saved = {"medians": results, "rounds": rounds, "cores": os.cpu_count()}
    (HERE / "results" / "against.json").write_text(json.dumps(saved, indent=1))


if __name__ == "__main__":
    main()
