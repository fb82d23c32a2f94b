// Strands with its own telemetry. Words: latest (names of the conventions as they are now).
import { Agent, tool } from '@strands-agents/sdk';
import { OpenAIModel } from '@strands-agents/sdk/models/openai';
import { z } from 'zod';
import { provider } from '../telemetry.mjs';
import * as weather from '../weather.mjs';

async function ask(modelId) {
  const agent = new Agent({
    name: weather.AGENT,
    model: new OpenAIModel({
      api: 'chat',
      modelId,
      apiKey: 'none',
      clientConfig: { baseURL: weather.OPENAI_URL, maxRetries: 0 },
    }),
    systemPrompt: weather.SYSTEM,
    printer: false,
    retryStrategy: null,
    traceAttributes: { 'session.id': weather.SESSION },
    tools: [
      tool({
        name: 'get_weather',
        description: weather.DESCRIPTION,
        inputSchema: z.object({ city: z.string() }),
        callback: weather.getWeather,
      }),
    ],
  });
  return String(await agent.invoke(weather.QUESTION)).trim();
}

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(weather.MODEL) });
await weather.refused(() => ask(weather.OVERLOADED));
await provider.shutdown();
