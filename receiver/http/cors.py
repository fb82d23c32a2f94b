"""Cross-origin requests: which web pages may send and read. Off unless `server.cors.allowed_origins` is set.

A preflight request carries no key, so it is answered before `auth`. The headers of other answers are added by a signal
that every answer passes, errors and streams included.
"""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from receiver.http.context import SETTINGS
from receiver.settings import Cors

# The headers the receiver reads. Those on the Fetch standard's safelist need not be named; Content-Type is on it only
# for forms.
_HEADERS = ("Content-Type", "Content-Encoding", "Authorization", "X-API-Key", "Idempotency-Key")
_METHODS = "GET, POST"
_ANY = "*"


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    cors = request.app[SETTINGS].server.cors
    asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not (asked and is_allowed(request.headers.get("Origin", ""), cors)):
        return await handler(request)
    headers = ", ".join((*_HEADERS, *cors.allowed_headers))
    if _ANY in cors.allowed_headers:
        # Named one by one: to a browser `*` does not include Authorization.
        headers = request.headers.get("Access-Control-Request-Headers", headers)
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": headers,
            "Access-Control-Max-Age": f"{cors.max_age:.0f}",
        },
    )


async def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that let a page read the answer: a signal, called before the headers of each answer are sent."""
    cors, origin = request.app[SETTINGS].server.cors, request.headers.get("Origin", "")
    if not cors.allowed_origins:
        return
    if _ANY in cors.allowed_origins:
        response.headers["Access-Control-Allow-Origin"] = _ANY
    else:
        response.headers.add("Vary", "Origin")
        if not is_allowed(origin, cors):
            return
        response.headers["Access-Control-Allow-Origin"] = origin
        # opentelemetry-js uses navigator.sendBeacon, which always sends credentials. They are never allowed for `*`.
        response.headers["Access-Control-Allow-Credentials"] = "true"
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"


def is_allowed(origin: str, cors: Cors) -> bool:
    """Return whether pages of this origin are allowed. `*` within a pattern matches characters of a host or port."""
    if not origin:
        return False
    return any(
        allowed == _ANY
        or re.fullmatch(re.escape(allowed.lower()).replace(r"\*", "[a-z0-9.-]+"), origin.lower()) is not None
        for allowed in cors.allowed_origins
    )
