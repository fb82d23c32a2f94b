"""Haystack's Agent in a pipeline. Words: own (opentelemetry-haystack) or openinference, traceloop."""

import os
import sys

import weather

os.environ["HAYSTACK_CONTENT_TRACING_ENABLED"] = "true"
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
end = weather.telemetry()
if "openinference" in sys.argv:
    from openinference.instrumentation.haystack import HaystackInstrumentor

    HaystackInstrumentor().instrument()

from haystack import Pipeline  # noqa: E402
from haystack.components.agents import Agent  # noqa: E402
from haystack.components.generators.chat import OpenAIChatGenerator  # noqa: E402
from haystack.dataclasses import ChatMessage  # noqa: E402
from haystack.tools import create_tool_from_function  # noqa: E402
from haystack.utils import Secret  # noqa: E402

if "own" in sys.argv:
    from haystack_integrations.components.connectors.opentelemetry import OpenTelemetryConnector


def ask(model):
    generator = OpenAIChatGenerator(
        Secret.from_token("none"), model=model, api_base_url=weather.OPENAI_URL, max_retries=0,
        streaming_callback=(lambda _: None) if "stream" in sys.argv else None,
        generation_kwargs={"stream_options": {"include_usage": True}} if "stream" in sys.argv else None,
    )  # fmt: skip
    tool = create_tool_from_function(weather.get_weather)
    agent = Agent(
        chat_generator=generator, system_prompt=weather.SYSTEM, tools=[tool], raise_on_tool_invocation_failure=False
    )
    pipeline = Pipeline()
    if "own" in sys.argv:
        pipeline.add_component("tracer", OpenTelemetryConnector())
    pipeline.add_component(weather.AGENT, agent)
    weather.tell(agent=weather.AGENT)
    result = pipeline.run({weather.AGENT: {"messages": [ChatMessage.from_user(weather.QUESTION)]}})
    weather.tell(answer=result[weather.AGENT]["last_message"].text)


ask(weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
end()
