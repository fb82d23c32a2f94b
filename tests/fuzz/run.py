"""Fuzz a receiver: `python tests/fuzz/run.py --minutes 10`.

Cases are sent to `vectadb-receiver serve` with its real embedded store, over HTTP and gRPC. No case may be answered
with 5xx (over gRPC with UNKNOWN or INTERNAL), take over a second, let memory grow, end the process, leave a fault in
its log, cost a valid neighbour, or store what cannot be read. Prints a report; ends with 1 where there are findings.
`--seed S --only N` sends one case again and shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator
from pathlib import Path
from random import SystemRandom
from typing import Any

import cases
import checks
from case import Case, How
from client import NO_ANSWER, Client
from neighbours import Neighbours
from readback import read_all
from target import Answer, Target
from uvloop import new_event_loop

# The receiver writes together what arrives together: 6 connections make half as many cases a second.
CONNECTIONS = 64
NEIGHBOUR_EVERY = 10
SAMPLE_EVERY = 500
TOO_SLOW = 1.0
MIB = 1024 * 1024
# The engine keeps what was written lately in memory, as much as the machine lets it: memory grows with what is stored.
# So the first cases are sent again in the end. Most of it is stored already, and memory has no reason to grow.
AGAIN = 5_000
MAY_GROW = 32 * MIB


class Run:
    def __init__(self, target: Target, seed: int) -> None:
        self.target, self.seed = target, seed
        self.findings: dict[str, str] = {}
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.slowest: list[tuple[float, int, str]] = []
        self.memory: list[int] = []
        self.neighbours = Neighbours(target.port)

    def find(self, what: str, about: str) -> None:
        # One of a sort is enough: a hundred cases of one fault are one finding.
        self.findings.setdefault(what, about)

    async def send_all(self, numbers: Iterator[int]) -> None:
        async with asyncio.TaskGroup() as workers:
            for _ in range(CONNECTIONS):
                workers.create_task(self._work(numbers))

    async def _work(self, numbers: Iterator[int]) -> None:
        client = Client(self.target)
        for number in numbers:
            case = cases.make(self.seed, number)
            try:
                answer = await self.send(case, client)
            except Exception as error:
                error.add_note(f"seed {self.seed}, case {number}")
                raise
            if answer is not None:
                self.slowest = sorted([*self.slowest, (answer.seconds, number, case.kind)])[-10:]
            if number % NEIGHBOUR_EVERY == 0 and (wrong := await self.neighbours.send(client, case.how)):
                self.find(f"a neighbour of {case.kind}: {wrong[:60]}", f"case {number}: {wrong}")
            if number % SAMPLE_EVERY == 0:
                self.memory.append(self.target.memory())
            if not self.target.alive:
                self.find("the process ended", f"at case {number} or one of the {CONNECTIONS} before it")
                break
        client.close()

    async def send(self, case: Case, client: Client) -> Answer | None:
        """Send a case and check its answer."""
        self.kinds[case.kind] += 1
        if case.how is How.BROKEN:
            back = await client.throw(case)
            self.statuses[checks.status_of_broken(back)] += 1
            if wrong := checks.of_broken(back):
                self.find(f"{case.kind}: {wrong[:60]}", f"case {case.number}: {wrong}")
            return None
        try:
            answer = await client.send(case)
        except NO_ANSWER as error:
            self.statuses["none"] += 1
            client.close()
            self.find(f"{case.kind}: no answer", f"case {case.number}: {error!r}")
            return None
        self.statuses[f"{case.how} {answer.status}"] += 1
        if wrong := checks.of_answer(case, answer):
            self.find(f"{case.kind}: {wrong[:60]}", f"case {case.number}: {wrong}")
        return answer

    async def repeat_slow(self) -> None:
        """Send what was slow again, alone: a busy machine is no fault of the receiver's."""
        for seconds, number, kind in self.slowest:
            if seconds < TOO_SLOW:
                continue
            again = []
            for fresh in (1, 2, 3):
                answer = await self.send(cases.make(self.seed, number, fresh), Client(self.target))
                again.append(answer.seconds if answer else seconds)
            if min(again) > TOO_SLOW:
                self.find(f"{kind}: slow", f"case {number}: {seconds:.2f} s, then {min(again):.2f} s at best of three")

    async def check_memory(self) -> str:
        """Send some of the cases again and say what that did to the process's memory."""
        before = self.target.memory()
        if not before:
            return "unknown: there is no /proc"
        count = min(AGAIN, self.kinds.total() // 2)
        again = Run(self.target, self.seed)
        await again.send_all(iter(range(count)))
        for what, about in again.findings.items():
            self.find(f"sent again: {what}", about)
        grown = self.target.memory() - before
        if grown > MAY_GROW:
            self.find("memory grows", f"by {grown / MIB:.0f} MiB with {count} cases sent again")
        marks = [*self.memory, before]
        course = " ".join(f"{marks[(len(marks) - 1) * part // 8] / MIB:.0f}" for part in range(9))
        return f"{grown / MIB:.1f} MiB more with {count} cases sent again; in the course of the run {course} MiB"


async def fuzz(seed: int, numbers: Iterable[int], least: int = 0, seconds: float = 0) -> int:
    """Send the cases of these numbers: at least so many, and for so long."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        target = Target(Path(folder))
        try:
            await target.ready()
            run = Run(target, seed)
            began = time.monotonic()
            ends = began + seconds
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):  # what has been found so far is reported all the same
                asyncio.get_running_loop().add_signal_handler(number, stop.set)

            def goes_on(_: int) -> bool:
                return not stop.is_set() and (run.kinds.total() < least or time.monotonic() < ends)

            await run.send_all(itertools.takewhile(goes_on, numbers))
            took = time.monotonic() - began
            read, memory = 0, "unknown"
            if target.alive:
                await run.repeat_slow()
                memory = await run.check_memory()
                for wrong in await run.neighbours.missing():
                    run.find("a neighbour was lost", wrong)
                read, faults = await read_all(target.port)
                for what, about in faults.items():
                    run.find(what, about)
        finally:
            code = target.stop()
        if code != 0:
            run.find(f"the process ended with {code}", "at its stop")
        for line in target.complaints():
            run.find(f"log: {line[24:100]}", line)
        report(run, took, read, memory)
        return 1 if run.findings else 0


def report(run: Run, took: float, read: int, memory: str) -> None:
    total = run.kinds.total()
    print(f"seed {run.seed}: {total} cases in {took:.0f} s, {total / took:.0f} a second")
    print("kinds:", ", ".join(f"{kind}: {count}" for kind, count in run.kinds.most_common()))
    print("statuses:", ", ".join(f"{status}: {count}" for status, count in sorted(run.statuses.items())))
    print(f"neighbours: {run.neighbours.count} sent and looked for; {read} pages and records read back")
    print("slowest:", ", ".join(f"{seconds:.2f} s (case {number})" for seconds, number, _ in run.slowest[::-1][:5]))
    print("memory:", memory)
    print(f"findings: {len(run.findings) or 'none'}")
    for what, about in run.findings.items():
        print(f"  {what}\n    {about}")
    if run.findings:
        print(f"A case again: python tests/fuzz/run.py --seed {run.seed} --only NUMBER")


async def show(seed: int, number: int) -> int:
    case = cases.make(seed, number)
    print(case.kind, case.method, case.path)
    for name, value in case.headers:
        print(name, value)
    print(case.wire if len(case.wire) < 20_000 else case.wire[:10_000] + b" ... " + case.wire[-10_000:])
    return await fuzz(seed, [number], least=1)


def _run(main: Coroutine[Any, Any, int]) -> int:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0, help="for so long")
    parser.add_argument("--cases", type=int, default=0, help="and at least so many cases")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9), help="default: another each time")
    parser.add_argument("--only", type=int, metavar="N", help="send case N alone")
    given = parser.parse_args()
    if given.only is not None:
        return _run(show(given.seed, given.only))
    if not given.minutes and not given.cases:
        parser.error("say how long: --minutes M, --cases N, or both")
    return _run(fuzz(given.seed, itertools.count(), given.cases, given.minutes * 60))


if __name__ == "__main__":
    sys.exit(main())
