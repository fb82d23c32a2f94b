"""opentelemetry-python's exporters, HTTP and gRPC, through its real SDK: what goes in is what is read back."""

import logging
from typing import NamedTuple

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_spans
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_spans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

TOOLS = 40
RESOURCE = Resource.create({"service.name": "travel-agent"})
AGENT = {"gen_ai.conversation.id": "python-conversation", "gen_ai.agent.name": "travel-agent"}


class Exporters(NamedTuple):
    spans: type
    logs: type
    metrics: type


HTTP = Exporters(http_spans.OTLPSpanExporter, http_logs.OTLPLogExporter, http_metrics.OTLPMetricExporter)
GRPC = Exporters(grpc_spans.OTLPSpanExporter, grpc_logs.OTLPLogExporter, grpc_metrics.OTLPMetricExporter)


@pytest.fixture(
    params=[(HTTP, None), (HTTP, "gzip"), (GRPC, None), (GRPC, "gzip")],
    ids=["HTTP", "HTTP gzip", "gRPC", "gRPC gzip"],
)
def exporters(request, receiver, monkeypatch):
    """The exporters are made with their defaults; this is all that a user sets."""
    exporters, compression = request.param
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.otlp_url if exporters is HTTP else receiver.grpc_url)
    if compression:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
    return exporters


def test_spans_arrive_with_their_events_and_exceptions(receiver, exporters):
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(BatchSpanProcessor(exporters.spans()))
    tracer = provider.get_tracer("travel", "1.0.0")
    with tracer.start_as_current_span("invoke_agent travel-agent", attributes=AGENT) as run:
        for call in range(TOOLS):
            with tracer.start_as_current_span(
                "execute_tool book_flight",
                kind=trace.SpanKind.CLIENT,
                attributes=AGENT | {"gen_ai.tool.name": "book_flight", "to": "Zürich 🛫", "seat": call, "price": 0.25},
            ) as tool:
                tool.add_event("asked", {"attempt": call})
        with pytest.raises(LookupError), tracer.start_as_current_span("execute_tool pay", attributes=AGENT):
            raise LookupError("no seat left")
    provider.shutdown()

    stored = receiver.events(session_id="python-conversation")
    # The run, the tools with an event each, and the payment with its exception.
    assert receiver.stored() == len(stored) == 1 + TOOLS * 2 + 2
    trace_id = f"{run.get_span_context().trace_id:032x}"
    assert {event["trace_id"] for event in stored} == {trace_id}
    assert {event["resource"]["service.name"] for event in stored} == {"travel-agent"}

    tools = [event for event in stored if event["name"] == "execute_tool book_flight"]
    assert {event["event_type"] for event in tools} == {"tool_call"}
    assert {event["kind"] for event in tools} == {"client"}
    assert {event["agent_id"] for event in tools} == {"travel-agent"}
    assert sorted(event["properties"]["seat"] for event in tools) == list(range(TOOLS))
    assert {(event["properties"]["to"], event["properties"]["price"]) for event in tools} == {("Zürich 🛫", 0.25)}
    assert {event["parent_span_id"] for event in tools} == {f"{run.get_span_context().span_id:016x}"}
    assert sorted(event["properties"]["attempt"] for event in stored if event["name"] == "asked") == list(range(TOOLS))

    (exception,) = (event for event in stored if event["name"] == "exception")
    (payment,) = (event for event in stored if event["name"] == "execute_tool pay")
    assert exception["event_type"] == "error"
    assert exception["parent_span_id"] == payment["span_id"]
    assert exception["properties"]["exception.type"] == "LookupError"
    assert "no seat left" in exception["properties"]["exception.stacktrace"]
    assert payment["status"] == "error"


