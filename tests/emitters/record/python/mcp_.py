"""An MCP server and its client over stdio, called below an agent's span. Words: mcp or fastmcp; serve: the server."""

import asyncio
import os
import sys

import weather

end = weather.telemetry()
FASTMCP = "fastmcp" in sys.argv

if "serve" in sys.argv:
    if FASTMCP:
        from fastmcp import FastMCP as Server
    else:
        from mcp.server import MCPServer as Server
    server = Server("weather")
    server.tool()(weather.get_weather)
    server.run("stdio") if not FASTMCP else server.run("stdio", show_banner=False)
    end()
    sys.exit()


async def calls(call):
    """An agent that calls the tool twice, as its model would say; its spans are the application's own."""
    from opentelemetry import trace

    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": weather.AGENT}
    attributes["gen_ai.conversation.id"] = weather.SESSION
    weather.tell(agent=weather.AGENT)
    weather.tell(session=weather.SESSION)
    with trace.get_tracer("travel").start_as_current_span(f"invoke_agent {weather.AGENT}", attributes=attributes):
        for city in ("Atlantis", "Lisbon"):
            try:
                print(await call("get_weather", {"city": city}))
            except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
                print("failed:", repr(error)[:200])


async def by_mcp():
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    server = StdioServerParameters(command=sys.executable, args=[__file__, "mcp", "serve"], env=dict(os.environ))
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        await calls(session.call_tool)


async def by_fastmcp():
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    arguments = [__file__, "fastmcp", "serve"]
    async with Client(StdioTransport(sys.executable, arguments, env=dict(os.environ))) as client:
        await calls(client.call_tool)


asyncio.run(by_fastmcp() if FASTMCP else by_mcp())
end()
