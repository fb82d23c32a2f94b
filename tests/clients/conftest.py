"""The real program for real clients, and the tools they need. `.ci/run` installs those; in CI none may be missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.ports import free_ports

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def needs(there: object, what: str, how: str) -> None:
    """Skip the test where its tool is missing, and fail it in CI, where the tool must be there."""
    if there:
        return
    reason = f"{what} is missing: {how}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def curl() -> str:
    path = shutil.which("curl")
    needs(path, "curl", "install it with the system's packages")
    return path or ""


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of Node, with opentelemetry-js beside `send.mjs`."""
    path = shutil.which("node")
    needs(path, "node", "install Node.js 20.6 or newer")
    needs((HERE / "node" / "node_modules").exists(), "opentelemetry-js", "run `npm ci` in tests/clients/node")
    return path or ""


def built(folder: str, what: str, tool: str) -> str:
    """Return the path of what a folder's `build.sh` has built. No test builds it: that may take minutes."""
    script = HERE / folder / "build.sh"
    path = subprocess.run([script, "--path"], capture_output=True, text=True, check=True).stdout.strip()
    needs(Path(path).exists(), what, f"run tests/clients/{folder}/build.sh, which needs {tool}")
    return path


@pytest.fixture(scope="session")
def otelcol() -> str:
    """Return the path of the Collector."""
    return built("collector", "the Collector", "Go")


# What the exporters of each language's SDK speak, by OTEL_EXPORTER_OTLP_PROTOCOL's names.
_PROTOCOLS = {
    "JavaScript": ("http/json", "http/protobuf"),
    "Go": ("http/protobuf", "grpc"),
    "Java": ("http/protobuf", "grpc"),
}


class Sender(NamedTuple):
    """A program that sends an agent's run through an SDK. It prints the trace's id and the number of tools, as JSON."""

    command: list[str]
    protocol: str

    def environment(self, receiver: Receiver, **more: str) -> dict[str, str]:
        """Return what a user sets to send to this receiver."""
        return os.environ | {
            "OTEL_SERVICE_NAME": "travel-agent",
            "OTEL_EXPORTER_OTLP_PROTOCOL": self.protocol,
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.grpc_url if self.protocol == "grpc" else receiver.otlp_url,
            **more,
        }


def _command(language: str, request: pytest.FixtureRequest) -> list[str]:
    if language == "JavaScript":
        return [request.getfixturevalue("node"), str(HERE / "node" / "send.mjs")]
    if language == "Go":
        return [built("go", "the Go client", "Go")]
    java = shutil.which("java")
    needs(java, "java", "install a JDK of Java 17 or newer")
    return [java or "", "-cp", built("java", "the Java client", "Maven") + "/*", str(HERE / "java" / "Send.java")]


@pytest.fixture(
    params=[(language, protocol) for language, protocols in _PROTOCOLS.items() for protocol in protocols], ids=" ".join
)
def sender(request: pytest.FixtureRequest) -> Sender:
    language, protocol = request.param
    return Sender(_command(language, request), protocol)


@pytest.fixture(params=_PROTOCOLS)
def senders(request: pytest.FixtureRequest) -> list[Sender]:
    """The senders of a language, one for each protocol."""
    return [Sender(_command(request.param, request), protocol) for protocol in _PROTOCOLS[request.param]]


def _eventually(look: Callable[[], Any], expected: object, seconds: float = 30) -> None:
    """Wait until `look()` gives what is expected. What it gave last is in the failure's message."""
    deadline = time.monotonic() + seconds
    while (seen := look()) != expected:
        assert time.monotonic() < deadline, f"after {seconds} s: {seen!r}, expected {expected!r}"
        time.sleep(0.1)


class Receiver:
    """`python -m receiver serve` on ports of its own, its data and log in a folder of the test's.

    It runs without a model: no test here searches by meaning.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        port, otlp_port, grpc_port = free_ports(3)
        self._ports = {"--port": str(port), "--otlp-port": str(otlp_port), "--grpc-port": str(grpc_port)}
        self.key: str | None = None
        self.url = f"http://127.0.0.1:{port}"
        self.otlp_url = f"http://127.0.0.1:{otlp_port}"
        self.grpc_url = f"http://127.0.0.1:{grpc_port}"

    def start(self, key: str | None = None) -> None:
        """Start it, and wait until it takes events: from everyone, or from those who send the key."""
        self.key = key
        keys = {"VECTADB_AUTH_API_KEYS": key} if key else {}
        flags = [word for flag in self._ports.items() for word in flag]
        with (self._folder / "receiver.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "receiver", "serve", "--data-dir", str(self._folder / "data"), *flags],
                cwd=ROOT,
                env=os.environ | {"VECTADB_EMBEDDING_MODEL": "off"} | keys,
                stderr=log,
            )
        _eventually(self._ready, expected=True)

    def stop(self) -> None:
        """Stop it as a service manager does. It ends well, and without a traceback."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            assert process.wait(timeout=30) == 0, self.log()
        finally:
            process.kill()
        assert "Traceback" not in self.log(), self.log()

    def log(self) -> str:
        return (self._folder / "receiver.log").read_text(errors="replace")

    def get(self, path: str, **parameters: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        answer = httpx.get(f"{self.url}{path}", params=parameters, headers=headers, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def stored(self) -> int:
        """Return the number of events stored."""
        return int(self.get("/api/v1/stats")["events"])

    def events(self, **filters: str) -> list[dict[str, Any]]:
        """Return every event that the filters let through, page by page, newest first."""
        page = self.get("/api/v1/events", limit=50, **filters)
        events = list(page["events"])
        while page["next_cursor"]:
            page = self.get("/api/v1/events", limit=50, cursor=page["next_cursor"], **filters)
            events += page["events"]
        return events

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the receiver ended:\n{self.log()}"
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def stopped_receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A receiver that has yet to be started."""
    receiver = Receiver(tmp_path)
    yield receiver
    receiver.stop()


@pytest.fixture
def receiver(stopped_receiver: Receiver) -> Receiver:
    """A receiver that runs, with nothing in its store."""
    stopped_receiver.start()
    return stopped_receiver


@pytest.fixture
def eventually() -> Callable[..., None]:
    return _eventually
