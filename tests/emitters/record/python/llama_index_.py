"""LlamaIndex's agent workflow. Words: openinference, otel or genai, traceloop; agents: a concierge hands over."""

import asyncio
import sys

import weather

end = weather.telemetry()
if "openinference" in sys.argv:
    from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

    LlamaIndexInstrumentor().instrument()
elif "genai" in sys.argv:
    from opentelemetry.instrumentation.genai.llama_index import LlamaIndexInstrumentor

    LlamaIndexInstrumentor().instrument()
elif "traceloop" in sys.argv:
    from opentelemetry.instrumentation.llamaindex import LlamaIndexInstrumentor

    LlamaIndexInstrumentor().instrument()
else:
    from llama_index.observability.otel import LlamaIndexOpenTelemetry
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    LlamaIndexOpenTelemetry(span_exporter=OTLPSpanExporter(), service_name_or_resource="weather").start_registering()

from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent  # noqa: E402
from llama_index.core.workflow import Context  # noqa: E402
from llama_index.llms.openai import OpenAI  # noqa: E402


async def ask(model):
    llm = OpenAI(model=model, api_base=weather.OPENAI_URL, api_key="none", max_retries=0)
    expert = FunctionAgent(
        name=weather.AGENT, description="Knows the weather", system_prompt=weather.SYSTEM, llm=llm,
        tools=[weather.get_weather], streaming="stream" in sys.argv,
    )  # fmt: skip
    agents = [expert]
    weather.tell(agent=weather.AGENT)
    if "agents" in sys.argv:
        weather.tell(agent="concierge")
        agents.insert(0, FunctionAgent(
            name="concierge", description="Asks who knows", system_prompt="Ask who knows.", llm=llm, tools=[],
            can_handoff_to=[weather.AGENT], streaming="stream" in sys.argv,
        ))  # fmt: skip
    workflow = AgentWorkflow(agents=agents, root_agent=agents[0].name)
    answer = await workflow.run(weather.QUESTION, ctx=Context(workflow))
    weather.tell(answer=str(answer))


asyncio.run(ask("gpt-4o-mini"))
try:
    asyncio.run(ask("ft:gpt-4o-mini:overloaded"))
except Exception as error:  # noqa: BLE001 - what it raises is of its own choice
    print("refused:", repr(error)[:200])
from opentelemetry import trace  # noqa: E402

trace.get_tracer_provider().force_flush()
end()
