"""What every program here shares: the agent, its tool, its question, and where they note what is true.

`tell` adds a line to the file that TRUTH names: what the program's own functions did, apart from its telemetry.
"""

import json
import os
from pathlib import Path

MODEL_URL = os.environ["MODEL_URL"]
OPENAI_URL = f"{MODEL_URL}/v1"
SINK_URL = os.environ["SINK_URL"]
MODEL = "gpt-4o-mini"
OVERLOADED = "overloaded"
AGENT = "weather_agent"
SESSION = "session-7f3a"
SYSTEM = "You know the weather. Be brief."
QUESTION = "How is the weather in Atlantis, and in Lisbon?"

# Clients find the stand-in model by these, where they are not told.
os.environ |= {"OPENAI_BASE_URL": OPENAI_URL, "OPENAI_API_BASE": OPENAI_URL, "OPENAI_API_KEY": "none"}
os.environ |= {"ANTHROPIC_BASE_URL": MODEL_URL, "ANTHROPIC_API_KEY": "none"}
os.environ |= {"GOOGLE_GEMINI_BASE_URL": MODEL_URL, "GOOGLE_API_KEY": "none"}
os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "eu-west-1"}

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def tell(**what):
    with Path(os.environ["TRUTH"]).open("a") as truth:
        truth.write(json.dumps(what) + "\n")


def get_weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: The city's name.
    """
    if city == "Atlantis":
        tell(tool="get_weather", arguments={"city": city}, error=f"LookupError: no city is called {city}")
        raise LookupError(f"no city is called {city}")
    result = f"sunny and 24 degrees in {city}"
    tell(tool="get_weather", arguments={"city": city}, result=result)
    return result


def telemetry():
    """Set OpenTelemetry's global providers, which send traces and logs to the sink; return what to call at the end."""
    from opentelemetry import _logs, trace
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    spans, logs = TracerProvider(), LoggerProvider()
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    trace.set_tracer_provider(spans)
    _logs.set_logger_provider(logs)

    def end():
        spans.shutdown()
        logs.shutdown()

    return end
