"""Events as they are stored, as server-sent events: `event`, and `dropped` with a count.

A client that reads slowly misses events, and one that has stopped reading is disconnected; neither delays ingest.
Missed events are not kept for a client that reconnects: they are in the lists.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from aiohttp import web

from receiver.http.active_requests import UNDER_WAY
from receiver.http.context import TIMES, may_go_on, stores
from receiver.http.operation import operation
from receiver.http.parameters import LIVE_FILTERS
from receiver.http.shown import event_json
from storage.filters import LiveFilter
from storage.write.live_feed import Listener

_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # nginx would collect it
}
# Milliseconds after which a browser reconnects.
_RETRY = b"retry: 2000\n\n"


def routes() -> list[web.RouteDef]:
    return [web.get("/api/v1/live", _live, allow_head=False)]


@operation(
    "Events as they are stored: `event` with an event in JSON, `dropped` with the `count` of those that were missed",
    str,
    query=LIVE_FILTERS,
    media_type="text/event-stream",
)
async def _live(request: web.Request, given: dict[str, Any]) -> web.StreamResponse:
    with stores(request).feed.listen(LiveFilter(**given)) as listener:
        response = web.StreamResponse(headers=_HEADERS)
        with contextlib.suppress(ConnectionError, TimeoutError):  # it has gone, or stalled
            await response.prepare(request)
            async with request.app[UNDER_WAY].until_stop():
                await _tell(request, response, listener)
    if request.transport is not None and request.protocol.writing_paused:
        # The end of the answer would wait behind unread data.
        request.transport.abort()
    return response


async def _tell(request: web.Request, response: web.StreamResponse, listener: Listener) -> None:
    """Send until the client disconnects, or its key is taken no more.

    Raises ConnectionError, or TimeoutError if it has stopped reading.
    """
    await response.write(_RETRY)
    times = request.app[TIMES]
    spoke = time.monotonic()
    while request.transport is not None and not request.transport.is_closing():
        missed, events = await listener.take(times.live_look)
        if not may_go_on(request):
            return
        text = b"".join([b"event: event\ndata: " + event.encoded(event_json) + b"\n\n" for event in events])
        if missed:
            text = b'event: dropped\ndata: {"count":%d}\n\n' % missed + text
        if not text:
            if time.monotonic() - spoke < times.live_comment:
                continue
            text = b":\n\n"
        async with asyncio.timeout(times.stalled):
            await response.write(text)
        spoke = time.monotonic()
