// An agent's run as opentelemetry-js sends it, with the exporters of OTEL_EXPORTER_OTLP_PROTOCOL and their defaults;
// where to, and whether with gzip, they read from the environment (OTEL_EXPORTER_OTLP_ENDPOINT, ..._COMPRESSION).
// Prints what was sent, as JSON; ends with 1 where an export failed.
import { context, diag, DiagLogLevel, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const TOOLS = 40;

const pair = { 'http/json': 'http', 'http/protobuf': 'proto' }[process.env.OTEL_EXPORTER_OTLP_PROTOCOL];
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${pair}`);
const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${pair}`);

// The SDK reports a failed export here and nowhere else.
const complain = (...words) => {
  console.error(...words);
  process.exitCode = 1;
};
diag.setLogger({ error: complain, warn: complain, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);

const resource = resourceFromAttributes({ 'service.name': 'travel-agent' });
const traces = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
const logs = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
});
const tracer = traces.getTracer('travel', '1.0.0');
const logger = logs.getLogger('travel', '1.0.0');

const attributes = { 'gen_ai.conversation.id': 'travel-conversation', 'gen_ai.agent.name': 'travel-agent' };
const run = tracer.startSpan('invoke_agent travel-agent', {
  attributes: { ...attributes, 'gen_ai.operation.name': 'invoke_agent' },
});
const inside = trace.setSpan(context.active(), run);
for (let call = 0; call < TOOLS; call++) {
  const span = tracer.startSpan(
    'execute_tool book_flight',
    {
      kind: SpanKind.CLIENT,
      attributes: {
        ...attributes,
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'book_flight',
        'gen_ai.tool.call.arguments': JSON.stringify({ to: 'Zürich 🛫', seat: call }),
        'test.integer': call,
        'test.double': call + 0.25,
        'test.list': ['a', 'b'],
      },
    },
    inside,
  );
  span.addEvent('asked', { attempt: call });
  if (call === TOOLS - 1) {
    span.recordException(new Error('no seat left'));
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no seat left' });
  }
  span.end();
  logger.emit({
    severityNumber: call === TOOLS - 1 ? SeverityNumber.ERROR : SeverityNumber.INFO,
    body: `seat ${call} asked for`,
    attributes,
    context: trace.setSpan(inside, span),
  });
}
run.end();

await traces.shutdown();
await logs.shutdown();
console.log(JSON.stringify({ trace_id: run.spanContext().traceId, tools: TOOLS }));
