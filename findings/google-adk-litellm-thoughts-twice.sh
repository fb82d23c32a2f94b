#!/usr/bin/env bash
# Google's Agent Development Kit: where OpenAI answers, through LiteLLM, gen_ai.usage.output_tokens has the thought's
# tokens twice; where Gemini answers it is right.
# Guess: 27 of 20 tokens of answer and 7 of thought, from either.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 240 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  google-adk==2.13.0 litellm==1.110.2
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

# The model: 100 tokens in; out 20 of answer and 7 of thought. Gemini's API counts the thought apart, OpenAI's within.
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Sunny."}]}, "finishReason": "STOP"}],
    "usageMetadata": {
        "promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 7, "totalTokenCount": 127,
    },
}
OPENAI = {
    "id": "answer", "object": "chat.completion", "created": 1, "model": "gpt-5-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Sunny."}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 100, "completion_tokens": 27, "total_tokens": 127,
        "completion_tokens_details": {"reasoning_tokens": 7},
    },
}


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps(GEMINI if "generateContent" in self.path else OPENAI).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *line): ...


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
os.environ |= {"GOOGLE_GEMINI_BASE_URL": url, "GOOGLE_API_KEY": "none", "NO_PROXY": "127.0.0.1"}
os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}

from google.adk.agents import Agent
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)


async def ask(model):
    runner = InMemoryRunner(agent=Agent(name="weather_agent", model=model), app_name="travel")
    session = await runner.session_service.create_session(app_name="travel", user_id="user")
    question = types.Content(role="user", parts=[types.Part(text="How is the weather?")])
    async for _ in runner.run_async(user_id="user", session_id=session.id, new_message=question):
        pass


print("google-adk", version("google-adk"), "litellm", version("litellm"))
litellm = LiteLlm(model="openai/gpt-5-mini", api_base=f"{url}/v1", api_key="none")
seen = {}
for name, model in {"Gemini": "gemini-2.5-flash", "OpenAI": litellm}.items():
    exporter.clear()
    asyncio.run(ask(model))
    [span] = [span for span in exporter.get_finished_spans() if span.name.startswith("generate_content")]
    told = {key: value for key, value in span.attributes.items() if "usage" in key or "provider" in key}
    print(f"{name}: span {span.name}: {told}")
    seen[name] = span.attributes["gen_ai.usage.output_tokens"]
if seen != {"Gemini": 27, "OpenAI": 34}:
    raise SystemExit("CHANGED: the thought is no longer counted twice from OpenAI, or no longer once from Gemini")
print("SEEN: 27 tokens are 27 from Gemini and 34 from OpenAI, whose 27 have the 7 of thought in them")
PYTHON
