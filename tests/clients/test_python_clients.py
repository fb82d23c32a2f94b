"""opentelemetry-python's HTTP exporters through its real SDK: what goes in is what is read back."""

import logging

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

TOOLS = 40
RESOURCE = Resource.create({"service.name": "travel-agent"})
AGENT = {"gen_ai.conversation.id": "python-conversation", "gen_ai.agent.name": "travel-agent"}


@pytest.fixture(params=["none", "gzip"])
def exporters_environment(request, receiver, monkeypatch):
    """The exporters are made with their defaults; this is all that a user sets."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.otlp_url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", request.param)


def test_spans_arrive_with_their_events_and_exceptions(receiver, exporters_environment):
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
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
def test_logs_arrive_through_the_logging_module(receiver, exporters_environment):
    traces = TracerProvider(resource=RESOURCE)
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
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
