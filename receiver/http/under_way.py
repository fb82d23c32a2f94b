"""Requests that are being answered: a stop waits for them, and their bodies share a limit of memory.

aiohttp's own shutdown drops what still arrives of a body, and the request with it.
"""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web
from aiohttp.typedefs import Handler

from mapping.errors import Code, Problem
from receiver.http.context import SETTINGS
from receiver.settings.kinds import show_size


class UnderWay:
    def __init__(self) -> None:
        self.count = 0
        self.bytes = 0
        self.stopping = False
        self._none = asyncio.Event()

    def begin(self) -> None:
        self.count += 1

    def hold(self, request: web.Request, size: int) -> None:
        """Count bytes of a body until its request is answered.

        Raises Problem (UNAVAILABLE) where all bodies together are over `server.max_in_flight_bytes`. One that is alone
        never is.
        """
        held = request.get(_HELD, 0)
        most = request.app[SETTINGS].server.max_in_flight_bytes
        if self.bytes > held and self.bytes + size > most:
            raise Problem(
                Code.UNAVAILABLE,
                f"more than {show_size(most)} arrive at the same time (server.max_in_flight_bytes); try again",
            )
        request[_HELD] = held + size
        self.bytes += size

    def end(self, request: web.Request) -> None:
        self.bytes -= request.get(_HELD, 0)
        self.count -= 1
        if self.count == 0:
            self._none.set()

    async def finish(self, seconds: float) -> None:
        """Wait until every request is answered, or the seconds are over. Connections close after their answers."""
        self.stopping = True
        if self.count:
            self._none.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._none.wait(), seconds)


_HELD = web.RequestKey("held", int)
UNDER_WAY = web.AppKey("under_way", UnderWay)


@web.middleware
async def under_way(request: web.Request, handler: Handler) -> web.StreamResponse:
    requests = request.app[UNDER_WAY]
    requests.begin()
    try:
        answer = await handler(request)
    finally:
        requests.end(request)
    if requests.stopping:
        answer.force_close()
    return answer
