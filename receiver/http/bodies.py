"""Request bodies, read and decompressed under one limit (`server.max_body_bytes`).

aiohttp would decompress on its own, with its own limit and its own error bodies; `receiver.http.connection` tells it
not to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiohttp import web

from mapping.errors import Code, Problem, invalid
from receiver.http.admission import ADMISSION, HELD, Admission, Held
from receiver.http.context import SETTINGS
from receiver.http.decompression import ENCODINGS, inflate, too_large

# As much gzip takes 0.8 ms to inflate, in which other requests would wait; handing it to a thread costs 0.1 ms.
_INFLATE_IN_THREAD = 64 * 1024
# As much OTLP takes 6-12 ms to decode and map; 20 MiB take 0.5-1.5 s, in which nobody else would be answered.
_READ_IN_THREAD = 256 * 1024
# One thread: each further one that holds the interpreter's lock makes everybody else wait 5 ms more for it.
_DECODER = ThreadPoolExecutor(1, thread_name_prefix="decode")

_T = TypeVar("_T")


async def read_body(request: web.Request) -> bytes:
    """Read and decompress the body, wait for its turn to be decoded, and return it.

    Raises Problem: UNSUPPORTED_ENCODING, INVALID_ARGUMENT for a corrupt or truncated body, RESOURCE_EXHAUSTED if the
    body exceeds the limit, compressed or not, REQUEST_TIMEOUT if it takes longer than `server.body_timeout`,
    UNAVAILABLE if too much arrives at the same time.
    """
    server, admission, held = request.app[SETTINGS].server, request.app[ADMISSION], request[HELD]
    limit, seconds = server.max_body_bytes, server.body_timeout
    name = ", ".join(request.headers.getall("Content-Encoding", [])).strip().lower()
    if name not in {"", "identity", *ENCODINGS}:
        raise Problem(
            Code.UNSUPPORTED_ENCODING,
            f"Content-Encoding: expected identity or one of {', '.join(ENCODINGS)}; got {name[:40]!r}",
        )
    body = await _read(request, limit, seconds)
    if name in ENCODINGS:
        body = await inflated(name, body, limit, admission, held)
    await admission.turn(held, len(body))
    if request.transport is None:
        raise Problem(Code.UNAVAILABLE, "the client has gone")  # it will send it again
    return body


async def inflated(name: str, body: bytes, limit: int, admission: Admission, held: Held) -> bytes:
    """Return a body decompressed, and hold its bytes, too. Raises Problem as `read_body` does."""
    if len(body) > _INFLATE_IN_THREAD:
        body = await asyncio.to_thread(inflate, name, body, limit)
    else:
        body = inflate(name, body, limit)
    admission.hold(held, len(body))
    return body


async def decoded(body: bytes, decode: Callable[[bytes], _T]) -> _T:
    """Return `decode(body)`, computed in a thread if the body is large. Raises what `decode` raises."""
    if len(body) > _READ_IN_THREAD:
        return await asyncio.get_running_loop().run_in_executor(_DECODER, decode, body)
    return decode(body)


async def _read(request: web.Request, limit: int, seconds: float) -> bytes:
    if (request.content_length or 0) > limit:
        raise too_large(limit, "as sent")
    body, admission = bytearray(), request.app[ADMISSION]
    admission.check(request.content_length or 0)
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise too_large(limit, "as sent")
                admission.hold(request[HELD], len(chunk))
    except TimeoutError:
        raise Problem(
            Code.REQUEST_TIMEOUT, f"body: expected all of it within {seconds:g} s; {len(body)} bytes have come"
        ) from None
    except (web.RequestPayloadError, ConnectionError):
        raise invalid(
            f"body: it broke off after {len(body)} bytes, or is not in the chunks that it announced"
        ) from None
    return bytes(body)
