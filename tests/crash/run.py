"""Kill a receiver under load, again and again: `python tests/crash/run.py --rounds 50 --model minilm`.

Each round sends spans, log records and JSON events, kills with SIGKILL at a random moment (one of four while it still
starts), and compares a copy of the database with what was acknowledged. Most kills are of all the processes at once; in
one round of four of the receiver's alone, after which its engine closes in order; in one of six of the engine's alone,
after which the receiver must go on, and then of all. The process that interprets is killed in between. Every few
rounds what was left open is sent again, everything must become searchable, the API, the search index and the database
must agree, and what was made of the events must be what is made of them anew. Prints a report; ends with 1 where
there are findings. The seed decides what is sent and when it is killed, not what it is doing at that moment.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from victim import Victim  # isort: skip - it lets the others find the program

import compare
from senders import Account, Senders

SENDERS = 6
# Seconds after it was ready, at most. A model is loaded, and indexing, only after some.
KILLED_WITHIN = {"off": 3.0}
KILLED_WITHIN_MODEL = 6.0
KILLED_WHILE_STARTING = 0.25
# Seconds until the receiver takes events again whose engine was killed: it replays its log on a busy machine.
GOES_ON_WITHIN = 60.0
# With a model everything must be embedded in the end: senders that pause (seconds, at most) keep that short.
PAUSE = {"off": 0.0}
PAUSE_MODEL = 2.0
ALL_DONE_WITHIN = 1200.0
SAMPLE = 20


ALL, RECEIVER, ENGINE = "all processes", "the receiver alone", "the engine alone, then all"


def whom(number: int) -> str:
    """Say what a round kills: each of them within the first three rounds, which a test does."""
    return RECEIVER if number % 4 == 2 else ENGINE if number % 6 == 3 else ALL


class Run:
    def __init__(self, folder: Path, seed: int, model: str) -> None:
        self.folder, self.model = folder, model
        self.rnd = random.Random(seed)
        self.account = Account()
        self.findings: list[str] = []
        self.ready_after: list[float] = []
        self.engine_ready_after: list[float] = []
        self.index_ready_after: list[float] = []
        self.kills = Counter[str]()
        self.kills_while_starting = 0

    async def kill_once(self, number: int) -> None:
        """One round: start, send, kill, compare."""
        victim = Victim(self.folder, self.model)
        senders = Senders(self.account, victim, self.rnd, f"r{number}", PAUSE.get(self.model, PAUSE_MODEL))
        sending = asyncio.create_task(senders.send_until_stopped(SENDERS))
        killed = whom(number)
        try:
            # Without its engine a receiver that has not started yet does not start: there is nothing to go on with.
            if killed != ENGINE and self.rnd.random() < KILLED_WHILE_STARTING:
                self.kills_while_starting += 1
                # As long as most starts take: some of these kills come a moment after it was ready.
                await asyncio.sleep(self.rnd.uniform(0.3, max(self.ready_after, default=1.0)))
            else:
                await self._ready(victim)
                await self._random_moment()
                victim.kill_interpreter()
                await self._random_moment()
            if killed == ENGINE:
                victim.kill_engine()
                await self._goes_on(victim)
                await self._random_moment()
            elif killed == RECEIVER:
                await asyncio.to_thread(victim.kill_receiver)
        finally:
            victim.kill()
            senders.stop()
            await sending
        self.kills[killed] += 1
        self._find(number, victim.faults())
        copy = self.folder / "copy"
        if (self.folder / "data" / "surreal").exists():  # else it was killed before it had made one
            shutil.copytree(self.folder / "data" / "surreal", copy)
            await self._compare(number, copy, complete=False)
            shutil.rmtree(copy)

    async def finish(self, number: int) -> None:
        """Send again what is open; all of it must be there, once, in every store and over the API."""
        victim = Victim(self.folder, self.model)
        try:
            await self._ready(victim)
            await Senders(self.account, victim, self.rnd, "", 0).send_rest(SENDERS)
            await self._interpreted(number, victim)
            if self.model != "off":
                await self._searchable(number, victim)
            shown = await asyncio.to_thread(self._through_the_api, number, victim)
        except BaseException:
            victim.kill()
            raise
        if (code := await asyncio.to_thread(victim.stop)) != 0:
            self._find(number, [f"SIGTERM ended it with {code}"])
        self._find(number, victim.faults())
        stored = await self._compare(number, self.folder / "data" / "surreal", complete=True)
        if shown != {trace_id: row["event_count"] for trace_id, row in stored.traces.items()}:
            self._find(number, [f"the API lists {len(shown)} traces otherwise than the {len(stored.traces)} stored"])
        if self.model != "off" and stored.queued:
            self._find(number, [f"{len(stored.queued)} events are still to be indexed"])
        copy = self.folder / "copy"
        shutil.copytree(self.folder / "data" / "surreal", copy)
        async with compare.opened(copy) as database:
            self._find(number, await compare.made_anew(database))
        shutil.rmtree(copy)

    async def _ready(self, victim: Victim) -> None:
        while not await asyncio.to_thread(victim.is_ready):
            await asyncio.sleep(0.01)
        self.ready_after.append(time.perf_counter() - victim.began)

    async def _random_moment(self) -> None:
        await asyncio.sleep(self.rnd.uniform(0.0, KILLED_WITHIN.get(self.model, KILLED_WITHIN_MODEL)))

    async def _goes_on(self, victim: Victim) -> None:
        """Wait until the receiver, whose engine was killed, takes events again."""
        began = time.perf_counter()
        async with asyncio.timeout(GOES_ON_WITHIN):
            while not await asyncio.to_thread(victim.is_ready):
                await asyncio.sleep(0.01)
            self.engine_ready_after.append(time.perf_counter() - began)
            acknowledged = self.account.answers["200"]
            while self.account.answers["200"] == acknowledged:
                await asyncio.sleep(0.01)

    async def _until(self, number: int, victim: Victim, what: str, is_so: Callable[[dict[str, Any]], bool]) -> None:
        ends = time.monotonic() + ALL_DONE_WITHIN
        while not is_so(stats := await asyncio.to_thread(victim.get, "/api/v1/stats")):
            if time.monotonic() > ends:
                self._find(number, [f"not everything has become {what}: {stats}"])
                return
            await asyncio.sleep(0.05)

    async def _interpreted(self, number: int, victim: Victim) -> None:
        # While thousands wait, lists have the newest of them, and the others once they are interpreted.
        await self._until(number, victim, "interpreted", lambda stats: stats["interpretation_pending"] == 0)

    async def _searchable(self, number: int, victim: Victim) -> None:
        await self._until(number, victim, "searchable", lambda stats: stats["index_state"] == "ready")
        self.index_ready_after.append(time.perf_counter() - victim.began)
        # On a busy machine `events` is the number of some seconds ago.
        await self._until(
            number,
            victim,
            "searchable",
            lambda stats: stats["index_pending"] == 0 and stats["indexed"] == stats["events"],
        )
        for mark in self.rnd.sample(sorted(self.account.sent), SAMPLE):
            if mark.endswith("e"):  # a span event says nothing to be searched
                continue
            found = (await asyncio.to_thread(victim.get, f"/api/v1/search?mode=keyword&q={mark}"))["results"]
            if not found or found[0]["event"]["properties"]["mark"] != mark:
                self._find(number, [f"a search for {mark} finds {found[:1]}"])

    def _through_the_api(self, number: int, victim: Victim) -> dict[str, int]:
        """Return every listed trace's number of events. A sample of them is read whole."""
        traces = self._pages(victim, "/api/v1/traces", "traces")
        for trace in self.rnd.sample(traces, min(SAMPLE, len(traces))):
            events = self._pages(victim, f"/api/v1/traces/{trace['id']}", "events")
            if len({event["id"] for event in events}) != len(events) or len(events) != trace["event_count"]:
                self._find(
                    number, [f"trace {trace['id']} shows {len(events)} events and counts {trace['event_count']}"]
                )
        return {trace["id"]: trace["event_count"] for trace in traces}

    def _pages(self, victim: Victim, path: str, name: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = victim.get(f"{path}?limit=200{cursor}")
            items += page[name]
            if page["next_cursor"] is None:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    async def _compare(self, number: int, folder: Path, *, complete: bool) -> compare.Stored:
        async with compare.opened(folder) as database:
            stored = await compare.read(database)
        self._find(number, compare.differences(stored, self.account, complete=complete))
        return stored

    def _find(self, number: int, found: list[str]) -> None:
        self.findings += [f"round {number}: {what}" for what in found]

    def report(self) -> None:
        ready = sorted(self.ready_after) or [float("nan")]
        print(f"{self.kills.total()} kills, {self.kills_while_starting} of them while starting; model {self.model}")
        print("killed:", dict(self.kills))
        print(f"{self.account.sent.total()} events sent, {self.account.acknowledged.total()} acknowledged")
        print("answers:", dict(self.account.answers))
        print(f"ready again: median {ready[len(ready) // 2]:.2f} s, slowest {ready[-1]:.2f} s ({len(ready)} starts)")
        if self.engine_ready_after:
            print(f"engine again after it was killed: slowest {max(self.engine_ready_after):.2f} s")
        if self.index_ready_after:
            print(f"search ready again: slowest {max(self.index_ready_after):.2f} s")
        for finding in self.findings[:50]:
            print("FINDING", finding[:500])


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--model", default="off", help="embedding.model: off, minilm, ...")
    parser.add_argument("--finish-every", type=int, default=10, metavar="ROUNDS")
    parser.add_argument("--keep", type=Path, help="a new folder for the data and the log, to be looked at afterwards")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="vectadb-crash-") as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run = Run(folder, arguments.seed, arguments.model)
        for number in range(1, arguments.rounds + 1):
            await run.kill_once(number)
            if number % arguments.finish_every == 0 or number == arguments.rounds:
                await run.finish(number)
            run.findings += run.account.findings
            run.account.findings.clear()
            if run.findings:
                break  # what follows would find the same
    run.report()
    return 1 if run.findings else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
