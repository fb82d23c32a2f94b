"""Strands Agents with their own telemetry.

Words: anthropic, bedrock; openinference; agents: a concierge has the weather agent as a tool.
"""

import sys

import weather
from opentelemetry import trace
from strands import Agent, tool
from strands.telemetry import StrandsTelemetry

StrandsTelemetry().setup_otlp_exporter()
if "openinference" in sys.argv:
    from openinference.instrumentation.strands_agents import StrandsAgentsToOpenInferenceProcessor

    trace.get_tracer_provider()._active_span_processor._span_processors = (
        StrandsAgentsToOpenInferenceProcessor(), *trace.get_tracer_provider()._active_span_processor._span_processors
    )  # fmt: skip


def make(name):
    if "anthropic" in sys.argv:
        from strands.models.anthropic import AnthropicModel

        given = {"base_url": weather.MODEL_URL, "api_key": "none", "max_retries": 0}
        return AnthropicModel(client_args=given, model_id=f"claude-{name}", max_tokens=1000)
    if "bedrock" in sys.argv:
        from botocore.config import Config
        from strands.models import BedrockModel

        config = Config(retries={"total_max_attempts": 1})
        return BedrockModel(
            endpoint_url=weather.MODEL_URL, model_id=f"anthropic.claude-{name}", boto_client_config=config
        )
    from strands.models.openai import OpenAIModel

    given = {"base_url": weather.OPENAI_URL, "api_key": "none", "max_retries": 0}
    return OpenAIModel(client_args=given, model_id=name)


def ask(name):
    common = {"callback_handler": None, "retry_strategy": None, "trace_attributes": {"session.id": weather.SESSION}}
    expert = Agent(
        name=weather.AGENT, model=make(name), system_prompt=weather.SYSTEM, tools=[tool(weather.get_weather)], **common
    )
    weather.tell(agent=weather.AGENT)
    weather.tell(session=weather.SESSION)
    agent = expert
    if "agents" in sys.argv:

        @tool
        def ask_weather_agent(question: str) -> str:
            """Ask the weather agent."""
            return str(expert(question))

        agent = Agent(
            name="concierge", model=make(name), system_prompt="Ask who knows.", tools=[ask_weather_agent], **common
        )
        weather.tell(agent="concierge")
    weather.tell(answer=str(agent(weather.QUESTION)).strip())


ask("sonnet-4-5" if {"anthropic", "bedrock"} & set(sys.argv) else weather.MODEL)
try:
    ask(weather.OVERLOADED)
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
trace.get_tracer_provider().shutdown()
