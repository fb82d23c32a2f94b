"""Agno: an agent, or a team. Words: openinference or genai; stream, agents."""

import os
import sys

import weather

os.environ["AGNO_TELEMETRY"] = "false"
end = weather.telemetry()
if "openinference" in sys.argv:
    from openinference.instrumentation.agno import AgnoInstrumentor

    AgnoInstrumentor().instrument()
elif "genai" in sys.argv:
    from opentelemetry.instrumentation.genai.agno import AgnoInstrumentor

    AgnoInstrumentor().instrument()
else:
    from opentelemetry.instrumentation.agno import AgnoInstrumentor

    AgnoInstrumentor().instrument()

from agno.agent import Agent  # noqa: E402
from agno.models.openai import OpenAIChat  # noqa: E402
from agno.team import Team  # noqa: E402


def ask(name):
    model = OpenAIChat(id=name, base_url=weather.OPENAI_URL, api_key="none", max_retries=0)
    agent = Agent(
        id=weather.AGENT,
        name=weather.AGENT,
        model=model,
        instructions=weather.SYSTEM,
        tools=[weather.get_weather],
        telemetry=False,
    )
    weather.tell(agent=weather.AGENT)
    if "agents" in sys.argv:
        agent = Team(name="concierge", members=[agent], model=model, instructions="Ask who knows.", telemetry=False)
        weather.tell(agent="concierge")
    weather.tell(session=weather.SESSION)
    if "stream" in sys.argv:
        text = ""
        for event in agent.run(weather.QUESTION, session_id=weather.SESSION, user_id="user", stream=True):
            text += event.content if event.event in {"RunContent", "TeamRunContent"} else ""
    else:
        text = agent.run(weather.QUESTION, session_id=weather.SESSION, user_id="user").content
    weather.tell(answer=text)


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
