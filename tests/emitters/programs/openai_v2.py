"""opentelemetry-instrumentation-openai-v2: spans, and log records for the messages, by the GenAI conventions.

It sees the model's client and nothing else: the agent and the tool are spans of the application's, written by the same
conventions. OTEL_SEMCONV_STABILITY_OPT_IN says which of them.
"""

import contextlib

import openai
import travel
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

spans, logs = TracerProvider(), LoggerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
OpenAIInstrumentor().instrument(tracer_provider=spans, logger_provider=logs)
tracer = spans.get_tracer("weather")
client = openai.OpenAI(base_url=travel.MODEL_URL, api_key="none", max_retries=0)


def weather(city):
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather"}
    with tracer.start_as_current_span("execute_tool weather", attributes=attributes) as span:
        span.set_attribute("gen_ai.tool.call.arguments", f'{{"city": "{city}"}}')
        result = travel.weather(city)
        span.set_attribute("gen_ai.tool.call.result", result)
        return result


def ask(model):
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": travel.AGENT,
        "gen_ai.conversation.id": travel.SESSION,
    }
    with tracer.start_as_current_span(f"invoke_agent {travel.AGENT}", attributes=attributes):
        return travel.run(client, weather, model)


print(ask(travel.MODEL))
with contextlib.suppress(openai.RateLimitError):
    ask(travel.OVERLOADED)
spans.shutdown()
logs.shutdown()
