"""Measure how long a search takes among many events, idle and while more arrive: `python bench/searching.py`.

The real program gets the queries of the labelled set (`tests/search`) over HTTP, one search at a time; no made-up event
was written for them. A receiver is started anew for each of re-ranking and none, idle and not, as MiniLM's vectors are
cached and equal texts are read once, so that later queries re-rank more. Rows of the idle ones have the CPU time of a
search by process, which other programs on the machine change little. Last it prints what each process holds.

With `--data` it takes a copy of a data folder that a receiver has filled, in a minute: `--data FOLDER --copies DISK`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
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
SLOWEST = 1.0  # seconds that a search takes at most, on average, without re-ranking
SHOWN = 0.05  # CPU milliseconds a search, from which a process is shown
# By name what else a search asks for. A filter leaves one event of ten.
WAYS: dict[str, dict[str, str]] = {
    "hybrid": {},
    "words": {"mode": "keyword"},
    "meaning": {"mode": "semantic"},
    "filtered": {"agent_id": "agent-3"},
}


def searches(receiver: Receiver, queries: list[str], way: dict[str, str]) -> dict[str, float]:
    seconds, reranked = [], 0
    for query in queries:
        asked = urllib.parse.urlencode({"q": query, "limit": 10, **way})
        began = time.perf_counter()
        answer: dict[str, Any] = receiver.get(f"/api/v1/search?{asked}")
        seconds.append(time.perf_counter() - began)
        reranked += answer["reranked"]
    seconds.sort()
    least, middle, late, last = (seconds[int(len(seconds) * share)] * 1000 for share in (0, 0.5, 0.95, 0.999))
    row = {"least ms": least, "p50 ms": middle, "p95 ms": late, "max ms": last}
    return row | {"re-ranked": reranked / len(queries)}


def idle(receiver: Receiver, queries: list[str], way: dict[str, str]) -> dict[str, float]:
    before = receiver.seconds()
    row = searches(receiver, queries, way)
    for process, used in receiver.seconds().items():
        if (spent := (used - before.get(process, 0)) / len(queries) * 1000) > SHOWN:
            row[f"{process} CPU ms"] = spent
    return row


def arriving(receiver: Receiver, queries: list[str], way: dict[str, str], budget: int, seed: int) -> dict[str, float]:
    seconds = len(queries) * (budget / 1000 + SLOWEST)  # more than the searches take
    load = Load(receiver, ARRIVING, int(RATE * seconds), rate=RATE, seed=seed)
    load.begin("go")
    before, began = receiver.stored(), time.perf_counter()
    row = searches(receiver, queries, way)
    row["stored/s"] = (receiver.stored() - before) / (time.perf_counter() - began)
    if not load.end():
        sys.exit("the searches took longer than the spans")
    return row


def fill(data_dir: str, events: int) -> None:
    receiver = Receiver(data_dir, "static")
    Load(receiver, LOADED, events).go()
    receiver.wait(lambda: receiver.stats()["index_pending"] == 0)
    receiver.stop()


def measure(data_dir: str, queries: list[str]) -> dict[str, Any]:
    report: dict[str, Any] = {}
    seed = random.randrange(100, 1_000)  # a folder that has been measured before gets other spans
    for budget in BUDGETS:
        for busy in (False, True):
            receiver = Receiver(data_dir, "static", settings={"VECTADB_SEARCH_RERANK_MS": str(budget)})
            try:
                receiver.wait(lambda: receiver.stats()["index_pending"] == 0)  # noqa: B023 - it is this one
                report["events"] = receiver.stats()["events"]
                for name, way in WAYS.items() if budget == 0 else [("hybrid", WAYS["hybrid"])]:
                    title = f"{name}, {budget} ms to re-rank, {f'{RATE} spans/s' if busy else 'idle'}"
                    seed += 1
                    row = arriving(receiver, queries, way, budget, seed) if busy else idle(receiver, queries, way)
                    print(
                        f"{title:38}",
                        *(f"{column} {value:,.1f}" for column, value in row.items()),
                        sep="  ",
                        flush=True,
                    )
                    report[title] = row
                held = receiver.memory()
            finally:
                receiver.stop()
    for process, sizes in held.items():
        print(f"{process:22}", *(f"{kind} MB {size:,.0f}" for kind, size in sizes.items()), sep="  ")
    return report | {"memory MB": held}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=200_000, help="events to search")
    parser.add_argument("--data", type=Path, help="data folder with events to search, which is copied")
    parser.add_argument("--copies", type=Path, help="folder on a disk with room for it")
    parser.add_argument("--queries", type=int, help="only so many of the queries, from all of the set")
    parser.add_argument("--models", type=Path, help="data folder to take the models from, and to keep them in")
    arguments = parser.parse_args()
    queries = [query.query for query in labelled.load()[1]]
    if arguments.queries:
        queries = queries[:: max(len(queries) // arguments.queries, 1)][: arguments.queries]
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-", dir=arguments.copies) as folder:
        if arguments.data:
            shutil.copytree(arguments.data, folder, dirs_exist_ok=True)
        else:
            if arguments.models:
                (Path(folder) / "models").symlink_to(arguments.models.resolve() / "models")
            fill(folder, arguments.events)
        report = measure(folder, queries)
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "searching.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
