// Langfuse's SDK: its wrapper of the OpenAI client, and observations of an agent and its tool.
// Words: responses, stream.
import { observeOpenAI } from '@langfuse/openai';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation } from '@langfuse/tracing';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import OpenAI from 'openai';
import * as weather from '../weather.mjs';
import { loop } from '../loop.mjs';

const provider = new NodeTracerProvider({
  spanProcessors: [new LangfuseSpanProcessor({ baseUrl: weather.SINK_URL, publicKey: 'none', secretKey: 'none' })],
});
provider.register();
const client = observeOpenAI(new OpenAI({ maxRetries: 0 }));

const tool = (given) =>
  startActiveObservation(
    'get_weather',
    async (span) => {
      span.update({ input: given });
      try {
        const output = await weather.getWeather(given);
        span.update({ output });
        return output;
      } catch (error) {
        span.update({ level: 'ERROR', statusMessage: error.message });
        throw error;
      }
    },
    { asType: 'tool' },
  );
const ask = (model) =>
  propagateAttributes({ sessionId: weather.SESSION, userId: 'user' }, () =>
    startActiveObservation(
      weather.AGENT,
      async (span) => {
        span.update({ input: weather.QUESTION });
        const output = await loop(client, model, tool, process.argv.slice(2));
        span.update({ output });
        return output;
      },
      { asType: 'agent' },
    ),
  );

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(weather.MODEL) });
await weather.refused(() => ask(weather.OVERLOADED));
await provider.shutdown();
