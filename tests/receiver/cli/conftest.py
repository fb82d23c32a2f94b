"""The command line as a user has it: `run` in this process, `start` in one of its own, `served` a real receiver."""

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import NamedTuple

import pytest

from receiver.cli import main
from receiver.cli.api import AwayError, NotReadyError, Receiver, ReceiverAddress
from tests.ports import free_ports
from tests.receiver.cli.answering import answering


class FinishedCommand(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("VECTADB_", "OTEL_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(capsys):
    """Run a command; argparse's exit is an exit code too."""

    def runs(*argv):
        capsys.readouterr()
        try:
            code = main([str(word) for word in argv])
        except SystemExit as end:
            code = end.code
        return FinishedCommand(code, *capsys.readouterr())

    return runs


@pytest.fixture
def start():
    """Start a command that goes on until it is stopped."""
    processes = []
    # A shell starts what runs in the background with SIGINT ignored, and so would be all that is started here.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def starts(*argv, stdin=None, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", "receiver", *argv],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        processes.append(process)
        return process

    yield starts
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def free_port():
    return lambda: free_ports(1)[0]


class Served(NamedTuple):
    url: str
    port: int
    grpc_port: int
    data_dir: str


@pytest.fixture(scope="session")
def served(tmp_path_factory, free_port, static_data_dir):
    """A receiver with the real model and embedded stores, in a process of its own; all tests share what is stored."""
    folder, port, grpc_port = tmp_path_factory.mktemp("served"), free_port(), free_port()
    shutil.copytree(static_data_dir / "models", folder / "data" / "models")
    log = folder / "log"
    flags = [
        "--data-dir",
        str(folder / "data"),
        "--port",
        str(port),
        "--otlp-port",
        "off",
        "--grpc-port",
        str(grpc_port),
    ]
    with log.open("wb") as stream:
        # However busy the machine is, MiniLM reads what it is to read: else a search says on stderr that it did not.
        environment = os.environ | {"VECTADB_SEARCH_RERANK_MS": "10000"}
        process = subprocess.Popen([sys.executable, "-m", "receiver", "serve", *flags], stderr=stream, env=environment)
    receiver = Receiver(ReceiverAddress(f"http://127.0.0.1:{port}", ""))
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text()
            try:
                receiver.get("/readyz")
                break
            except (AwayError, NotReadyError):
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
        yield Served(receiver.url, port, grpc_port, str(folder / "data"))
    finally:
        process.terminate()
        code = process.wait(30)
    assert code == 0, log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.fixture
def server():
    with answering() as server:
        yield server


@pytest.fixture
def event():
    """Make an event as the API gives it."""

    def makes(**fields):
        return {
            "id": "6f1d3a52-6a4c-5b0f-9f52-0e4d7f6a9b11",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "timestamp": "2026-01-07T19:00:00.000000000Z",
            "created_at": "2026-01-07T19:00:01.000000000Z",
            "event_type": "tool_call",
            "agent_id": "travel-agent",
            "session_id": "s",
            "name": "execute_tool book_flight",
            "status": "unset",
            "kind": "internal",
            "properties": {},
            "span_id": None,
            "parent_span_id": None,
            "duration_ns": None,
        } | fields

    return makes
