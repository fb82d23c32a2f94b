// The AI SDK with @ai-sdk/otel.
// Words: stream, responses, anthropic, legacy (the spans with ai.* keys), context (the session is on the spans).
import { LegacyOpenTelemetry, OpenTelemetry } from '@ai-sdk/otel';
import { registerTelemetry } from 'ai';
import { provider } from '../telemetry.mjs';
import * as weather from '../weather.mjs';
import { ask } from './ask.mjs';

const words = process.argv.slice(2);
const Telemetry = words.includes('legacy') ? LegacyOpenTelemetry : OpenTelemetry;
registerTelemetry(new Telemetry({ runtimeContext: words.includes('context') }));

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(words.includes('anthropic') ? weather.CLAUDE : weather.MODEL, words) });
await weather.refused(() => ask(weather.OVERLOADED, words));
await provider.shutdown();
