"""The process: how it starts, stops and refuses to start. Every test runs one."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

SERVE = """
import argparse, os, sys
from receiver.server import run
from receiver.settings import load
sys.exit(run(load(argparse.Namespace(), os.environ)))
"""


class Process:
    """A receiver in a process of its own. `log` is what it has written to stderr so far."""

    def __init__(self, data, **environ):
        given = {"SERVER_PORT": "0", "SERVER_OTLP_PORT": "off", "EMBEDDING_MODEL": "off", "STORAGE_DATA_DIR": str(data)}
        self.log = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env={name: value for name, value in os.environ.items() if not name.startswith("VECTADB_")}
            | {f"VECTADB_{name}": value for name, value in (given | environ).items()},
            stderr=subprocess.PIPE,
            text=True,
        )

    def says(self, pattern):
        """Wait for a line, and give what the pattern's group matches."""
        for line in self.process.stderr:
            self.log += line
            if found := re.search(pattern, line):
                return found[found.re.groups]
        raise AssertionError(f"it ended without saying {pattern}:\n{self.log}")

    def started(self):
        self.url = self.says(r"listens on (http://\S+:\d+)")
        self.says("ready to ingest")
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.ends()

    def ends(self):
        """Wait for the end; give the exit code."""
        self.log += self.process.communicate(timeout=15)[1]
        return self.process.returncode

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def ask(self, method, path, value=None):
        """Give the answer's status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, json.dumps(value), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, told

    def post(self, path, value):
        status, told = self.ask("POST", path, value)
        assert status == 200, told
        return told

    def get(self, path):
        status, told = self.ask("GET", path)
        assert status == 200, told
        return told


@pytest.fixture
def serve(tmp_path):
    """Start a receiver: `serve(SERVER_PORT="8080")`. All of them are killed in the end."""
    processes = []

    def start(data="data", **environ):
        processes.append(Process(tmp_path / data, **environ))
        return processes[-1]

    yield start
    for started in processes:
        started.process.kill()
        started.process.communicate()


@contextmanager
def taken_port():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


EVENT = {"timestamp": "2026-01-07T19:00:00Z", "event_id": "1"}


class TestStart:
    def test_says_version_addresses_and_data_folder(self, serve, tmp_path):
        receiver = serve().started()
        assert re.search(r"vectadb-receiver \d+\.\d+\.\d+ listens on http://127.0.0.1:\d+", receiver.log)
        assert f"data is in {tmp_path / 'data'}" in receiver.log

    def test_serves_otlp_on_a_second_port(self, serve):
        receiver = serve(SERVER_OTLP_PORT="0")
        receiver.url = receiver.says(r"listens on http://\S+, (http://127.0.0.1:\d+)$")
        receiver.says("ready to ingest")
        assert receiver.post("/v1/traces", {}) == {}

    @pytest.mark.parametrize(("variable", "flag"), [("SERVER_PORT", "--port"), ("SERVER_OTLP_PORT", "--otlp-port off")])
    def test_on_a_port_in_use_is_refused_with_port_and_flag(self, serve, variable, flag):
        with taken_port() as port:
            receiver = serve(**{variable: str(port)})
            assert receiver.ends() == 1
        assert f"port {port} on 127.0.0.1 is in use by another program" in receiver.log
        assert flag in receiver.log
        assert "Traceback" not in receiver.log

    def test_on_a_data_folder_in_use_is_refused_and_harms_nothing(self, serve, tmp_path):
        first = serve().started()
        second = serve()
        assert second.ends() == 1
        assert str(tmp_path / "data") in second.log
        assert "in use by another" in second.log
        assert "Traceback" not in second.log
        assert first.post("/api/v1/events", EVENT)["status"] == "accepted"

    @pytest.mark.parametrize(
        ("environ", "message"),
        [
            ({"SERVER_HOST": "0.0.0.0"}, "no API key is set"),  # noqa: S104 - it is refused
            ({"SERVER_HOST": "192.0.2.1", "SERVER_INSECURE": "true"}, "cannot listen on 192.0.2.1"),
            ({"STORAGE_DATA_DIR": "/dev/null"}, "/dev/null cannot be used as the data folder"),
        ],
    )
    def test_that_cannot_be_is_refused_in_a_line(self, serve, environ, message):
        receiver = serve(**environ)
        assert receiver.ends() == 1
        assert message in receiver.log
        assert "Traceback" not in receiver.log


class TestStop:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_is_clean_and_quick_and_keeps_what_was_accepted(self, serve, number):
        receiver = serve().started()
        told = receiver.post("/api/v1/events", EVENT)
        began = time.monotonic()
        assert receiver.stop(number) == 0
        assert time.monotonic() - began < 10
        assert "Traceback" not in receiver.log
        assert "stopped" in receiver.log
        assert serve().started().get("/api/v1/events/1")["id"] == told["event_id"]

    def test_finishes_the_request_under_way(self, serve):
        receiver = serve().started()
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as client:
            body = json.dumps(EVENT).encode()
            head = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(f"POST /api/v1/events HTTP/1.1\r\n{head}".encode() + body[:10])
            time.sleep(0.2)
            receiver.process.send_signal(signal.SIGTERM)
            receiver.says("stopping")
            time.sleep(0.2)
            client.sendall(body[10:])
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        assert receiver.ends() == 0
        assert "Traceback" not in receiver.log

    def test_does_not_wait_for_a_client_that_never_ends_its_request(self, serve):
        receiver = serve().started()
        with socket.create_connection(("127.0.0.1", receiver.port)) as client:
            client.sendall(
                b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
            )
            time.sleep(0.2)
            began = time.monotonic()
            assert receiver.stop() == 0
            assert time.monotonic() - began < 10
        assert "Traceback" not in receiver.log

    def test_may_come_while_the_store_is_still_being_opened(self, serve):
        with taken_port() as port:  # a database that does not answer
            receiver = serve(STORAGE_SURREALDB_URL=f"ws://127.0.0.1:{port}")
            receiver.url = receiver.says(r"listens on (http://\S+:\d+)")
            assert receiver.ask("GET", "/readyz")[0] == 503
            assert receiver.stop() == 0
        assert "Traceback" not in receiver.log


def test_a_killed_receiver_has_lost_nothing_that_it_acknowledged(serve):
    receiver = serve().started()
    receiver.post("/api/v1/events/batch", {"events": [EVENT | {"event_id": str(number)} for number in range(20)]})
    receiver.process.kill()
    receiver.process.wait()
    assert serve().started().get("/api/v1/stats")["events"] == 20


def test_bytes_that_are_not_http_are_one_line_in_the_log(serve):
    receiver = serve().started()
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.0 400")
    receiver.stop()
    assert len(re.findall("Error handling request", receiver.log)) == 1
    assert "Traceback" not in receiver.log
