"""Measure what readers cost senders, and senders readers: `make bench`. JSON: bench/results/readers.json.

One receiver with events in it, among them a trace of 5,000. Spans arrive at a steady rate, then as fast as they are
accepted; each time first without readers, then while ten people click through the pages (`clicks.py`). Senders and
people share the same machine. Compare within one run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.request
from typing import Any

import msgspec
from program import HERE, Helper, Load, Receiver

SCENARIO = "spans, protobuf, 100 a request"
RATE = 1_000  # spans a second
LARGE = "1a29e" + "0" * 27
LARGE_EVENTS = 5_000


class People(Helper):
    """People who click from when this returns until `stop`, which returns their times."""

    def __init__(self, receiver: Receiver, number: int) -> None:
        super().__init__("clicks.py", receiver.url, LARGE, "--people", number)

    def stop(self) -> dict[str, Any]:
        return self.tell("stop")


def fill(receiver: Receiver, items: int) -> None:
    """Store the events that people look at."""
    Load(receiver, SCENARIO, items).go()
    for start in range(0, LARGE_EVENTS, 500):
        events = [
            {
                "timestamp": f"2026-09-21T16:00:{number // 100:02d}.{number % 100:02d}Z",
                "trace_id": LARGE,
                "event_type": "tool_call" if number % 2 else "model_call",
                "agent_id": "agent-1",
                "properties": {"tool_name": "search_flights", "input": f"call {number}", "output": "found 3 flights"},
            }
            for number in range(start, start + 500)
        ]
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{receiver.url}/api/v1/events/batch",
            msgspec.json.encode({"events": events}),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 - as above


def measure(receiver: Receiver, items: int, rate: float, people: int, seed: int) -> dict[str, Any]:
    receiver.wait(lambda: receiver.stats()["index_state"] == "off" or receiver.stats()["index_pending"] == 0)
    load = Load(receiver, SCENARIO, items, rate=rate, seed=seed)
    crowd = People(receiver, people) if people else None
    before, began = receiver.stored(), time.perf_counter()
    sent = load.go()
    stored = receiver.stored() - before
    row: dict[str, Any] = {"stored/s": stored / (time.perf_counter() - began)}
    latencies = sorted(latency for _, latency, _, status in sent["answers"] if status == 200)
    row |= {"ack p50 ms": _share(latencies, 0.5), "ack p99 ms": _share(latencies, 0.99)}
    row["refused"] = sum(status != 200 for _, _, _, status in sent["answers"])
    if crowd is not None:
        saw = crowd.stop()
        row |= {name: saw[name] for name in ("failed", "shown", "missed")}
        row["reads"] = {
            route: {"count": len(took), "p50 ms": _share(took, 0.5), "p95 ms": _share(took, 0.95)}
            for route, took in sorted(saw["took"].items())
        }
    return row


def _share(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def show(name: str, row: dict[str, Any]) -> None:
    figures = [f"{column} {value:,.1f}" for column, value in row.items() if column != "reads"]
    print(f"{name:34}", *figures, sep="  ", flush=True)
    for route, read in row.get("reads", {}).items():
        print(f"    {route:42}{read['count']:6}  p50 {read['p50 ms']:7,.1f}  p95 {read['p95 ms']:7,.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--items", type=int, default=20_000, help="spans stored beforehand, and of each run at a steady rate"
    )
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--model", default="static")
    arguments = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as data_dir:
        receiver = Receiver(data_dir, arguments.model)
        try:
            fill(receiver, arguments.items)
            seed = 1
            for name, rate in ((f"{RATE:,} spans/s", RATE), ("as fast as they are taken", 0)):
                for people in (0, arguments.people):
                    seed += 1  # other spans than before, and newer ones
                    row = measure(receiver, arguments.items if rate else 3 * arguments.items, rate, people, seed)
                    key = f"{name}, {people} reading"
                    results[key] = row
                    show(key, row)
        finally:
            receiver.stop()
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "readers.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
