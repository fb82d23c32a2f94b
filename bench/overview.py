"""Measure how long the overview takes, and what counting costs a run: a store with the runs of a million events.

    .venv/bin/python bench/overview.py [--runs 83000] [--days 30]

Runs are not sent, but put into the queue of what is to be counted, as the interpreter does. Then the real program
serves the store: how long its answers take, and, where Playwright and Chromium are installed, how long after its
address was opened the page shows the overview, in a browser that has nothing of it yet.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the program, wherever this is started
sys.path.append(str(Path(__file__).parent.parent / "tests" / "page"))

import chromium
from program import Receiver

from mapping.calls.figures import BY, HOUR, Outcome, figures_of, packed
from mapping.calls.model import Call, Failure, Tokens
from storage.interpreting.counting import count_some
from storage.read.overview import breakdown, overview
from storage.surreal import rows, schema
from storage.surreal.database import Database

NOON = 1_767_960_000 * 10**9
OF_A_RECORD = 20
TIMES = 20


def run_of(number: int, moment: int) -> bytes:
    """Return what a run of three calls of a model and four of tools adds."""
    chance = random.Random(number)
    agent = f"agent {chance.randrange(12)}"
    calls = []
    for place in range(7):
        took = int(chance.lognormvariate(20.5, 1))
        fails = chance.random() < 0.03
        of_model = place % 2 == 0
        calls.append(
            Call(
                id=str(place),
                kind="model" if of_model else "tool",
                name=f"model {chance.randrange(5)}" if of_model else f"tool {chance.randrange(20)}",
                told_by=[str(place)],
                trace_id="t",
                start=moment + place,
                end=moment + place + took,
                agent=agent,
                status="error" if fails else "ok",
                failure=Failure("Refused", f"it was refused for the reason {'abcdefgh'[chance.randrange(8)]}")
                if fails
                else None,
                fails_first=fails,
                tokens=Tokens(1000, 100) if of_model else Tokens(),
                counts=of_model,
                cost=1000 if of_model else None,
            )
        )
    trace = Outcome(
        start=moment,
        took=7 * 10**9,
        failed=chance.random() < 0.1,
        is_run=True,
        service=f"service {number % 3}",
        agents=[agent],
    )
    return packed(figures_of(trace, calls, ()))


async def measure(url: str, runs: int, days: int) -> None:
    database = Database(url, namespace="vectadb", database="vectadb", prepare=schema.apply)
    await database.open()
    told = sorted(random.Random(1).randrange(days * 24 * HOUR) for _ in range(runs))
    counting = 0.0
    for start in range(0, runs, OF_A_RECORD * 50):
        records = [
            {
                "id": rows.queue_name(),
                "added": [run_of(number, NOON + told[number]) for number in range(at, min(at + OF_A_RECORD, runs))],
                "removed": [],
            }
            for at in range(start, min(start + OF_A_RECORD * 50, runs), OF_A_RECORD)
        ]
        await database.query("INSERT INTO figures_queue $records RETURN NONE", records=records)
        began = time.perf_counter()
        while await count_some(database):
            pass
        counting += time.perf_counter() - began
    print(f"{runs:,} runs in {days} days; counted in {counting / runs * 1e6:.0f} us a run")
    for name, hours in (("all", None), ("the last 7 days", 24 * 7), ("the last day", 24)):
        since = None if hours is None else NOON + days * 24 * HOUR - hours * HOUR
        took: dict[str, list[float]] = {}
        for _ in range(TIMES):
            for by in BY:
                began = time.perf_counter()
                await (overview(database, since, None) if by == "run" else breakdown(database, by, since, None))
                took.setdefault(by, []).append((time.perf_counter() - began) * 1000)
        print(f"{name}:", ", ".join(f"{by} {statistics.median(each):.0f} ms" for by, each in took.items()))
    await database.close()


def answers(receiver: Receiver) -> dict[str, float]:
    """Return the median milliseconds of each answer."""
    took: dict[str, list[float]] = {by: [] for by in BY}
    for _ in range(TIMES):
        for by, times in took.items():
            began = time.perf_counter()
            receiver.get("/api/v1/overview" if by == "run" else f"/api/v1/breakdown?by={by}")
            times.append((time.perf_counter() - began) * 1000)
    return {by: statistics.median(times) for by, times in took.items()}


async def first_views(url: str) -> list[float]:
    """Return the milliseconds of several first views, each in a browser's context of its own."""
    took = []
    async with chromium.launched() as browser:
        for _ in range(TIMES):
            tab = await chromium.open_tab(browser, url)
            began = time.perf_counter()
            await tab.page.goto(url)
            await tab.page.wait_for_selector("main table:has(caption:text-is('Tools')) tbody tr")
            took.append((time.perf_counter() - began) * 1000)
            await tab.page.context.close()
    return took


def serve(folder: str) -> None:
    """Serve the store of the folder, and print how long answers and the first view take."""
    receiver = Receiver(folder, "off")
    print("over HTTP:", ", ".join(f"{by} {took:.0f} ms" for by, took in answers(receiver).items()))
    if chromium.PATH and chromium.async_playwright:
        views = asyncio.run(first_views(receiver.url))
        print(f"first view: {statistics.median(views):.0f} ms, from {min(views):.0f} to {max(views):.0f}")
    receiver.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=83_000)
    parser.add_argument("--days", type=int, default=30)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vectadb-bench-") as folder:
        asyncio.run(measure(f"surrealkv://{folder}/surreal", arguments.runs, arguments.days))
        serve(folder)


if __name__ == "__main__":
    main()
