// VoltAgent with its own telemetry.
import { createOpenAI } from '@ai-sdk/openai';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { Agent, createTool, VoltAgentObservability } from '@voltagent/core';
import { z } from 'zod';
import * as weather from '../weather.mjs';

const observability = new VoltAgentObservability({
  serviceName: process.env.OTEL_SERVICE_NAME,
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
const models = createOpenAI({ baseURL: weather.OPENAI_URL, apiKey: 'none' });
const ask = (model) =>
  new Agent({
    name: weather.AGENT,
    instructions: weather.SYSTEM,
    model: models.chat(model),
    observability,
    maxRetries: 0,
    tools: [
      createTool({
        name: 'get_weather',
        description: weather.DESCRIPTION,
        parameters: z.object({ city: z.string() }),
        execute: weather.getWeather,
      }),
    ],
  }).generateText(weather.QUESTION, { conversationId: weather.SESSION, userId: 'user' });

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: (await ask(weather.MODEL)).text });
await weather.refused(() => ask(weather.OVERLOADED));
await observability.shutdown();
process.exit(0);
