#!/usr/bin/env bash
# Anthropic's JavaScript SDK makes spans of its own as soon as an OpenTelemetry provider is registered: an application
# that adds an instrumentation of the SDK tells each call, and its tokens, twice.
# Guess: without an instrumentation there is no span, with OpenInference's there is one for a call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
timeout 150 npm install --silent --no-audit --no-fund @anthropic-ai/sdk@1.10.0 @opentelemetry/api@1.9.1 \
  @opentelemetry/sdk-trace-node@2.12.0 @arizeai/openinference-instrumentation-anthropic@0.2.8
cat >main.mjs <<'JAVASCRIPT'
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";

const answer = {
  id: "msg_1", type: "message", role: "assistant", model: "a-model", stop_reason: "end_turn",
  content: [{ type: "text", text: "Yes." }], usage: { input_tokens: 100, output_tokens: 20 },
};
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

const spans = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
provider.register();

const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
const { default: Anthropic } = await import("@anthropic-ai/sdk");
const { AnthropicInstrumentation } = await import("@arizeai/openinference-instrumentation-anthropic");
const client = () => new Anthropic({ apiKey: "none", baseURL: `http://127.0.0.1:${server.address().port}` });

async function told(what) {
  spans.reset();
  await client().messages.create({
    model: "a-model", max_tokens: 100, messages: [{ role: "user", content: "Is it raining?" }],
  });
  await provider.forceFlush();
  const seen = spans.getFinishedSpans();
  console.log(`${what}:`);
  for (const span of seen) {
    const { attributes } = span;
    const tokens = attributes["gen_ai.usage.input_tokens"] ?? attributes["llm.token_count.prompt"];
    console.log(`  ${span.instrumentationScope.name}: "${span.name}", ${tokens} input tokens`);
  }
  return seen.length;
}

console.log("@anthropic-ai/sdk", version("@anthropic-ai/sdk"));
const alone = await told("a call, no instrumentation");
const instrumentation = new AnthropicInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.manuallyInstrument(Anthropic);
const both = await told("the same call with @arizeai/openinference-instrumentation-anthropic");
server.close();
if (alone !== 1 || both !== 2) {
  console.error(`CHANGED: the SDK alone made one span, with the instrumentation there were two; now ${alone} and ${both}`);
  process.exit(1);
}
JAVASCRIPT
timeout 60 node main.mjs
