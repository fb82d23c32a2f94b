// Mastra with its exporter for OpenTelemetry. Words: stream.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { createTool } from '@mastra/core/tools';
import { LibSQLStore } from '@mastra/libsql';
import { Memory } from '@mastra/memory';
import { Observability } from '@mastra/observability';
import { OtelExporter } from '@mastra/otel-exporter';
import { z } from 'zod';
import * as weather from '../weather.mjs';

const words = process.argv.slice(2);
const models = createOpenAICompatible({
  name: 'local',
  baseURL: weather.OPENAI_URL,
  apiKey: 'none',
  includeUsage: true,
});
const storage = new LibSQLStore({ id: 'store', url: 'file:memory.db' });
const get_weather = createTool({
  id: 'get_weather',
  description: weather.DESCRIPTION,
  inputSchema: z.object({ city: z.string() }),
  execute: weather.getWeather,
});
const make = (id, model) =>
  new Agent({
    id,
    name: id,
    instructions: weather.SYSTEM,
    model: models(model),
    maxRetries: 0,
    tools: { get_weather },
    memory: new Memory({ storage }),
  });
const provider = { custom: { endpoint: weather.SINK_URL, protocol: 'http/protobuf' } };
const mastra = new Mastra({
  storage,
  agents: { [weather.AGENT]: make(weather.AGENT, weather.MODEL), late: make('late_agent', weather.OVERLOADED) },
  observability: new Observability({
    configs: { otel: { serviceName: process.env.OTEL_SERVICE_NAME, exporters: [new OtelExporter({ provider })] } },
  }),
});
async function ask(name) {
  const memory = { thread: weather.SESSION, resource: 'user' };
  if (!words.includes('stream')) return (await mastra.getAgent(name).generate(weather.QUESTION, { memory })).text;
  return await (
    await mastra.getAgent(name).stream(weather.QUESTION, { memory })
  ).text;
}

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(weather.AGENT) });
await weather.refused(() => ask('late'));
await mastra.observability.shutdown();
process.exit(0);
