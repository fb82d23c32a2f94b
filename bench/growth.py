"""Measure what growth costs: `python bench/growth.py --events 1000000`. Prints each step; JSON in bench/results/.

At each step, once everything is interpreted and indexed: the rate of storing since the step before, and for how long
what was stored was waited for then; the 95th percentile of the reads that people make, one at a time, and of searches
(`--model`; without re-ranking unless `--rerank-ms` says how long); memory of each process, anonymous and of mapped
files, and disk. Among the events is a trace of 5,000, whose outline and conversation are read. With --keep the data
stays in that folder.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from long_traces import send
from program import HERE, Load, Receiver

sys.path.append(str(HERE.parent / "tests" / "search"))

import labelled

SCENARIO = "spans, protobuf, 100 a request"
READS = 40
LONG_TRACE = 5_000
MILLION = 1_000_000
STEPS = (50_000, 200_000, 500_000, MILLION, 2 * MILLION, 5 * MILLION, 10 * MILLION)
# Of the first activity; each has one more, since what took long to count is cached.
_BUCKETS = 30


def reads(receiver: Receiver, long_trace: str) -> dict[str, Callable[[int], str]]:
    """Return the reads by name: functions that return the path of the n-th one, below `/api/v1`."""
    traces = receiver.get("/api/v1/traces?limit=200")["traces"]
    queries = [query.query for query in labelled.load()[1]]

    def trace(number: int) -> Any:
        return traces[number % len(traces)]

    listed: dict[str, Callable[[int], str]] = {
        "activity": lambda n: f"activity?buckets={_BUCKETS + n}",
        "activity of a status": lambda n: f"activity?status=failed&buckets={_BUCKETS + n}",
        "traces": lambda _: "traces",
        "traces by agent": lambda n: f"traces?agent_id=agent-{n % 10}",
        "traces by status": lambda n: f"traces?status={('failed', 'completed')[n % 2]}",
        "traces, dearest": lambda _: "traces?sort=cost",
        "traces by filter": lambda n: f"traces?filter={quote(f'status:failed events>{n % 5}')}",
        "a trace": lambda n: f"traces/{trace(n)['id']}",
        "sessions": lambda _: "sessions",
        "sessions, longest": lambda _: "sessions?sort=duration",
        "a session": lambda n: f"sessions/{quote(trace(n)['session_id'])}",
        "calls": lambda _: "calls",
        "calls of tools, longest": lambda _: "calls?kind=tool&sort=duration",
        "calls by filter": lambda _: f"calls?filter={quote('tool:search* duration>1ms')}",
        "events": lambda _: "events?limit=50",
        "events by session": lambda n: f"events?session_id={quote(trace(n)['session_id'])}",
        "events by agent": lambda n: f"events?agent_id=agent-{n % 10}",
        "events by type": lambda n: f"events?event_type={('tool_call', 'model_call', 'agent')[n % 3]}",
        "events by status": lambda n: f"events?status={('error', 'ok')[n % 2]}",
        "overview": lambda _: "overview",
        "breakdown": lambda n: f"breakdown?by={('agent', 'model', 'tool', 'error', 'service')[n % 5]}",
        "stats": lambda _: "stats",
        "outline of 5,000": lambda _: f"traces/{long_trace}/outline",
        "conversation of 5,000": lambda n: f"traces/{long_trace}/conversation?from={('start', 'end')[n % 2]}",
        "events of 5,000": lambda _: f"traces/{long_trace}",
    }
    if receiver.stats()["index_state"] != "off":
        listed["search"] = lambda n: f"search?{urllib.parse.urlencode({'q': queries[n % len(queries)]})}"
        listed["facets"] = lambda _: "facets"
    return listed


def p95(receiver: Receiver, path_of: Callable[[int], str]) -> float:
    """Milliseconds."""
    took = []
    for number in range(READS):
        path, began = f"/api/v1/{path_of(number)}", time.perf_counter()
        if receiver.get(path) is None:
            raise SystemExit(f"{path} was not answered")
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[READS * 95 // 100]


def is_settled(receiver: Receiver) -> bool:
    stats = receiver.stats()
    return stats["interpretation_pending"] == 0 and (stats["index_state"] == "off" or stats["index_pending"] == 0)


def measure(receiver: Receiver, data_dir: str, steps: list[int]) -> list[dict[str, float]]:
    results = []
    long_trace = send(receiver.url, LONG_TRACE)
    stored = LONG_TRACE
    for step in steps:
        before, seconds = stored, 0.0
        while stored < step:
            load = Load(receiver, SCENARIO, min(50_000, step - stored), seed=2 + stored // 50_000)
            seconds += load.go()["seconds"]
            stored += min(50_000, step - stored)
        began = time.perf_counter()
        receiver.wait(lambda: is_settled(receiver), 24 * 3600)
        settled = time.perf_counter() - began
        row = {"events": float(receiver.stats()["events"]), "stored/s": (stored - before) / max(seconds, 1e-9)}
        row["settled after s"] = settled
        for name, path_of in reads(receiver, long_trace).items():
            row[f"{name}, p95 ms"] = p95(receiver, path_of)
        disk = sum(file.stat().st_blocks * 512 for file in Path(data_dir).rglob("*") if file.is_file())
        for process, sizes in receiver.memory().items():
            row |= {f"{process}, {kind} MB": size for kind, size in sizes.items()}
        row["disk MB"] = disk / 1e6
        print(*(f"{name:>40} {value:13,.1f}" for name, value in row.items()), "", sep="\n", flush=True)
        results.append(row)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--model", default="off", help="embedding.model of the receiver; off: store only")
    parser.add_argument("--rerank-ms", type=int, default=0)
    parser.add_argument("--keep", help="the data folder, which stays; it must be empty")
    arguments = parser.parse_args()
    steps = [*(step for step in STEPS if step < arguments.events), arguments.events]
    with contextlib.ExitStack() as stack:
        data_dir = arguments.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="vectadb-bench-"))
        settings = {"VECTADB_SEARCH_RERANK_MS": str(arguments.rerank_ms)}
        receiver = Receiver(data_dir, arguments.model, settings=settings)
        try:
            results = measure(receiver, data_dir, steps)
        finally:
            receiver.stop()
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "growth.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
