"""Messages written attribute by attribute, of which Python's SDK has dropped the first: those that came are shown."""

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mapping.calls.reading import tell
from mapping.messages.flattened import missing_messages
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.spans import map_traces
from tests.mapping.export.shown import shown

SHAPES = {
    "gen_ai.prompt.{}.role": "gen_ai.prompt.{}.content",
    "llm.input_messages.{}.message.role": "llm.input_messages.{}.message.content",
}


def sent(role_key, content_key, messages, most):
    """Give the event of a call as the SDK exports it with so many attributes at most."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(span_limits=SpanLimits(max_span_attributes=most))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("t").start_as_current_span("chat") as span:
        for place in range(messages):
            span.set_attribute(role_key.format(place), ("user", "assistant")[place % 2])
            span.set_attribute(content_key.format(place), f"message {place}")
        span.set_attribute("gen_ai.operation.name", "chat")
    (event,) = map_traces(ProtobufWire(), encode_spans(exporter.get_finished_spans()).SerializeToString(), 1).events
    return shown(event)


@pytest.mark.parametrize(("role_key", "content_key"), SHAPES.items())
@pytest.mark.parametrize(("most", "first"), [(128, 37), (127, 37), (50, 76), (1_000, 0)])
def test_the_messages_that_came_are_shown_and_how_many_did_not(role_key, content_key, most, first):
    event = sent(role_key, content_key, 100, most)
    telling = tell(event)
    assert [part["text"] for message in telling.sent for part in message["parts"]] == [
        f"message {place}" for place in range(first, 100)
    ]
    assert telling.sent[0]["role"] == ("user", "assistant")[first % 2]
    assert missing_messages(event["properties"]) == first
    assert event["properties"].get("otel.dropped_attributes_count", 0) == max(201 - most, 0)


def test_a_list_that_begins_later_for_another_reason_is_none():
    assert missing_messages({"gen_ai.prompt.3.role": "user"}) == 0


def test_a_place_that_is_no_number_is_none():
    places = {f"gen_ai.prompt.{place}.role": "user" for place in ("0", "9" * 5_000, "x")}
    telling = tell(sent("{}", "{}", 0, 10) | {"properties": {"gen_ai.operation.name": "chat", **places}})
    assert telling.sent == []
