"""OTLP's services, by whichever protocol they are called: one table, one way from a request's bytes to its answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from aiohttp import web
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import ExportProfilesServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from mapping.errors import Code, Problem
from mapping.model import Mapped
from mapping.otlp import not_stored
from mapping.otlp.logs import map_logs
from mapping.otlp.not_stored import NotStored
from mapping.otlp.spans import map_traces
from mapping.otlp.wire import Wire
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import Limits
from mapping.semantics.log_parsing import LogParsing
from mapping.semantics.projects import ProjectRule
from receiver.http.bodies import decoded
from receiver.http.context import CLEANING, EQUAL_REQUESTS, LIMITS, METRICS, READING, SETTINGS, STORAGE, rule_of
from receiver.http.ingest import store
from receiver.http.notices import NOTICES
from receiver.settings import Key


class Sender(NamedTuple):
    """Who sends: `transport` is `http` or `grpc`, as the Collector's metrics name it, `client` an address.

    `is_waited_for` says whether the client has not hung up. `key` is what was sent, None where none is needed.
    """

    transport: str
    client: str
    is_waited_for: Callable[[], bool]
    key: Key | None


_Read = Callable[[], Awaitable[bytes]]
_Export = Callable[[web.Application, Wire, _Read, Sender], Awaitable[Message]]


class Service(NamedTuple):
    """A service of opentelemetry-proto: its path over HTTP, its method over gRPC.

    `export` calls a function for the body once it is worth reading, and returns the answer. It raises Problem.
    """

    path: str
    method: str
    export: _Export


class _Signal(NamedTuple):
    """`map` takes wire, body, moment, limits and log parsing, counts what it changed, and takes the request's number
    and how it is told which project the items belong to.

    `rejected` is the field of the answer that counts rejected items.
    """

    name: str
    map: Callable[[Wire, bytes, int, Limits, LogParsing, Changes, int, ProjectRule], Mapped]
    response: Callable[[], Any]
    rejected: str


async def _take(signal: _Signal, app: web.Application, wire: Wire, read: _Read, sender: Sender) -> Message:
    app[STORAGE].writer  # noqa: B018 - raises until open, before the body is read in vain
    body = await read()
    with app[EQUAL_REQUESTS].numbered(body, sender.is_waited_for) as number:
        return await _store(signal, app, wire, body, number, sender)


async def _store(
    signal: _Signal, app: web.Application, wire: Wire, body: bytes, number: int, sender: Sender
) -> Message:
    """Map and store a request's items, and return the answer."""
    transport = sender.transport
    writer, now = app[STORAGE].writer, time.time_ns()
    limits, parsing, sanitizer = app[LIMITS], app[READING], app[CLEANING]
    projects = rule_of(app, sender.key)

    def mapped_events(body: bytes) -> tuple[Mapped, Changes]:
        changes = Changes()
        mapped = signal.map(wire, body, now, limits, parsing, changes, number, projects)
        return mapped, sanitizer.clean(mapped.events, changes)

    mapped, changes = await decoded(body, mapped_events)
    metrics = app[METRICS]
    metrics.changed(changes, signal.name)
    outcomes = await store(metrics, writer, signal.name, mapped.events, mapped.items, sender.key, transport)
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
    metrics.accepted(mapped.items - mapped.rejected, signal.name, transport)
    metrics.failed(mapped.rejected, signal.name, transport)
    metrics.duplicates(len(duplicates - refused.keys()), signal.name)
    response = signal.response()
    if mapped.rejected:
        setattr(response.partial_success, signal.rejected, mapped.rejected)
    if message := _said(mapped, changes):
        response.partial_success.error_message = message
    return response  # type: ignore[no-any-return] # protobuf's classes are made at runtime


def _said(mapped: Mapped, changes: Changes) -> str:
    """Return what was rejected, and what was kept although it is none of its kind; with nothing rejected, a warning."""
    said: list[str] = []
    if mapped.rejected:
        said.append(f"{mapped.rejected} of {mapped.items} were not stored: {'; '.join(mapped.reasons)}")
    if changes.malformed:
        said.append(f"{changes.malformed} malformed values were kept as they came: {'; '.join(changes.reasons)}")
    return ". ".join(said)


async def _discard(
    signal: str,
    counted: NotStored,
    response: Callable[[], Message],
    app: web.Application,
    wire: Wire,
    read: _Read,
    sender: Sender,
) -> Message:
    """Answer as if the request had been stored: SDKs that send all they have would log an error a minute."""
    if app[SETTINGS].otlp.metrics == "refuse":
        raise Problem(
            Code.UNIMPLEMENTED, f"{signal} are not stored here; stored are traces (/v1/traces), logs (/v1/logs)"
        )
    count = await decoded(await read(), partial(wire.count, counted))
    if count:
        app[METRICS].discarded(count, signal)
        app[NOTICES].once(
            f"{signal} come, from {sender.client} first, and are discarded: stored are traces and logs. "
            "/metrics counts them; otlp.metrics: refuse tells their senders"
        )
    return response()


def _map_traces(
    wire: Wire,
    body: bytes,
    moment: int,
    limits: Limits,
    _reading: LogParsing,
    changes: Changes,
    _number: int,
    projects: ProjectRule,
) -> Mapped:
    return map_traces(wire, body, moment, limits, changes, projects)


def _service(path: str, of: str, export: _Export) -> Service:
    return Service(path, f"/opentelemetry.proto.collector.{of}Service/Export", export)


SERVICES = (
    _service(
        "/v1/traces",
        "trace.v1.Trace",
        partial(_take, _Signal("traces", _map_traces, ExportTraceServiceResponse, "rejected_spans")),
    ),
    _service(
        "/v1/logs",
        "logs.v1.Logs",
        partial(_take, _Signal("logs", map_logs, ExportLogsServiceResponse, "rejected_log_records")),
    ),
    _service(
        "/v1/metrics",
        "metrics.v1.Metrics",
        partial(_discard, "metrics", not_stored.METRICS, ExportMetricsServiceResponse),
    ),
    _service(
        "/v1development/profiles",
        "profiles.v1development.Profiles",
        partial(_discard, "profiles", not_stored.PROFILES, ExportProfilesServiceResponse),
    ),
)
