"""Valid spans sent between the cases. Each that is taken must be stored, whatever came before it or with it in one
commit.
"""

from __future__ import annotations

import json
from collections import Counter

import samples
from case import PROTOBUF, How
from client import NO_ANSWER, Client
from grpc_cases import framed
from http2 import METHODS, request_headers
from target import Connection

A_TRACE = 500
_PATH = "/v1/traces"
_HEAD = f"POST {_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {PROTOBUF}\r\nContent-Length: %d\r\n\r\n".encode()


class Neighbours:
    def __init__(self, port: int) -> None:
        self._port = port
        self.count = 0
        self._taken: Counter[str] = Counter()  # by trace

    async def send(self, client: Client, how: How) -> str | None:
        """Send one on a connection of a case's own. Returns what is wrong with the answer."""
        self.count += 1
        number = self.count
        body = samples.protobuf({"resourceSpans": [{"scopeSpans": [{"spans": [self._span(number)]}]}]})
        try:
            if how is How.CALL:
                answer = await client.grpc.call(request_headers(METHODS[_PATH]), framed(body))
            else:
                answer = await client.http.exchange("POST", _HEAD % len(body) + body)
        except NO_ANSWER as error:
            client.close()
            return f"no answer: {error!r}"
        if (answer.status, answer.body) != (0 if how is How.CALL else 200, b""):
            return f"{answer.status} {answer.body[:300]!r}"
        self._taken[self._trace_id(number)] += 1
        return None

    def _span(self, number: int) -> dict[str, object]:
        start = samples.START + number
        return {
            "traceId": self._trace_id(number),
            "spanId": f"{number:016x}",
            "name": "neighbour",
            "startTimeUnixNano": start,
            "endTimeUnixNano": start + 1,
        }

    def _trace_id(self, number: int) -> str:
        return f"fedcba98{(number - 1) // A_TRACE:024x}"

    async def missing(self) -> list[str]:
        """Look for all of them: their traces say how many events they have. One that was refused may be stored."""
        missing = []
        connection = Connection(self._port)
        for first in range(1, self.count + 1, A_TRACE):
            trace_id, sent = self._trace_id(first), min(A_TRACE, self.count - first + 1)
            request = f"GET /api/v1/traces/{trace_id}?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n"
            answer = await connection.exchange("GET", request.encode())
            stored = json.loads(answer.body).get("event_count", 0)
            if not self._taken[trace_id] <= stored <= sent:
                missing.append(
                    f"trace {trace_id}: {self._taken[trace_id]} of {sent} were taken, {stored} are stored "
                    f"(status {answer.status})"
                )
        return missing
