"""OTLP/HTTP (specification 1.11): one table of signals, one handler."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from aiohttp import web
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from mapping.errors import Code, Problem
from mapping.model import Mapped
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.otlp.wire import Wire
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import Limits
from mapping.semantics.log_parsing import LogParsing
from receiver.http.bodies import decoded, read_body
from receiver.http.context import CLEANING, EQUAL_REQUESTS, LIMITS, METRICS, READING, stores
from receiver.http.ingest import store
from receiver.http.otlp_codec import CODECS, media_type


class Signal(NamedTuple):
    """`map` takes wire, body, moment, limits and log parsing, counts what it changed, and takes the request's number.

    `rejected` is the field of the answer that counts rejected items.
    """

    name: str
    map: Callable[[Wire, bytes, int, Limits, LogParsing, Changes, int], Mapped]
    response: Callable[[], Any]
    rejected: str


def _map_traces(
    wire: Wire, body: bytes, moment: int, limits: Limits, _reading: LogParsing, changes: Changes, _number: int
) -> Mapped:
    return map_traces(wire, body, moment, limits, changes)


SIGNALS = {
    "/v1/traces": Signal("traces", _map_traces, ExportTraceServiceResponse, "rejected_spans"),
    "/v1/logs": Signal("logs", map_logs, ExportLogsServiceResponse, "rejected_log_records"),
}
NOT_STORED = {"/v1/metrics": "metrics", "/v1development/profiles": "profiles"}


def routes() -> list[web.RouteDef]:
    return [
        # A slash at the end is accepted: exporters drop what is not found, and follow a redirect with an empty request.
        *(web.post(path + end, partial(_export, signal)) for path, signal in SIGNALS.items() for end in ("", "/")),
        *(web.post(path, partial(_refuse, name)) for path, name in NOT_STORED.items()),
    ]


async def _export(signal: Signal, request: web.Request) -> web.Response:
    codec = CODECS.get(media_type(request))
    if codec is None:
        raise Problem(
            Code.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type: expected {' or '.join(CODECS)}; got {media_type(request)[:80] or 'none'!r}",
        )
    stores(request).writer  # noqa: B018 - raises until open, before the body is read in vain
    body = await read_body(request)
    with request.app[EQUAL_REQUESTS].numbered(body, partial(_is_waited_for, request)) as number:
        response = await _store(signal, codec.wire, body, number, request)
    return web.Response(body=codec.encode(response), headers={"Content-Type": codec.content_type})


def _is_waited_for(request: web.Request) -> bool:
    """Return whether the client has not hung up."""
    return request.transport is not None and not request.transport.is_closing()


async def _store(signal: Signal, wire: Wire, body: bytes, number: int, request: web.Request) -> Any:
    """Map and store a request's items, and return the answer."""
    writer, now = stores(request).writer, time.time_ns()
    limits, reading, sanitizer = request.app[LIMITS], request.app[READING], request.app[CLEANING]

    def read(body: bytes) -> tuple[Mapped, Changes]:
        changes = Changes()
        mapped = signal.map(wire, body, now, limits, reading, changes, number)
        return mapped, sanitizer.clean(mapped.events, changes)

    mapped, changes = await decoded(body, read)
    metrics = request.app[METRICS]
    metrics.changed(changes, signal.name)
    outcomes = await store(request, writer, signal.name, mapped.events, mapped.items)
    # A span whose events were refused too is still one span.
    refused: dict[int, Problem] = {}
    duplicates: set[int] = set()
    for item, outcome in zip(mapped.item_of, outcomes, strict=True):
        if isinstance(outcome, Problem):
            refused[item] = outcome
        elif outcome.duplicate:
            duplicates.add(item)
    for problem in refused.values():
        mapped.reject(problem.message)
    metrics.accepted(mapped.items - mapped.rejected, signal.name)
    metrics.failed(mapped.rejected, signal.name)
    metrics.duplicates(len(duplicates - refused.keys()), signal.name)
    response = signal.response()
    if mapped.rejected:
        setattr(response.partial_success, signal.rejected, mapped.rejected)
    if message := _said(mapped, changes):
        response.partial_success.error_message = message
    return response


def _said(mapped: Mapped, changes: Changes) -> str:
    """Return what was rejected, and what was kept although it is none of its kind; with nothing rejected, a warning."""
    said: list[str] = []
    if mapped.rejected:
        said.append(f"{mapped.rejected} of {mapped.items} were not stored: {'; '.join(mapped.reasons)}")
    if changes.malformed:
        said.append(f"{changes.malformed} malformed values were kept as they came: {'; '.join(changes.reasons)}")
    return ". ".join(said)


async def _refuse(name: str, _request: web.Request) -> web.Response:
    stored = ", ".join(f"{signal.name} ({path})" for path, signal in SIGNALS.items())
    raise Problem(Code.UNIMPLEMENTED, f"{name} are not stored here; stored are {stored}")
