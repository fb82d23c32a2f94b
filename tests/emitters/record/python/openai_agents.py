"""OpenAI's Agents SDK: a concierge hands over to the weather agent. Words: an instrumentation, then chat, stream."""

import asyncio
import sys

import weather

end = weather.telemetry if "logfire" in sys.argv else weather.telemetry()
if "logfire" not in sys.argv:
    from agents.tracing import set_trace_processors

    set_trace_processors([])  # the SDK's own goes to api.openai.com

if "openinference" in sys.argv:
    from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

    OpenAIAgentsInstrumentor().instrument()
elif "genai" in sys.argv:
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
    from opentelemetry.instrumentation.genai.openai_agents import OpenAIAgentsInstrumentor

    OpenAIInstrumentor().instrument()
    OpenAIAgentsInstrumentor().instrument()
elif "v2" in sys.argv:
    from opentelemetry.instrumentation.openai_agents import OpenAIAgentsInstrumentor

    OpenAIAgentsInstrumentor().instrument()
elif "logfire" in sys.argv:
    import logfire

    logfire.configure(send_to_logfire=False, console=False)
    logfire.instrument_openai_agents()
    end = logfire.shutdown

from agents import Agent, RunConfig, Runner, function_tool  # noqa: E402
from agents.models.openai_chatcompletions import OpenAIChatCompletionsModel  # noqa: E402
from agents.models.openai_responses import OpenAIResponsesModel  # noqa: E402
from openai import AsyncOpenAI  # noqa: E402


async def ask(model):
    client = AsyncOpenAI(base_url=weather.OPENAI_URL, api_key="none", max_retries=0)
    kind = OpenAIChatCompletionsModel if "chat" in sys.argv else OpenAIResponsesModel
    model = kind(model=model, openai_client=client)
    expert = Agent(
        name=weather.AGENT, model=model, instructions=weather.SYSTEM, tools=[function_tool(weather.get_weather)]
    )
    concierge = Agent(name="concierge", model=model, instructions="Ask who knows.", handoffs=[expert])
    weather.tell(agent="concierge")
    weather.tell(agent=weather.AGENT)
    config = RunConfig(workflow_name="travel", group_id=weather.SESSION)
    weather.tell(session=weather.SESSION)
    if "stream" in sys.argv:
        result = Runner.run_streamed(concierge, weather.QUESTION, run_config=config)
        async for _ in result.stream_events():
            pass
    else:
        result = await Runner.run(concierge, weather.QUESTION, run_config=config)
    weather.tell(answer=result.final_output)


asyncio.run(ask(weather.MODEL))
try:
    asyncio.run(ask(weather.OVERLOADED))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
