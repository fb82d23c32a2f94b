"""OpenInference's helpers for annotations and evaluations, on the span of a model's call."""

from openinference.instrumentation import TracerProvider, get_annotation_attributes, get_evaluation_attributes
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
kind = {"openinference.span.kind": "LLM", "llm.model_name": "stand-in"}
with provider.get_tracer("scores").start_as_current_span("answer", attributes=kind) as span:
    accuracy = {"name": "accuracy", "score": 0.9, "explanation": "as expected", "annotator_kind": "LLM"}
    span.set_attributes(get_annotation_attributes(annotations=[accuracy]))
    verdict = {"name": "verdict", "label": "pass", "annotator_kind": "HUMAN"}
    span.set_attributes(get_evaluation_attributes(evaluations=[verdict], scope="trace"))
    trace_id = f"{span.get_span_context().trace_id:032x}"
provider.shutdown()
print(trace_id)
