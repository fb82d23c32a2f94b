"""A stand-in model on loopback: it speaks the APIs of `apis/`, plain and streamed, and keeps a ledger of what it said.

`python model.py [--port N] [--ledger FILE] [--folder DIR]` serves until it is ended; `Model` does so in a `with`.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import apis
import scenario

# Tokens of call n: 1000 + n in, 20 + n out. Of those, where the API tells of it:
CACHE_READ, CACHE_WRITE, REASONING = 400, 150, 7
# What is asked for under one name is answered under another by the real ones.
ANSWERS_AS = {"gpt-4o-mini": "gpt-4o-mini-2024-07-18", "gpt-4o": "gpt-4o-2024-08-06"}


class Ledger:
    """What the model really answered: the truth that telemetry is held against. Written to `path`, a line a call."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.calls: list[dict[str, Any]] = []
        # What programs said that their tools had given back, by the call's id.
        self.results: dict[str, Any] = {}
        self.unknown: list[str] = []
        # Responses are asked for with the id of the one before in place of what was said.
        self.remembered: dict[str, list[tuple[str, Any]]] = {}

    def answer(self, api: apis.Api, asked: scenario.Asked, folder: str) -> scenario.Said | None:
        """Return what the model says, or None where it is overloaded, and note it."""
        with self._lock:
            self.results |= {key: value for key, value in asked.results.items() if key not in self.results}
            asked.called[:0] = self.remembered.get(asked.extra.get("previous") or "", [])
            number = len(self.calls) + 1
            entry = {"n": number, "api": api.name, "streamed": asked.streamed, "asked_model": asked.model}
            entry |= {"system": asked.system, "question": asked.question, "tools": list(asked.offered)}
            if scenario.OVERLOADED in asked.model:
                self._note(entry | {"model": asked.model, "failed": True})
                return None
            step = scenario.next_step(asked, folder)
            usage = scenario.Usage(1000 + number, 20 + number, *api.details(CACHE_READ, CACHE_WRITE, REASONING))
            model = ANSWERS_AS.get(asked.model, asked.model)
            said = scenario.Said(number, api.id(number), model, usage)
            if isinstance(step, str):
                said.text = step
            else:
                made = sum(len(call["tool_calls"]) for call in self.calls if not call["failed"])
                step.id = f"call_{made + 1}"
                said.calls = [step]
            self.remembered[said.id] = [*asked.called, *((call.name, call.arguments) for call in said.calls)]
            tokens = {f"{key}_tokens" if key in {"input", "output"} else key: n for key, n in vars(usage).items()}
            entry |= {"model": model, "response_id": said.id, **tokens, "failed": False, "text": said.text}
            self._note(entry | {"tool_calls": [dataclasses.asdict(call) for call in said.calls]})
            return said

    def _note(self, entry: dict[str, Any]) -> None:
        self.calls.append(entry)
        if self._path:
            with self._path.open("a") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")


class Handler(BaseHTTPRequestHandler):
    """Answers a request by the API that its path belongs to."""

    ledger: Ledger
    folder: str
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self._body()
        api = apis.of(self.path)
        if api is None:
            status, answer = apis.aside(self.path, body)
            if status == 404:
                self.ledger.unknown.append(f"POST {self.path}")
            self._send(status, "application/json", json.dumps(answer).encode())
            return
        asked = api.read(self.path, json.loads(body))
        asked.body = body.decode()
        said = self.ledger.answer(api, asked, self.folder)
        if said is None:
            self._send(429, "application/json", json.dumps(api.refusal).encode())
        elif asked.streamed:
            self._send(200, api.stream_type(self.path), api.stream(self.path, asked, said))
        else:
            self._send(200, "application/json", json.dumps(api.plain(asked, said)).encode())

    def do_GET(self) -> None:
        status, answer = apis.aside(self.path, b"")
        if status == 404:
            self.ledger.unknown.append(f"GET {self.path}")
        self._send(status, "application/json", json.dumps(answer).encode())

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
        if encoding == "zstd":
            import zstandard

            return zstandard.ZstdDecompressor().decompressobj().decompress(body)
        return gzip.decompress(body) if encoding == "gzip" else body

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class gives it
        """Say nothing."""


class Model:
    """The model, serving while in a `with`; `url` has no path: an API's own base path, such as /v1, comes after it."""

    def __init__(self, port: int = 0, ledger: Path | None = None, folder: str = "") -> None:
        """`folder`: where a coding agent is to look for its missing file."""
        self.ledger = Ledger(ledger)
        handler = type("OurHandler", (Handler,), {"ledger": self.ledger, "folder": folder})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--folder", default=".")
    arguments = parser.parse_args()
    with Model(arguments.port, arguments.ledger, arguments.folder) as model:
        print(model.url, flush=True)
        threading.Event().wait()
