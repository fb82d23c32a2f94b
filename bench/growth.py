"""Measure what growth costs: `python bench/growth.py --events 1000000`. Prints a row per step; JSON in bench/results/.

At each step: the rate of storing, the 95th percentile of the reads that people make, memory and disk.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from program import HERE, Load, Receiver

SCENARIO = "spans, protobuf, 100 a request"
READS = 40
STEPS = (50_000, 100_000, 200_000, 400_000, 700_000, 1_000_000)


def reads(receiver: Receiver) -> dict[str, Callable[[int], str]]:
    """Return the reads by name: functions that return the path of the n-th one."""
    traces = receiver.get("/api/v1/traces?limit=200")["traces"]
    return {
        "traces": lambda _: "/api/v1/traces",
        "one trace": lambda n: f"/api/v1/traces/{traces[n % len(traces)]['id']}",
        "by session": lambda n: f"/api/v1/events?session_id={quote(traces[n % len(traces)]['session_id'])}",
        "by agent": lambda n: f"/api/v1/events?agent_id=agent-{n % 10}",
        "by type": lambda n: f"/api/v1/events?event_type={('tool_call', 'model_call', 'agent')[n % 3]}",
        "latest": lambda _: "/api/v1/events?limit=50",
        "sessions": lambda _: "/api/v1/sessions",
    }


def p95(receiver: Receiver, path_of: Callable[[int], str]) -> float:
    """Milliseconds."""
    took = []
    for number in range(READS):
        began = time.perf_counter()
        if receiver.get(path_of(number)) is None:
            raise SystemExit(f"{path_of(number)} was not answered")
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[READS * 95 // 100]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--model", default="off", help="embedding.model of the receiver; off: store only")
    arguments = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        receiver = Receiver(data_dir, arguments.model)
        stored = 0
        for step in (*(step for step in STEPS if step < arguments.events), arguments.events):
            seconds = 0.0
            while stored < step:
                items = min(50_000, step - stored)
                load = Load(receiver, SCENARIO, items, seed=2 + stored // 50_000)
                seconds = load.go()["seconds"]
                stored += items
            disk = sum(file.stat().st_size for file in Path(data_dir).rglob("*") if file.is_file())
            row = {"events": float(receiver.stats()["events"]), "stored/s": items / seconds}
            row |= {f"{name} ms": p95(receiver, path_of) for name, path_of in reads(receiver).items()}
            row |= {"peak MB": receiver.usage().peak, "disk MB": disk / 1e6}
            if not results:
                print(*(f"{name:>13}" for name in row))
            print(*(f"{value:13,.1f}" for value in row.values()), flush=True)
            results.append(row)
        receiver.stop()
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "growth.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
