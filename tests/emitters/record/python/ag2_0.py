"""AG2 0: an agent that runs its own tools, with openinference-instrumentation-ag2."""

import weather

end = weather.telemetry()
from openinference.instrumentation.ag2 import AG2Instrumentor  # noqa: E402

AG2Instrumentor().instrument()

from autogen import ConversableAgent, LLMConfig  # noqa: E402


def ask(name):
    config = LLMConfig({"model": name, "api_key": "none", "base_url": weather.OPENAI_URL, "max_retries": 0,
                        "price": [0, 0]})  # fmt: skip
    agent = ConversableAgent(
        weather.AGENT,
        system_message=weather.SYSTEM,
        llm_config=config,
        functions=[weather.get_weather],
        human_input_mode="NEVER",
    )
    weather.tell(agent=weather.AGENT)
    result = agent.run(message=weather.QUESTION, max_turns=4, user_input=False)
    result.process()
    weather.tell(answer=result.summary)


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
