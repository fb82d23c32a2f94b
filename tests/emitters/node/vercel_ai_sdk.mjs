// The Vercel AI SDK's own telemetry: an agent as the Python programs are (`../programs/travel.py`).
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { APICallError, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();
const models = createOpenAICompatible({ name: 'local', baseURL: process.env.MODEL_URL, apiKey: 'none', includeUsage: true });

const weather = tool({
  description: 'The weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    if (city === 'Atlantis') throw new Error(`no city is called ${city}`);
    return `sunny and 24 degrees in ${city}`;
  },
});

const call = (model) => ({
  model: models(model),
  system: 'You know the weather.',
  prompt: 'How is the weather in Atlantis, and in Lisbon?',
  tools: { weather },
  stopWhen: stepCountIs(5),
  maxRetries: 0,
  experimental_telemetry: { isEnabled: true, functionId: 'weather-agent', metadata: { sessionId: process.env.SESSION } },
});

if (process.argv[2] === 'stream') {
  console.log(await streamText(call('stand-in')).text);
} else {
  console.log((await generateText(call('stand-in'))).text);
}
try {
  await generateText(call('overloaded'));
} catch (error) {
  if (!APICallError.isInstance(error)) throw error;
}
await provider.shutdown();
