"""Microsoft's Agent Framework with its own telemetry. Words: chat, stream, agents."""

import asyncio
import sys

import weather
from agent_framework import Agent, tool
from agent_framework.observability import configure_otel_providers
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient
from openai import AsyncOpenAI

configure_otel_providers(enable_sensitive_data=True)


async def ask(model):
    kind = OpenAIChatCompletionClient if "chat" in sys.argv else OpenAIChatClient
    client = kind(model=model, async_client=AsyncOpenAI(base_url=weather.OPENAI_URL, api_key="none", max_retries=0))
    get_weather = tool(weather.get_weather, approval_mode="never_require")
    agent = Agent(client, weather.SYSTEM, name=weather.AGENT, tools=[get_weather])
    weather.tell(agent=weather.AGENT)
    if "agents" in sys.argv:
        agent = Agent(client, "Ask who knows.", name="concierge", tools=[agent.as_tool(name="ask_weather_agent")])
        weather.tell(agent="concierge")
    session = agent.create_session()
    if "stream" in sys.argv:
        text = ""
        async for update in agent.run(weather.QUESTION, session=session, stream=True):
            text += update.text or ""
    else:
        text = (await agent.run(weather.QUESTION, session=session)).text
    weather.tell(answer=text)


asyncio.run(ask(weather.MODEL))
try:
    asyncio.run(ask(weather.OVERLOADED))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
from opentelemetry import _logs, trace  # noqa: E402

trace.get_tracer_provider().shutdown()
_logs.get_logger_provider().shutdown()
