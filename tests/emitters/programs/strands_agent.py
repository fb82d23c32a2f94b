"""Strands Agents' own telemetry, with its OpenAI model. OTEL_SEMCONV_STABILITY_OPT_IN says which conventions."""

import contextlib

import travel
from opentelemetry import trace
from strands import Agent, tool
from strands.models.openai import OpenAIModel
from strands.telemetry import StrandsTelemetry
from strands.types.exceptions import ModelThrottledException

StrandsTelemetry().setup_otlp_exporter()


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return travel.weather(city)


def ask(model):
    agent = Agent(
        name=travel.AGENT,
        model=OpenAIModel(
            client_args={"base_url": travel.MODEL_URL, "api_key": "none", "max_retries": 0}, model_id=model
        ),
        system_prompt="You know the weather.",
        tools=[weather],
        callback_handler=None,
        retry_strategy=None,
        trace_attributes={"session.id": travel.SESSION},
    )
    print(str(agent(travel.TASK)).strip())


ask(travel.MODEL)
with contextlib.suppress(ModelThrottledException):
    ask(travel.OVERLOADED)
trace.get_tracer_provider().shutdown()
