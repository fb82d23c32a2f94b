"""Valid spans sent between the cases. Each must be stored, whatever came before it or with it in one commit."""

from __future__ import annotations

import json

import samples
from cases import PROTOBUF
from target import Connection

A_TRACE = 500


class Neighbours:
    def __init__(self, port: int) -> None:
        self._port = port
        self.count = 0

    async def send(self, connection: Connection) -> str | None:
        """Send one on a case's own connection. Returns what is wrong with the answer."""
        self.count += 1
        body = samples.protobuf({"resourceSpans": [{"scopeSpans": [{"spans": [self._span(self.count)]}]}]})
        head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: {PROTOBUF}\r\nContent-Length: {len(body)}\r\n\r\n"
        try:
            answer = await connection.exchange("POST", head.encode() + body)
        except (OSError, EOFError, ValueError) as error:
            connection.close()
            return f"no answer: {error!r}"
        return None if (answer.status, answer.body) == (200, b"") else f"{answer.status} {answer.body[:300]!r}"

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
        """Look for all of them: their traces say how many events they have."""
        missing = []
        connection = Connection(self._port)
        for first in range(1, self.count + 1, A_TRACE):
            trace_id, expected = self._trace_id(first), min(A_TRACE, self.count - first + 1)
            request = f"GET /api/v1/traces/{trace_id}?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n"
            answer = await connection.exchange("GET", request.encode())
            trace = json.loads(answer.body)
            if (answer.status, trace.get("event_count")) != (200, expected):
                missing.append(f"trace {trace_id}: expected {expected} events, got {answer.status} {trace}"[:400])
        return missing
