"""OpenLLMetry: traceloop-sdk with the instrumentation of openai that comes with it."""

import contextlib
import os

import openai
import travel
from opentelemetry import trace
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, tool, workflow

Traceloop.init(app_name="weather", api_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"], telemetry_enabled=False)
client = openai.OpenAI(base_url=travel.MODEL_URL, api_key="none", max_retries=0)
weather = tool(name="weather")(travel.weather)


@agent(name=travel.AGENT)
def ask(task, model):
    return travel.run(client, weather, model)


@workflow(name="travel")
def serve(task, model):
    Traceloop.set_association_properties({"session_id": travel.SESSION})
    return ask(task, model)


print(serve(travel.TASK, travel.MODEL))
with contextlib.suppress(openai.RateLimitError):
    serve(travel.TASK, travel.OVERLOADED)
trace.get_tracer_provider().shutdown()
