"""AG2 1 with its telemetry middleware."""

import asyncio

import weather

end = weather.telemetry()
from ag2 import Agent  # noqa: E402
from ag2.config import OpenAIConfig  # noqa: E402
from ag2.middleware import TelemetryMiddleware  # noqa: E402


async def ask(name):
    config = OpenAIConfig(model=name, api_key="none", base_url=weather.OPENAI_URL, max_retries=0)
    middleware = [TelemetryMiddleware(agent_name=weather.AGENT, provider_name="openai", model_name=name)]
    agent = Agent(weather.AGENT, weather.SYSTEM, config=config, tools=[weather.get_weather], middleware=middleware)
    weather.tell(agent=weather.AGENT)
    reply = await agent.ask(weather.QUESTION)
    weather.tell(answer=reply.body)


asyncio.run(ask(weather.MODEL))
try:
    asyncio.run(ask(weather.OVERLOADED))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
