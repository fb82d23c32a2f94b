"""The program itself: what MCP costs one that nobody asks, and how both transports end."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.ports import free_ports
from tests.receiver.mcp.conftest import ask, over_http, over_stdio, refusal


def modules_of(code):
    """Return the packages that a program has imported in the end."""
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*{{name.partition('.')[0] for name in sys.modules}})"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stdout.split())


@pytest.mark.parametrize("code", ["import receiver.server", "import receiver.cli.main"])
def test_nothing_imports_the_package_before_somebody_asks(code):
    assert not {"mcp", "starlette", "uvicorn"} & modules_of(code)


async def test_a_receiver_stops_with_0_while_a_client_is_connected_and_has_made_no_spans(serve):
    receiver = serve().started()
    async with over_http(receiver.port) as client:
        await ask(client, "list_traces")
        began = time.monotonic()
        assert await asyncio.to_thread(receiver.stop) == 0
        assert time.monotonic() - began < 10
    assert "Traceback" not in receiver.log


def test_a_question_that_is_being_answered_at_a_stop_is_answered(serve):
    receiver = serve().started()
    call = {"name": "breakdown", "arguments": {"by": "agent"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    lines = [
        "POST /mcp HTTP/1.1", f"Host: 127.0.0.1:{receiver.port}", "Content-Type: application/json",
        "Accept: application/json, text/event-stream", "MCP-Protocol-Version: 2025-11-25",
        "Expect: 100-continue", f"Content-Length: {len(body)}",
    ]  # fmt: skip # a header a word
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as client, client.makefile("rb") as answer:
        client.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        receiver.process.send_signal(signal.SIGTERM)
        receiver.says("stopping")
        client.sendall(body)
        assert answer.readline() == b"\r\n"
        told = answer.read()
    assert told.startswith(b"HTTP/1.1 200 OK\r\n"), told
    result = json.loads(told.partition(b"\r\n\r\n")[2])["result"]
    assert result["structuredContent"] == {"untrusted_data": {"rows": []}}
    assert receiver.ends() == 0
    assert "Traceback" not in receiver.log


async def test_a_key_is_needed_over_stdio_too(serve):
    receiver = serve(AUTH_API_KEYS="one").started()
    async with over_stdio(receiver.port, "one") as client:
        assert await ask(client, "list_traces") == {"untrusted_data": {"traces": []}}
    for key in ("two", None):
        async with over_stdio(receiver.port, key) as client:
            assert "API key" in await refusal(client, "list_traces")


async def test_where_no_receiver_answers_a_tool_says_so_and_the_next_call_finds_one(serve, tmp_path):
    (port,) = free_ports(1)
    receiver = serve(SERVER_PORT=str(port)).started()
    async with over_stdio(receiver.port) as client:
        await ask(client, "list_traces")
        receiver.kill()
        assert "no receiver answers at http://127.0.0.1" in await refusal(client, "list_traces")
        serve(SERVER_PORT=str(port)).started()
        assert await ask(client, "list_traces") == {"untrusted_data": {"traces": []}}


@contextlib.contextmanager
def stdio(port, *flags):
    process = subprocess.Popen(
        [sys.executable, "-m", "receiver", "mcp", "--url", f"http://127.0.0.1:{port}", *flags],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("VECTADB_")},
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


def begin(process):
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}
    process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "vectadb-receiver"


def test_it_ends_when_its_input_does():
    with stdio(1) as process:
        begin(process)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_while_a_receiver_does_not_answer(number):
    with socket.create_server(("127.0.0.1", 0)) as silent, stdio(silent.getsockname()[1]) as process:
        begin(process)
        call = {"name": "list_traces", "arguments": {}}
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}) + "\n")
        process.stdin.flush()
        asked, _ = silent.accept()
        assert asked.recv(1_000).startswith(b"GET /api/v1/traces")
        process.send_signal(number)
        assert process.wait(30) == -number
        asked.close()


def test_what_is_no_message_is_answered_and_the_next_one_served():
    with stdio(1) as process:
        begin(process)
        process.stdin.write("no JSON\n")
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 3, "method": "ping"}) + "\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline())]
        if answers[0].get("id") != 3:
            answers.append(json.loads(process.stdout.readline()))
        assert answers[-1] == {"jsonrpc": "2.0", "id": 3, "result": {}}


def test_a_wrong_address_is_said_before_it_serves():
    with stdio(1, "--url", "ftp://traces") as process:
        _, err = process.communicate(timeout=20)
        assert process.returncode == 2
        assert "--url: expected" in err
