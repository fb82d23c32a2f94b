// One span that can be stored and two without ids, in one request: node partial.mjs http|proto
//
// Prints, as JSON, what the exporter made of the answer: the result that its caller gets, and what it warned of.
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${process.argv[2]}`);

const warnings = [];
const warn = (...words) => warnings.push(words);
diag.setLogger({ error: warn, warn, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);

const memory = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
provider.getTracer('travel').startSpan('chat').end();
const [good] = memory.getFinishedSpans();

const without = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 1 };
const bad = Object.create(good, { spanContext: { value: () => without } });

const exporter = new OTLPTraceExporter();
const result = await new Promise((resolve) => exporter.export([bad, good, bad], resolve));
await exporter.shutdown();
console.log(JSON.stringify({ code: result.code, span_id: good.spanContext().spanId, warnings }));
