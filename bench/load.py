"""The load generator, a process of its own: sends requests over a few connections, prints what came of them as JSON."""

from __future__ import annotations

import argparse
import asyncio
import collections
import random
import sys
import time

import aiohttp
import msgspec
import traffic

CONNECTIONS = 8


async def send(url: str, bodies: list[traffic.Body], seconds: float) -> dict[str, object]:
    """Send the bodies, the next one when a connection is free, until they are through or the time is up."""
    waiting = collections.deque(bodies)
    latencies: list[float] = []
    answers: collections.Counter[int] = collections.Counter()
    accepted = 0
    started = time.perf_counter()

    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def connection() -> None:
            nonlocal accepted
            while waiting and time.perf_counter() - started < seconds:
                body = waiting.popleft()
                began = time.perf_counter()
                async with session.post(
                    body.path, data=body.data, headers={"Content-Type": body.content_type}
                ) as answer:
                    await answer.read()
                latencies.append(time.perf_counter() - began)
                answers[answer.status] += 1
                accepted += body.items if answer.status == 200 else 0

        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return {
        "seconds": time.perf_counter() - started,
        "accepted": accepted,
        "answers": dict(answers),
        "latencies": sorted(latencies),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("scenario", choices=traffic.SCENARIOS)
    parser.add_argument("items", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("seed", type=int)
    arguments = parser.parse_args()
    make, size = traffic.SCENARIOS[arguments.scenario]
    rnd = random.Random(arguments.seed)
    first = arguments.seed * 100_000
    bodies = [make(rnd, first + number, size) for number in range(arguments.items // size)]
    print("ready", flush=True)
    sys.stdin.readline()
    print(msgspec.json.encode(asyncio.run(send(arguments.url, bodies, arguments.seconds))).decode())


if __name__ == "__main__":
    main()
