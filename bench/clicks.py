"""Simulate people who click through the web page, in a separate process. Print the time of each answer as JSON.

Each person opens one page after the other and looks at it for a second; one click in eleven opens a trace of 5,000
events, one is the live page.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec

QUERIES = ("refund the order", "connection reset", "quota exceeded", "flight to Lisbon", "lookup_order", "read_file")
# One more word each time, as when typing.
TYPED = 2
LISTENS = 5.0  # seconds on the live page


class Person:
    """`took` holds seconds by route; `failed` counts answers that were not 200."""

    def __init__(self, session: aiohttp.ClientSession, rnd: random.Random, pause: float, large: str) -> None:
        self.took: dict[str, list[float]] = collections.defaultdict(list)
        self.failed = self.shown = self.missed = 0
        self._session = session
        self._rnd = rnd
        self._pause = pause
        self._large = large
        # How often each page is opened.
        self._pages: dict[Callable[[], Awaitable[None]], int] = {
            self._traces: 3,
            self._trace: 3,
            self._large_trace: 1,
            self._sessions: 1,
            self._search: 2,
            self._live: 1,
        }

    async def click(self, done: asyncio.Event) -> None:
        await asyncio.sleep(self._rnd.random() * self._pause)  # not all at once
        while not done.is_set():
            (page,) = self._rnd.choices([*self._pages], [*self._pages.values()])
            await page()
            await asyncio.sleep(self._pause)

    async def _live(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LISTENS), self._session.get("/api/v1/live") as answer:
                async for line in answer.content:
                    self.shown += line == b"event: event\n"
                    if line.startswith(b'data: {"count":'):
                        self.missed += msgspec.json.decode(line[6:])["count"]

    async def _traces(self) -> None:
        await asyncio.gather(
            self._get("/traces", limit=50), self._get("/activity", buckets=60), self._get("/facets", limit=50)
        )

    async def _trace(self) -> None:
        listed = await self._get("/traces", limit=50)
        if listed and listed["traces"]:
            await self._open(self._rnd.choice(listed["traces"])["id"], "")

    async def _large_trace(self) -> None:
        await self._open(self._large, ", 5,000 events")

    async def _open(self, trace_id: str, remark: str) -> None:
        outline = await self._get("/traces/{id}/outline", remark, trace_id)
        await self._get("/traces/{id}/conversation", remark, trace_id)
        if outline and outline["events"]:
            event = self._rnd.choice(outline["events"])["id"]
            await asyncio.gather(
                *(self._get(f"/events/{{id}}{part}", named=event) for part in ("", "/messages", "/explain"))
            )

    async def _sessions(self) -> None:
        listed = await self._get("/sessions", limit=50)
        if listed and listed["sessions"]:
            await self._get("/sessions/{id}", named=self._rnd.choice(listed["sessions"])["id"])

    async def _search(self) -> None:
        words = self._rnd.choice(QUERIES).split()
        for typed in range(1, min(len(words), TYPED) + 1):
            await asyncio.gather(
                self._get("/search", q=" ".join(words[:typed]), parts="true"), self._get("/facets", limit=50)
            )

    async def _get(self, route: str, remark: str = "", named: str = "", **query: str | int) -> Any:
        began = time.perf_counter()
        async with self._session.get(f"/api/v1{route.replace('{id}', named)}", params=query) as answer:
            body = await answer.read()
        self.took[route + remark].append(time.perf_counter() - began)
        if answer.status == 200:
            return msgspec.json.decode(body)
        self.failed += 1
        return None


async def read(url: str, people: int, pause: float, large: str) -> dict[str, Any]:
    """Read until a line comes in."""
    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=0)) as session:
        crowd = [Person(session, random.Random(number), pause, large) for number in range(people)]
        done = asyncio.Event()
        print("ready", flush=True)
        clicking = [asyncio.create_task(person.click(done)) for person in crowd]
        await asyncio.to_thread(sys.stdin.readline)
        done.set()
        await asyncio.gather(*clicking)
    took: dict[str, list[float]] = collections.defaultdict(list)
    for person in crowd:
        for route, seconds in person.took.items():
            took[route] += seconds
    return {
        "took": took,
        **{name: sum(getattr(person, name) for person in crowd) for name in ("failed", "shown", "missed")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("large", help="the id of a trace of 5,000 events")
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds that one looks at a page")
    arguments = parser.parse_args()
    result = asyncio.run(read(arguments.url, arguments.people, arguments.pause, arguments.large))
    print(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main()
