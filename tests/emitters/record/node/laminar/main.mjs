// Laminar's SDK around the OpenAI client. Words: stream, responses.
import { Laminar, observe } from '@lmnr-ai/lmnr';
import OpenAI from 'openai';
import { loop } from '../loop.mjs';
import * as weather from '../weather.mjs';

const sink = new URL(weather.SINK_URL);
Laminar.initialize({
  projectApiKey: 'none',
  baseUrl: `${sink.protocol}//${sink.hostname}`,
  httpPort: Number(sink.port),
  forceHttp: true,
  instrumentModules: { OpenAI },
});
const client = new OpenAI({ maxRetries: 0 });
const tool = (given) => observe({ name: 'get_weather', spanType: 'TOOL', input: given }, weather.getWeather, given);
const ask = (model) =>
  observe({ name: weather.AGENT, sessionId: weather.SESSION, userId: 'user', input: weather.QUESTION }, () =>
    loop(client, model, tool, process.argv.slice(2)),
  );

weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(weather.MODEL) });
await weather.refused(() => ask(weather.OVERLOADED));
await Laminar.flush();
await Laminar.shutdown();
process.exit(0);
