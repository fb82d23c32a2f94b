"""Measure how fast stored events become searchable, and what that costs the senders: `make bench`.

Three measurements: events a second that are indexed while nothing arrives, with all processes on one core; the rates of
stored and searchable spans that arrive at a steady rate, on all cores, with the latency of acknowledgements beside that
of a receiver that indexes nothing; and the rate of plain fastembed with MiniLM and the same texts, in one thread.
Compare within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import traffic
from program import HERE, Load, Receiver

SCENARIO = "spans, protobuf, 100 a request"
RATE = 2_000  # spans a second
TEXTS = 400


def index_only(models: Path, model: str, items: int) -> float:
    """Store without a model, start again with one, and return the rate at which the index fills."""
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        (Path(data_dir) / "models").symlink_to(models)
        receiver = Receiver(data_dir, "off")
        Load(receiver, SCENARIO, items).go()
        receiver.stop()
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})  # the receiver's processes inherit it
        try:
            receiver = Receiver(data_dir, model, wait_for_index=False)
        finally:
            os.sched_setaffinity(0, cores)
        try:
            receiver.wait(lambda: receiver.indexed() > 0)
            began, first = time.perf_counter(), receiver.indexed()
            receiver.wait(lambda: receiver.indexed() >= items)
            return (items - first) / (time.perf_counter() - began)
        finally:
            receiver.stop()


def steady(models: Path, model: str, items: int) -> dict[str, float]:
    """Send at `RATE`. Return the events stored and searchable a second, and how long acknowledgements took."""
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        (Path(data_dir) / "models").symlink_to(models)
        receiver = Receiver(data_dir, model)
        try:
            load = Load(receiver, SCENARIO, items, rate=RATE)
            began = time.perf_counter()
            sent = load.go()
            behind = sent["accepted"] - receiver.indexed()
            latencies = sorted(latency for _, latency, _, status in sent["answers"] if status == 200)
            row = {
                "stored": receiver.stored() / (time.perf_counter() - began),
                "p50 ms": latencies[len(latencies) // 2] * 1000,
                "p99 ms": latencies[len(latencies) * 99 // 100] * 1000,
            }
            if model != "off":
                receiver.wait(lambda: receiver.indexed() >= sent["accepted"])
                row["searchable"] = sent["accepted"] / (time.perf_counter() - began)
                row["behind"] = behind
            return row
        finally:
            receiver.stop()


def plain_fastembed(models: Path) -> float:
    """Return the texts a second of MiniLM through fastembed alone, in one thread of a separate process."""
    program = f"""
import sys, time
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
from pathlib import Path
import indexing
from storage.embedding.model import prepare
model = prepare("minilm", Path({str(models.parent)!r}), 1, lambda *_: None)
texts = indexing.texts()
began = time.perf_counter()
model.embed(texts)
print(len(texts) / (time.perf_counter() - began))
"""
    return float(subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True).stdout)


def texts() -> list[str]:
    from ceiling import events_of  # noqa: PLC0415 - imports the program, which only one of the processes needs

    from mapping.search_text.text import text_of  # noqa: PLC0415 - as above

    make, size = traffic.SCENARIOS[SCENARIO]
    rnd = random.Random(1)
    events = [event for number in range(TEXTS // size) for event in events_of(make(rnd, number, size))]
    return [text_of(event.name, event.properties) for event in events]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=30_000, help="spans of each run")
    parser.add_argument("--model", default="static")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        models = Path(folder) / "models"
        models.mkdir()
        with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
            (Path(data_dir) / "models").symlink_to(models)
            Receiver(data_dir, arguments.model).stop()  # builds the model
        results: dict[str, object] = {
            "MiniLM through fastembed, one thread, texts a second": plain_fastembed(models),
            "indexed a second, nothing arriving, one core": index_only(models, arguments.model, arguments.items),
        }
        for name, value in results.items():
            print(f"{name:60}{value:10,.0f}", flush=True)
        print(f"{RATE:,} spans a second, 100 a request")
        for model in ("off", arguments.model):
            row = steady(models, model, arguments.items)
            print(f"  {model:20}", *(f"{name} {value:,.1f}" for name, value in row.items()), sep="  ", flush=True)
            results[f"steady, {model}"] = row
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "indexing.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
