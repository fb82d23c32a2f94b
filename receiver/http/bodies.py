"""Request bodies, read and decompressed under one limit (`server.max_body_bytes`).

aiohttp would decompress on its own, with its own limit and its own error bodies; `receiver.server` tells it not to.
"""

from __future__ import annotations

import asyncio

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from mapping.errors import invalid
from receiver.http.context import SETTINGS
from receiver.http.decompression import ENCODINGS, inflate, too_large

# As much gzip takes 0.8 ms to inflate, in which other requests would wait; handing it to a thread costs 0.1 ms.
_INFLATE_IN_THREAD = 64 * 1024


async def read_body(request: web.Request) -> bytes:
    """Give the body without its Content-Encoding.

    Raises Problem: INVALID_ARGUMENT for an unknown encoding and a corrupt or broken-off body, RESOURCE_EXHAUSTED where
    the body is over the limit, compressed or not.
    """
    limit = request.app[SETTINGS].server.max_body_bytes
    name = ", ".join(request.headers.getall("Content-Encoding", [])).strip().lower()
    if name in {"", "identity"}:
        return await _read(request, limit)
    if name not in ENCODINGS:
        raise invalid(f"Content-Encoding: expected identity or one of {', '.join(ENCODINGS)}; got {name[:40]!r}")
    body = await _read(request, limit)
    if len(body) > _INFLATE_IN_THREAD:
        return await asyncio.to_thread(inflate, name, body, limit)
    return inflate(name, body, limit)


async def _read(request: web.Request, limit: int) -> bytes:
    if (request.content_length or 0) > limit:
        raise too_large(limit, "as sent")
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise too_large(limit, "as sent")
    except (ClientPayloadError, HttpProcessingError, ConnectionError) as error:
        raise invalid(f"body: it broke off after {len(body)} bytes ({error})") from None
    return bytes(body)
