#!/usr/bin/env bash
# FastMCP's server writes `mcp.session.id` on its spans. A client that calls one tool three times over one connection is
# given another id for each request, in memory and over HTTP.
# Guess: one id for everything that a client asks between its connection and its end, as the name says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 170 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  fastmcp==4.2.3 mcp==2.3.0 opentelemetry-sdk==1.45.2
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import socket
import sys
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)

from fastmcp import Client, FastMCP  # noqa: E402 - after the provider is set

CALLS = 3
server = FastMCP("shop")


@server.tool
def price(item: str) -> int:
    return len(item)


async def sessions(target):
    """Return the session ids of a client's calls of the tool, as the server's spans have them."""
    spans.clear()
    async with Client(target) as client:
        for _ in range(CALLS):
            await client.call_tool("price", {"item": "lamp"})
    return [
        span.attributes.get("mcp.session.id")
        for span in spans.get_finished_spans()
        if span.kind.name == "SERVER" and span.name == "tools/call price"
    ]


async def main():
    print("fastmcp", version("fastmcp"), "mcp", version("mcp"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = asyncio.create_task(
        server.run_async(transport="http", host="127.0.0.1", port=port, show_banner=False, log_level="critical")
    )
    await asyncio.sleep(3)
    found = {"in memory": await sessions(server), "over HTTP": await sessions(f"http://127.0.0.1:{port}/mcp")}
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    for way, ids in found.items():
        print(f"{way}: {len(ids)} calls of one client, {len(set(ids))} session ids")
    if any(len(ids) != CALLS or None in ids or len(set(ids)) != CALLS for ids in found.values()):
        sys.exit("CHANGED: each request of a client had a session id of its own")


asyncio.run(main())
PYTHON
