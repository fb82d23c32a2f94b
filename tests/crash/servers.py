"""Kill receivers and their SurrealDB server under load, again and again: `python tests/crash/servers.py --rounds 20`.

Three receivers share a server. Each round sends to all of them, kills at a random moment one of them, the server, or
all at once (SIGKILL), starts again what was killed, and compares the database with what was acknowledged, by whichever
receiver. What was not acknowledged is sent again, through any of them. Every few rounds all of it must be there, once,
each receiver must show the same, and what was made of the events must be what is made of them anew.

The server is the one that `tests/servers/surreal/build.sh` has built. Prints a report; ends with 1 where there are
findings.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from run import SENDERS, Run

from victim import ROOT, Victim  # isort: skip - it lets the others find the program

import compare
from senders import Senders

from storage.surreal.database import Database
from tests.conftest import SurrealServer
from tests.ports import free_ports

RECEIVERS = 3
# Seconds that a sender pauses, at most: all that is sent is interpreted anew in the end.
PAUSE = 0.2
KILLED_WITHIN = 2.0
# Seconds until all are ready again, and until everything is interpreted.
READY_WITHIN, INTERPRETED_WITHIN = 60.0, 120.0

A_RECEIVER, THE_SERVER, ALL = "a receiver", "the server", "all"


def whom(number: int) -> str:
    """Say what a round kills: each of them within the first three rounds, which a test does."""
    return (A_RECEIVER, THE_SERVER, ALL)[(number - 1) % 3]


class ServerRun(Run):
    def __init__(self, folder: Path, seed: int, server: SurrealServer) -> None:
        super().__init__(folder, seed, "off")
        self._server = server
        self._ports = [free_ports(2) for _ in range(RECEIVERS)]
        self._victims: list[Victim] = []

    def start(self) -> None:
        self._server.start()
        self._victims = [self._started(number) for number in range(RECEIVERS)]

    def stop(self) -> None:
        for victim in self._victims:
            victim.kill()
        self._server.kill()

    def _started(self, number: int) -> Victim:
        folder = self.folder / f"receiver-{number}"
        folder.mkdir(exist_ok=True)
        return Victim(folder, self.model, self._server.settings, self._ports[number])

    async def kill_once(self, number: int) -> None:
        """One round: send to all, kill, start again, go on, compare."""
        await self._all_ready()
        killed = whom(number)
        senders = [
            Senders(self.account, victim, self.rnd, f"r{number}v{each}", PAUSE)
            for each, victim in enumerate(self._victims)
        ]
        sending = [asyncio.create_task(each.send_until_stopped(SENDERS // RECEIVERS)) for each in senders]
        await asyncio.sleep(self.rnd.uniform(0.2, KILLED_WITHIN))
        await asyncio.to_thread(self._kill, killed)
        await self._all_ready()
        await asyncio.sleep(self.rnd.uniform(0.0, KILLED_WITHIN))
        for each in senders:
            each.stop()
        await asyncio.gather(*sending)
        self.kills[killed] += 1
        async with self._database() as database:
            self._find(number, compare.differences(await compare.read(database), self.account, complete=False))

    def _kill(self, killed: str) -> None:
        """Kill, and start again what was killed."""
        struck = {A_RECEIVER: [self.rnd.randrange(RECEIVERS)], THE_SERVER: [], ALL: [*range(RECEIVERS)]}[killed]
        for each in struck:
            self._victims[each].kill()
        if killed != A_RECEIVER:
            self._server.kill()
            time.sleep(self.rnd.uniform(0.0, 1.0))
            self._server.start()
        for each in struck:
            self._victims[each] = self._started(each)

    async def finish(self, number: int) -> None:
        """Send again what is open; all of it must be there, once, and all receivers must show the same."""
        await self._all_ready()
        await asyncio.gather(
            *(
                Senders(self.account, victim, self.rnd, "", 0).send_rest(SENDERS // RECEIVERS)
                for victim in self._victims
            )
        )
        shown = []
        for victim in self._victims:
            await self._until_interpreted(number, victim)
            shown.append(await asyncio.to_thread(self._through_the_api, number, victim))
        for victim in self._victims:
            if (code := await asyncio.to_thread(victim.stop)) != 0:
                self._find(number, [f"SIGTERM ended it with {code}"])
            self._find(number, victim.faults())
        async with self._database() as database:
            stored = await compare.read(database)
            self._find(number, compare.differences(stored, self.account, complete=True))
            there = {trace_id: row["event_count"] for trace_id, row in stored.traces.items()}
            self._find(
                number,
                [
                    f"receiver {each} shows other traces than are stored"
                    for each, traces in enumerate(shown)
                    if traces != there
                ],
            )
            self._find(number, await compare.made_anew(database))
        self._victims = [self._started(each) for each in range(RECEIVERS)]

    async def _until_interpreted(self, number: int, victim: Victim) -> None:
        ends = time.monotonic() + INTERPRETED_WITHIN
        while (stats := await asyncio.to_thread(victim.get, "/api/v1/stats"))["interpretation_pending"]:
            if time.monotonic() > ends:
                self._find(number, [f"not everything is interpreted: {stats}"])
                return
            await asyncio.sleep(0.1)

    async def _all_ready(self) -> None:
        began = time.perf_counter()
        async with asyncio.timeout(READY_WITHIN):
            for victim in self._victims:
                while not await asyncio.to_thread(victim.is_ready):
                    await asyncio.sleep(0.02)
        self.ready_after.append(time.perf_counter() - began)

    @contextlib.asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        user, password = self._server.USER, self._server.PASSWORD
        database = Database(self._server.url, namespace="vectadb", database="vectadb", user=user, password=password)
        try:
            yield database
        finally:
            await database.close()


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--finish-every", type=int, default=5, metavar="ROUNDS")
    parser.add_argument("--keep", type=Path, help="a new folder for the data and the logs, to be looked at afterwards")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    build = [ROOT / "tests" / "servers" / "surreal" / "build.sh", "--path"]
    binary = subprocess.run(build, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="vectadb-crash-") as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run = ServerRun(folder, arguments.seed, SurrealServer(binary, folder / "surreal", sync="every"))
        run.start()
        try:
            for number in range(1, arguments.rounds + 1):
                await run.kill_once(number)
                print(f"round {number}: killed {whom(number)}", flush=True)
                if number % arguments.finish_every == 0 or number == arguments.rounds:
                    await run.finish(number)
                run.findings += run.account.findings
                run.account.findings.clear()
                if run.findings:
                    break  # what follows would find the same
        finally:
            run.stop()
    run.report()
    return 1 if run.findings else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
