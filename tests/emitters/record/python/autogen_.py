"""AutoGen's team: a concierge hands over to the weather agent. Words: own, or openinference."""

import asyncio
import sys

import weather

end = weather.telemetry()
from opentelemetry.instrumentation.openai import OpenAIInstrumentor  # noqa: E402

if "openinference" in sys.argv:
    from openinference.instrumentation.autogen_agentchat import AutogenAgentChatInstrumentor

    AutogenAgentChatInstrumentor().instrument()
else:
    OpenAIInstrumentor().instrument()

from autogen_agentchat.agents import AssistantAgent  # noqa: E402
from autogen_agentchat.conditions import MaxMessageTermination, TextMentionTermination  # noqa: E402
from autogen_agentchat.teams import Swarm  # noqa: E402
from autogen_ext.models.openai import OpenAIChatCompletionClient  # noqa: E402


async def ask(name):
    info = {
        "vision": False,
        "function_calling": True,
        "json_output": False,
        "structured_output": False,
        "family": "gpt-4o",
    }
    model = OpenAIChatCompletionClient(
        model=name, base_url=weather.OPENAI_URL, api_key="none", max_retries=0, model_info=info
    )
    expert = AssistantAgent(
        weather.AGENT, model, tools=[weather.get_weather], description="Knows the weather",
        system_message=weather.SYSTEM, max_tool_iterations=4,
    )  # fmt: skip
    concierge = AssistantAgent("concierge", model, handoffs=[weather.AGENT], system_message="Ask who knows.")
    weather.tell(agent="concierge")
    weather.tell(agent=weather.AGENT)
    team = Swarm(
        [concierge, expert], termination_condition=TextMentionTermination("24 degrees.") | MaxMessageTermination(12)
    )
    result = await team.run(task=weather.QUESTION)
    weather.tell(answer=result.messages[-1].content)


asyncio.run(ask(weather.MODEL))
try:
    asyncio.run(ask(weather.OVERLOADED))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
