"""An OTLP/HTTP sink on loopback: traces and logs, protobuf or JSON, gzip or not, kept as OTLP JSON in order of arrival.

What JSON says is kept as it was said; protobuf is decoded by opentelemetry-proto. Metrics are answered and dropped.
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS = {"/traces": ExportTraceServiceRequest, "/logs": ExportLogsServiceRequest}
LISTS = {"/traces": "resourceSpans", "/logs": "resourceLogs"}
IDS = {"traceId", "spanId", "parentSpanId"}


def decode(kind: str, body: bytes, content_type: str) -> dict[str, Any]:
    """Return a request as OTLP JSON: ids in hex, enums as numbers, 64-bit numbers as texts."""
    if "json" in content_type:
        decoded: dict[str, Any] = json.loads(body)
        return decoded
    message = REQUESTS[kind]()
    message.ParseFromString(body)
    return _with_hex_ids(MessageToDict(message, use_integers_for_enums=True))


def _with_hex_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_hex_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64decode(item).hex() if key in IDS and isinstance(item, str) else _with_hex_ids(item)
        for key, item in value.items()
    }


class Handler(BaseHTTPRequestHandler):
    """Takes requests in; paths are told apart by their ends, as some programs put their own before them."""

    sink: Sink
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self._body()
        kind = next((end for end in REQUESTS if self.path.split("?")[0].rstrip("/").endswith(end)), None)
        content_type = self.headers.get("Content-Type", "")
        if kind:
            self.sink.take(kind, decode(kind, body, content_type))
        else:
            self.sink.other.append(f"POST {self.path} {content_type}")
        answer = b"{}" if "json" in content_type else b""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.sink.other.append(f"GET {self.path}")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_HEAD = do_PUT = do_PATCH = do_GET  # noqa: N815 - the names that the base class looks for

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding")
        return gzip.decompress(body) if encoding == "gzip" else zlib.decompress(body) if encoding == "deflate" else body

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class gives it
        """Say nothing."""


class Sink:
    """The sink, serving while in a `with`; `url` is the endpoint without /v1/traces."""

    def __init__(self, port: int = 0) -> None:
        self._lock = threading.Lock()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        # What came that is neither traces nor logs: metrics, and what a platform's own client asks.
        self.other: list[str] = []
        handler = type("OurHandler", (Handler,), {"sink": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, kind: str, request: dict[str, Any]) -> None:
        with self._lock:
            self.requests.append((kind, request))

    def kept(self, kind: str) -> list[dict[str, Any]]:
        """Return the resourceSpans ("/traces") or resourceLogs ("/logs") of all requests, in order of arrival."""
        return [part for its, request in self.requests if its == kind for part in request.get(LISTS[kind]) or []]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
