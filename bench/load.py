"""The load generator, a separate process: sends requests over a few connections and prints the results as JSON."""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import random
import sys
import time
from typing import NamedTuple

import aiohttp
import grpc
import msgspec
import traffic
from google.rpc.error_details_pb2 import RetryInfo


class Answer(NamedTuple):
    status: int
    retry_after: float


async def over_http(session: aiohttp.ClientSession, body: traffic.Body) -> Answer:
    async with session.post(body.path, data=body.data, headers={"Content-Type": body.content_type}) as answer:
        await answer.read()
        return Answer(answer.status, float(answer.headers.get("Retry-After", 1)))


async def over_grpc(channel: grpc.aio.Channel, body: traffic.Body) -> Answer:
    """Call a method. UNAVAILABLE counts as 503."""
    try:
        await channel.unary_unary(body.path)(body.data)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        told = dict(error.trailing_metadata())["google.rpc.retryinfo-bin"]
        return Answer(503, RetryInfo.FromString(told).retry_delay.seconds)
    return Answer(200, 0)


async def send(
    url: str,
    grpc_address: str,
    bodies: list[traffic.Body],
    connections: int,
    rate: float,
    headers: dict[str, str],
    *,
    until_refused: bool,
) -> dict[str, object]:
    """Send the bodies: the next one when a connection is free or, with a rate (items a second), when its time comes.

    With `until_refused` what was under way on a connection that breaks has an answer of status 0 and is sent again a
    second later, until no connection can be made any more.
    """
    waiting = collections.deque(bodies)
    answers: list[tuple[float, float, int, int]] = []
    due = 0.0
    started = time.perf_counter()
    one_connection = [("grpc.use_local_subchannel_pool", 1)]

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(url, connector=connector, headers=headers) as session:

        async def connection() -> None:
            nonlocal due
            async with grpc.aio.insecure_channel(grpc_address, one_connection) as channel:
                while waiting:
                    body = waiting.popleft()
                    began = time.perf_counter()
                    if rate:
                        # Its time of sending is the one it was due at: a slow answer must not make the next look fast.
                        began, due = started + due, due + body.items / rate
                        await asyncio.sleep(began - time.perf_counter())
                    if body.content_type == traffic.GRPC:
                        answer = await over_grpc(channel, body)
                    else:
                        try:
                            answer = await over_http(session, body)
                        except aiohttp.ClientConnectorError:
                            raise
                        except aiohttp.ClientError:
                            if not until_refused:
                                raise
                            answer = Answer(0, 1)
                    now = time.perf_counter()
                    answers.append((now - started, now - began, body.items, answer.status))
                    if answer.status in {0, 503}:  # as every exporter does
                        waiting.append(body)
                        await asyncio.sleep(answer.retry_after)

        async def sending() -> None:
            with contextlib.suppress(*([aiohttp.ClientConnectorError] if until_refused else [])):
                await connection()

        await asyncio.gather(*(sending() for _ in range(connections)))
    return {
        "seconds": time.perf_counter() - started,
        "accepted": sum(items for _, _, items, status in answers if status == 200),
        "answers": answers,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("grpc_address")
    parser.add_argument("scenario", choices=traffic.SCENARIOS)
    parser.add_argument("items", type=int)
    parser.add_argument("--seed", type=int, default=1, help="another seed is another traffic")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0, help="items a second; 0: as fast as answers come")
    parser.add_argument("--header", action="append", default=[], help="NAME: VALUE, of each request over HTTP")
    parser.add_argument(
        "--until-refused", action="store_true", help="go on where a connection breaks, end where none can be made"
    )
    arguments = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in arguments.header)
    make, size = traffic.SCENARIOS[arguments.scenario]
    rnd = random.Random(arguments.seed)
    first = arguments.seed * 1_000_000
    bodies = [make(rnd, first + number, size) for number in range(arguments.items // size)]
    print("ready", flush=True)
    sys.stdin.readline()
    result = asyncio.run(
        send(
            arguments.url,
            arguments.grpc_address,
            bodies,
            arguments.connections,
            arguments.rate,
            headers,
            until_refused=arguments.until_refused,
        )
    )
    print(msgspec.json.encode(result).decode(), flush=True)


if __name__ == "__main__":
    main()
