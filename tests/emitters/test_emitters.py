"""Whoever emits, the same questions have the same answers. What the programs do: `programs/travel.py`.

Each emitter is run for real; what differs between them is in the table and nowhere else.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

AGENT = "weather-agent"
TASK = "How is the weather in Atlantis, and in Lisbon?"
ANSWER = "Atlantis is nowhere to be found; Lisbon is sunny, with 24 degrees."
REFUSAL = "Rate limit reached for requests"

# What is most often sent: a span for the agent beside those for the calls, and an event for an exception, noted by each
# of the spans that it passes through.
AGENT_ONLY = {"agent": 1}
ONE_ERROR = {"error": 1}
TWO_ERRORS = {"error": 2}


class Emitter(NamedTuple):
    """An emitter: how its program is run, and what it sends beside spans for the calls of the model and the tool."""

    program: tuple[str, ...]
    environment: Mapping[str, str] = MappingProxyType({})
    # The types of the other spans: in the trace that is answered (three calls of the model), and in the refused one.
    spans: dict[str, int] = AGENT_ONLY
    refused_spans: dict[str, int] = AGENT_ONLY
    # The types of what is no span: span events and log records.
    notes: dict[str, int] = ONE_ERROR
    refused_notes: dict[str, int] = TWO_ERRORS


LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}
CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
OTLP_ALONE = {"LANGSMITH_TRACING": "true", "LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true"}
EMITTERS = {
    "pydantic-ai": Emitter(("pydantic_ai_agent.py",)),
    "OpenInference": Emitter(("openinference_openai.py",)),
    "OpenLLMetry": Emitter(
        ("openllmetry.py",),
        {"TRACELOOP_TELEMETRY": "false", "TRACELOOP_METRICS_ENABLED": "false"},
        spans={"workflow": 1, "agent": 1},
        refused_spans={"workflow": 1, "agent": 1},
        refused_notes={"error": 3},
    ),
    # A conversation's messages are said again at each call: 2, 4 and 6, and each time the answer.
    "GenAI conventions 1.30": Emitter(
        ("openai_v2.py",),
        {CONTENT: "true"},
        notes={"message": 15, "error": 1},
        refused_notes={"message": 2, "error": 1},
    ),
    "GenAI conventions, latest": Emitter(
        ("openai_v2.py",),
        {CONTENT: "span_and_event", **LATEST},
        notes={"model_call": 3, "error": 1},
        refused_notes={"model_call": 1, "error": 1},
    ),
    "Strands": Emitter(
        ("strands_agent.py",),
        spans={"agent": 1, "span": 3},
        refused_spans={"agent": 1, "span": 1},
        notes={"message": 33, "error": 1},
        refused_notes={"message": 5, "error": 3},
    ),
    "Strands, latest conventions": Emitter(
        ("strands_agent.py",),
        LATEST,
        spans={"agent": 1, "span": 3},
        refused_spans={"agent": 1, "span": 1},
        notes={"message": 20, "error": 1},
        refused_notes={"message": 4, "error": 3},
    ),
    # An error is a level of the span: there is no event for it.
    "Langfuse": Emitter(("langfuse_sdk.py",), notes={}, refused_notes={}),
    # What is no tool and no model is a chain.
    "LangSmith": Emitter(
        ("langsmith_sdk.py",),
        {**OTLP_ALONE, "LANGSMITH_API_KEY": "none"},
        spans={"workflow": 1},
        refused_spans={"workflow": 1},
    ),
    "Vercel AI SDK": Emitter(("vercel_ai_sdk.mjs",)),
    "Vercel AI SDK, streaming": Emitter(("vercel_ai_sdk.mjs", "stream"), notes={"error": 1, "log": 6}),
}


@pytest.mark.parametrize("name", EMITTERS)
def test_an_agent_s_session_is_understood(name, programs, receiver):
    emitter, session_id, stored_before = EMITTERS[name], f"a session of {name}", receiver.stored()
    printed = programs.run(*emitter.program, **emitter.environment, SESSION=session_id)
    assert printed.splitlines()[-1] == ANSWER
    assert programs.strangers == []

    deadline = time.monotonic() + 60
    while receiver.get("/api/v1/stats")["interpretation_pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    session = receiver.get(f"/api/v1/sessions/{session_id}")
    events = receiver.events(session_id=session_id)
    assert receiver.stored() - stored_before == session["event_count"] == len(events)
    assert {event["correlation"] for event in events} == {"trace_id"}
    assert {event["resource"]["service.name"] for event in events} == {"weather"}

    refused, answered = receiver.get("/api/v1/traces", session_id=session_id)["traces"]
    for trace in (refused, answered):
        assert (trace["service"], trace["agent_id"], trace["origin"]) == ("weather", AGENT, "given")
    assert (answered["status"], refused["status"]) == ("completed", "failed")
    assert (answered["input_tokens"], answered["output_tokens"]) == (300, 21)
    assert (refused["input_tokens"], refused["output_tokens"]) == (0, 0)

    run = Run(receiver, answered)
    assert run.spans == Counter({"model_call": 3, "tool_call": 2, **emitter.spans})
    assert run.notes == Counter(emitter.notes)
    run.check_its_tree()
    run.check_its_agent()
    failed, called = run.of_type("tool_call")
    assert failed["status"] == "error"
    assert called["status"] != "error"
    assert "Atlantis" in run.said(failed)
    assert "no city is called Atlantis" in run.said(failed)
    assert "Lisbon" in run.said(called)
    assert "sunny and 24 degrees in Lisbon" in run.said(called)
    calls = run.of_type("model_call")
    assert "error" not in {call["status"] for call in calls}
    assert TASK in run.said(calls[0])
    assert ANSWER in run.said(calls[-1])

    run = Run(receiver, refused)
    assert run.spans == Counter({"model_call": 1, **emitter.refused_spans})
    assert run.notes == Counter(emitter.refused_notes)
    run.check_its_tree()
    run.check_its_agent()
    (call,) = run.of_type("model_call")
    assert call["status"] == "error"
    assert REFUSAL in run.said(call)


class Run:
    """A trace's events, and the questions that are asked of them."""

    def __init__(self, receiver: Any, trace: dict[str, Any]) -> None:
        self._trace = trace
        self._events = receiver.get(f"/api/v1/traces/{trace['id']}", limit=200)["events"]
        assert len(self._events) == trace["event_count"]
        # A tool in the one, a model in the other, whoever tells of it once more.
        assert trace["error_count"] == 1
        self.spans = Counter(event["event_type"] for event in self._events if event["span_id"])
        self.notes = Counter(event["event_type"] for event in self._events if not event["span_id"])

    def of_type(self, event_type: str) -> list[dict[str, Any]]:
        """Return the spans of a type, in the order of time."""
        return [event for event in self._events if event["span_id"] and event["event_type"] == event_type]

    def said(self, span: dict[str, Any]) -> str:
        """Return what a span says, and what its span events and log records say."""
        notes = [event for event in self._events if event["parent_span_id"] == span["span_id"] and not event["span_id"]]
        texts = [json.dumps(event["properties"], ensure_ascii=False) for event in (span, *notes)]
        return "".join(texts)

    def check_its_tree(self) -> None:
        """One root, and below it everything else."""
        spans = {event["span_id"] for event in self._events if event["span_id"]}
        parents = [event["parent_span_id"] for event in self._events]
        assert parents.count(None) == 1
        assert set(parents) - {None} <= spans

    def check_its_agent(self) -> None:
        named = self.of_type("agent") or self.of_type("workflow")
        assert {event["agent_id"] for event in named} == {AGENT}


@pytest.mark.parametrize("program", ["elsewhere.py", "elsewhere.mjs"])
def test_whom_a_program_asks_beside_us_is_noticed(program, programs):
    programs.run(program)
    assert programs.strangers == ["127.0.0.1:2"]
