"""A client: its connections to the receiver's ports, on which it sends one case at a time."""

from __future__ import annotations

import asyncio

from case import Case, How
from h2.exceptions import ProtocolError
from http2 import Http2Connection
from target import Answer, Connection, Target, throw

# What sending raises where there is no answer, or none in the protocol.
NO_ANSWER = (OSError, EOFError, ValueError, ProtocolError, asyncio.LimitOverrunError)


class Client:
    def __init__(self, target: Target) -> None:
        self._ports = {"http": target.port, "grpc": target.grpc_port}
        self.http = Connection(target.port)
        self.grpc = Http2Connection(target.grpc_port)
        # gRPC on a port of HTTP's.
        self._astray = Http2Connection(target.port)

    async def send(self, case: Case) -> Answer:
        """Send a whole request or call. Raises one of NO_ANSWER."""
        if case.how is How.REQUEST:
            return await self.http.exchange(case.method, case.wire)
        return await (self.grpc if case.port == "grpc" else self._astray).call(case.headers, case.wire)

    async def throw(self, case: Case) -> bytes:
        """Send broken bytes. Returns what came back."""
        return await throw(self._ports[case.port], case.wire)

    def close(self) -> None:
        for connection in (self.http, self.grpc, self._astray):
            connection.close()
