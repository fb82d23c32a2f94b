// An agent of the AI SDK's, as it is traced by @ai-sdk/otel here and by what is put onto that elsewhere.
// Words: stream, responses, anthropic.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount, streamText, tool } from 'ai';
import { z } from 'zod';
import * as weather from '../weather.mjs';

const openai = createOpenAI({ baseURL: weather.OPENAI_URL, apiKey: 'none' });
const anthropic = createAnthropic({ baseURL: weather.OPENAI_URL, apiKey: 'none' });

function provided(name, words) {
  if (words.includes('anthropic')) return anthropic(name);
  return words.includes('responses') ? openai.responses(name) : openai.chat(name);
}

export async function ask(name, words) {
  const call = {
    model: provided(name, words),
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
