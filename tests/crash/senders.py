"""Clients that send without pause, keep account of what was acknowledged, and send the rest again."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter, deque
from collections.abc import AsyncIterator
from random import Random
from typing import NamedTuple

import aiohttp
import grpc
from google.rpc.error_details_pb2 import RetryInfo
from items import Request, make
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from victim import Victim

_OTLP = {"/v1/traces": ExportTraceServiceResponse, "/v1/logs": ExportLogsServiceResponse}
_METHODS = {
    "/v1/traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "/v1/logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}
# Of the requests that can, those that go over gRPC. Sent again they may go either way.
_OVER_GRPC = 0.5
# gRPC waits a second before it connects again, and longer each time.
_PATIENCE = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200)]
# Of the requests that were acknowledged, those that a client sends again for having missed the answer.
_AGAIN = 0.1
# Of all requests, those that are sent twice at once, over two connections.
_TWICE = 0.05
_KEPT = 100


class Account:
    """What was sent and what became of it. `open` holds the requests nobody acknowledged, to be sent again."""

    def __init__(self) -> None:
        self.sent = Counter[str]()
        self.acknowledged = Counter[str]()
        self.ids: dict[str, str] = {}  # of JSON events, as acknowledged: their marks
        self.open: deque[Request] = deque()
        self.done: deque[Request] = deque(maxlen=_KEPT)
        self.answers = Counter[str]()
        self.findings: list[str] = []

    def acknowledge(self, request: Request, body: bytes) -> None:
        """Take an answer 200 at its word. A second answer to the same request must give back the same ids."""
        if request.path in _OTLP:
            response = _OTLP[request.path].FromString(body)
            if response.HasField("partial_success"):
                self.findings.append(f"{request.path} rejected part of it: {response.partial_success}")
        else:
            told = json.loads(body)
            ids = told["event_ids"] if "event_ids" in told else [told["event_id"]]
            for event_id, mark in zip(ids, request.marks, strict=True):
                if self.ids.setdefault(event_id, mark) != mark:
                    self.findings.append(f"event id {event_id} was given to {self.ids[event_id]} and to {mark}")
        self.acknowledged |= request.marks
        self.done.append(request)


class Answer(NamedTuple):
    status: str
    body: bytes
    asks_to_retry: bool = False


class Connections(NamedTuple):
    """A sender's ways to the receiver."""

    session: aiohttp.ClientSession
    channel: grpc.aio.Channel

    async def over_http(self, request: Request) -> Answer:
        async with self.session.post(request.path, data=request.body, headers=request.headers) as answer:
            asks = answer.status == 503 and int(answer.headers["Retry-After"]) >= 1
            return Answer(str(answer.status), await answer.read(), asks)

    async def over_grpc(self, request: Request) -> Answer:
        """Call the method of a path. UNAVAILABLE without a word of the receiver's is what gRPC says of connections."""
        try:
            body = await self.channel.unary_unary(_METHODS[request.path])(request.body, timeout=60)
        except grpc.aio.AioRpcError as error:
            told = dict(error.trailing_metadata()).get("google.rpc.retryinfo-bin")
            if told is None and error.code() is grpc.StatusCode.UNAVAILABLE:
                raise aiohttp.ClientConnectionError(error.details()) from None
            asks = told is not None and RetryInfo.FromString(told).retry_delay.seconds >= 1
            return Answer(error.code().name, (error.details() or "").encode(), asks)
        return Answer("OK", body)


class Senders:
    """Senders against one start of a receiver, until `stop`."""

    def __init__(self, account: Account, victim: Victim, rnd: Random, label: str, pause: float) -> None:
        self._account, self._victim, self._rnd, self._label, self._pause = account, victim, rnd, label, pause
        self._stopping = False
        self._number = 0

    async def send_until_stopped(self, senders: int) -> None:
        async with self._connections() as connections:
            await asyncio.gather(*[self._send(connections) for _ in range(senders)])

    def stop(self) -> None:
        self._stopping = True

    async def send_rest(self, senders: int) -> None:
        """Send again all that is open, and some of what is done, until all of it is acknowledged."""
        account = self._account
        account.open.extend(account.done)
        async with self._connections() as connections:

            async def send() -> None:
                while account.open:
                    await self._post(connections, account.open.popleft())

            await asyncio.gather(*[send() for _ in range(senders)])

    @contextlib.asynccontextmanager
    async def _connections(self) -> AsyncIterator[Connections]:
        async with (
            aiohttp.ClientSession(self._victim.url, timeout=aiohttp.ClientTimeout(60)) as session,
            grpc.aio.insecure_channel(self._victim.grpc_address, _PATIENCE) as channel,
        ):
            yield Connections(session, channel)

    async def _send(self, connections: Connections) -> None:
        while not self._stopping:
            request = self._next()
            times = 2 if self._rnd.random() < _TWICE else 1
            await asyncio.gather(*[self._post(connections, request) for _ in range(times)])
            await asyncio.sleep(self._rnd.random() * self._pause)

    def _next(self) -> Request:
        account = self._account
        if account.open:
            return account.open.popleft()
        if account.done and self._rnd.random() < _AGAIN:
            return self._rnd.choice(account.done)
        self._number += 1
        request = make(self._rnd, f"{self._label}s{self._number}")
        account.sent |= request.marks
        return request

    async def _post(self, connections: Connections, request: Request) -> None:
        account = self._account
        over_grpc = request.path in _METHODS and self._rnd.random() < _OVER_GRPC
        try:
            answer = await (connections.over_grpc(request) if over_grpc else connections.over_http(request))
        except aiohttp.ClientError as error:  # it was killed, or does not listen yet
            account.answers[type(error).__name__] += 1
            account.open.append(request)
            await asyncio.sleep(0.05)
            return
        account.answers[answer.status] += 1
        if answer.status in {"200", "OK"}:
            account.acknowledge(request, answer.body)
        else:
            if not answer.asks_to_retry:
                account.findings.append(f"{request.path} was answered {answer.status}: {answer.body[:300]!r}")
            account.open.append(request)
            await asyncio.sleep(0.1)
