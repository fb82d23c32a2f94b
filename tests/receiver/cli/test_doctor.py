import asyncio
import json
import os
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from filelock import FileLock
from surrealdb import AsyncSurreal

from receiver.cli.api import Receiver, ReceiverAddress
from receiver.cli.checks import machine, stores
from storage.embedding import minilm, static
from storage.membership import Membership
from storage.surreal import schema
from storage.surreal.database import Database


@pytest.fixture
def doctor(run, tmp_path, free_port):
    """Run it on ports that are free and a folder that does not exist; return the exit code and the finding by check."""

    def runs(*flags):
        flags = [
            "--port",
            free_port(),
            "--otlp-port",
            "off",
            "--grpc-port",
            "off",
            "--data-dir",
            tmp_path / "data",
            *flags,
        ]
        result = run("doctor", *flags)
        assert result.err == ""
        findings = re.findall(r"(?m)^(ok|warn|problem) +(\w+(?: \w+)?)  +(.*(?:\n +-> .*)?)", result.out)
        return result.code, {check: (level, text) for level, check, text in findings}

    return runs


@pytest.fixture
def on_a_server(own_surreal_server, monkeypatch):
    """Start the server with these flags and so on, and make it the receiver's, with these settings."""

    def start(*flags, started=None, **given):
        own_surreal_server.start(*flags, **started or {})
        user = {"USER": own_surreal_server.USER, "PASSWORD": own_surreal_server.PASSWORD}
        for name, value in ({"URL": own_surreal_server.url} | user | given).items():
            monkeypatch.setenv(f"VECTADB_STORAGE_SURREALDB_{name}", value)
        return own_surreal_server

    return start


@pytest.fixture
def corrupt(tmp_path, monkeypatch):
    """Weights that are not the expected ones."""
    other = tmp_path / "model.onnx"
    other.write_bytes(b"other weights")
    monkeypatch.setattr(minilm, "weights_file", lambda: other)


def test_a_machine_that_is_ready_has_no_problems_and_is_left_as_it_was(doctor, tmp_path):
    code, findings = doctor()
    assert code == 0
    assert {level for level, _ in findings.values()} == {"ok"}
    ports = ["port", "OTLP port", "gRPC port"]
    assert list(findings) == ["settings", "data folder", "SurrealDB", "Qdrant", "model", *ports, "HTTP API"]
    assert list(tmp_path.iterdir()) == []


def test_every_check_is_a_line_of_json_where_that_is_asked_for(run, doctor, tmp_path, free_port):
    flags = ("--port", free_port(), "--otlp-port", "off", "--grpc-port", "off", "--data-dir", tmp_path / "data")
    lines = [json.loads(line) for line in run("doctor", "--json", *flags).out.splitlines()]
    _, findings = doctor()
    assert [line["check"] for line in lines] == list(findings)
    assert {(line["level"], line["advice"]) for line in lines} == {("ok", "")}


def test_a_setting_that_is_wrong_is_the_one_thing_said(doctor, monkeypatch):
    monkeypatch.setenv("VECTADB_EMBEDDING_MODLE", "off")
    code, findings = doctor()
    assert code == 1
    assert findings == {
        "settings": ("problem", "unknown variable VECTADB_EMBEDDING_MODLE; did you mean VECTADB_EMBEDDING_MODEL?")
    }


def test_a_variable_that_may_be_a_misspelt_setting_is_warned_of(doctor, monkeypatch):
    monkeypatch.setenv("VECTADB_RETENTON_DAYS", "30")
    code, findings = doctor()
    level, text = findings["settings"]
    assert (code, level) == (0, "warn")
    assert "unknown variable VECTADB_RETENTON_DAYS is ignored; did you mean VECTADB_RETENTION_DAYS?" in text


