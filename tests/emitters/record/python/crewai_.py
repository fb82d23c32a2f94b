"""CrewAI. Words: openinference or traceloop."""

import os
import sys

import weather

os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false", "OTEL_SDK_DISABLED": "false"}
end = weather.telemetry()
if "openinference" in sys.argv:
    from openinference.instrumentation.crewai import CrewAIInstrumentor
    from openinference.instrumentation.openai import OpenAIInstrumentor

    CrewAIInstrumentor().instrument()
    OpenAIInstrumentor().instrument()
else:
    from opentelemetry.instrumentation.crewai import CrewAIInstrumentor
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    CrewAIInstrumentor().instrument()
    OpenAIInstrumentor().instrument()

from crewai import LLM, Agent, Crew, Task  # noqa: E402
from crewai.tools import tool  # noqa: E402


def ask(model):
    llm = LLM(model=f"openai/{model}", base_url=weather.OPENAI_URL, api_key="none", max_retries=0)
    get_weather = tool("get_weather")(weather.get_weather)
    agent = Agent(
        role="Weather Expert", goal="Know the weather", backstory=weather.SYSTEM, llm=llm, tools=[get_weather],
        max_retry_limit=0, verbose=False,
    )  # fmt: skip
    task = Task(name="answer", description=weather.QUESTION, expected_output="A sentence", agent=agent)
    weather.tell(agent="Weather Expert")
    crew = Crew(name="travel", agents=[agent], tasks=[task], verbose=False)
    weather.tell(answer=str(crew.kickoff()))


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
