"""The load generator, a separate process: sends requests over a few connections and prints the results as JSON."""

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


async def send(url: str, bodies: list[traffic.Body], connections: int, rate: float) -> dict[str, object]:
    """Send the bodies: the next one when a connection is free or, with a rate (items a second), when it is due."""
    waiting = collections.deque(bodies)
    answers: list[tuple[float, float, int, int]] = []
    due = 0.0
    started = time.perf_counter()

    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=connections)) as session:

        async def connection() -> None:
            nonlocal due
            while waiting:
                body = waiting.popleft()
                began = time.perf_counter()
                if rate:
                    # It counts from the time it was due: a slow answer must not make the next one look fast.
                    began, due = started + due, due + body.items / rate
                    await asyncio.sleep(began - time.perf_counter())
                async with session.post(
                    body.path, data=body.data, headers={"Content-Type": body.content_type}
                ) as answer:
                    await answer.read()
                now = time.perf_counter()
                answers.append((now - started, now - began, body.items, answer.status))
                if answer.status == 503:  # as every exporter does
                    waiting.append(body)
                    await asyncio.sleep(float(answer.headers["Retry-After"]))

        await asyncio.gather(*(connection() for _ in range(connections)))
    return {
        "seconds": time.perf_counter() - started,
        "accepted": sum(items for _, _, items, status in answers if status == 200),
        "answers": answers,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("scenario", choices=traffic.SCENARIOS)
    parser.add_argument("items", type=int)
    parser.add_argument("--seed", type=int, default=1, help="another seed is another traffic")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0, help="items a second; 0: as fast as answers come")
    arguments = parser.parse_args()
    make, size = traffic.SCENARIOS[arguments.scenario]
    rnd = random.Random(arguments.seed)
    first = arguments.seed * 1_000_000
    bodies = [make(rnd, first + number, size) for number in range(arguments.items // size)]
    print("ready", flush=True)
    sys.stdin.readline()
    result = asyncio.run(send(arguments.url, bodies, arguments.connections, arguments.rate))
    print(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main()
