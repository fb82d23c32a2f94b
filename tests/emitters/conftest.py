"""Real emitters, run as programs against a stand-in for a model's API, which send to the real receiver."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent


def _clients() -> Any:
    """Load the other tests with clients: theirs are the receiver and what to do where a tool is missing."""
    spec = importlib.util.spec_from_file_location("shared_clients", HERE.parent / "clients" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


clients = _clients()


class Model(BaseHTTPRequestHandler):
    """As much of a model's API (OpenAI's chat completions, streamed or not) as an agent asks for.

    It calls the tool `weather` twice, first for a city that there is none of, and then answers. The model `overloaded`
    answers 429.
    """

    CITIES = ("Atlantis", "Lisbon")
    ANSWER = "Atlantis is nowhere to be found; Lisbon is sunny, with 24 degrees."

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.endswith("/chat/completions"):
            self._answer(404, "application/json", b"{}")
        elif asked["model"] == "overloaded":
            error = {"message": "Rate limit reached for requests", "type": "requests", "code": "rate_limit_exceeded"}
            self._answer(429, "application/json", json.dumps({"error": error}).encode())
        elif asked.get("stream"):
            chunks = [json.dumps(chunk) for chunk in self._chunks(asked)]
            body = "".join(f"data: {chunk}\n\n" for chunk in [*chunks, "[DONE]"])
            self._answer(200, "text/event-stream", body.encode())
        else:
            self._answer(200, "application/json", json.dumps(self._completion(asked)).encode())

    def _message(self, asked: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the next message, and why it ends there."""
        turn = sum(message["role"] == "tool" for message in asked["messages"])
        if turn == len(self.CITIES):
            return {"role": "assistant", "content": self.ANSWER}, "stop"
        arguments = json.dumps({"city": self.CITIES[turn]})
        call = {"id": f"call_{turn}", "type": "function", "function": {"name": "weather", "arguments": arguments}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"

    def _completion(self, asked: dict[str, Any]) -> dict[str, Any]:
        message, reason = self._message(asked)
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return self._head("chat.completion") | {"choices": [choice], "usage": self._usage()}

    def _chunks(self, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        message, reason = self._message(asked)
        head = self._head("chat.completion.chunk")
        calls = [call | {"index": index} for index, call in enumerate(message.pop("tool_calls", []))]
        delta = message | ({"tool_calls": calls} if calls else {})
        yield head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        yield head | {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
        yield head | {"choices": [], "usage": self._usage()}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": kind, "created": 1767812400, "model": "stand-in-2026-01-07"}

    def _usage(self) -> dict[str, int]:
        return {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}

    def _answer(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class gives it
        """Say nothing."""


@pytest.fixture(scope="session")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One for all emitters, as it would be."""
    receiver = clients.Receiver(tmp_path_factory.mktemp("receiver"))
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def model() -> Iterator[str]:
    """Return the address of the stand-in for a model's API."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def python() -> str:
    """Return the Python that `install.sh` has installed the emitters for."""
    path = subprocess.run([HERE / "install.sh", "--path"], capture_output=True, text=True, check=True).stdout.strip()
    there = (Path(path).parent.parent / "installed").exists()
    clients.needs(there, "the emitters' environment", "run tests/emitters/install.sh")
    return path


@pytest.fixture(scope="session")
def node() -> str:
    path = shutil.which("node")
    clients.needs(path, "node", "install Node.js 20.6 or newer")
    clients.needs((HERE / "node" / "node_modules").exists(), "the Vercel AI SDK", "run `npm ci` in tests/emitters/node")
    return path or ""


class Programs:
    """Runs the programs. They connect to the model and to the receiver, and to nobody else (`guard/`)."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path, otlp_url: str, model_url: str) -> None:
        self._request = request
        self._folder = folder
        self._outside = folder / "outside"
        # Nothing of ours: no key, no proxy, no setting of an emitter, no file that one keeps at home.
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "MODEL_URL": model_url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp_url,
            "OTEL_SERVICE_NAME": "weather",
            "INSIDE": ",".join(httpx.URL(url).netloc.decode() for url in (otlp_url, model_url)),
            "OUTSIDE": str(self._outside),
            "PYTHONPATH": str(HERE / "guard"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *words: str, **environment: str) -> str:
        """Run a program, its file's name first, to its end, and return what it printed."""
        if words[0].endswith(".py"):
            command = [self._request.getfixturevalue("python"), HERE / "programs" / words[0]]
        else:
            guard = f"--import={HERE / 'guard' / 'guard.mjs'}"
            command = [self._request.getfixturevalue("node"), guard, HERE / "node" / words[0]]
        ended = subprocess.run(
            [*command, *words[1:]],
            cwd=self._folder,
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    @property
    def strangers(self) -> list[str]:
        """Return the addresses that were tried beside ours."""
        return self._outside.read_text().splitlines() if self._outside.exists() else []


@pytest.fixture
def programs(request: pytest.FixtureRequest, receiver: Any, model: str, tmp_path: Path) -> Programs:
    """Return what runs the programs, which send to this receiver."""
    return Programs(request, tmp_path, receiver.otlp_url, model)
