#!/usr/bin/env bash
# OpenInference for the AI SDK: once a tool has failed, its error is the status of every span of the trace that ends
# later: of the calls of the model that went well, and of the same tool's next call, which gave a result.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > package.json <<'JSON'
{
  "private": true,
  "type": "module",
  "allowScripts": { "node": true },
  "dependencies": {
    "@ai-sdk/otel": "1.0.173",
    "@arizeai/openinference-vercel": "3.2.1",
    "@opentelemetry/api": "1.9.1",
    "@opentelemetry/sdk-trace-node": "2.12.0",
    "ai": "7.0.173",
    "node": "24.21.0",
    "zod": "4.6.7"
  }
}
JSON
cat > main.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import { OpenTelemetry } from '@ai-sdk/otel';
import { OpenInferenceSimpleSpanProcessor } from '@arizeai/openinference-vercel';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { generateText, isStepCount, registerTelemetry, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { z } from 'zod';

for (const name of ['ai', '@ai-sdk/otel', '@arizeai/openinference-vercel']) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version);
}
const exporter = new InMemorySpanExporter();
const plain = new InMemorySpanExporter();
const kinds = {
  plain: new SimpleSpanProcessor(plain),
  openinference: new OpenInferenceSimpleSpanProcessor({ exporter }),
};
const which = process.argv[2];
new NodeTracerProvider({ spanProcessors: [kinds[which]] }).register();
registerTelemetry(new OpenTelemetry());

// The model asks for the weather of Atlantis, which fails, then for Lisbon's, which does not, and answers.
const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};
const asks = (city) => ({
  type: 'tool-call', toolCallId: `call_${city}`, toolName: 'get_weather', input: JSON.stringify({ city }),
});
const says = [
  { content: [asks('Atlantis')], finishReason: { unified: 'tool-calls' } },
  { content: [asks('Lisbon')], finishReason: { unified: 'tool-calls' } },
  { content: [{ type: 'text', text: 'Sunny in Lisbon.' }], finishReason: { unified: 'stop' } },
];
const model = new MockLanguageModelV4({ doGenerate: async () => ({ ...says.shift(), usage, warnings: [] }) });
const getWeather = tool({
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    if (city === 'Atlantis') throw new Error('no city is called Atlantis');
    return 'sunny';
  },
});
const { text } = await generateText({
  model, prompt: 'How is the weather?', tools: { get_weather: getWeather }, stopWhen: isStepCount(5),
});
console.log(`${which}: the run answers: ${text}`);
const spans = (which === 'plain' ? plain : exporter).getFinishedSpans();
const failed = spans.map(({ status }) => (status.code === SpanStatusCode.ERROR ? 1 : 0));
for (const [n, { name, status, events }] of spans.entries()) {
  const said = failed[n] ? `error, ${status.message}` : 'no error';
  console.log(`    ${name}: ${said}; events: ${events.map((event) => event.name)}`);
}
const errors = failed.join('');
// In the order in which they end: chat, tool (fails), step; chat, tool, step; chat, step; agent.
const expected = { plain: '010000000', openinference: '011111111' }[which];
if (errors !== expected || !text.includes('Sunny')) {
  console.error(`CHANGED: spans with an error, in order of their ends: ${errors}, not ${expected}`);
  process.exit(1);
}
JAVASCRIPT
timeout 150 npm install --silent --no-audit --no-fund
timeout 30 node_modules/.bin/node main.mjs plain
timeout 30 node_modules/.bin/node main.mjs openinference
echo "SEEN: one failed call of a tool is 1 error of 9 spans as the AI SDK tells it, and 8 of 9 with OpenInference"
