"""Semantic Kernel's agents with their own telemetry: a concierge has the weather agent as a plugin."""

import asyncio
import os

import weather

os.environ["SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS"] = "true"
os.environ["SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE"] = "true"
end = weather.telemetry()
import logging  # noqa: E402

from openai import AsyncOpenAI  # noqa: E402
from opentelemetry import _logs  # noqa: E402

try:
    from opentelemetry.instrumentation.logging.handler import LoggingHandler
except ImportError:
    from opentelemetry.sdk._logs import LoggingHandler

logging.getLogger().addHandler(LoggingHandler(logger_provider=_logs.get_logger_provider()))
logging.getLogger("semantic_kernel").setLevel(logging.INFO)

from semantic_kernel.agents import ChatCompletionAgent, ChatHistoryAgentThread  # noqa: E402
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion  # noqa: E402
from semantic_kernel.functions import kernel_function  # noqa: E402


class Weather:
    @kernel_function
    def get_weather(self, city: str) -> str:
        """The weather of a city."""
        return weather.get_weather(city)


async def ask(model):
    service = OpenAIChatCompletion(
        ai_model_id=model, async_client=AsyncOpenAI(base_url=weather.OPENAI_URL, api_key="none", max_retries=0)
    )
    agent = ChatCompletionAgent(
        service=service,
        name=weather.AGENT,
        description="Knows the weather",
        instructions=weather.SYSTEM,
        plugins=[Weather()],
    )
    weather.tell(agent=weather.AGENT)
    thread = ChatHistoryAgentThread(thread_id=weather.SESSION)
    answer = await agent.get_response(weather.QUESTION, thread=thread)
    weather.tell(answer=str(answer.content))


asyncio.run(ask(weather.MODEL))
try:
    asyncio.run(ask(weather.OVERLOADED))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
