// Traceloop's SDK (OpenLLMetry) around the OpenAI client. Words: stream.
import * as traceloop from '@traceloop/node-server-sdk';
import OpenAI from 'openai';
import { loop } from '../loop.mjs';
import * as weather from '../weather.mjs';

traceloop.initialize({
  appName: process.env.OTEL_SERVICE_NAME,
  baseUrl: weather.SINK_URL,
  apiKey: 'none',
  disableBatch: true,
  traceloopSyncEnabled: false,
  instrumentModules: { openAI: OpenAI },
});
const client = new OpenAI({ maxRetries: 0 });
const tool = (given) => traceloop.withTool({ name: 'get_weather' }, weather.getWeather, given);
const ask = (model) =>
  traceloop.withAssociationProperties({ session_id: weather.SESSION }, () =>
    traceloop.withWorkflow({ name: 'travel' }, () =>
      traceloop.withAgent({ name: weather.AGENT }, () => loop(client, model, tool, process.argv.slice(2))),
    ),
  );

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(weather.MODEL) });
await weather.refused(() => ask(weather.OVERLOADED));
await traceloop.forceFlush();
process.exit(0);
