// The AI SDK, its spans made OpenInference's by Arize's span processor. Words: stream, responses.
import { OpenTelemetry } from '@ai-sdk/otel';
import { OpenInferenceBatchSpanProcessor } from '@arizeai/openinference-vercel';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { registerTelemetry } from 'ai';
import { ask } from '../ai-sdk/ask.mjs';
import * as weather from '../weather.mjs';

const processor = new OpenInferenceBatchSpanProcessor({ exporter: new OTLPTraceExporter() });
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();
registerTelemetry(new OpenTelemetry({ usage: true, providerMetadata: true, runtimeContext: true, toolChoice: true }));
const words = process.argv.slice(2);

weather.tell({ agent: weather.AGENT });
weather.tell({ session: weather.SESSION });
weather.tell({ answer: await ask(weather.MODEL, words) });
await weather.refused(() => ask(weather.OVERLOADED, words));
await provider.shutdown();
