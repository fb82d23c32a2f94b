"""pydantic-ai's own instrumentation, with OpenTelemetry's SDK."""

import contextlib

import travel
from openai import AsyncOpenAI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic_ai import Agent, InstrumentationSettings, ModelRetry
from pydantic_ai.capabilities import Instrumentation
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
client = AsyncOpenAI(base_url=travel.MODEL_URL, api_key="none", max_retries=0)
agent = Agent(
    name=travel.AGENT,
    system_prompt="You know the weather.",
    capabilities=[Instrumentation(settings=InstrumentationSettings(tracer_provider=provider))],
)


@agent.tool_plain
def weather(city: str) -> str:
    try:
        return travel.weather(city)
    except LookupError as error:
        raise ModelRetry(str(error)) from error


def ask(model):
    model = OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))
    print(agent.run_sync(travel.TASK, model=model, conversation_id=travel.SESSION).output)


ask(travel.MODEL)
with contextlib.suppress(ModelHTTPError):
    ask(travel.OVERLOADED)
provider.shutdown()
