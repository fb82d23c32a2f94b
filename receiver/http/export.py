"""Exports: the events of what a list or a search shows, as lines that `import` takes, streamed as they are read.

A client that reads slowly is waited for, for a minute, and the next events are not read meanwhile. What cannot be read
to its end is broken off, so that nobody takes it for whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from mapping.errors import Code, Problem
from mapping.export.lines import WithTheirSpans, otlp_lines
from receiver.http.active_requests import UNDER_WAY
from receiver.http.context import TIMES, stores
from receiver.http.operation import operation
from receiver.http.parameters import (
    CALL_FILTERS,
    EVENT_FILTERS,
    FORMAT,
    GROUP_BY,
    LIMIT,
    MODE,
    QUERY,
    SEARCH_FILTERS,
    SESSION_FILTERS,
    TRACE_FILTERS,
)
from receiver.http.shown import event_json
from storage.filters import CallFilter, EventFilter, SearchFilter, SessionFilter, TraceFilter
from storage.read import exporting
from storage.search.listing import listed
from storage.surreal.rows import EventRow

log = logging.getLogger(__name__)

# Exports at a time, so that they leave the store to others.
_AT_ONCE = 4
EXPORTS = web.AppKey("exports", asyncio.Semaphore)
MEDIA_TYPE = "application/x-ndjson"

Page = Sequence[EventRow]


def routes() -> list[web.RouteDef]:
    return [
        web.get(f"/api/v1/export/{name}", handler, allow_head=False)
        for name, handler in (
            ("events", _export_events),
            ("traces", _export_traces),
            ("sessions", _export_sessions),
            ("calls", _export_calls),
            ("search", _export_search),
        )
    ]


@operation("Events as lines, newest first", str, query=(FORMAT, *EVENT_FILTERS), media_type=MEDIA_TYPE)
async def _export_events(request: web.Request, given: dict[str, Any]) -> web.StreamResponse:
    form = given.pop("format")
    return await _stream(request, "events", form, exporting.events(stores(request).reader, EventFilter(**given)))


@operation("The events of traces as lines, trace by trace", str, query=(FORMAT, *TRACE_FILTERS), media_type=MEDIA_TYPE)
async def _export_traces(request: web.Request, given: dict[str, Any]) -> web.StreamResponse:
    form = given.pop("format")
    return await _stream(request, "traces", form, exporting.of_traces(stores(request).reader, TraceFilter(**given)))


@operation(
    "The events of sessions as lines, session by session", str, query=(FORMAT, *SESSION_FILTERS), media_type=MEDIA_TYPE
)
async def _export_sessions(request: web.Request, given: dict[str, Any]) -> web.StreamResponse:
    form = given.pop("format")
    pages = exporting.of_sessions(stores(request).reader, SessionFilter(**given))
    return await _stream(request, "sessions", form, pages)


@operation(
    "The events that tell of calls as lines, newest first", str, query=(FORMAT, *CALL_FILTERS), media_type=MEDIA_TYPE
)
async def _export_calls(request: web.Request, given: dict[str, Any]) -> web.StreamResponse:
    form = given.pop("format")
    given["min_duration_ns"] = given.pop("min_duration")
    return await _stream(request, "calls", form, exporting.of_calls(stores(request).reader, CallFilter(**given)))


@operation(
    "The events that a search finds as lines, best first; without words the newest",
    str,
    query=(FORMAT, QUERY, MODE, GROUP_BY, *SEARCH_FILTERS, LIMIT),
    media_type=MEDIA_TYPE,
)
async def _export_search(request: web.Request, given: dict[str, Any]) -> web.StreamResponse:
    form, query, mode, group_by, limit = (given.pop(name) for name in ("format", "q", "mode", "group_by", "limit"))
    storage = stores(request)

    async def pages() -> AsyncGenerator[Page, None]:
        which = SearchFilter(**given)
        if query is None:
            listing = await listed(storage.reader, storage.indexer, which, limit, None)
            yield [result.event for result in listing.results]
        else:
            found = await storage.search.search(query, mode, which, limit, group_by)
            yield [result.event for result in found.results]

    return await _stream(request, "search", form, pages())


class _JsonLines:
    """Events as they are read."""

    def take(self, page: Page) -> bytes:
        return b"".join(event_json(event) + b"\n" for event in page)

    def rest(self) -> bytes:
        return b""


class _Otlp:
    """OTLP/JSON requests, with span events in their spans."""

    def __init__(self) -> None:
        self._held = WithTheirSpans()

    def take(self, page: Page) -> bytes:
        return _joined(self._held.take(msgspec.json.decode(event_json(event)) for event in page))

    def rest(self) -> bytes:
        return _joined(self._held.rest())


def _joined(events: Sequence[Any]) -> bytes:
    return b"".join(line + b"\n" for line in otlp_lines(events))


_FORMS: dict[str, Callable[[], _JsonLines | _Otlp]] = {"jsonl": _JsonLines, "otlp": _Otlp}


async def _stream(request: web.Request, what: str, form: str, pages: AsyncGenerator[Page, None]) -> web.StreamResponse:
    """Answer with the lines of all pages. What is wrong before the first of them is answered as any error."""
    under_way = request.app[EXPORTS]
    if under_way.locked():
        raise Problem(Code.UNAVAILABLE, f"{_AT_ONCE} exports are under way; try again", retry_after=10)
    async with under_way, contextlib.aclosing(_lines(pages, _FORMS[form]())) as lines:
        first = await anext(lines)
        name = f"{what}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{form}"
        response = web.StreamResponse(
            headers={
                "Content-Type": MEDIA_TYPE,
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",  # nginx would collect it
            }
        )
        whole = False
        try:
            await response.prepare(request)
            async with request.app[UNDER_WAY].until_stop():
                await _write(request, response, first)
                async for line in lines:
                    await _write(request, response, line)
                await response.write_eof()
                whole = True
        except (ConnectionError, TimeoutError):
            pass  # the client has gone, or has stopped reading
        except Problem as problem:
            log.warning("an export of %s broke off: %s", what, problem.message)
        except Exception:
            log.exception("an export of %s broke off", what)
        if not whole and request.transport is not None:
            request.transport.abort()
    return response


async def _write(request: web.Request, response: web.StreamResponse, lines: bytes) -> None:
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError
    if lines:
        async with asyncio.timeout(request.app[TIMES].stalled):
            await response.write(lines)


async def _lines(pages: AsyncGenerator[Page, None], form: _JsonLines | _Otlp) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(pages):
        async for page in pages:
            yield await asyncio.to_thread(form.take, page)
    yield await asyncio.to_thread(form.rest)


def exports() -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_ONCE)
