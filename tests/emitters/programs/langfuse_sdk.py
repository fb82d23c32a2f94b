"""Langfuse's SDK with its wrapper of openai, its spans exported over plain OTLP instead of to Langfuse."""

import contextlib

import openai
import travel
from langfuse import Langfuse, observe, propagate_attributes
from langfuse.openai import OpenAI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

langfuse = Langfuse(public_key="none", secret_key="none", span_exporter=OTLPSpanExporter())
client = OpenAI(base_url=travel.MODEL_URL, api_key="none", max_retries=0)
weather = observe(as_type="tool")(travel.weather)


@observe(name=travel.AGENT, as_type="agent")
def ask(task, model):
    return travel.run(client, weather, model)


with propagate_attributes(session_id=travel.SESSION):
    print(ask(travel.TASK, travel.MODEL))
    with contextlib.suppress(openai.RateLimitError):
        ask(travel.TASK, travel.OVERLOADED)
langfuse.shutdown()
