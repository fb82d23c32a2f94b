"""Google's Agent Development Kit with its own telemetry. Words: stream, agents."""

import asyncio
import sys

import weather

end = weather.telemetry()
if "openinference" in sys.argv:
    from openinference.instrumentation.google_adk import GoogleADKInstrumentor

    GoogleADKInstrumentor().instrument()
from google.adk.agents import Agent, RunConfig  # noqa: E402 - tracers are made when it is imported
from google.adk.agents.run_config import StreamingMode  # noqa: E402
from google.adk.runners import Runner  # noqa: E402
from google.adk.sessions import InMemorySessionService  # noqa: E402
from google.genai import types  # noqa: E402

MODEL = "gemini-2.5-flash"


def make(model):
    # A tool's error ends the run, unless a callback makes an answer of it.
    return Agent(
        name=weather.AGENT,
        model=model,
        description="Knows the weather",
        instruction=weather.SYSTEM,
        tools=[weather.get_weather],
        on_tool_error_callback=lambda error, **_: {"error": str(error)},
    )


async def ask(model):
    agent = make(model)
    if "agents" in sys.argv:
        agent = Agent(name="concierge", model=model, instruction="Ask who knows.", sub_agents=[agent])
        weather.tell(agent="concierge")
    weather.tell(agent=weather.AGENT)
    sessions = InMemorySessionService()
    await sessions.create_session(app_name="travel", user_id="user", session_id=weather.SESSION)
    weather.tell(session=weather.SESSION)
    runner = Runner(agent=agent, app_name="travel", session_service=sessions)
    message = types.Content(role="user", parts=[types.Part(text=weather.QUESTION)])
    mode = StreamingMode.SSE if "stream" in sys.argv else StreamingMode.NONE
    text = ""
    async for event in runner.run_async(
        user_id="user", session_id=weather.SESSION, new_message=message, run_config=RunConfig(streaming_mode=mode)
    ):
        print(event.model_dump_json(exclude_none=True)[:300])
        if event.is_final_response() and event.content:
            text = "".join(part.text or "" for part in event.content.parts)
    weather.tell(answer=text)


asyncio.run(ask(MODEL))
try:
    asyncio.run(ask("gemini-overloaded"))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
