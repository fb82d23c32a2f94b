"""What `/metrics` shows: the receiver's own OpenTelemetry meters, as Prometheus text.

Each application has its own registry, so that two in one process (tests) do not count each other's requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from mapping.changes import Changes
from storage.stores import Storage

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters, and gauges that ask the stores when somebody looks. Durations are seconds."""

    def __init__(self, storage: Storage) -> None:
        self._registry = CollectorRegistry()
        reader = PrometheusMetricReader(
            disable_target_info=True, prefix="vectadb_receiver", scope_info_enabled=False, registry=self._registry
        )
        meter = MeterProvider(metric_readers=[reader], shutdown_on_exit=False).get_meter("receiver")

        self._requests = meter.create_counter("requests", description="answers by route and status code")
        self._durations = meter.create_histogram(
            "request_duration",
            unit="s",
            description="from the request's headers to its answer",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._refused = meter.create_counter(
            "refused_connections", description="connections over server.max_connections, told to come again"
        )
        self._accepted = meter.create_counter("accepted_events", description="events stored for the first time")
        self._duplicates = meter.create_counter("duplicate_events", description="events that were stored already")
        self._rejected = meter.create_counter("rejected_items", description="spans, log records, events not stored")
        self._redacted = meter.create_counter("redacted_values", description="values masked, or parts of them")
        self._cut = meter.create_counter("cut_values", description="values over limits.value_length")
        self._dropped = meter.create_counter("dropped_attributes", description="attributes over limits.attributes")
        self._commits = meter.create_histogram(
            "commit_duration",
            unit="s",
            description="from mapped events to events on disk",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

        def gauge(name: str, description: str, value: Callable[[], int], *, opened: bool = True) -> None:
            def observe(_options: CallbackOptions) -> Iterable[Observation]:
                if storage.ready or not opened:
                    yield Observation(value())

            meter.create_observable_gauge(name, [observe], description=description)

        gauge("ready", "1 while the store takes writes", lambda: int(storage.ready), opened=False)
        gauge("index_pending", "events that wait for the search index", lambda: storage.indexer.pending)
        gauge("index_ready", "1 while the search index takes events", lambda: int(storage.indexer.state == "ready"))

    def answered(self, seconds: float, route: str, code: int) -> None:
        self._requests.add(1, {"route": route, "code": code})
        self._durations.record(seconds, {"route": route})

    def connection_refused(self) -> None:
        self._refused.add(1)

    def accepted(self, count: int, signal: str) -> None:
        self._accepted.add(count, {"signal": signal})

    def duplicates(self, count: int, signal: str) -> None:
        self._duplicates.add(count, {"signal": signal})

    def rejected(self, count: int, signal: str) -> None:
        self._rejected.add(count, {"signal": signal})

    def changed(self, changes: Changes, signal: str) -> None:
        """Count what was changed of events before they are stored."""
        self._redacted.add(changes.redacted, {"signal": signal})
        self._cut.add(changes.cut, {"signal": signal})
        self._dropped.add(changes.dropped, {"signal": signal})

    def committed(self, seconds: float, signal: str) -> None:
        self._commits.record(seconds, {"signal": signal})

    def text(self) -> tuple[bytes, str]:
        """Give the exposition text and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
