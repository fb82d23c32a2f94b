"""Measure how well and how fast search finds: `make bench-search`. Prints tables; JSON is in bench/results/search.json.

Quality: nDCG@10, recall@10 and MRR on the labelled set (`tests/search`), through the real stores and `storage.search`.
`MiniLM exhaustive` compares MiniLM's vector of the query with those of all texts. The weight of words was chosen on
half of the domains (`measuring.TUNED_ON`); `untuned` is nDCG of the others. That is no clean test of the rest, because
the methods were compared, and the rules for exact things written, with all queries in view. Nothing that was read for
one query is cached for the next, except in the row with time for all.

Runs: how many of the runs that are hidden among so many (`--runs`) of `tests/search/corpus.py` are found first, among
the first three and among ten, by the query that was written for each.

Speed: the same queries, one search at a time, with made-up events (`--events`) beside the labelled ones; and nDCG@10
then, when made-up events are wrong answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "search"))

import traffic  # noqa: E402 - with those it needs, found by the path above
from ceiling import events_of  # noqa: E402 - as above
from corpus import needles  # noqa: E402 - as above
from measuring import DEPTH, LEISURE, Bench, Runs, quality  # noqa: E402 - as above

from storage.filters import SearchFilter  # noqa: E402 - as above
from storage.search.results import Mode  # noqa: E402 - as above
from storage.search.search import CANDIDATES  # noqa: E402 - as above

RESULTS = HERE / "results" / "search.json"
BUDGET = 0.15  # seconds to re-rank in: the default

# By name the mode, the seconds to re-rank in, and the most texts that are read: 150 ms of two cores without other work
# suffice for eight.
METHODS: dict[str, tuple[Mode, float, int]] = {
    "keyword": ("keyword", 0.0, 0),
    "static": ("semantic", 0.0, 0),
    "static, query read by MiniLM": ("semantic", BUDGET, 0),
    "hybrid": ("hybrid", 0.0, 0),
    "hybrid, re-ranked in 150 ms": ("hybrid", BUDGET, CANDIDATES),
    "hybrid, 8 re-ranked": ("hybrid", LEISURE, 8),
    "hybrid, re-ranked at leisure": ("hybrid", LEISURE, CANDIDATES),
}


async def all_quality(bench: Bench) -> dict[str, dict[str, float]]:
    rows = {"MiniLM exhaustive": quality(bench.queries, await asyncio.to_thread(bench.exhaustive))}
    for name, (mode, seconds, most) in METHODS.items():
        ranking, reranked = await bench.ranking(mode, seconds, most, afresh=seconds == BUDGET)
        rows[name] = quality(bench.queries, ranking) | {"re-ranked": reranked}
    return rows


async def speed(bench: Bench, events: int) -> dict[str, dict[str, float]]:
    """Return the milliseconds that searches take with so many made-up events beside the labelled ones."""
    rnd = Random(1)
    make, size = traffic.SCENARIOS["spans, protobuf, 500 a request"]
    for number in range(events // size):
        await bench.storage.writer.write(events_of(make(rnd, number, size)))
    await bench.indexed()
    rows = {}
    for name, (mode, seconds, most) in METHODS.items():
        if seconds > BUDGET:
            continue
        search, milliseconds, labels, reranked = bench.search(seconds, most), [], [], 0
        for query in bench.queries:
            bench.forget()
            started = time.perf_counter()
            answer = await search.search(query.query, mode, SearchFilter(), DEPTH)
            milliseconds.append((time.perf_counter() - started) * 1000)
            labels.append(bench.labels_of(answer))
            reranked += answer.reranked
        milliseconds.sort()
        middle, late = (milliseconds[int(len(milliseconds) * share)] for share in (0.5, 0.95))
        ndcg = quality(bench.queries, labels)["nDCG@10"]
        rows[name] = {"p50 ms": middle, "p95 ms": late, "re-ranked": reranked / len(milliseconds), "nDCG@10": ndcg}
    return rows


async def found_runs(data_dir: Path, count: int) -> dict[str, dict[str, float]]:
    """Return by method how many of the hidden runs are found first, among the first three, and among ten."""
    bench = Runs(data_dir, count)
    await bench.open()
    try:
        rows = {}
        for name, (mode, seconds, most) in METHODS.items():
            places = await bench.places(bench.needles, bench.hidden, mode, seconds, most)
            rows[name] = {f"among {most}": float(sum(1 <= place <= most for place in places)) for most in (1, 3, 10)}
        return rows
    finally:
        await bench.storage.close()


def table(title: str, rows: dict[str, dict[str, float]]) -> None:
    columns = [c for c in dict.fromkeys(column for row in rows.values() for column in row) if not c.endswith("first")]
    print(f"\n{title}\n{'':30}" + "".join(f"{column:>11}" for column in columns))
    for name, row in rows.items():
        shown = [f"{row[column]:>11.3f}" if column in row else " " * 11 for column in columns]
        print(f"{name:30}" + "".join(shown))


def index_memory() -> float:
    """Return the resident MB of the index's process; 0 but on Linux."""
    for status in Path("/proc").glob("[0-9]*/status"):
        fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        command = (status.parent / "cmdline").read_bytes()
        if fields["PPid"] == str(os.getpid()) and b"storage.qdrant.engine" in command:
            return int(fields["VmRSS"].split()[0]) / 1024
    return 0.0


async def run(data_dir: Path, events: int, runs: int) -> dict[str, Any]:
    bench = Bench(data_dir)
    await bench.open()
    try:
        rows = await all_quality(bench)
        table(f"{len(bench.events)} events, {len(bench.queries)} queries; by kind: nDCG@10", rows)
        report: dict[str, Any] = {"quality": rows}
        if runs:
            (data_dir / "runs").mkdir()
            (data_dir / "runs" / "models").symlink_to(data_dir / "models")
            report["runs"] = await found_runs(data_dir / "runs", runs)
            table(f"{len(needles())} runs hidden among {runs:,}, by a query each", report["runs"])
        if events:
            before = index_memory()
            report["speed"] = await speed(bench, events)
            table(f"{events:,} more events", report["speed"])
            report["index MB per million events"] = (index_memory() - before) / events * 1_000_000
            print(f"\nThe index's process took {report['index MB per million events']:,.0f} MB per million events.")
        return report
    finally:
        await bench.storage.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=0, help="made-up events among which the speed is measured")
    parser.add_argument("--runs", type=int, default=0, help="runs of the corpus among which some are looked for")
    parser.add_argument("--models", type=Path, help="data folder to take the models from, and to keep them in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        if arguments.models:
            (arguments.models / "models").mkdir(parents=True, exist_ok=True)
            (Path(folder) / "models").symlink_to(arguments.models.resolve() / "models")
        report = asyncio.run(run(Path(folder), arguments.events, arguments.runs))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
