"""Measure overload: `python bench/overload.py`. Prints a table, writes bench/results/overload.json.

Each row is a fresh receiver with that many connections, each with a request of 500 spans in progress at any moment. A
sender that gets a 503 retries after Retry-After. Meanwhile a reader requests the newest traces, and one trace.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time

from program import HERE, Load, Receiver

SCENARIO = "spans, protobuf, 500 a request"
CONNECTIONS = (8, 64, 256)
# Enough for every connection to have its turn.
REQUESTS_A_CONNECTION = 2
PAUSE = 0.1  # seconds between two reads


def measure(connections: int, items: int, model: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        receiver = Receiver(data_dir, model)
        try:
            load = Load(
                receiver, SCENARIO, max(items, connections * 500 * REQUESTS_A_CONNECTION), connections=connections
            )
            reads: dict[str, list[float]] = {"list": [], "trace": []}
            done = threading.Event()
            reader = threading.Thread(target=_read, args=(receiver, reads, done))
            reader.start()
            sent = load.go()
            done.set()
            reader.join()
            latencies = sorted(latency for _, latency, _, status in sent["answers"] if status == 200)
            refusals = sorted(latency for _, latency, _, status in sent["answers"] if status == 503)
            return {
                "connections": connections,
                "stored/s": sent["accepted"] / sent["seconds"],
                "p50 ms": _share(latencies, 0.5),
                "p99 ms": _share(latencies, 0.99),
                "refused": len(refusals),
                "refusal p99 ms": _share(refusals, 0.99),
                "peak MB": receiver.usage().peak,
                "list p50 ms": _share(reads["list"], 0.5),
                "list p95 ms": _share(reads["list"], 0.95),
                "list max ms": _share(reads["list"], 1),
                "trace p95 ms": _share(reads["trace"], 0.95),
                "trace max ms": _share(reads["trace"], 1),
            }
        finally:
            receiver.stop()


def _read(receiver: Receiver, reads: dict[str, list[float]], done: threading.Event) -> None:
    path, kind = "/api/v1/traces?limit=50", "list"
    while not done.wait(PAUSE):
        began = time.perf_counter()
        answer = receiver.get(path)
        reads[kind].append(time.perf_counter() - began)
        if kind == "list" and answer and answer["traces"]:
            path, kind = f"/api/v1/traces/{answer['traces'][-1]['id']}", "trace"
        else:
            path, kind = "/api/v1/traces?limit=50", "list"


def _share(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds) or [0.0]
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=40_000, help="items sent for each row at least")
    parser.add_argument("--connections", type=int, nargs="+", default=CONNECTIONS)
    parser.add_argument("--model", default="off", help="embedding.model of the receiver")
    arguments = parser.parse_args()
    rows: list[dict[str, float]] = []
    for connections in arguments.connections:
        rows.append(measure(connections, arguments.items, arguments.model))
        if len(rows) == 1:
            print(*(f"{column:>14}" for column in rows[0]))
        print(*(f"{value:14,.0f}" for value in rows[-1].values()), flush=True)
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "overload.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
