#!/usr/bin/env bash
# splunk-otel-instrumentation-langchain says of each message of a request that the user said it, and leaves out the calls
# of tools that an assistant's message has.
# Guess: gen_ai.input.messages has the roles of the messages: system, user, assistant, tool.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 300 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check langchain-core==1.8.3 \
  splunk-otel-instrumentation-langchain==0.1.16 splunk-otel-util-genai==0.1.15 opentelemetry-sdk==1.38.0
timeout 100 env OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY OTEL_INSTRUMENTATION_GENAI_EMITTERS=span \
  "$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from opentelemetry.instrumentation.langchain import LangchainInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
LangchainInstrumentor().instrument(tracer_provider=provider)
model = GenericFakeChatModel(messages=iter([AIMessage("It is sunny.")]))
model.invoke(
    [
        SystemMessage("You tell the weather."),
        HumanMessage("Is it raining in Paris?"),
        AIMessage("", tool_calls=[{"name": "weather", "args": {"city": "Paris"}, "id": "call_1"}]),
        ToolMessage("sunny", tool_call_id="call_1"),
    ]
)
print("splunk-otel-instrumentation-langchain", version("splunk-otel-instrumentation-langchain"))
roles = []
for span in spans.get_finished_spans():
    for name, value in sorted(span.attributes.items()):
        if name in ("gen_ai.input.messages", "gen_ai.system_instructions"):
            print(span.name, name, "=", value)
        if name == "gen_ai.input.messages":
            roles.append([message["role"] for message in json.loads(value)])
if not roles or any(role != "user" for told in roles for role in told):
    sys.exit(f"CHANGED: all messages of a request were the user's; now {roles}")
PYTHON
