#!/usr/bin/env bash
# opentelemetry-instrumentation-openai names a tool call of OpenAI's Responses API by the id of the item (fc_...), not by
# its call_id, by which the tool's result comes back.
# Guess: the tool call's id in the span is its call_id, as it is of Chat Completions (call_...).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 200 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  openai==2.54.0 opentelemetry-instrumentation-openai==0.62.4 opentelemetry-sdk==1.45.2
timeout 60 env TRACELOOP_TRACE_CONTENT=true "$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from openai import OpenAI
from opentelemetry.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

USAGE = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
DETAILS = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
ITEM = {"type": "function_call", "id": "fc_item_1", "call_id": "call_1", "name": "weather", "arguments": "{}"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}


def response():
    return {
        "id": "resp_1", "object": "response", "created_at": 1790000000, "status": "completed", "model": "gpt-4o",
        "output": [ITEM | {"status": "completed"}], "usage": USAGE | DETAILS, "tools": [], "tool_choice": "auto",
        "parallel_tool_calls": True, "metadata": {},
    }


def completion():
    message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1790000000, "model": "gpt-4o",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
    }


class Model(BaseHTTPRequestHandler):
    """Answers each question by asking for the weather."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(response() if self.path.endswith("/responses") else completion()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
OpenAIInstrumentor().instrument(tracer_provider=provider)
client = OpenAI(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}/v1")
tool = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
client.responses.create(model="gpt-4o", input="Is it raining?", tools=[tool])
client.chat.completions.create(
    model="gpt-4o",
    messages=[{"role": "user", "content": "Is it raining?"}],
    tools=[{"type": "function", "function": {"name": "weather", "parameters": tool["parameters"]}}],
)
print("opentelemetry-instrumentation-openai", version("opentelemetry-instrumentation-openai"), "openai", version("openai"))
told = []
for span in spans.get_finished_spans():
    text = json.dumps(dict(span.attributes), default=str)
    told.append(("fc_item_1" in text, "call_1" in text))
    print(span.name)
    for name, value in sorted(span.attributes.items()):
        if "fc_item_1" in str(value) or "call_1" in str(value):
            print("   ", name, "=", value)
if told != [(True, False), (False, True)]:
    sys.exit("CHANGED: the Responses API's call was told by its item's id alone, Chat Completions' by its call id")
PYTHON
