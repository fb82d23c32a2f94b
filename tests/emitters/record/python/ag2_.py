"""AG2: a user proxy runs the tool of the weather agent. Words: own or openinference."""

import sys

import weather

end = weather.telemetry()
if "openinference" in sys.argv:
    from openinference.instrumentation.ag2 import AG2Instrumentor

    AG2Instrumentor().instrument()

from autogen import ConversableAgent, LLMConfig  # noqa: E402

if "own" in sys.argv:
    from autogen.opentelemetry import instrument_agent, instrument_llm_wrapper
    from opentelemetry import trace

    instrument_llm_wrapper(tracer_provider=trace.get_tracer_provider(), capture_messages=True)


def ask(name):
    config = LLMConfig({"model": name, "api_key": "none", "base_url": weather.OPENAI_URL, "max_retries": 0, "cache_seed": None,
                        "price": [0, 0]})  # fmt: skip
    agent = ConversableAgent(weather.AGENT, system_message=weather.SYSTEM, llm_config=config, functions=[weather.get_weather])
    weather.tell(agent=weather.AGENT)
    if "own" in sys.argv:
        instrument_agent(agent, tracer_provider=trace.get_tracer_provider())
    result = agent.run(message=weather.QUESTION, max_turns=4, user_input=False)
    result.process()
    weather.tell(answer=result.summary)


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
