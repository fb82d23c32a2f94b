"""How well and how fast search finds: `make bench-search`. Prints tables; JSON is in bench/results/search.json.

Quality: nDCG@10, recall@10 and MRR on the labelled set (`tests/search`), through the real stores and `storage.search`.
`MiniLM exhaustive` compares MiniLM's vector of the query with those of all texts. nDCG's gain is 2^grade - 1; recall
counts grades 2 and 3, of which at most ten; the first event of the best grade makes the reciprocal rank. The weight of
words was chosen on half of the domains (`TUNED_ON`); `untuned` is nDCG of the others.

Speed: the same queries among made-up events (`--events`) beside the labelled ones, one search at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "search"))

import labelled  # noqa: E402 - found by the path above
import numpy as np  # noqa: E402
import traffic  # noqa: E402
from ceiling import events_of  # noqa: E402

from mapping.json_events import Options, decode_event, map_event  # noqa: E402
from mapping.model import Event  # noqa: E402
from mapping.text import text_of  # noqa: E402
from storage.embedding.model import MINILM, STATIC, prepare  # noqa: E402
from storage.embedding.rerank import Reranker  # noqa: E402
from storage.index.base import Filter  # noqa: E402
from storage.rereading import Rereading  # noqa: E402
from storage.search import Mode, Search  # noqa: E402
from storage.stores import Storage, StorageConfig  # noqa: E402

RESULTS = HERE / "results" / "search.json"
TUNED_ON = frozenset({"clinic", "home", "mail", "refund", "sql"})
DEPTH = 10
LEISURE, BUDGET = 60.0, 0.15  # seconds to re-rank in: enough for all, and the default

# Labels, best first, for each query.
Ranking = list[list[str]]


def gains(query: labelled.Query, found: Sequence[str]) -> tuple[float, float, float]:
    """Give nDCG, recall and the reciprocal rank of what was found."""
    grades = [query.relevant.get(label, 0) for label in found[:DEPTH]]
    best = sorted(query.relevant.values(), reverse=True)[:DEPTH]
    wanted = sum(grade > 1 for grade in query.relevant.values())
    exact = next((1 / (place + 1) for place, grade in enumerate(grades) if grade == max(best)), 0.0)
    return _dcg(grades) / _dcg(best), sum(grade > 1 for grade in grades) / min(wanted, DEPTH), exact


def _dcg(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def quality(queries: Sequence[labelled.Query], ranking: Ranking) -> dict[str, float]:
    """Give the means over all queries, nDCG also by kind and for the half of the domains that nothing was tuned on."""
    each = [gains(query, found) for query, found in zip(queries, ranking, strict=True)]
    row = {
        f"{name}@10": _mean(values)
        for name, values in zip(("nDCG", "recall", "MRR"), zip(*each, strict=True), strict=True)
    }
    ndcg = [values[0] for values in each]
    row["untuned"] = _mean(
        [value for query, value in zip(queries, ndcg, strict=True) if _domain(query) not in TUNED_ON]
    )
    for kind in dict.fromkeys(query.kind for query in queries):
        row[kind] = _mean([value for query, value in zip(queries, ndcg, strict=True) if query.kind == kind])
    return row


def _domain(query: labelled.Query) -> str:
    return max(query.relevant, key=lambda label: query.relevant[label]).rpartition("-")[0]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def mapped(sent: dict[str, Any], number: int) -> Event:
    return map_event(decode_event(json.dumps(sent).encode()), Options(), str(uuid.UUID(int=number)))


class Bench:
    """The stores with the labelled events in them, and searches with and without re-ranking."""

    def __init__(self, data_dir: Path) -> None:
        sent, self.queries = labelled.load()
        self.events = {label: mapped(event, number + 1) for number, (label, event) in enumerate(sent.items())}
        self._labels = {event.id: label for label, event in self.events.items()}
        self._data_dir = data_dir
        self.storage = Storage(
            StorageConfig(
                data_dir=data_dir,
                surrealdb_url=f"surrealkv://{data_dir}/surreal",
                surrealdb_namespace="vectadb",
                surrealdb_database="vectadb",
                surrealdb_user="",
                surrealdb_password="",
                qdrant_url="",
                qdrant_api_key="",
                qdrant_collection="agent_events",
                model=STATIC,
                threads=0,
                rerank_ms=0,
                agent_window=3600.0,
                conversation_window=86400.0,
                idle_close=1800.0,
            )
        )

    def search(self, seconds: float) -> Search:
        """Give a search that re-ranks for so long."""
        rereading = None
        if seconds:
            rereading = Rereading(lambda: Reranker.prepared(self._data_dir, 0), seconds)
            rereading.load()
        return Search(self.storage.reader, self.storage.indexer, rereading)

    async def store(self, events: list[Event]) -> None:
        await self.storage.writer.write(events)
        while self.storage.indexer.state != "ready" or self.storage.indexer.pending:
            if self.storage.indexer.state == "failed":
                sys.exit(self.storage.indexer.reason)
            await asyncio.sleep(0.1)

    async def ranking(self, mode: Mode, seconds: float) -> tuple[Ranking, float]:
        """Give what each query finds, and how many events were re-ranked on average."""
        search, found, reranked = self.search(seconds), [], 0
        for query in self.queries:
            answer = await search.search(query.query, mode, Filter(), DEPTH)
            found.append([self._labels[result["event"]["id"]] for result in answer["results"]])
            reranked += answer["reranked"]
        return found, reranked / len(self.queries)

    def exhaustive(self) -> Ranking:
        minilm = prepare(MINILM, self._data_dir, 0, lambda *_: None)
        texts = minilm.embed([text_of(event.name, event.properties) for event in self.events.values()])
        asked = minilm.embed([query.query for query in self.queries])
        labels = list(self.events)
        return [[labels[place] for place in row[:DEPTH]] for row in np.argsort(-(asked @ texts.T), kind="stable")]

    async def all_quality(self) -> dict[str, dict[str, float]]:
        rows = {"MiniLM exhaustive": quality(self.queries, await asyncio.to_thread(self.exhaustive))}
        for name, (mode, seconds) in METHODS.items():
            ranking, reranked = await self.ranking(mode, seconds)
            rows[name] = quality(self.queries, ranking) | {"re-ranked": reranked}
        return rows

    async def speed(self, events: int) -> dict[str, dict[str, float]]:
        """Give the milliseconds that searches take with so many made-up events beside the labelled ones."""
        rnd = Random(1)
        make, size = traffic.SCENARIOS["spans, protobuf, 500 a request"]
        for number in range(events // size):
            await self.storage.writer.write(events_of(make(rnd, number, size)))
        await self.store([])
        rows = {}
        for name, (mode, seconds) in METHODS.items():
            if seconds > BUDGET:
                continue
            search, taken, reranked = self.search(seconds), [], 0
            for query in self.queries:
                started = time.perf_counter()
                answer = await search.search(query.query, mode, Filter(), DEPTH)
                taken.append((time.perf_counter() - started) * 1000)
                reranked += answer["reranked"]
            taken.sort()
            middle, late = (taken[int(len(taken) * share)] for share in (0.5, 0.95))
            rows[name] = {"p50 ms": middle, "p95 ms": late, "re-ranked": reranked / len(taken)}
        return rows


METHODS: dict[str, tuple[Mode, float]] = {
    "keyword": ("keyword", 0.0),
    "static": ("semantic", 0.0),
    "static, query read by MiniLM": ("semantic", BUDGET),
    "hybrid": ("hybrid", 0.0),
    "hybrid, re-ranked in 150 ms": ("hybrid", BUDGET),
    "hybrid, re-ranked at leisure": ("hybrid", LEISURE),
}


def table(title: str, rows: dict[str, dict[str, float]]) -> None:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    print(f"\n{title}\n{'':30}" + "".join(f"{column:>11}" for column in columns))
    for name, row in rows.items():
        shown = [f"{row[column]:>11.3f}" if column in row else " " * 11 for column in columns]
        print(f"{name:30}" + "".join(shown))


def index_memory() -> float:
    """Give the resident MB of the index's process; 0 but on Linux."""
    for status in Path("/proc").glob("[0-9]*/status"):
        fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        command = (status.parent / "cmdline").read_bytes()
        if fields["PPid"] == str(os.getpid()) and b"storage.index.engine" in command:
            return int(fields["VmRSS"].split()[0]) / 1024
    return 0.0


async def run(data_dir: Path, events: int) -> dict[str, Any]:
    bench = Bench(data_dir)
    await bench.storage.open()
    try:
        await bench.store(list(bench.events.values()))
        rows = await bench.all_quality()
        table(f"{len(bench.events)} events, {len(bench.queries)} queries; by kind: nDCG@10", rows)
        report: dict[str, Any] = {"quality": rows}
        if events:
            before = index_memory()
            report["speed"] = await bench.speed(events)
            table(f"{events:,} more events", report["speed"])
            report["index MB per million events"] = (index_memory() - before) / events * 1_000_000
            print(f"\nThe index's process took {report['index MB per million events']:,.0f} MB per million events.")
        return report
    finally:
        await bench.storage.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=0, help="made-up events among which the speed is measured")
    parser.add_argument("--models", type=Path, help="data folder to take the models from, and to keep them in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        if arguments.models:
            (arguments.models / "models").mkdir(parents=True, exist_ok=True)
            (Path(folder) / "models").symlink_to(arguments.models.resolve() / "models")
        report = asyncio.run(run(Path(folder), arguments.events))
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
