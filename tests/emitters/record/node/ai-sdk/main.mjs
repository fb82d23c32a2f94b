// The AI SDK with @ai-sdk/otel. Words: stream, responses, legacy (the spans with ai.* keys).
import { createOpenAI } from '@ai-sdk/openai';
import { LegacyOpenTelemetry, OpenTelemetry } from '@ai-sdk/otel';
import { generateText, isStepCount, registerTelemetry, streamText, tool } from 'ai';
import { z } from 'zod';
import { provider } from '../telemetry.mjs';
import * as weather from '../weather.mjs';

const words = process.argv.slice(2);
registerTelemetry(words.includes('legacy') ? new LegacyOpenTelemetry() : new OpenTelemetry());
const models = createOpenAI({ baseURL: weather.OPENAI_URL, apiKey: 'none' });

const call = (model) => ({
  model: words.includes('responses') ? models.responses(model) : models.chat(model),
  instructions: weather.SYSTEM,
  prompt: weather.QUESTION,
  tools: {
    get_weather: tool({
      description: weather.DESCRIPTION,
      inputSchema: z.object({ city: z.string() }),
      execute: weather.getWeather,
    }),
  },
  stopWhen: isStepCount(5),
  maxRetries: 0,
  runtimeContext: { sessionId: weather.SESSION },
  telemetry: { functionId: weather.AGENT, includeRuntimeContext: { sessionId: true } },
});

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
const text = words.includes('stream')
  ? await streamText(call(weather.MODEL)).text
  : (await generateText(call(weather.MODEL))).text;
weather.tell({ answer: text });
await weather.refused(() => generateText(call(weather.OVERLOADED)));
await provider.shutdown();
