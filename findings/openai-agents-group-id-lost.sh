#!/usr/bin/env bash
# OpenInference for OpenAI's Agents SDK: the group id of a run, which links the runs of a conversation, and the metadata
# of its trace are in no span.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 150 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check openai-agents==0.24.0 \
  openinference-instrumentation-openai-agents==2.6.0 opentelemetry-sdk==1.45.2
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
import asyncio
from importlib.metadata import version

from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage, add_trace_processor, set_trace_processors
from agents.tracing import TracingProcessor
from openai.types.responses import ResponseOutputMessage, ResponseOutputText
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

for package in ("openai-agents", "openinference-instrumentation-openai-agents"):
    print(package, version(package))


class Sunny(Model):
    """A model that always gives the same answer."""

    async def get_response(self, *arguments, **options):
        text = ResponseOutputText(text="Sunny.", type="output_text", annotations=[])
        message = ResponseOutputMessage(
            id="message_1", role="assistant", type="message", status="completed", content=[text]
        )
        return ModelResponse(output=[message], usage=Usage(), response_id="response_1")

    def stream_response(self, *arguments, **options):
        raise NotImplementedError


class Heard(TracingProcessor):
    """Notes what the SDK tells every processor about a trace."""

    def on_trace_start(self, trace):
        self.trace = trace.export()

    def on_trace_end(self, trace): ...
    def on_span_start(self, span): ...
    def on_span_end(self, span): ...
    def shutdown(self): ...
    def force_flush(self): ...


exporter, heard = InMemorySpanExporter(), Heard()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
set_trace_processors([])  # the SDK's own sends to its maker
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)
add_trace_processor(heard)

config = RunConfig(workflow_name="travel", group_id="conversation-7", trace_metadata={"tenant": "tenant-3"})
agent = Agent(name="weather_agent", model=Sunny())
answer = asyncio.run(Runner.run(agent, "How is the weather?", run_config=config)).final_output
print("answer:", answer, "\nthe SDK tells its processors:", heard.trace)
spans = exporter.get_finished_spans()
for span in spans:
    print(f"    span {span.name}: {dict(span.attributes)}")
sent = "".join(span.to_json() for span in spans)

told = heard.trace["group_id"] == "conversation-7" and heard.trace["metadata"] == {"tenant": "tenant-3"}
if not (told and "weather_agent" in sent and "conversation-7" not in sent and "tenant-3" not in sent):
    raise SystemExit("CHANGED: the group id or the metadata is on the spans now, or the SDK no longer tells of them")
print(f"SEEN: {len(spans)} spans, none with the group id or the metadata that the SDK told")
PYTHON
