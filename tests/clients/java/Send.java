import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.common.export.RetryPolicy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An agent's run as opentelemetry-java sends it, set up by the environment, as Java's agent is
 * (OTEL_EXPORTER_OTLP_ENDPOINT, ..._PROTOCOL, ..._COMPRESSION). Prints what was sent, as JSON; the SDK says on standard
 * error which exports failed.
 */
class Send {
  static final int TOOLS = 40;

  static final Attributes AGENT =
      Attributes.builder()
          .put("gen_ai.conversation.id", "travel-conversation")
          .put("gen_ai.agent.name", "travel-agent")
          .build();

  // The gRPC exporters (1.68) do not wait as long as the receiver says: without this they give up after some 8 seconds.
  static final RetryPolicy PATIENT =
      RetryPolicy.builder()
          .setInitialBackoff(Duration.ofSeconds(5))
          .setMaxBackoff(Duration.ofSeconds(10))
          .build();

  public static void main(String[] arguments) {
    OpenTelemetrySdk sdk =
        AutoConfiguredOpenTelemetrySdk.builder()
            .disableShutdownHook()
            .addSpanExporterCustomizer((exporter, environment) ->
                exporter instanceof OtlpGrpcSpanExporter grpc
                    ? grpc.toBuilder().setRetryPolicy(PATIENT).build()
                    : exporter)
            .addLogRecordExporterCustomizer((exporter, environment) ->
                exporter instanceof OtlpGrpcLogRecordExporter grpc
                    ? grpc.toBuilder().setRetryPolicy(PATIENT).build()
                    : exporter)
            .build()
            .getOpenTelemetrySdk();
    String traceId = run(sdk.getTracer("travel"), sdk.getLogsBridge().get("travel"));
    sdk.shutdown().join(90, TimeUnit.SECONDS);
    System.out.printf("{\"trace_id\": \"%s\", \"tools\": %d}%n", traceId, TOOLS);
  }

  /** Makes the spans and log records, and returns the id of their trace. */
  static String run(Tracer tracer, Logger logger) {
    Span run =
        tracer
            .spanBuilder("invoke_agent travel-agent")
            .setAllAttributes(with("gen_ai.operation.name", "invoke_agent").build())
            .startSpan();
    Context inside = Context.root().with(run);
    for (int call = 0; call < TOOLS; call++) {
      boolean fails = call == TOOLS - 1;
      Span span =
          tracer
              .spanBuilder("execute_tool book_flight")
              .setParent(inside)
              .setSpanKind(SpanKind.CLIENT)
              .setAllAttributes(
                  with("gen_ai.operation.name", "execute_tool")
                      .put("gen_ai.tool.name", "book_flight")
                      .put("gen_ai.tool.call.arguments", "{\"to\":\"Zürich 🛫\",\"seat\":" + call + "}")
                      .put("test.integer", call)
                      .put("test.double", call + 0.25)
                      .put(AttributeKey.stringArrayKey("test.list"), List.of("a", "b"))
                      .build())
              .startSpan();
      span.addEvent("asked", Attributes.of(AttributeKey.longKey("attempt"), (long) call));
      if (fails) {
        span.recordException(new IllegalStateException("no seat left"));
        span.setStatus(StatusCode.ERROR, "no seat left");
      }
      logger
          .logRecordBuilder()
          .setContext(inside.with(span))
          .setSeverity(fails ? Severity.ERROR : Severity.INFO)
          .setBody("seat " + call + " asked for")
          .setAllAttributes(AGENT)
          .emit();
      span.end();
    }
    run.end();
    return run.getSpanContext().getTraceId();
  }

  static AttributesBuilder with(String key, String value) {
    return AGENT.toBuilder().put(key, value);
  }
}
