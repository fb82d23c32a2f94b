// A LangChain agent.
import { createAgent, createMiddleware, tool, ToolMessage } from 'langchain';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import * as weather from '../weather.mjs';

// A tool's error ends the run, unless a middleware makes an answer of it.
const failures = createMiddleware({
  name: 'failures',
  wrapToolCall: async (request, handler) => {
    try {
      return await handler(request);
    } catch (error) {
      return new ToolMessage({
        content: `Error: ${error.message}`,
        tool_call_id: request.toolCall.id,
        status: 'error',
      });
    }
  },
});

const getWeather = tool(weather.getWeather, {
  name: 'get_weather',
  description: weather.DESCRIPTION,
  schema: z.object({ city: z.string() }),
});

function provided(model, words) {
  const streaming = words.includes('stream');
  if (words.includes('anthropic'))
    return new ChatAnthropic({ model, maxRetries: 0, streaming, anthropicApiUrl: weather.MODEL_URL });
  return new ChatOpenAI({ model, maxRetries: 0, useResponsesApi: words.includes('responses'), streaming });
}

export async function ask(model, words = []) {
  const agent = createAgent({
    name: weather.AGENT,
    model: provided(model, words),
    systemPrompt: weather.SYSTEM,
    tools: [getWeather],
    middleware: [failures],
  });
  const { messages } = await agent.invoke(
    { messages: [{ role: 'user', content: weather.QUESTION }] },
    { configurable: { thread_id: weather.SESSION }, metadata: { session_id: weather.SESSION } },
  );
  return messages.at(-1).text;
}
