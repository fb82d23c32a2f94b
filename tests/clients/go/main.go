// An agent's run as opentelemetry-go sends it, with the exporters of OTEL_EXPORTER_OTLP_PROTOCOL and their defaults;
// where to, and whether with gzip, they read from the environment (OTEL_EXPORTER_OTLP_ENDPOINT, ..._COMPRESSION).
// Prints what was sent, as JSON; ends with 1 where an export failed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const tools = 40

func main() {
	failed := false
	complain := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed = true
		}
	}
	// The SDK reports a failed export here, and not always where it is shut down.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(complain))

	ctx := context.Background()
	spans, records, err := exporters(ctx)
	if err != nil {
		panic(err)
	}
	traces := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans))
	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records)))
	traceID := run(ctx, traces.Tracer("travel"), logs.Logger("travel"))
	complain(traces.Shutdown(ctx))
	complain(logs.Shutdown(ctx))
	complain(json.NewEncoder(os.Stdout).Encode(map[string]any{"trace_id": traceID, "tools": tools}))
	if failed {
		os.Exit(1)
	}
}

func exporters(ctx context.Context) (spans sdktrace.SpanExporter, records sdklog.Exporter, err error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		if spans, err = otlptracegrpc.New(ctx); err == nil {
			records, err = otlploggrpc.New(ctx)
		}
	} else if spans, err = otlptracehttp.New(ctx); err == nil {
		records, err = otlploghttp.New(ctx)
	}
	return spans, records, err
}

// run makes the spans and log records, and returns the id of their trace.
func run(ctx context.Context, tracer trace.Tracer, logger log.Logger) string {
	agent := []attribute.KeyValue{
		attribute.String("gen_ai.conversation.id", "travel-conversation"),
		attribute.String("gen_ai.agent.name", "travel-agent"),
	}
	ctx, root := tracer.Start(ctx, "invoke_agent travel-agent",
		trace.WithAttributes(append(agent, attribute.String("gen_ai.operation.name", "invoke_agent"))...))
	defer root.End()
	for call := range tools {
		arguments := fmt.Sprintf(`{"to":"Zürich 🛫","seat":%d}`, call)
		inside, span := tracer.Start(ctx, "execute_tool book_flight", trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(append(agent,
				attribute.String("gen_ai.operation.name", "execute_tool"),
				attribute.String("gen_ai.tool.name", "book_flight"),
				attribute.String("gen_ai.tool.call.arguments", arguments),
				attribute.Int("test.integer", call),
				attribute.Float64("test.double", float64(call)+0.25),
				attribute.StringSlice("test.list", []string{"a", "b"}),
			)...))
		span.AddEvent("asked", trace.WithAttributes(attribute.Int("attempt", call)))
		severity := log.SeverityInfo
		if call == tools-1 {
			span.RecordError(errors.New("no seat left"))
			span.SetStatus(codes.Error, "no seat left")
			severity = log.SeverityError
		}
		record := log.Record{}
		record.SetSeverity(severity)
		record.SetBody(attribute.StringValue(fmt.Sprintf("seat %d asked for", call)))
		record.AddAttributes(agent...)
		logger.Emit(inside, record)
		span.End()
	}
	return root.SpanContext().TraceID().String()
}
