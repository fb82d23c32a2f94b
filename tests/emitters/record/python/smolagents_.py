"""smolagents: a manager with the weather agent. Words: openinference or genai."""

import sys

import weather

end = weather.telemetry()
if "openinference" in sys.argv:
    from openinference.instrumentation.smolagents import SmolagentsInstrumentor

    SmolagentsInstrumentor().instrument()
else:
    from opentelemetry.instrumentation.genai.smolagents import SmolagentsInstrumentor

    SmolagentsInstrumentor().instrument()

from smolagents import OpenAIServerModel, ToolCallingAgent, tool  # noqa: E402


def ask(name):
    model = OpenAIServerModel(
        name, api_base=weather.OPENAI_URL, api_key="none", client_kwargs={"max_retries": 0}, retry=False
    )
    agent = ToolCallingAgent(
        [tool(weather.get_weather)], model, name=weather.AGENT, description="Knows the weather",
        instructions=weather.SYSTEM, verbosity_level=0,
    )  # fmt: skip
    weather.tell(agent=weather.AGENT)
    if "agents" in sys.argv:
        agent = ToolCallingAgent([], model, name="concierge", managed_agents=[agent], verbosity_level=0)
        weather.tell(agent="concierge")
    weather.tell(answer=str(agent.run(weather.QUESTION)))


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
