"""gRPC's server: OTLP's services, the health service, and how problems are told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from aiohttp import web
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]  # it has stubs, but does not say so
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # likewise
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from mapping.errors import Code, Problem, invalid
from receiver.grpc.heads import ENCODING
from receiver.grpc.relay import Relay, Relays
from receiver.http.active_requests import UNDER_WAY, request_under_way
from receiver.http.admission import ADMISSION, Held
from receiver.http.auth import check_key
from receiver.http.bodies import inflated
from receiver.http.context import KEYS, METRICS, PORTS, SETTINGS, STORAGE
from receiver.http.notices import NOTICES
from receiver.http.otlp_codec import PROTOBUF
from receiver.http.otlp_export import SERVICES, Sender
from receiver.http.projects import rules_of
from receiver.http.scopes import SCOPES
from receiver.http.statuses import STATUSES
from receiver.settings import ADMIN, Key, Server
from receiver.settings.kinds import show_size

log = logging.getLogger(__name__)

_Context = grpc.aio.ServicerContext[Any, Any]

_METHODS = {service.method: service for service in SERVICES}
_CHECK, _WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
# What may be asked about: the server as a whole, and each service.
_HEALTH_OF = {"", *(method.split("/")[1] for method in _METHODS)}
_SERVICE_NAMES = ", ".join(sorted(method.split(".")[-1].partition("/")[0] for method in _METHODS))
# Seconds between two looks at the health that is watched.
_WATCH_PAUSE = 1.0

_CODES = {code.value[0]: code for code in grpc.StatusCode}
# The encodings of messages by gRPC's names: HTTP's names of them, and how what is compressed so begins. No message of
# OTLP's does, so this says whether one is compressed.
_ENCODINGS: dict[str, tuple[str, bytes | tuple[bytes, ...]]] = {
    "gzip": ("gzip", b"\x1f\x8b"),
    "deflate": ("deflate", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")),
    "snappy": ("x-snappy-framed", b"\xff\x06\x00\x00sNaPpY"),
    "zstd": ("zstd", b"\x28\xb5\x2f\xfd"),
}
# gRPC clients take 8 KiB of trailers.
_LONGEST_DETAILS = 2_000

# Seconds that calls have to be finished once the receiver stops, and once everything else has ended.
_FINISH_CALLS = 4.0
_END_CALLS = 0.5


def _options(limits: Server) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", limits.max_body_bytes),
        # Messages come as they are sent, and are decompressed as HTTP's bodies are.
        ("grpc.per_message_decompression", 0),
        ("grpc.compression_enabled_algorithms_bitset", 1 << 0 | 1 << 2),  # none, gzip
        ("grpc.max_metadata_size", limits.max_header_bytes),
        ("grpc.absolute_max_metadata_size", limits.max_header_bytes),
        ("grpc.max_concurrent_streams", 100),
        # Of a message that is not read yet gRPC takes this much, and not more where the network would allow it.
        ("grpc.http2.lookahead_bytes", 64 * 1024),
        ("grpc.http2.bdp_probe", 0),
        ("grpc.max_connection_idle_ms", int(limits.idle_timeout * 1000)),
        ("grpc.server_handshake_timeout_ms", int(limits.header_timeout * 1000)),
        # Clients may ask as often as they like whether the connection stands: the Collector does, every 10 s.
        ("grpc.http2.max_ping_strikes", 0),
    ]


class GrpcServer:
    """It listens on a socket in a folder of its own; `relays` bring the connections there."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        # The folder is open to this user alone, whatever the ports' TLS asks of clients.
        self._folder = tempfile.TemporaryDirectory(prefix="vectadb-grpc-")
        folder = Path(self._folder.name)
        self._socket = folder / "server"
        limits = app[SETTINGS].server
        self.relays = Relays(folder, self._socket, limits, app[PORTS], app[ADMISSION], app[NOTICES])

    async def serving(self, _app: web.Application) -> AsyncIterator[None]:
        """Serve from the application's start to its end. When it stops, clients are told to open no new calls."""
        server = grpc.aio.server(options=_options(self._app[SETTINGS].server))
        server.add_generic_rpc_handlers((_Calls(self._app, self.relays),))
        server.add_insecure_port(f"unix:{self._socket}")
        await server.start()
        stopping = asyncio.create_task(self._until_stop(server))
        try:
            yield
        finally:
            if not self._app[UNDER_WAY].stopping:
                stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
            await server.stop(_END_CALLS)
            for relay in list(self.relays.open):
                relay.transport.close()
            self._folder.cleanup()

    async def _until_stop(self, server: grpc.aio.Server) -> None:
        async with self._app[UNDER_WAY].until_stop():
            await asyncio.Event().wait()
        await server.stop(_FINISH_CALLS)


