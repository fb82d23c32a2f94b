// Genkit with its own tracing, which any exporter of OpenTelemetry can be put to.
import { openAI } from '@genkit-ai/compat-oai/openai';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { genkit, z } from 'genkit';
import { enableTelemetry, flushTracing } from 'genkit/tracing';
import * as weather from '../weather.mjs';

await enableTelemetry({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
const ai = genkit({ plugins: [openAI({ apiKey: 'none', baseURL: weather.OPENAI_URL, maxRetries: 0 })] });
const getWeather = ai.defineTool(
  { name: 'get_weather', description: weather.DESCRIPTION, inputSchema: z.object({ city: z.string() }) },
  // A tool's error ends the run.
  (given) => weather.getWeather(given).catch((error) => ({ error: error.message })),
);
const flow = ai.defineFlow({ name: weather.AGENT, inputSchema: z.string() }, async (model) => {
  const { text } = await ai.generate({
    model: openAI.model(model),
    system: weather.SYSTEM,
    prompt: weather.QUESTION,
    tools: [getWeather],
  });
  return text;
});
const ask = (model) => flow(model, { context: { sessionId: weather.SESSION } });

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(weather.MODEL) });
await weather.refused(() => ask(weather.OVERLOADED));
await flushTracing();
process.exit(0);
