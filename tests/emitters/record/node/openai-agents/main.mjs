// The OpenAI Agents SDK with OpenInference's instrumentation: an agent hands over to another.
// Words: chat (completions).
import { OpenAIAgentsInstrumentation } from '@arizeai/openinference-instrumentation-openai-agents';
import * as agents from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import { provider } from '../telemetry.mjs';
import * as weather from '../weather.mjs';

const words = process.argv.slice(2);
new OpenAIAgentsInstrumentation({ tracerProvider: provider }).manuallyInstrument(agents);
agents.setDefaultOpenAIClient(new OpenAI({ maxRetries: 0 }));
agents.setOpenAIAPI(words.includes('chat') ? 'chat_completions' : 'responses');

const make = (model) => {
  const expert = new agents.Agent({
    name: weather.AGENT,
    handoffDescription: 'Knows the weather.',
    instructions: weather.SYSTEM,
    model,
    tools: [
      agents.tool({
        name: 'get_weather',
        description: weather.DESCRIPTION,
        parameters: z.object({ city: z.string() }),
        execute: weather.getWeather,
      }),
    ],
  });
  return agents.Agent.create({ name: 'concierge', instructions: 'Hand over to who knows.', model, handoffs: [expert] });
};
const ask = (model) =>
  agents.withTrace('Weather', () => agents.run(make(model), weather.QUESTION), { groupId: weather.SESSION });

weather.tell({ agent: 'concierge' });
weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: (await ask(weather.MODEL)).finalOutput });
await weather.refused(() => ask(weather.OVERLOADED));
await agents.getGlobalTraceProvider().forceFlush();
await provider.shutdown();