# Deprecated in favour of a package of its own, and what most programs use.
@pytest.mark.filterwarnings("ignore:.*LoggingHandler.*:DeprecationWarning")
def test_logs_arrive_through_the_logging_module(receiver, exporters):
    traces = TracerProvider(resource=RESOURCE)
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporters.logs()))
    handler = LoggingHandler(logger_provider=provider)
    logger = logging.getLogger("travel")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        with traces.get_tracer("travel").start_as_current_span("invoke_agent travel-agent") as run:
            for call in range(TOOLS):
                logger.info("seat %d asked for", call, extra=AGENT)
                logger.info("waiting", extra=AGENT)  # the same words each time: every one of them counts
            try:
                [].index("seat")
            except ValueError:
                logger.exception("booking failed", extra=AGENT)
    finally:
        logger.removeHandler(handler)
        provider.shutdown()

    stored = receiver.events(session_id="python-conversation")
    assert receiver.stored() == len(stored) == TOOLS * 2 + 1
    assert {event["trace_id"] for event in stored} == {f"{run.get_span_context().trace_id:032x}"}
    assert {event["parent_span_id"] for event in stored} == {f"{run.get_span_context().span_id:016x}"}
    bodies = [event["properties"]["body"] for event in stored]
    assert bodies.count("waiting") == TOOLS
    assert {f"seat {call} asked for" for call in range(TOOLS)} < set(bodies)
    (failure,) = (event for event in stored if event["properties"]["body"] == "booking failed")
    assert (failure["severity"], failure["status"], failure["event_type"]) == ("ERROR", "error", "error")
    assert failure["properties"]["exception.type"] == "ValueError"


def test_metrics_are_taken_and_the_exporter_finds_no_fault(receiver, exporters, caplog):
    provider = MeterProvider([PeriodicExportingMetricReader(exporters.metrics())], resource=RESOURCE)
    provider.get_meter("travel").create_counter("seats").add(1)
    provider.shutdown()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert "metrics come, from 127.0.0.1 first, and are discarded" in receiver.log()
    assert receiver.stored() == 0


def span(name="chat"):
    """Return a span that has ended."""
    started = TracerProvider(resource=RESOURCE).get_tracer("travel").start_span(name)
    started.end()
    return started


class TestGrpcRefused:
    """An export that is refused is lost, and the receiver's log says why."""

    def test_a_wrong_key_is_said_at_once(self, stopped_receiver):
        stopped_receiver.start(key="right")
        exporter = GRPC.spans(endpoint=stopped_receiver.grpc_url, headers={"authorization": "Bearer wrong"}, timeout=30)
        assert exporter.export([span()]) is SpanExportResult.FAILURE
        exporter = GRPC.spans(endpoint=stopped_receiver.grpc_url, headers={"x-api-key": "right"})
        assert exporter.export([span()]) is SpanExportResult.SUCCESS
        assert stopped_receiver.stored() == 1
        assert "from 127.0.0.1 refused: the API key is not one of" in stopped_receiver.log()

    def test_the_wrong_port_is_told_the_right_one(self, receiver):
        http, grpc = (url.rpartition(":")[2] for url in (receiver.otlp_url, receiver.grpc_url))
        exporter = GRPC.spans(endpoint=receiver.otlp_url, timeout=30)
        assert exporter.export([span()]) is SpanExportResult.FAILURE
        exporter = HTTP.spans(endpoint=f"{receiver.grpc_url}/v1/traces", timeout=30)
        assert exporter.export([span()]) is SpanExportResult.FAILURE
        # The exporters do not say again what they have said within a minute, and that of HTTP hides the answer.
        assert f"this port takes OTLP over HTTP; OTLP over gRPC goes to port {grpc} [UNIMPLEMENTED]" in receiver.log()
        assert f"expected gRPC; OTLP over HTTP goes to port {http} [400]" in receiver.log()

    def test_tls_where_there_is_none_is_in_the_receivers_log(self, receiver):
        exporter = GRPC.spans(
            endpoint=receiver.grpc_url.removeprefix("http://"), timeout=2
        )  # TLS unless told otherwise
        assert exporter.export([span()]) is SpanExportResult.FAILURE
        assert "expected no TLS" in receiver.log()


def test_a_large_span_arrives_over_grpc(receiver):
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(BatchSpanProcessor(GRPC.spans(endpoint=receiver.grpc_url)))
    provider.get_tracer("travel").start_span("chat", attributes={f"part.{n}": "x" * 1_000_000 for n in range(15)}).end()
    provider.shutdown()
    (event,) = receiver.events()
    assert [len(event["properties"][f"part.{n}"]) for n in range(15)] == [1_000_000] * 15
