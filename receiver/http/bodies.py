"""Request bodies, read and decompressed under one limit (`server.max_body_bytes`).

aiohttp would decompress on its own, with its own limit and its own error bodies; `receiver.http.connection` tells it
not to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

from mapping.errors import Code, Problem, invalid
from receiver.http.context import SETTINGS
from receiver.http.decompression import ENCODINGS, inflate, too_large
from receiver.http.under_way import UNDER_WAY

# As much gzip takes 0.8 ms to inflate, in which other requests would wait; handing it to a thread costs 0.1 ms.
_INFLATE_IN_THREAD = 64 * 1024
# As much OTLP takes 6-12 ms to decode and map; 20 MiB take 0.5-1.5 s, in which nobody else would be answered.
_READ_IN_THREAD = 256 * 1024

_T = TypeVar("_T")


async def read_body(request: web.Request) -> bytes:
    """Give the body without its Content-Encoding.

    Raises Problem: INVALID_ARGUMENT for an unknown encoding and a corrupt or broken-off body, RESOURCE_EXHAUSTED where
    the body is over the limit, compressed or not, REQUEST_TIMEOUT where it takes longer than `server.body_timeout`,
    UNAVAILABLE where too much arrives at the same time.
    """
    server = request.app[SETTINGS].server
    limit, seconds = server.max_body_bytes, server.body_timeout
    name = ", ".join(request.headers.getall("Content-Encoding", [])).strip().lower()
    if name in {"", "identity"}:
        return await _read(request, limit, seconds)
    if name not in ENCODINGS:
        raise invalid(f"Content-Encoding: expected identity or one of {', '.join(ENCODINGS)}; got {name[:40]!r}")
    body = await _read(request, limit, seconds)
    if len(body) > _INFLATE_IN_THREAD:
        inflated = await asyncio.to_thread(inflate, name, body, limit)
    else:
        inflated = inflate(name, body, limit)
    request.app[UNDER_WAY].hold(request, len(inflated))
    return inflated


async def decoded(body: bytes, decode: Callable[[bytes], _T]) -> _T:
    """Give `decode(body)`, from a thread where that takes long. Raises what `decode` raises."""
    if len(body) > _READ_IN_THREAD:
        return await asyncio.to_thread(decode, body)
    return decode(body)


async def _read(request: web.Request, limit: int, seconds: float) -> bytes:
    if (request.content_length or 0) > limit:
        raise too_large(limit, "as sent")
    body, requests = bytearray(), request.app[UNDER_WAY]
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise too_large(limit, "as sent")
                requests.hold(request, len(chunk))
    except TimeoutError:
        raise Problem(
            Code.REQUEST_TIMEOUT, f"body: expected all of it within {seconds:g} s; {len(body)} bytes have come"
        ) from None
    except (web.RequestPayloadError, ConnectionError):
        raise invalid(
            f"body: it broke off after {len(body)} bytes, or is not in the chunks that it announced"
        ) from None
    return bytes(body)
