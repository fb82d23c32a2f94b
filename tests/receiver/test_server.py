"""The process: how it starts, stops and refuses to start. Every test runs one."""

import http.client
import itertools
import json
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest


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

    def test_warns_of_a_variable_that_is_no_setting(self, serve):
        receiver = serve(RETENTON_DAYS="30").started()
        assert "unknown variable VECTADB_RETENTON_DAYS is ignored; did you mean VECTADB_RETENTION_DAYS?" in receiver.log

    def test_serves_otlp_on_a_second_port(self, serve):
        receiver = serve(SERVER_OTLP_PORT="0")
        receiver.url = receiver.says(r"listens on http://\S+, (http://127.0.0.1:\d+)$")
        receiver.says("ready to ingest")
        assert receiver.post("/v1/traces", {}) == {}

    @pytest.mark.parametrize("name", ["port", "otlp-port off", "grpc-port off"])
    def test_on_a_port_in_use_is_refused_with_port_and_flag(self, serve, name):
        flag, variable = f"--{name}", f"SERVER_{name.partition(' ')[0].replace('-', '_').upper()}"
        with taken_port() as port:
            receiver = serve(**{variable: str(port)})
            assert receiver.ends() == 1
        assert f"port {port} on 127.0.0.1 is in use by another program" in receiver.log
        assert flag in receiver.log
        assert "Traceback" not in receiver.log

    @pytest.mark.parametrize(
        ("taken", "words"),
        [
            ("port", "is in use by a vectadb-receiver that runs already"),
            ("grpc_port", "is in use by the gRPC port of a vectadb-receiver that runs already"),
        ],
    )
    def test_on_the_port_of_another_receiver_says_whose_it_is(self, serve, taken, words):
        first = serve(SERVER_GRPC_PORT="0")
        first.url = first.says(r"listens on (http://[^\s;]+:\d+)")
        ports = {"port": str(first.port), "grpc_port": re.search(r"for gRPC on \S+:(\d+)", first.log)[1]}
        second = serve("other", SERVER_PORT=ports[taken])
        assert second.ends() == 1
        assert f"port {ports[taken]} on 127.0.0.1 {words}" in second.log
        assert "--port" in second.log

    def test_on_a_data_folder_in_use_is_refused_and_harms_nothing(self, serve, tmp_path):
        first = serve().started()
        second = serve()
        assert second.ends() == 1
        assert str(tmp_path / "data") in second.log
        assert "in use by another" in second.log
        assert "--data-dir" in second.log
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
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as client:
            body = json.dumps(EVENT).encode()
            head = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            client.sendall(f"POST /api/v1/events HTTP/1.1\r\n{head}Expect: 100-continue\r\n\r\n".encode())
            assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"  # it is under way
            client.sendall(body[:10])
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
            head = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
            client.sendall(f"POST /v1/logs HTTP/1.1\r\n{head}".encode())
            assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"  # it is under way
            client.sendall(b"{")
            assert receiver.stop() == 0
        assert "requests that were not finished within 4 s of the stop, and are dropped: 1" in receiver.log
        assert "Traceback" not in receiver.log

    def test_under_load_keeps_what_was_acknowledged_and_tells_the_rest_to_come_again(self, serve):
        receiver = serve().started()
        acknowledged, refused = [], []

        def send(client):
            for number in itertools.count():
                ids = [f"{client}-{number}-{index}" for index in range(20)]
                try:
                    status, _ = receiver.ask(
                        "POST", "/api/v1/events/batch", {"events": [EVENT | {"event_id": i} for i in ids]}
                    )
                except (OSError, http.client.HTTPException):
                    return  # not accepted any more
                if status == 200:
                    acknowledged.extend(ids)
                else:
                    refused.append(status)

        with ThreadPoolExecutor(8) as clients:
            sending = [clients.submit(send, client) for client in range(8)]
            while len(acknowledged) < 2_000:
                time.sleep(0.05)
            began = time.monotonic()
            assert receiver.stop() == 0
            took = time.monotonic() - began
        for client in sending:
            client.result()
        assert took < 10
        assert set(refused) <= {503}
        assert "Traceback" not in receiver.log
        again = serve().started()
        assert again.get("/api/v1/stats")["events"] >= len(acknowledged)
        for event_id in acknowledged[::100] + acknowledged[-100:]:
            assert again.get(f"/api/v1/events/{event_id}")

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
    receiver.kill()
    assert serve().started().get("/api/v1/stats")["events"] == 20


def test_bytes_that_are_not_http_are_one_line_in_the_log(serve):
    receiver = serve().started()
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.0 400")
    receiver.stop()
    assert len(re.findall("request from 127.0.0.1 refused: expected an HTTP/1.1 request", receiver.log)) == 1
    assert "Traceback" not in receiver.log
