"""Measure how long a search takes among many events, idle and while more arrive: `python bench/searching.py`.

The real program gets the queries of the labelled set (`tests/search`) over HTTP, one search at a time; no made-up event
was written for them. Each row is a receiver started anew, because MiniLM's vectors are cached and equal texts are read
once, so that later queries re-rank more. Then it measures the memory of the index's process.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

from program import HERE, Load, Receiver

sys.path.append(str(HERE.parent / "tests" / "search"))

import labelled

LOADED, ARRIVING = "spans, protobuf, 500 a request", "spans, protobuf, 100 a request"
RATE = 500  # spans that arrive a second
BUDGETS = (0, 150)  # search.rerank_ms


def searches(receiver: Receiver, queries: list[str]) -> dict[str, float]:
    seconds, reranked = [], 0
    for query in queries:
        began = time.perf_counter()
        answer: dict[str, Any] = receiver.get(f"/api/v1/search?{urllib.parse.urlencode({'q': query, 'limit': 10})}")
        seconds.append(time.perf_counter() - began)
        reranked += answer["reranked"]
    seconds.sort()
    middle, late, last = (seconds[int(len(seconds) * share)] * 1000 for share in (0.5, 0.95, 0.999))
    return {"p50 ms": middle, "p95 ms": late, "max ms": last, "re-ranked": reranked / len(queries)}


def arriving(receiver: Receiver, queries: list[str], budget: int) -> dict[str, float]:
    seconds = len(queries) * (budget / 1000 + 0.08)  # more than the searches take
    load = Load(receiver, ARRIVING, int(RATE * seconds), rate=RATE, seed=2)
    sending = threading.Thread(target=load.go)
    sending.start()
    before, began = receiver.stored(), time.perf_counter()
    row = searches(receiver, queries)
    row["stored/s"] = (receiver.stored() - before) / (time.perf_counter() - began)
    if not sending.is_alive():
        sys.exit("the searches took longer than the spans")
    sending.join()
    return row


def measure(data_dir: str, events: int) -> dict[str, Any]:
    queries = [query.query for query in labelled.load()[1]]
    receiver = Receiver(data_dir, "static")
    Load(receiver, LOADED, events).go()
    receiver.wait(lambda: receiver.stats()["index_pending"] == 0)
    report: dict[str, Any] = {"index MB": receiver.memory_of("storage.qdrant.engine")}
    receiver.stop()
    for budget in BUDGETS:
        for busy in (False, True):
            receiver = Receiver(data_dir, "static", settings={"VECTADB_SEARCH_RERANK_MS": str(budget)})
            try:
                row = arriving(receiver, queries, budget) if busy else searches(receiver, queries)
            finally:
                receiver.stop()
            title = f"{budget} ms to re-rank, {f'{RATE} spans/s' if busy else 'idle'}"
            print(f"{title:32}", *(f"{column} {value:7,.0f}" for column, value in row.items()), sep="  ", flush=True)
            report[title] = row
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=200_000, help="events to search")
    parser.add_argument("--models", type=Path, help="data folder to take the models from, and to keep them in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        if arguments.models:
            (Path(folder) / "models").symlink_to(arguments.models.resolve() / "models")
        report = measure(folder, arguments.events)
    megabytes = report["index MB"] / arguments.events * 1_000_000
    print(f"The index's process took {megabytes:,.0f} MB per million events.")
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "searching.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
