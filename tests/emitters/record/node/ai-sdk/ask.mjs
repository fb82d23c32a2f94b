// An agent of the AI SDK's, as it is traced by @ai-sdk/otel here and by what is put onto that elsewhere. Words: stream, responses.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount, streamText, tool } from 'ai';
import { z } from 'zod';
import * as weather from '../weather.mjs';

const models = createOpenAI({ baseURL: weather.OPENAI_URL, apiKey: 'none' });

export async function ask(model, words) {
  const call = {
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
  };
  return words.includes('stream') ? await streamText(call).text : (await generateText(call)).text;
}
