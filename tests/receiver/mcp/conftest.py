"""Two runs of a pilot, one of which failed, and the official client, over either transport."""

import asyncio
import contextlib
import io
import json
import os
import sys

import httpx2
import pytest
import pytest_asyncio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

NOON = 1_767_960_000_000_000_000
MS = 1_000_000
FAILED, FINE = "5b8efff798038103d269b633813fc60a", "5b8efff798038103d269b633813fc60b"
SESSION = "harbour/../1"


def span(trace, number, name, start, took, parent=None, failed=None, **told):
    values = {key.replace("__", "."): value for key, value in told.items()} | {"gen_ai.conversation.id": SESSION}
    kinds = {int: "intValue", str: "stringValue"}
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        **({} if parent is None else {"parentSpanId": f"{parent:016x}"}),
        "name": name,
        "startTimeUnixNano": str(NOON + start * MS),
        "endTimeUnixNano": str(NOON + (start + took) * MS),
        "attributes": [{"key": key, "value": {kinds[type(value)]: value}} for key, value in values.items()],
        "status": {"code": 2, "message": failed} if failed else {},
    }


def said(role, text):
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def agent(trace, failed=None):
    told = {"gen_ai__operation__name": "invoke_agent", "gen_ai__agent__name": "pilot"}
    return span(trace, 1, "invoke_agent pilot", 0, 1000, None, failed, **told)


def model(trace, number, start, asked, answered):
    return span(
        trace, number, "chat gpt-4o-mini", start, 100, 1,
        gen_ai__operation__name="chat", gen_ai__request__model="gpt-4o-mini", gen_ai__provider__name="openai",
        gen_ai__usage__input_tokens=100, gen_ai__usage__output_tokens=10,
        gen_ai__system_instructions=json.dumps([{"type": "text", "content": "You are a pilot."}]),
        gen_ai__input__messages=said("user", asked), gen_ai__output__messages=said("assistant", answered),
    )  # fmt: skip # a field a word


def tool(trace, number, start, arguments, result, failed=None):
    return span(
        trace, number, "execute_tool depth", start, 50, 1, failed,
        gen_ai__operation__name="execute_tool", gen_ai__tool__name="depth",
        gen_ai__tool__call__arguments=json.dumps(arguments), gen_ai__tool__call__result=json.dumps(result),
    )  # fmt: skip # a field a word


RUNS = [
    agent(FINE),
    model(FINE, 2, 10, "How deep is it at Tortosa?", "I look."),
    tool(FINE, 3, 200, {"at": "Tortosa"}, {"metres": 9}),
    model(FINE, 4, 500, "Nine metres?", "Nine metres."),
    agent(FAILED, "no pilot without a depth"),
    model(FAILED, 2, 10, "How deep is it at Tortosa?", "I look."),
    tool(FAILED, 3, 200, {"at": "Tortosa"}, None, "the lead line is lost"),
]


async def store(receiver, spans):
    """Store spans, and wait until they are interpreted."""
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "test"}, "spans": spans}]}]}
    answer = await receiver.post("/v1/traces", io.BytesIO(json.dumps(body).encode()))
    assert answer.status == 200, answer.body
    await stats_are(receiver, interpretation_pending=0)


async def indexed(receiver):
    """Wait until all that is stored is searchable."""
    await stats_are(receiver, index_state="ready", index_pending=0)


async def stats_are(receiver, **expected):
    async with asyncio.timeout(60):
        while not expected.items() <= (await receiver.read("/api/v1/stats")).items():
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(receiver):
    await store(receiver, RUNS)
    return receiver


@contextlib.asynccontextmanager
async def over_http(port, key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http,
        Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)) as client,
    ):
        yield client


@contextlib.asynccontextmanager
async def over_stdio(port, key=None):
    own = {name: value for name, value in os.environ.items() if not name.startswith("VECTADB_")}
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "receiver", "mcp", "--url", f"http://127.0.0.1:{port}"],
        env=own | ({"VECTADB_API_KEY": key} if key else {}),
    )
    async with Client(stdio_client(parameters)) as client:
        yield client


TRANSPORTS = {"http": over_http, "stdio": over_stdio}


@pytest.fixture(params=TRANSPORTS)
def connect(request):
    """Connect the official client to a receiver's port: `async with connect(port, key="one") as client`."""
    return TRANSPORTS[request.param]


async def ask(client, name, /, **arguments):
    """Return the data that a tool answers; the client checks it by the tool's output schema."""
    told = await client.call_tool(name, arguments)
    assert not told.is_error, told.content[0].text
    assert json.loads(told.content[0].text) == told.structured_content
    return told.structured_content


async def refusal(client, name, /, **arguments):
    told = await client.call_tool(name, arguments)
    assert told.is_error
    assert told.structured_content is None
    return told.content[0].text
