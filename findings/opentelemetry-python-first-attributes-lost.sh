#!/usr/bin/env bash
# OpenTelemetry's SDK for Python: a span with more than 128 attributes loses the first ones: the model's name, which it
# started with, and how the conversation began. The SDK for JavaScript keeps these and loses the last.
# Guess: what comes past the limit is dropped, in every language.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
timeout 110 npm install --silent --no-audit --no-fund --save-exact \
  @opentelemetry/api@1.9.1 @opentelemetry/sdk-trace-base@2.12.1
# Both write 141 attributes: the model's name at the start, and two for each of 70 messages.
cat > main.py <<'PYTHON'
import json
import logging
from importlib.metadata import version

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

logging.disable()  # a warning for each
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
span = provider.get_tracer("travel").start_span("chat", attributes={"gen_ai.request.model": "small"})
for number in range(70):
    span.set_attribute(f"gen_ai.prompt.{number}.role", "user" if number else "system")
    span.set_attribute(f"gen_ai.prompt.{number}.content", f"message {number}")
span.end()
[sent] = exporter.get_finished_spans()
names = list(sent.attributes)
print(json.dumps([f"opentelemetry-sdk {version('opentelemetry-sdk')}", sent.dropped_attributes, names[0], names[-1]]))
PYTHON
cat > main.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const name = '@opentelemetry/sdk-trace-base';
const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const span = provider.getTracer('travel').startSpan('chat', { attributes: { 'gen_ai.request.model': 'small' } });
for (let number = 0; number < 70; number += 1) {
  span.setAttribute(`gen_ai.prompt.${number}.role`, number ? 'user' : 'system');
  span.setAttribute(`gen_ai.prompt.${number}.content`, `message ${number}`);
}
span.end();
const [sent] = exporter.getFinishedSpans();
const names = Object.keys(sent.attributes);
console.log(JSON.stringify([`${name} ${version}`, sent.droppedAttributesCount, names[0], names.at(-1)]));
JAVASCRIPT
timeout 60 venv/bin/python main.py > python.json
timeout 60 node main.mjs > node.json
timeout 60 venv/bin/python - <<'PYTHON'
import json
from pathlib import Path

seen = {name: json.loads(Path(f"{name}.json").read_text()) for name in ("python", "node")}
for package, dropped, first, last in seen.values():
    print(f"{package}: {dropped} attributes dropped; the first sent is {first}, the last {last}")
expected = {
    "python": [13, "gen_ai.prompt.6.role", "gen_ai.prompt.69.content"],
    "node": [13, "gen_ai.request.model", "gen_ai.prompt.63.role"],
}
if {name: said[1:] for name, said in seen.items()} != expected:
    raise SystemExit("CHANGED: the SDKs for Python and JavaScript drop other attributes past 128 than they did")
print("SEEN: in Python the model and messages 0 to 5 are gone, in JavaScript what follows the 64th message's role")
PYTHON