class _Calls(grpc.GenericRpcHandler):
    """Takes every call, with its messages as bytes: they are decoded where HTTP's are.

    Calls are handled as if they were streams, so that keys and limits are looked at before a message is read.
    """

    def __init__(self, app: web.Application, relays: Relays) -> None:
        self._app, self._relays = app, relays

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        method = handler_call_details.method
        if method == _WATCH:
            return grpc.unary_stream_rpc_method_handler(self._watch)
        return grpc.stream_unary_rpc_method_handler(partial(self._call, method))

    async def _call(self, method: str, _messages: AsyncIterable[bytes], context: _Context) -> bytes:
        began = time.perf_counter()
        relay = self._relays.by_name(context.peer())
        answer, problem = b"", None
        try:
            with request_under_way(self._app) as held:
                answer = await self._answer(method, context, relay, held)
        except Problem as raised:
            problem = raised
        except Exception:
            log.exception("gRPC call %s failed", method)
            problem = Problem(Code.INTERNAL, "the receiver failed on this call; its log says why")
        status = grpc.StatusCode.OK if problem is None else _CODES[STATUSES[problem.code].grpc]
        if method in _METHODS:
            self._app[METRICS].called(time.perf_counter() - began, method[1:], status.name)
        if problem is not None:
            client = relay.client if relay is not None else ""
            kind = method if method in _METHODS else "grpc"
            self._app[NOTICES].refused(client, kind, f"gRPC call {method}", problem, status.name)
            await _abort(context, status, problem)
        return answer

    async def _answer(self, method: str, context: _Context, relay: Relay | None, held: Held) -> bytes:
        if relay is None:
            raise Problem(Code.UNAVAILABLE, "the client has gone")
        if relay.wrong_port:
            raise Problem(Code.UNIMPLEMENTED, self._where_grpc_is())
        message: Message
        if method == _CHECK:
            message = await self._check(await relay.read(context.read))
        elif method in _METHODS:
            metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
            key = self._key(method, metadata)
            encoding = metadata.get(ENCODING)
            if encoding is not None and encoding not in _ENCODINGS:
                text = f"grpc-encoding: expected identity or one of {', '.join(_ENCODINGS)}; got {encoding[:40]!r}"
                raise Problem(Code.UNIMPLEMENTED, text)
            read = partial(self._read, context, relay, held)
            sender = Sender("grpc", relay.client, lambda: not (relay.transport.is_closing() or context.done()), key)
            message = await _METHODS[method].export(self._app, PROTOBUF.wire, read, sender)
        else:
            raise Problem(Code.UNIMPLEMENTED, f"{method}: expected Export of {_SERVICE_NAMES}")
        return message.SerializeToString()

    def _key(self, method: str, metadata: Mapping[str, str]) -> Key | None:
        """Check a call's key, and return it, None where none is asked for."""
        keys = self._app[KEYS].in_force
        if not keys:
            return None
        given = metadata.get("authorization", ""), metadata.get("x-api-key", "")
        key = check_key(keys, *given, SCOPES.get(method, ADMIN), self._app[METRICS])
        if key.project:
            rules_of(method, key)
        return key

    def _where_grpc_is(self) -> str:
        port = self._app[PORTS].grpc
        is_at = "is off here (server.grpc_port)" if port is None else f"goes to port {port}"
        return f"this port takes OTLP over HTTP; OTLP over gRPC {is_at}"

    async def _read(self, context: _Context, relay: Relay, held: Held) -> bytes:
        """Return the message of a call as `receiver.http.bodies.read_body` returns a body, with its Problems."""
        limit, admission = self._app[SETTINGS].server.max_body_bytes, self._app[ADMISSION]
        admission.check(0)
        body = await relay.read(context.read)
        if relay.transport.is_closing():
            raise Problem(Code.UNAVAILABLE, "the client has gone")
        if not isinstance(body, bytes):  # gRPC has told the client already if its message is too large
            raise Problem(
                Code.RESOURCE_EXHAUSTED,
                f"message: expected one of at most {show_size(limit)} (server.max_body_bytes); it is larger, or "
                "broke off",
            )
        relay.hand_over(len(body))
        admission.hold(held, len(body))
        for name, begins in _ENCODINGS.values():
            if body.startswith(begins):
                body = await inflated(name, body, limit, admission, held)
                break
        await admission.turn(held, len(body))
        return body

    async def _check(self, body: Any) -> HealthCheckResponse:
        service = _asked_about(body)
        if service not in _HEALTH_OF:
            raise Problem(Code.NOT_FOUND, f"service: expected one of {', '.join(map(repr, sorted(_HEALTH_OF)))}")
        return await self._health()

    async def _health(self) -> HealthCheckResponse:
        """Return SERVING while the store accepts writes."""
        try:
            await self._app[STORAGE].check()
        except Problem:
            return HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING)
        return HealthCheckResponse(status=HealthCheckResponse.SERVING)

    async def _watch(self, body: bytes, context: _Context) -> None:
        """Send the health, and then whenever it changes."""
        relay = self._relays.by_name(context.peer())
        if relay is None or relay.wrong_port:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, self._where_grpc_is())
        known = _asked_about(body) in _HEALTH_OF
        said = None
        async with self._app[UNDER_WAY].until_stop():
            while True:
                health = HealthCheckResponse(status=HealthCheckResponse.SERVICE_UNKNOWN)
                if known:
                    health = await self._health()
                if health != said:
                    await context.write(health.SerializeToString())
                    said = health
                await asyncio.sleep(_WATCH_PAUSE)
        await context.write(HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING).SerializeToString())


def _asked_about(body: Any) -> str:
    with contextlib.suppress(DecodeError):
        if isinstance(body, bytes):
            return str(HealthCheckRequest.FromString(body).service)
    raise invalid("message: expected a HealthCheckRequest")


async def _abort(context: _Context, status: grpc.StatusCode, problem: Problem) -> None:
    """Answer with a problem. Where the client is to come again, it is told when."""
    details = problem.message.encode(errors="replace").decode()[:_LONGEST_DETAILS]
    metadata: list[tuple[str, bytes]] = []
    if problem.code is Code.UNAVAILABLE:
        retry, packed = RetryInfo(retry_delay=Duration(seconds=problem.retry_after)), AnyMessage()
        packed.Pack(retry)
        told = Status(code=status.value[0], message=details, details=[packed])
        metadata = [
            ("grpc-status-details-bin", told.SerializeToString()),
            # Where Python's exporter looks for it.
            ("google.rpc.retryinfo-bin", retry.SerializeToString()),
        ]
    await context.abort(status, details, tuple(metadata))
