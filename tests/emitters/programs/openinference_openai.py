"""openinference-instrumentation-openai, with OpenInference's decorators for the agent and its tool."""

import contextlib

import openai
import travel
from openinference.instrumentation import TracerProvider, using_session
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("weather")
OpenAIInstrumentor().instrument(tracer_provider=provider)
client = openai.OpenAI(base_url=travel.MODEL_URL, api_key="none", max_retries=0)
weather = tracer.tool(travel.weather)


@tracer.agent(name=travel.AGENT)
def ask(task, model):
    return travel.run(client, weather, model)


with using_session(travel.SESSION):
    print(ask(travel.TASK, travel.MODEL))
    with contextlib.suppress(openai.RateLimitError):
        ask(travel.TASK, travel.OVERLOADED)
provider.shutdown()
