"""API keys. Checked before the body is read; where none is configured, none is asked for."""

from __future__ import annotations

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler

from mapping.errors import Code, Problem
from receiver.http.context import SETTINGS

# Probes, and the web page's own files, which ask for a key themselves. They contain no data.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/health", "/"})
_OPEN_FOLDER = "/assets/"


@web.middleware
async def auth(request: web.Request, handler: Handler) -> web.StreamResponse:
    keys = request.app[SETTINGS].auth.api_keys
    if keys and request.path not in OPEN_PATHS and not request.path.startswith(_OPEN_FOLDER):
        check_key(keys, request.headers.get("Authorization", ""), request.headers.get("X-API-Key", ""))
    return await handler(request)


def check_key(keys: tuple[str, ...], authorization: str, x_api_key: str) -> None:
    """Raise Problem (UNAUTHENTICATED) unless one of the keys was sent, in one of the two headers of these names."""
    scheme, _, token = authorization.partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else x_api_key
    if not given:
        raise Problem(Code.UNAUTHENTICATED, "an API key is needed: Authorization: Bearer KEY, or X-API-Key: KEY")
    sent = given.encode(errors="surrogateescape")
    fits = [hmac.compare_digest(sent, key.encode()) for key in keys]  # a list: any() would stop at the first
    if not any(fits):
        raise Problem(Code.UNAUTHENTICATED, "the API key is not one of this receiver's (VECTADB_AUTH_API_KEYS)")
