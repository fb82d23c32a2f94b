"""What the pages show: told to the real OpenTelemetry SDK and sent by its exporter, or posted as JSON."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from receiver.cli import demo_telemetry

NS = 1_000_000_000
_AT_ONCE = 1_000  # spans of a request

# What would be hidden, and a script: it begins so, for much is cut where it is one of many.
HIDDEN = "\x1b[1m \u202eevil <script>"
SHOWN = "␛[1m ⟦RLO⟧evil <script>"
HOSTILE = f"""{HIDDEN}window.pwned=1</script> <img src=x onerror='window.pwned=2'> javascript:window.pwned=3 "'>
  <svg onload=window.pwned=4> </textarea></title></style><iframe srcdoc='<script>parent.pwned=5</script>'>
  invoice\u202efdp.exe \x1b[31mred\x1b[0m"""


def demo(url: str) -> None:
    """Send what `vectadb-receiver send-demo` sends."""
    demo_telemetry.send(url, {})


def message(role: str, *parts: dict[str, Any]) -> str:
    return json.dumps([{"role": role, "parts": list(parts)}])


def said(text: str) -> dict[str, str]:
    return {"type": "text", "content": text}


class Story:
    """A trace that is told span by span, with the SDK's own `with`, and then sent.

    Its agent, the tag, is nobody else's:

        with story.span("invoke_agent", {"gen_ai.operation.name": "invoke_agent"}):
            with story.span("execute_tool weather", {"gen_ai.operation.name": "execute_tool"}): ...
        trace_id = story.send()
    """

    def __init__(
        self,
        url: str,
        *,
        service: str = "page-tests",
        shared: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.agent = f"agent-{uuid.uuid4().hex[:8]}"
        self.session = f"session-{self.agent}"
        self._shared = {"gen_ai.agent.name": self.agent, "gen_ai.conversation.id": self.session} | (shared or {})
        self._exporter = OTLPSpanExporter(f"{url}/v1/traces", headers=headers)
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracer = provider.get_tracer("page tests")

    @contextmanager
    def span(self, name: str, attributes: dict[str, Any] | None = None) -> Iterator[trace.Span]:
        with self.tracer.start_as_current_span(name, attributes=self._shared | (attributes or {})) as span:
            yield span

    def send(self) -> str:
        """Send all that was told since the last time. Returns the id of the last trace."""
        spans = self._kept.get_finished_spans()
        self._kept.clear()
        for first in range(0, len(spans), _AT_ONCE):
            assert self._exporter.export(spans[first : first + _AT_ONCE]) is SpanExportResult.SUCCESS
        return f"{spans[-1].context.trace_id:032x}"


def large(url: str, count: int) -> str:
    """Send a trace of so many spans: turns of 49 calls of models and tools, a millisecond each. Returns its id."""
    story = Story(url)
    shared = {"gen_ai.agent.name": "long-runner", "gen_ai.conversation.id": "a-long-one"}
    now = began = time.time_ns() - 3600 * NS
    root = story.tracer.start_span("invoke_agent long-runner", context.Context(), attributes=shared, start_time=began)
    root.set_attribute("gen_ai.operation.name", "invoke_agent")
    around, turn = trace.set_span_in_context(root), None
    within = around
    for number in range(1, count):
        now += NS // 1000
        if number % 50 == 1:
            if turn:
                turn.end(now)
            turn = story.tracer.start_span(f"turn {number // 50}", around, attributes=shared, start_time=now)
            within = trace.set_span_in_context(turn)
            continue
        name, operation = ("chat gpt-4.1", "chat") if number % 2 else (f"execute_tool step_{number}", "execute_tool")
        told = shared | {"gen_ai.operation.name": operation, "gen_ai.tool.name": f"step_{number}"}
        span = story.tracer.start_span(name, within, attributes=told, start_time=now)
        if number % 500 == 0:
            span.set_status(trace.Status(trace.StatusCode.ERROR, f"step {number} went wrong"))
        span.end(now + NS // 1000)
    now += NS // 1000
    if turn:
        turn.end(now)
    root.end(now)
    return story.send()


def hostile(receiver: Any) -> str:
    """Send a trace in which every text that a sender chooses is hostile and says its place. Returns its id."""
    story = Story(
        receiver.url,
        service=f"service {HOSTILE}",
        shared={"gen_ai.agent.name": f"agent {HOSTILE}", "gen_ai.conversation.id": f"session {HOSTILE}"},
    )
    with story.span(f"root {HOSTILE}", {"gen_ai.operation.name": "invoke_agent"}):
        asked = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": f"model {HOSTILE}",
            "gen_ai.system_instructions": json.dumps([said(f"instruction {HOSTILE}")]),
            "gen_ai.input.messages": message("user", said(f"question {HOSTILE}")),
            "gen_ai.output.messages": message(
                f"role {HOSTILE}",
                said(f"answer {HOSTILE}"),
                {"type": "tool_call", "id": "1", "name": f"call {HOSTILE}", "arguments": {f"key {HOSTILE}": HOSTILE}},
            ),
            f"attribute {HOSTILE}": f"value {HOSTILE}",
        }
        with story.span(f"chat {HOSTILE}", asked):
            pass
        used = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": f"tool {HOSTILE}",
            "gen_ai.tool.call.id": "1",
            "gen_ai.tool.call.arguments": json.dumps({f"argument {HOSTILE}": f"given {HOSTILE}"}),
            "gen_ai.tool.call.result": f"result {HOSTILE}",
        }
        with story.span(f"tool {HOSTILE}", used) as span:
            span.record_exception(ValueError(f"exception {HOSTILE}"))
            span.set_status(trace.Status(trace.StatusCode.ERROR, f"failure {HOSTILE}"))
    trace_id = story.send()
    receiver.post("/api/v1/events", {
        "timestamp": "2026-01-07T19:00:00Z",
        "event_type": f"type {HOSTILE}",
        "agent_id": f"poster {HOSTILE}",
        "session_id": f"posted session {HOSTILE}",
        "properties": {f"property {HOSTILE}": {"nested": [f"posted {HOSTILE}"]}},
        "source": {"system": f"system {HOSTILE}", "log_group": f"group {HOSTILE}", "log_id": f"log {HOSTILE}"},
    })  # fmt: skip # one field a line
    return trace_id
