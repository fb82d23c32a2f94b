"""Clients that send without pause, keep account of what was acknowledged, and send the rest again."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from random import Random

import aiohttp
from items import Request, make
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

_OTLP = {"/v1/traces": ExportTraceServiceResponse, "/v1/logs": ExportLogsServiceResponse}
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


class Senders:
    """Senders against one start of a receiver, until `stop`."""

    def __init__(self, account: Account, url: str, rnd: Random, label: str, pause: float) -> None:
        self._account, self._url, self._rnd, self._label, self._pause = account, url, rnd, label, pause
        self._stopping = False
        self._number = 0

    async def send_until_stopped(self, senders: int) -> None:
        async with aiohttp.ClientSession(self._url, timeout=aiohttp.ClientTimeout(60)) as session:
            await asyncio.gather(*[self._send(session) for _ in range(senders)])

    def stop(self) -> None:
        self._stopping = True

    async def send_rest(self, senders: int) -> None:
        """Send again all that is open, and some of what is done, until all of it is acknowledged."""
        account = self._account
        account.open.extend(account.done)
        async with aiohttp.ClientSession(self._url, timeout=aiohttp.ClientTimeout(60)) as session:

            async def send() -> None:
                while account.open:
                    await self._post(session, account.open.popleft())

            await asyncio.gather(*[send() for _ in range(senders)])

    async def _send(self, session: aiohttp.ClientSession) -> None:
        while not self._stopping:
            request = self._next()
            times = 2 if self._rnd.random() < _TWICE else 1
            await asyncio.gather(*[self._post(session, request) for _ in range(times)])
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

    async def _post(self, session: aiohttp.ClientSession, request: Request) -> None:
        account = self._account
        try:
            async with session.post(request.path, data=request.body, headers=request.headers) as answer:
                status, body = answer.status, await answer.read()
        except aiohttp.ClientError as error:  # it was killed, or does not listen yet
            account.answers[type(error).__name__] += 1
            account.open.append(request)
            await asyncio.sleep(0.05)
            return
        account.answers[str(status)] += 1
        if status == 200:
            account.acknowledge(request, body)
        else:
            if status != 503 or int(answer.headers["Retry-After"]) < 1:
                account.findings.append(f"{request.path} was answered {status}: {body[:300]!r}")
            account.open.append(request)
            await asyncio.sleep(0.1)
