"""BeeAI's RequirementAgent with openinference-instrumentation-beeai."""

import asyncio

import weather

end = weather.telemetry()
from openinference.instrumentation.beeai import BeeAIInstrumentor  # noqa: E402

BeeAIInstrumentor().instrument()

from beeai_framework.adapters.openai import OpenAIChatModel  # noqa: E402
from beeai_framework.agents.requirement import RequirementAgent  # noqa: E402
from beeai_framework.tools import tool  # noqa: E402


async def ask(name):
    model = OpenAIChatModel(
        name, api_key="none", base_url=weather.OPENAI_URL, tool_call_fallback_via_response_format=False,
        tool_choice_support={"required", "auto", "single", "none"},
    )  # fmt: skip
    agent = RequirementAgent(
        llm=model, name=weather.AGENT, tools=[tool(weather.get_weather)], instructions=weather.SYSTEM
    )
    weather.tell(agent=weather.AGENT)
    result = await agent.run(weather.QUESTION)
    weather.tell(answer=result.last_message.text)


asyncio.run(ask(weather.MODEL))
try:
    asyncio.run(ask(weather.OVERLOADED))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
