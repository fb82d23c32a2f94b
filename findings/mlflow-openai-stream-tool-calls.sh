#!/usr/bin/env bash
# mlflow's autolog of OpenAI leaves a tool's call out of the answer where it is streamed, and says it ended by "stop".
# Guess: the pieces of a stream are put together, so that both answers say which tool the model asked for.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 300 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check openai==3.57.0 mlflow-tracing==3.17.2 \
  opentelemetry-exporter-otlp-proto-http==1.45.2
cd "$folder" # it may write a folder of its own
timeout 100 env MLFLOW_TRACKING_URI=http://127.0.0.1:1 "$folder/venv/bin/python" - <<'PYTHON'
import gzip
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import mlflow
from openai import OpenAI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
HEAD = {"id": "chatcmpl-1", "created": 1790000000, "model": "gpt-4o"}


def pieces():
    def piece(delta, finish=None, **more):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return HEAD | {"object": "chat.completion.chunk", "choices": [choice]} | more

    name = CALL | {"index": 0, "function": {"name": "weather", "arguments": ""}}
    yield piece({"role": "assistant", "content": None, "tool_calls": [name]})
    yield piece({"tool_calls": [{"index": 0, "function": {"arguments": CALL["function"]["arguments"]}}]})
    yield piece({}, "tool_calls")
    yield HEAD | {"object": "chat.completion.chunk", "choices": [], "usage": USAGE}


spans = []


class Model(BaseHTTPRequestHandler):
    """Answers each question by asking for the weather in Paris, and takes spans."""

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            sent = gzip.decompress(sent) if self.headers.get("Content-Encoding") == "gzip" else sent
            for of_resource in ExportTraceServiceRequest.FromString(sent).resource_spans:
                spans.extend(span for of_scope in of_resource.scope_spans for span in of_scope.spans)
            kind, body = "application/x-protobuf", b""
        elif (asked := json.loads(sent)).get("stream"):
            lines = [json.dumps(piece) for piece in pieces()] + ["[DONE]"]
            kind, body = "text/event-stream", "".join(f"data: {line}\n\n" for line in lines).encode()
        else:
            message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
            kind = "application/json"
            body = json.dumps(HEAD | {"object": "chat.completion", "choices": [choice], "usage": USAGE}).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}/v1"
os.environ |= {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{here}/traces", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}
mlflow.openai.autolog()
client = OpenAI(api_key="none", base_url=here)
asked = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "Is it raining in Paris?"}],
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}],
}
client.chat.completions.create(**asked)
got = [piece for piece in client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})]
assert any(choice.delta.tool_calls for piece in got for choice in piece.choices)
print("mlflow-tracing", version("mlflow-tracing"), "openai", version("openai"))
until = time.monotonic() + 30
while len(spans) < 2 and time.monotonic() < until:
    time.sleep(0.1)
told = []
for span in sorted(spans, key=lambda span: span.start_time_unix_nano):
    attributes = {attribute.key: attribute.value.string_value for attribute in span.attributes}
    inputs, outputs = (attributes[f"mlflow.span{side}"] for side in ("Inputs", "Outputs"))
    told.append(("stream" in json.loads(inputs), "call_1" in outputs))
    print("streamed:" if told[-1][0] else "at once:", outputs)
if told != [(False, True), (True, False)]:
    sys.exit(f"CHANGED: the answer at once said which tool was asked for, the streamed one did not; now {told}")
PYTHON
