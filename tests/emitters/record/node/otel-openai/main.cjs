// OpenTelemetry's own instrumentation of the OpenAI client, with logs for what was said. Words: stream, responses.
const { OpenAIInstrumentation } = require('@opentelemetry/instrumentation-openai');
const { OTLPLogExporter } = require('@opentelemetry/exporter-logs-otlp-proto');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { BatchLogRecordProcessor } = require('@opentelemetry/sdk-logs');

const sdk = new NodeSDK({
  traceExporter: new OTLPTraceExporter(),
  logRecordProcessors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
  instrumentations: [new OpenAIInstrumentation({ captureMessageContent: true })],
});
sdk.start();
const OpenAI = require('openai');
const { loop } = require('../loop.mjs');
const weather = require('../weather.mjs');

async function main() {
  const client = new OpenAI({ maxRetries: 0 });
  const words = process.argv.slice(2);
  weather.tell({ answer: await loop(client, weather.MODEL, weather.getWeather, words) });
  await weather.refused(() => loop(client, weather.OVERLOADED, weather.getWeather, words));
  await sdk.shutdown();
}

main();