def test_a_file_is_no_data_folder(doctor, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        code, findings = doctor("--data-dir", folder)
        assert code == 1
        assert findings["data folder"] == (
            "problem",
            f"{tmp_path / 'file'} is not a folder\n                      -> pass another --data-dir",
        )


@pytest.fixture
def unwritable(tmp_path):
    """A folder in which this user cannot create a file: for root one of Linux's own, where nobody can."""
    if os.geteuid() == 0:
        return Path("/sys/kernel")
    (tmp_path / "mine").mkdir(mode=0o500)
    return tmp_path / "mine"


def test_a_folder_that_cannot_be_written_to_is_a_problem(doctor, unwritable):
    for folder in (unwritable, unwritable / "below"):
        code, findings = doctor("--data-dir", folder)
        assert code == 1
        level, text = findings["data folder"]
        assert level == "problem"
        assert text.startswith(f"{unwritable} cannot be written to: ")
        assert "--data-dir" in text


def test_a_disk_that_is_nearly_full_is_told_before_it_is_full(doctor, small_disk, fill):
    code, findings = doctor("--data-dir", small_disk)
    level, text = findings["data folder"]
    assert (code, level) == (0, "warn")
    assert text.endswith("0.3 GiB free\n                      -> make room, or pass a --data-dir on another disk")
    fill(small_disk / "ballast")
    code, findings = doctor("--data-dir", small_disk)
    level, text = findings["data folder"]
    assert (code, level) == (1, "problem")
    assert "make room, or pass a --data-dir on another disk" in text
    assert "right to write" not in text


def test_a_port_of_another_program_is_a_problem(doctor):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        other.listen()
        threading.Thread(target=_hang_up, args=[other]).start()
        code, findings = doctor("--port", port)
        other.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who waits in `accept`
    assert code == 1
    level, text = findings["port"]
    assert (level, text.splitlines()[0]) == ("problem", f"{port} is taken by another program")
    assert "--port" in text


def _hang_up(listening):
    """Be a program that speaks no HTTP."""
    try:
        while True:
            listening.accept()[0].close()
    except OSError:
        pass


def test_a_receiver_that_hangs_is_not_said_to_be_away(doctor, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_TIMEOUT", 0.3)
    data = tmp_path / "data"
    data.mkdir()
    with FileLock(data / "lock"), socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        code, findings = doctor("--port", port)
    assert code == 1
    assert (findings["port"][0], findings["HTTP API"][0]) == ("problem", "warn")
    assert f"{port} is taken by a program that does not answer as a receiver does" in findings["port"][1]
    assert "it hangs: see its log" in findings["port"][1]
    assert f"a receiver runs on the data folder, and none answers at http://127.0.0.1:{port}" in findings["HTTP API"][1]


def test_an_address_of_another_machine_is_a_problem(doctor):
    code, findings = doctor("--host", "192.0.2.1", "--insecure")
    assert code == 1
    assert findings["port"][0] == "problem"
    assert "check --host" in findings["port"][1]


def test_a_surrealdb_that_does_not_answer_is_a_problem(doctor, free_port, monkeypatch):
    url = f"ws://127.0.0.1:{free_port()}"
    monkeypatch.setenv("VECTADB_STORAGE_SURREALDB_URL", url)
    code, findings = doctor()
    assert code == 1
    level, text = findings["SurrealDB"]
    assert level == "problem"
    assert f"{url} does not answer" in text
    assert "storage.surrealdb.url" in text


def test_a_surrealdb_that_takes_long_is_not_said_to_be_away(doctor, monkeypatch):
    monkeypatch.setattr(stores, "_SURREALDB_WITHIN", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("VECTADB_STORAGE_SURREALDB_URL", url)
        code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (1, "problem")
    assert f"{url} does not answer within 1 s" in findings["SurrealDB"][1]
    assert "hangs or has too much to do" in findings["SurrealDB"][1]


def test_a_surrealdb_server_has_the_version_that_was_tested(doctor, on_a_server):
    server = on_a_server()
    code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (0, "ok")
    assert f"{server.url} answers, signed in as root (surrealdb-3.2.4)" in findings["SurrealDB"][1]


@pytest.mark.parametrize(
    "given", [{"PASSWORD": "wrong"}, {"USER": "nobody"}, {"AUTH_LEVEL": "database"}, {"TOKEN": "x.y.z"}]
)
def test_a_surrealdb_server_that_does_not_sign_in_is_a_problem(doctor, on_a_server, given):
    on_a_server(**given)
    code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (1, "problem")
    assert "check storage.surrealdb.user, .password and .auth_level, or .token" in findings["SurrealDB"][1]


def test_a_user_who_may_only_read_is_a_problem(doctor, on_a_server):
    server = on_a_server(USER="reader", PASSWORD="reads")

    async def define():
        async with AsyncSurreal(server.url) as database:
            await database.signin({"username": server.USER, "password": server.PASSWORD})
            await database.use("vectadb", "vectadb")
            await database.query("DEFINE USER reader ON ROOT PASSWORD 'reads' ROLES VIEWER")

    asyncio.run(define())
    code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (1, "problem")
    assert "give the user the role EDITOR" in findings["SurrealDB"][1]


@pytest.mark.parametrize("flag", ["--deny-all", "--deny-funcs"])
def test_a_surrealdb_server_that_denies_what_is_needed_is_a_problem(doctor, on_a_server, flag):
    on_a_server(flag)
    code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (1, "problem")
    assert "without --deny-all" in findings["SurrealDB"][1]


def test_a_surrealdb_server_that_lets_a_transaction_write_little_is_a_problem(doctor, on_a_server):
    on_a_server(started={"TRANSACTION_MAX_WRITE_KEYS": "4999"})
    code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (1, "problem")
    assert "start the server with a higher limit" in findings["SurrealDB"][1]


@pytest.mark.parametrize("place", ["http://qdrant.example:6333, collection agent_events,", "other-host:data"])
def test_a_receiver_whose_index_is_elsewhere_is_worth_a_warning(doctor, on_a_server, place):
    server = on_a_server()

    async def join():
        database = Database(
            server.url, namespace="vectadb", database="vectadb", user=server.USER, password=server.PASSWORD
        )
        await schema.apply(database.run)
        await Membership(database, model="static", index_place=place, gone_after=60.0).say()
        await database.close()

    asyncio.run(join())
    code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (0, "warn")
    assert f"has its search index at {place} with the model static" in findings["SurrealDB"][1]
    assert "give them the same storage.qdrant.url" in findings["SurrealDB"][1]


def test_a_surrealdb_server_of_an_own_authority_is_a_problem_until_that_is_named(doctor, on_a_server, pem, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = on_a_server(started={"pem": pem})
    code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (1, "problem")
    assert f"{server.url} is not trusted" in findings["SurrealDB"][1]
    assert "-> set SSL_CERT_FILE" in findings["SurrealDB"][1]
    monkeypatch.setenv("SSL_CERT_FILE", str(pem / "authority.pem"))
    code, findings = doctor()
    assert (code, findings["SurrealDB"][0]) == (0, "ok")


@pytest.mark.parametrize(
    ("status", "body", "level", "words"),
    [
        (
            200,
            b'{"result": {"collections": [{"name": "x"}, {"name": "agent_events-a-1"}]}}',
            "ok",
            "has agent_events-a-1",
        ),
        (200, b'{"result": {"collections": []}}', "ok", "has no agent_events-"),
        (404, b"{}", "problem", "HTTP 404"),
        (401, b"", "problem", "storage.qdrant.api_key"),
        (403, b"", "problem", "storage.qdrant.api_key"),
        (500, b"", "problem", "HTTP 500"),
        (200, b"<html>", "problem", "storage.qdrant.url"),
    ],
)
def test_what_a_qdrant_server_answers_is_understood(doctor, monkeypatch, status, body, level, words):
    asked = []

    class Qdrant(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["api-key"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Qdrant) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        monkeypatch.setenv("VECTADB_STORAGE_QDRANT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("VECTADB_STORAGE_QDRANT_API_KEY", "key")
        code, findings = doctor()
        thread.join()
    assert asked == [("/collections", "key")]
    assert findings["Qdrant"][0] == level
    assert words in findings["Qdrant"][1]
    assert code == (level == "problem")


def test_a_qdrant_that_does_not_answer_is_a_problem(doctor, free_port, monkeypatch):
    monkeypatch.setenv("VECTADB_STORAGE_QDRANT_URL", f"http://127.0.0.1:{free_port()}")
    code, findings = doctor()
    assert code == 1
    assert findings["Qdrant"][0] == "problem"
    assert "does not answer (" in findings["Qdrant"][1]


def test_weights_that_are_not_the_expected_ones_are_a_problem(doctor, corrupt):
    code, findings = doctor()
    assert code == 1
    level, text = findings["model"]
    assert level == "problem"
    assert minilm.CHECKSUMS["model.onnx"] in text
    assert "install the receiver and its packages anew" in text


def test_weights_that_are_not_needed_any_more_are_worth_a_warning(doctor, corrupt, tmp_path):
    (tmp_path / "data" / "models" / static.FOLDER).mkdir(parents=True)
    code, findings = doctor()
    assert code == 0
    assert findings["model"][0] == "warn"


def test_a_model_that_nobody_knows_is_a_problem(doctor, monkeypatch):
    monkeypatch.setenv("VECTADB_EMBEDDING_MODEL", "minilmm")
    code, findings = doctor()
    assert code == 1
    assert findings["model"][0] == "problem"
    assert "minilm" in findings["model"][1]


@pytest.fixture
def store(tmp_path):
    """Make the folder of an embedded SurrealDB that holds something and is closed."""
    folder = tmp_path / "data" / "surreal"
    folder.parent.mkdir()

    async def make():
        async with AsyncSurreal(f"surrealkv://{folder}") as database:
            await database.use("vectadb", "vectadb")
            await database.query("CREATE one:thing")

    asyncio.run(make())
    return folder


def test_a_store_that_is_closed_is_opened(doctor, store):
    code, findings = doctor()
    assert code == 0
    assert findings["SurrealDB"][0] == "ok"
    assert "embedded, opens" in findings["SurrealDB"][1]


def test_a_store_that_is_damaged_is_a_problem(doctor, store):
    for file in (store / "manifest").iterdir():
        file.write_bytes(b"no manifest of any version")
    code, findings = doctor()
    assert code == 1
    assert findings["SurrealDB"][0] == "problem"
    assert "restore data_dir from a backup" in findings["SurrealDB"][1]


def test_a_damaged_search_index_is_worth_a_warning(doctor, tmp_path):
    index = tmp_path / "data" / "qdrant" / "static-1"
    index.mkdir(parents=True)
    (index / "edge_config.json").write_text("no JSON")
    code, findings = doctor()
    assert code == 0
    assert findings["Qdrant"][0] == "warn"
    assert "builds the index anew" in findings["Qdrant"][1]


def test_a_running_receiver_is_as_it_should_be(doctor, served):
    code, findings = doctor("--port", served.port, "--grpc-port", served.grpc_port, "--data-dir", served.data_dir)
    assert code == 0
    assert {level for level, _ in findings.values()} == {"ok"}
    assert "in use by a running receiver" in findings["data folder"][1]
    assert f"{served.port} is taken by vectadb-receiver" in findings["port"][1]
    assert findings["gRPC port"][1] == f"{served.grpc_port} is taken by a vectadb-receiver"
    assert "is ready" in findings["HTTP API"][1]


def test_what_is_discarded_by_a_running_receiver_is_said(doctor, served):
    Receiver(ReceiverAddress(served.url, "")).post(
        "/v1/metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"gauge": {"dataPoints": [{}]}}]}]}]}
    )
    _, findings = doctor("--port", served.port, "--data-dir", served.data_dir)
    assert "; 1 metric point came and were discarded (otlp.metrics)" in findings["HTTP API"][1]


def test_a_receiver_with_another_folder_is_worth_a_warning(doctor, served):
    code, findings = doctor("--port", served.port)
    assert code == 0
    assert findings["port"][0] == "warn"
    assert "another data folder" in findings["port"][1]
