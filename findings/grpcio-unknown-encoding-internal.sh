#!/usr/bin/env bash
# grpcio's server answers a call whose message is compressed by an encoding it does not have (snappy, zstd, which the
# Collector's exporter offers) with INTERNAL, whose retry nobody is told of, and never asks the application.
# Guess: UNIMPLEMENTED with the encodings it has in grpc-accept-encoding, as gRPC's compression.md says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check grpcio==1.85.1 h2==4.3.0
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sys
from importlib.metadata import version

import grpc
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, TrailersReceived

PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
STATUS = {str(code.value[0]): code.name for code in grpc.StatusCode}


class Service(grpc.GenericRpcHandler):
    """Answers every call with the empty message."""

    called = 0

    def service(self, _details):
        return grpc.unary_unary_rpc_method_handler(self.answer)

    async def answer(self, _message, _context):
        Service.called += 1
        return b""


async def call(port, encoding):
    """Return the status of a call whose empty message says that it is compressed so, and what the server takes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    headers = [(":method", "POST"), (":scheme", "http"), (":path", PATH), (":authority", "localhost")]
    headers += [("content-type", "application/grpc"), ("te", "trailers"), ("grpc-encoding", encoding)]
    connection.send_headers(1, headers)
    connection.send_data(1, bytes(5), end_stream=True)
    writer.write(connection.data_to_send())
    said = {}
    while True:
        for event in connection.receive_data(await reader.read(65536)):
            if isinstance(event, (ResponseReceived, TrailersReceived)):
                said |= dict(event.headers)
            if isinstance(event, StreamEnded):
                writer.close()
                return STATUS[said["grpc-status"]], said.get("grpc-message"), said.get("grpc-accept-encoding")
        writer.write(connection.data_to_send())


async def main():
    print("grpcio", version("grpcio"), "h2", version("h2"))
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([Service()])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    seen = {}
    for encoding in ("identity", "snappy", "zstd"):
        status, message, accepted = await call(port, encoding)
        seen[encoding] = status
        print(f"grpc-encoding: {encoding}: {status}, {message!r}, takes {accepted}; calls handled {Service.called}")
    await server.stop(None)
    if seen != {"identity": "OK", "snappy": "INTERNAL", "zstd": "INTERNAL"} or Service.called != 1:
        sys.exit("CHANGED: unknown encodings were answered INTERNAL, and the application not asked")


asyncio.run(main())
PYTHON
