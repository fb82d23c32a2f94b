// LangSmith's SDK around the OpenAI client, sending spans of OpenTelemetry alone (LANGSMITH_TRACING_MODE).
// Words: stream, responses.
import { Client } from 'langsmith';
import { initializeOTEL } from 'langsmith/experimental/otel/setup';
import { traceable } from 'langsmith/traceable';
import { wrapOpenAI } from 'langsmith/wrappers';
import OpenAI from 'openai';
import { loop } from '../loop.mjs';
import * as weather from '../weather.mjs';

const { DEFAULT_LANGSMITH_TRACER_PROVIDER: provider } = initializeOTEL();
const client = new Client();
const options = (name, run_type) => ({ client, name, run_type, metadata: { thread_id: weather.SESSION } });
const models = wrapOpenAI(new OpenAI({ maxRetries: 0 }), { client });
const tool = traceable(weather.getWeather, options('get_weather', 'tool'));
const ask = (model) =>
  traceable(() => loop(models, model, tool, process.argv.slice(2)), options(weather.AGENT, 'chain'))(weather.QUESTION);

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(weather.MODEL) });
await weather.refused(() => ask(weather.OVERLOADED));
await client.awaitPendingTraceBatches();
await provider.forceFlush();
