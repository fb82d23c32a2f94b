"""Claude's Agent SDK, which runs the Claude Code that it brings, with a tool of the application's."""

import asyncio
import os
import sys

import weather

if "openinference" in sys.argv:
    end = weather.telemetry()
    from openinference.instrumentation.claude_agent_sdk import ClaudeAgentSDKInstrumentor

    ClaudeAgentSDKInstrumentor().instrument()
else:
    end = weather.telemetry if False else (lambda: None)
    os.environ |= {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1", "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1", "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp", "OTEL_LOG_USER_PROMPTS": "1", "OTEL_LOG_TOOL_DETAILS": "1",
        "OTEL_LOG_TOOL_CONTENT": "1", "OTEL_LOGS_EXPORT_INTERVAL": "500", "OTEL_TRACES_EXPORT_INTERVAL": "500",
    }  # fmt: skip
os.environ |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}

from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, ResultMessage, create_sdk_mcp_server, tool


@tool("get_weather", "The weather of a city.", {"city": str})
async def get_weather(arguments):
    return {"content": [{"type": "text", "text": weather.get_weather(arguments["city"])}]}


async def ask():
    server = create_sdk_mcp_server("weather", tools=[get_weather])
    options = ClaudeAgentOptions(
        model="claude-sonnet-4-5", system_prompt=weather.SYSTEM, mcp_servers={"weather": server}, tools=[],
        allowed_tools=["mcp__weather__get_weather"], setting_sources=[], max_turns=6,
    )  # fmt: skip
    async with ClaudeSDKClient(options) as client:
        await client.query(weather.QUESTION)
        async for message in client.receive_response():
            if isinstance(message, ResultMessage):
                weather.tell(session=message.session_id)
                weather.tell(answer=message.result)


asyncio.run(ask())
end()
