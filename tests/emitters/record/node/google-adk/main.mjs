// Google's Agent Development Kit with its own telemetry: an agent hands over to another.
import { FunctionTool, InMemoryRunner, LlmAgent, maybeSetOtelProviders } from '@google/adk';
import { logs } from '@opentelemetry/api-logs';
import { trace } from '@opentelemetry/api';
import { z } from 'zod';
import * as weather from '../weather.mjs';

maybeSetOtelProviders();

async function ask(model) {
  const expert = new LlmAgent({
    name: weather.AGENT,
    description: 'Knows the weather.',
    model,
    instruction: weather.SYSTEM,
    tools: [
      new FunctionTool({
        name: 'get_weather',
        description: weather.DESCRIPTION,
        parameters: z.object({ city: z.string() }),
        execute: weather.getWeather,
      }),
    ],
    afterToolCallback: undefined,
  });
  const agent = new LlmAgent({ name: 'concierge', model, instruction: 'Ask who knows.', subAgents: [expert] });
  const runner = new InMemoryRunner({ agent, appName: 'travel' });
  await runner.sessionService.createSession({ appName: 'travel', userId: 'user', sessionId: weather.SESSION });
  let text = '';
  const message = { role: 'user', parts: [{ text: weather.QUESTION }] };
  for await (const event of runner.runAsync({ userId: 'user', sessionId: weather.SESSION, newMessage: message })) {
    console.log(JSON.stringify(event).slice(0, 300));
    if (event.errorCode) throw new Error(`${event.errorCode}: ${event.errorMessage}`);
    text = event.content?.parts?.map((part) => part.text ?? '').join('') || text;
  }
  return text;
}

weather.tell({ agent: 'concierge' });
weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask('gemini-2.5-flash') });
await weather.refused(() => ask('gemini-overloaded'));
await trace.getTracerProvider().getDelegate?.().forceFlush?.();
await logs.getLoggerProvider().forceFlush?.();
process.exit(0);
