"""Admission of requests: bodies share a memory limit, and only as many are decoded as keep the store busy.

A decoded body takes 20 to 30 times its bytes. So bodies wait undecoded, in the order of arrival, until those before
them are stored. No body waits long: most exporters give up after 10 s, and send again what is stored after that. While
the first in the queue has waited too long, new requests are asked to retry before their bodies are read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import web

from mapping.errors import Code, Problem
from receiver.settings.kinds import show_size


@dataclass(eq=False)
class Held:
    """What a request holds until it is answered, in bytes: of its body as read, and of what of it is decoded."""

    body: int = 0
    decoded: int = 0


class _Turn(NamedTuple):
    held: Held
    size: int
    since: float
    come: asyncio.Future[None]


class Admission:
    """`bytes` counts the bodies whose requests are not yet answered; `most` is the limit."""

    # Bytes of the bodies that are decoded and not yet stored: some 8,000 spans in protobuf, 3,500 in JSON. Three
    # commits of 500 events at most are in flight.
    most_at_work = 8 * 1024 * 1024
    # Seconds that a body may wait for its turn. Being stored takes about as long again.
    longest_wait = 5.0
    # Seconds that the first in the queue may have waited while others are still let in.
    long_wait = 3.0

    def __init__(self, most: int) -> None:
        self.bytes = 0
        self._most = most
        self._at_work = 0
        self._waiting: deque[_Turn] = deque()

    @property
    def waiting(self) -> int:
        """Return the number of requests that wait for their turn."""
        return len(self._waiting)

    def check(self, announced: int) -> None:
        """Raise Problem (UNAVAILABLE) if there is no room for a body of this size, or the queue is too long."""
        if self.bytes and self.bytes + announced > self._most:
            raise self._full()
        if self._waiting and time.monotonic() - self._waiting[0].since > self.long_wait:
            raise _behind()

    def hold(self, held: Held, size: int) -> None:
        """Count bytes of a body until its request is answered.

        Raises Problem (UNAVAILABLE) if all bodies together exceed the limit. A single body never does.
        """
        if self.bytes > held.body and self.bytes + size > self._most:
            raise self._full()
        held.body += size
        self.bytes += size

    async def turn(self, held: Held, size: int) -> None:
        """Wait until a body of this size may be decoded; it then counts as decoded until its request is answered.

        Raises Problem (UNAVAILABLE) if that takes too long.
        """
        if not self._waiting and self._has_room(size):
            self._begin(held, size)
            return
        turn = _Turn(held, size, time.monotonic(), asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self.longest_wait):
                await turn.come
        except TimeoutError:
            raise _behind() from None

    def let_go(self, held: Held, size: int) -> None:
        """Count so many bytes of a body no longer, or all of it where it is shorter."""
        size = min(size, held.body)
        held.body -= size
        self.bytes -= size

    def release(self, held: Held) -> None:
        """Release what a request holds, and wake the requests that waited for it."""
        self.let_go(held, held.body)
        self._at_work -= held.decoded
        held.decoded = 0
        while self._waiting and (self._waiting[0].come.cancelled() or self._has_room(self._waiting[0].size)):
            turn = self._waiting.popleft()
            if not turn.come.cancelled():
                self._begin(turn.held, turn.size)
                turn.come.set_result(None)

    def _has_room(self, size: int) -> bool:
        return not self._at_work or self._at_work + size <= self.most_at_work

    def _begin(self, held: Held, size: int) -> None:
        self._at_work += size
        held.decoded = size

    def _full(self) -> Problem:
        return Problem(
            Code.UNAVAILABLE,
            f"more than {show_size(self._most)} arrive at the same time (server.max_in_flight_bytes); try again",
        )


def _behind() -> Problem:
    return Problem(Code.UNAVAILABLE, "more arrives than the store takes at the moment; try again", retry_after=2)


HELD = web.RequestKey("held", Held)
ADMISSION = web.AppKey("admission", Admission)
