"""`/mcp`: who may ask, what is refused, what it costs, and how it ends."""

import gzip
import io
import json
import sys

import pytest

from receiver.settings import READ, Key, Secret
from tests.receiver.mcp.conftest import ask, over_http

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPT = "application/json, text/event-stream"


async def post(receiver, body=LIST, **headers):
    return await receiver.post("/mcp", json.dumps(body), accept=ACCEPT, **headers)


async def test_it_takes_the_same_keys_as_the_api(start):
    receiver = await start(keys=["one", "two"])
    assert (await post(receiver)).status == 401
    assert (await post(receiver, authorization="Bearer three")).status == 401
    for headers in ({"authorization": "Bearer one"}, {"x_api_key": "two"}):
        answer = await post(receiver, **headers)
        assert answer.status == 200
        assert len(answer.json()["result"]["tools"]) == 9
    async with over_http(receiver.port, key="two") as client:
        assert await ask(client, "list_traces") == {"untrusted_data": {"traces": []}}


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_clients_of_earlier_protocols_are_served_without_a_session(receiver, version):
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}}
    begun = await post(receiver, LIST | {"method": "initialize", "params": params})
    assert begun.json()["result"]["protocolVersion"] == version
    assert "Mcp-Session-Id" not in begun.headers
    noted = await post(
        receiver, {"jsonrpc": "2.0", "method": "notifications/initialized"}, mcp_protocol_version=version
    )
    assert noted.status == 202
    called = {"name": "breakdown", "arguments": {"by": "agent"}}
    answer = await post(receiver, LIST | {"method": "tools/call", "params": called}, mcp_protocol_version=version)
    assert answer.headers["Content-Type"] == "application/json"
    assert "rows" in answer.json()["result"]["content"][0]["text"]


async def test_there_is_no_stream_to_listen_to(receiver):
    for method in ("GET", "DELETE"):
        answer = await receiver.send(method, "/mcp", accept="text/event-stream")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "rebound.example:8080"}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:3000"}, 200),
        ({"host": "[::1]:8080", "origin": "http://[::1]:8080"}, 200),
    ],
)
async def test_without_a_key_pages_of_other_sites_are_refused(receiver, headers, status):
    answer = await post(receiver, **headers)
    assert answer.status == status
    if status == 403:
        assert "expected this machine" in answer.json()["message"]


@pytest.mark.parametrize("key", ["one", Key("analyst", Secret("one"), frozenset({READ}))], ids=["plain", "named"])
async def test_with_a_key_it_may_come_by_any_name(start, key):
    receiver = await start(keys=[key])
    answer = await post(receiver, authorization="Bearer one", host="traces.example", origin="https://traces.example")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b'"text"', 400), (b'{"jsonrpc":"2.0","id":1}', 400),
        (b"\xff" * 100, 400), (b"[" * 100_000, 400),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":"' + b"x" * 5_000_000 + b'"}}', 413),
    ],
)  # fmt: skip
async def test_what_is_no_request_is_answered_as_such(receiver, body, status):
    answer = await receiver.post("/mcp", io.BytesIO(body), accept=ACCEPT)
    assert answer.status == status, answer.body
    assert answer.body


async def test_a_body_over_the_receivers_limit_is_refused(start):
    receiver = await start(max_body_bytes=1_000)
    assert (await post(receiver, LIST | {"params": {"x": "x" * 1_000}})).status == 413


async def test_a_question_may_come_compressed_and_is_asked_as_its_sender(start):
    receiver = await start(keys=["one"])
    called = LIST | {"method": "tools/call", "params": {"name": "list_traces", "arguments": {}}}
    answer = await receiver.post(
        "/mcp", gzip.compress(json.dumps(called).encode()), accept=ACCEPT, content_encoding="gzip", x_api_key="one"
    )
    assert answer.json()["result"]["structuredContent"] == {"untrusted_data": {"traces": []}}


async def test_where_the_package_is_missing_it_says_how_to_install_it(start, monkeypatch):
    receiver = await start()
    for name in [name for name in sys.modules if name.partition(".")[0] == "mcp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "receiver.mcp.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    answer = await post(receiver)
    assert answer.status == 404
    assert answer.json()["message"].endswith("pip install 'vectadb-receiver[mcp]'")


META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("search", {"q": "\ud800"}, "q: expected the text to search for"),
        ("get_trace", {"trace_id": "\udfff"}, "trace_id: expected a trace id; got '\\udfff'"),
        ("get_call", {"id": "one", "\ud800": 1}, "\\ud800: unknown argument"),
    ],
)
async def test_half_a_character_is_refused_as_other_bad_input_is(receiver, name, arguments, message):
    called = LIST | {"method": "tools/call", "params": {"name": name, "arguments": arguments, "_meta": META}}
    answer = await post(receiver, called, mcp_protocol_version="2026-07-28", mcp_method="tools/call", mcp_name=name)
    told = answer.json()["result"]
    assert told["isError"]
    assert told["content"][0]["text"].startswith(message)
    assert (await post(receiver, called)).status == 400
