"""Measure what the embedded index alone takes: `python bench/index_memory.py --points 300000`. Linux only.

Made-up points, like those of events, go through `storage.qdrant`, as fast as it takes them. It prints the memory of the
engine's process, anonymous and of mapped files, with so many points, after searches, and after it was opened anew.
JSON: bench/results/index_memory.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
import uuid
from pathlib import Path

from program import HERE, Receiver

from storage.filters import SearchFilter
from storage.qdrant.base import PASSAGE, SIGNATURE, TIMESTAMP, TOLD, Point
from storage.qdrant.edge import EdgeIndex
from storage.qdrant.packing import pack

DIMENSIONS, PART, FLUSHED_EVERY, SEARCHES, DEPTH = 256, 250, 5_000, 40, 400
ALL = SearchFilter()


def vector(rnd: random.Random) -> list[float]:
    return [rnd.random() - 0.5 for _ in range(DIMENSIONS)]


def words(rnd: random.Random, count: int) -> str:
    """Return words of which few are frequent."""
    return " ".join(f"w{int(rnd.paretovariate(0.5)) % 50_000}" for _ in range(count))


def point(rnd: random.Random, number: int) -> Point:
    payload = {
        "trace_id": f"{number // 10:032x}",
        "session_id": f"session-{number // 50}",
        "agent_id": f"agent-{number % 20}",
        "event_type": "model_call",
        "status": "ok",
        "service": "travel",
        TIMESTAMP: f"2026-01-07T19:{number // 60 % 60:02d}:{number % 60:02d}Z",
        PASSAGE: rnd.getrandbits(62),
        TOLD: [rnd.getrandbits(62) for _ in range(3)],
        SIGNATURE: f"{rnd.getrandbits(DIMENSIONS):0{DIMENSIONS // 4}x}",
    }
    return Point(str(uuid.UUID(int=rnd.getrandbits(128))), vector(rnd), words(rnd, 70), payload)


def memory(index: EdgeIndex) -> dict[str, float]:
    """Return the MB of the engine's process, and its CPU seconds."""
    process = index._engine._process  # noqa: SLF001 - nobody else wants to know
    assert process is not None  # noqa: S101 - for mypy: it has answered
    pid = process._process.pid  # noqa: SLF001 - as above
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines)}
    row = {"anonymous MB": sizes["Anonymous"], "files MB": sizes["Rss"] - sizes["Anonymous"]}
    return row | {"CPU s": Receiver.cpu_seconds(pid)}


async def searches(index: EdgeIndex) -> dict[str, float]:
    rnd = random.Random(2)
    took: dict[str, list[float]] = {"by meaning ms": [], "by words ms": []}
    for _ in range(SEARCHES):
        began = time.perf_counter()
        await index.search_dense(vector(rnd), ALL, DEPTH)
        between = time.perf_counter()
        await index.search_words(words(rnd, 5), ALL, DEPTH)
        took["by meaning ms"].append((between - began) * 1000)
        took["by words ms"].append((time.perf_counter() - between) * 1000)
    return {name: sorted(each)[SEARCHES // 2] for name, each in took.items()}


async def measure(folder: Path, points: int) -> dict[str, dict[str, float]]:
    rnd = random.Random(1)
    index = EdgeIndex(folder / "index", DIMENSIONS)
    await index.open()
    rows = {"empty": memory(index)}
    for start in range(0, points, PART):
        await index.upsert(pack([point(rnd, start + number) for number in range(PART)], DIMENSIONS))
        if (start + PART) % FLUSHED_EVERY == 0:
            await index.flush()
    await index.flush()
    rows["filled"] = memory(index)
    await index.optimize()
    rows["all in files"] = memory(index)
    times = await searches(index)
    rows["searched"] = memory(index) | times
    await index.close()
    began = time.perf_counter()
    await index.open()
    rows["opened"] = memory(index) | {"seconds": time.perf_counter() - began}
    times = await searches(index)
    rows["opened and searched"] = memory(index) | times
    await index.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--points", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        rows = asyncio.run(measure(Path(folder), arguments.points))
    for name, row in rows.items():
        print(f"{name:20}", *(f"{column} {value:,.1f}" for column, value in row.items()), sep="  ")
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "index_memory.json").write_text(json.dumps({"points": arguments.points, **rows}, indent=1))


if __name__ == "__main__":
    main()
