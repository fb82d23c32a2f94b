"""Pydantic AI with its own instrumentation. Words: version N of its format; stream, agents, anthropic."""

import asyncio
import sys

import weather

end = weather.telemetry()
from pydantic_ai import Agent, InstrumentationSettings, ModelRetry  # noqa: E402
from pydantic_ai.capabilities import Instrumentation  # noqa: E402

version = next((int(word) for word in sys.argv if word.isdigit()), None)
settings = InstrumentationSettings(**({"version": version} if version else {}))


def make(name):
    if "anthropic" in sys.argv:
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        client = AsyncAnthropic(base_url=weather.MODEL_URL, api_key="none", max_retries=0)
        return AnthropicModel(f"claude-{name}", provider=AnthropicProvider(anthropic_client=client))
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(base_url=weather.OPENAI_URL, api_key="none", max_retries=0)
    return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client))


async def ask(name):
    capabilities = [Instrumentation(settings=settings)]
    expert = Agent(make(name), name=weather.AGENT, system_prompt=weather.SYSTEM, capabilities=capabilities)
    weather.tell(agent=weather.AGENT)

    @expert.tool_plain
    def get_weather(city: str) -> str:
        """The weather of a city."""
        try:
            return weather.get_weather(city)
        except LookupError as error:
            raise ModelRetry(str(error)) from error

    agent = expert
    if "agents" in sys.argv:
        agent = Agent(make(name), name="concierge", system_prompt="Ask who knows.", capabilities=capabilities)
        weather.tell(agent="concierge")

        @agent.tool_plain
        async def ask_weather_agent(question: str) -> str:
            """Ask the weather agent."""
            return (await expert.run(question)).output

    weather.tell(session=weather.SESSION)
    if "stream" in sys.argv:
        async with agent.run_stream(weather.QUESTION, conversation_id=weather.SESSION) as result:
            text = await result.get_output()
    else:
        text = (await agent.run(weather.QUESTION, conversation_id=weather.SESSION)).output
    weather.tell(answer=text)


asyncio.run(ask("sonnet-4-5" if "anthropic" in sys.argv else weather.MODEL))
try:
    asyncio.run(ask(weather.OVERLOADED))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
