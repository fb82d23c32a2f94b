"""Requests in progress: a stop waits for them, and ends those that would go on for ever.

aiohttp's own shutdown drops a request whose body is still arriving.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator

from aiohttp import web
from aiohttp.typedefs import Handler

from receiver.http.admission import ADMISSION, HELD, Held

log = logging.getLogger(__name__)


class UnderWay:
    def __init__(self) -> None:
        self.count = 0
        self.stopping = False
        self._none = asyncio.Event()
        self._endless: set[asyncio.Timeout] = set()

    def begin(self) -> None:
        self.count += 1

    def end(self) -> None:
        self.count -= 1
        if self.count == 0:
            self._none.set()

    @contextlib.asynccontextmanager
    async def until_stop(self) -> AsyncIterator[None]:
        """Cancel the block when the receiver stops, and go on after it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if self.stopping else None) as limit:
                self._endless.add(limit)
                try:
                    yield
                finally:
                    self._endless.discard(limit)

    async def finish(self, seconds: float) -> None:
        """Wait until every request is answered, or the seconds are over. Connections close after their answers."""
        self.stopping = True
        for limit in self._endless:
            limit.reschedule(asyncio.get_running_loop().time())
        if self.count:
            self._none.clear()
            try:
                await asyncio.wait_for(self._none.wait(), seconds)
            except TimeoutError:
                log.warning(
                    "requests that were not finished within %.0f s of the stop, and are dropped: %s",
                    seconds,
                    self.count,
                )


UNDER_WAY = web.AppKey("under_way", UnderWay)


@contextlib.contextmanager
def request_under_way(app: web.Application) -> Iterator[Held]:
    """Count a request while it is read and answered, and release in the end what it holds."""
    held = Held()
    app[UNDER_WAY].begin()
    try:
        yield held
    finally:
        app[ADMISSION].release(held)
        app[UNDER_WAY].end()


@web.middleware
async def under_way(request: web.Request, handler: Handler) -> web.StreamResponse:
    with request_under_way(request.app) as request[HELD]:
        answer = await handler(request)
    if request.app[UNDER_WAY].stopping:
        answer.force_close()
    return answer
