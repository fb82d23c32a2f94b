"""Records the demo's runs with the real OpenTelemetry SDK and sends them with its own OTLP exporters.

Times are set explicitly: the runs are in the recent past and take realistic times.
"""

from __future__ import annotations

import logging
import time
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from mapping.times import NS
from receiver.cli.demo_story import RUNS, DemoRun, Line, Step, StepFailure
from receiver.version import VERSION

_RESOURCE = {"service.name": "travel-demo", "service.version": "1.4.2", "deployment.environment.name": "demo"}
_PAUSE = NS // 50  # between two steps


class SentRun(NamedTuple):
    """A run that was sent."""

    trace_id: str
    session_id: str
    title: str
    failed: bool


class Sent(NamedTuple):
    spans: int
    logs: int
    runs: list[SentRun]


class SendError(Exception):
    """The demo could not be sent; the message is the exporter's."""


def send(url: str, headers: dict[str, str], *, certificate: Path | None = None) -> Sent:
    """Record all runs and send them to the OTLP routes at `url`, trusting `certificate` if given. Raises SendError."""
    teller = _Teller(uuid.uuid4().hex[:6])
    runs = [teller.tell(run) for run in RUNS]
    spans, logs = teller.spans.get_finished_spans(), teller.logs.get_finished_logs()
    if not spans:  # the SDK's own switch
        raise SendError("the SDK made no spans: is OTEL_SDK_DISABLED set?")
    trusted = str(certificate) if certificate else None
    span_exporter = OTLPSpanExporter(f"{url}/v1/traces", headers=headers, certificate_file=trusted)
    log_exporter = OTLPLogExporter(f"{url}/v1/logs", headers=headers, certificate_file=trusted)
    _export("spans", lambda: span_exporter.export(spans))
    _export("log records", lambda: log_exporter.export(logs))
    return Sent(len(spans), len(logs), runs)


def _export(what: str, export: Callable[[], Any]) -> None:
    """Run `export`. Raises SendError with the exporter's log messages if it gives up."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign] # one method is all of it
    logger = logging.getLogger("opentelemetry.exporter")
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        result = export()
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates
    if result.name != "SUCCESS":  # it says the same of every attempt; the last one and the end will do
        raise SendError(f"the {what} were not taken: {'; '.join(messages[-2:]) or 'the exporter does not say why'}")


class _Teller:
    """Makes spans and log records with the SDK and keeps them until they are sent. `tag` makes a demo's ids unique."""

    def __init__(self, tag: str) -> None:
        self.spans, self.logs = InMemorySpanExporter(), InMemoryLogRecordExporter()  # type: ignore[no-untyped-call] # the SDK says no types here
        self._tag = tag
        resource = Resource.create(_RESOURCE)
        # The sampler is set explicitly, since OTEL_TRACES_SAMPLER could drop spans of the story.
        traces = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        traces.add_span_processor(SimpleSpanProcessor(self.spans))
        self._tracer = traces.get_tracer("vectadb_receiver.demo", VERSION)
        logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
        logs.add_log_record_processor(SimpleLogRecordProcessor(self.logs))
        with warnings.catch_warnings():
            # It is deprecated in favour of a package of its own, which is not installed.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._handler = LoggingHandler(logger_provider=logs)

    def tell(self, run: DemoRun) -> SentRun:
        session_id = f"demo-{run.conversation}-{self._tag}"
        shared = {"gen_ai.conversation.id": session_id}
        began = time.time_ns() - int(run.minutes_ago * 60 * NS)
        span, _ = self._step(run.agent, shared, began, context.Context())
        return SentRun(f"{span.get_span_context().trace_id:032x}", session_id, run.title, run.agent.failure is not None)

    def _step(self, step: Step, shared: dict[str, Any], began: int, parent: context.Context) -> tuple[trace.Span, int]:
        """Record a step and the steps in it. Return the span and the time of its end."""
        # A step without an agent inherits that of the enclosing step.
        shared = shared | {key: step.attributes[key] for key in ("gen_ai.agent.name",) if key in step.attributes}
        span = self._tracer.start_span(
            step.name,
            context=parent,
            kind=trace.SpanKind.CLIENT if step.calls_out else trace.SpanKind.INTERNAL,
            attributes=shared | step.attributes,
            start_time=began,
        )
        within = trace.set_span_in_context(span, parent)
        now = began + int(step.seconds * NS)
        for part in step.steps:
            now += _PAUSE
            if isinstance(part, Line):
                self._log(part, shared, now, within)
            else:
                _, now = self._step(part, shared, now, within)
        now += _PAUSE
        if step.failure:
            _fail(span, step.failure, now)
        span.end(end_time=now)
        return span, now

    def _log(self, line: Line, shared: dict[str, Any], now: int, within: context.Context) -> None:
        record = logging.LogRecord(
            "travel", logging.getLevelNamesMapping()[line.level], "travel/agent.py", 57, line.text, None, None, "run"
        )
        record.created = now / NS
        record.__dict__ |= shared
        token = context.attach(within)
        try:
            self._handler.emit(record)
        finally:
            context.detach(token)


def _fail(span: trace.Span, failure: StepFailure, now: int) -> None:
    """Record an exception of the story as the SDK's `record_exception` does."""
    span.add_event(
        "exception",
        {
            "exception.type": failure.type,
            "exception.message": failure.message,
            "exception.stacktrace": failure.stacktrace,
        },
        timestamp=now,
    )
    span.set_attribute("error.type", failure.type)
    span.set_status(trace.Status(trace.StatusCode.ERROR, failure.message))
