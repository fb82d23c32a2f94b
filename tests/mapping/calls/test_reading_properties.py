"""Properties of reading: nothing that can be stored makes it fail, and the order of keys says nothing."""

import json

import msgspec
from events import json_event, log, span, span_event
from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.model import Telling
from mapping.calls.reading import tell
from mapping.semantics.vocabulary import FLATTENED, KEYS
from mapping.values import storable

WORDS = [
    "chat",
    "execute_tool",
    "invoke_agent",
    "tool",
    "LLM",
    "AGENT",
    "model",
    "generation",
    "error",
    "user",
    "assistant",
    "system",
    "{}",
    "[]",
    '"quoted"',
    "N/A",
    "Interrupt(value='x')",
    "data:image/png;base64,AA",
    "[USER]\nx",
    "ChatMessage(role=<A.B: 'user'>, content='x')",
    "content='x' name='y'",
    "Traceback (most recent call last):\n",
    "1.5",
]
FIELDS = [
    "role",
    "content",
    "parts",
    "type",
    "text",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "input",
    "output",
    "messages",
    "message",
    "choices",
    "candidates",
    "usage",
    "kwargs",
    "args",
    "lc",
    "status",
    "state",
    "response",
    "request",
    "blocks",
    "is_error",
    "isError",
    "functionCall",
    "functionResponse",
    "toolUse",
    "toolResult",
    "image_url",
    "source",
    "data",
    "media_type",
    "generations",
    "replies",
    "meta",
    "origin",
    "error",
    "prompt_tokens",
    "raw",
]
KNOWN = [
    *KEYS,
    *(
        f"{prefix}{number}.message.{field}"
        for prefixes in FLATTENED.values()
        for prefix in prefixes
        for number in (0, 1)
        for field in ("role", "content")
    ),
    "metadata",
    "genkit:metadata:context",
    "haystack.component.type",
    "tool.parameters",
    "event.name",
    "rule",
    "id",
    "attributes.body",
    "duration_ms",
    "event.sequence",
    "logfire.msg",
    "gen_ai.event.content",
    "llm.operation",
    "response.message.role",
    "response.message.blocks",
    "llamaindex.step.input_summary",
    "gen_ai.request.choice.count",
]
NAMES = [
    None,
    "work",
    "tool.output",
    "gen_ai.choice",
    "gen_ai.tool.message",
    "gen_ai.user.message",
    "exception",
    "user_prompt",
    "api_request",
    "api_response_body",
    "api_request_body",
    "step.output",
    "LLMChatEndEvent",
    "execute_tool x",
    "a.run",
    "gen_ai.client.inference.operation.details",
    "event a/b.rs:1",
    "system_prompt",
    "{x}",
]
SCOPES = [None, "gcp.vertex.agent", "gemini-cli", "com.anthropic.claude_code.events", "llamaindex.opentelemetry.tracer"]

leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.sampled_from(WORDS) | st.text()
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5)
)
as_text = values.map(lambda value: json.dumps(value, default=str))
properties = st.dictionaries(st.sampled_from(KNOWN), values | as_text, max_size=8).map(storable)
bodies = st.none() | values.map(storable)


@st.composite
def events(draw):
    make = draw(st.sampled_from([span, log, span_event, json_event]))
    fields = {
        "name": draw(st.sampled_from(NAMES)),
        "status": draw(st.sampled_from(["ok", "error", "unset"])),
        "event_type": draw(st.sampled_from([None, "model_call", "message", "tool_call"])),
    }
    given_properties = draw(properties)
    if make is log and (body := draw(bodies)) is not None:
        given_properties["body"] = body
    return make(given_properties, **fields) | {"scope": {"name": draw(st.sampled_from(SCOPES))}}


@given(events())
def test_any_event_tells_something(event):
    telling = tell(event)
    assert isinstance(telling, Telling)
    assert telling.start <= telling.end
    msgspec.msgpack.encode(telling)


@given(events(), st.randoms(use_true_random=False))
def test_the_order_of_keys_says_nothing(event, rand):
    items = [*event["properties"].items()]
    rand.shuffle(items)
    assert repr(tell(event | {"properties": dict(items)})) == repr(tell(event))


@given(events())
def test_what_is_told_can_be_stored(event):
    telling = tell(event)
    for field in ("arguments", "result", "system", "sent", "answered"):
        value = getattr(telling, field)
        assert storable(value) == value or "nan" in repr(value)


@given(events())
def test_reading_changes_nothing_of_the_event(event):
    before = repr(event)
    tell(event)
    assert repr(event) == before
