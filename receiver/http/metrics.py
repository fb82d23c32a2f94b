"""The receiver's own OpenTelemetry meters: `/metrics` shows them as Prometheus text, and they may be sent over OTLP.

Metrics that the Collector or the semantic conventions of HTTP also define have the same names here. Each application
has its own registry, so that two in one process (tests) do not count each other's requests.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Counter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from mapping.sanitize.changes import Changes
from mapping.times import NS
from receiver.http.active_requests import UnderWay
from receiver.http.admission import Admission
from receiver.settings import Telemetry
from receiver.version import VERSION
from storage.interpreting.messages import ModelCall
from storage.stores import Stores

# What the semantic conventions advise for HTTP.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
# And those of GenAI.
_MODEL_SECONDS = tuple(0.01 * 2**power for power in range(14))
_TOKENS = tuple(4**power for power in range(14))
_MODEL_ATTRIBUTES = ("gen_ai.provider.name", "gen_ai.request.model")
# Models that are told apart: senders choose their names.
_MOST_MODELS = 100
_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

# What the Collector says of its own receiver, by how items come.
_OTLP = {transport: {"receiver": "otlp", "transport": transport} for transport in ("grpc", "http")}
# A signal's items: the counters' names, what one counts, and the attributes beside it, by how they come.
_ITEMS: dict[str, tuple[str, str, dict[str, dict[str, str]]]] = {
    "traces": ("otelcol_receiver_{}_spans", "spans", _OTLP),
    "logs": ("otelcol_receiver_{}_log_records", "log records", _OTLP),
    "events": ("vectadb_receiver_{}_events", "JSON events", {"http": {}}),
}
_DISCARDED = ("metrics", "profiles")
_OUTCOMES = {
    "accepted": "acknowledged: on disk, those that had been there before included",
    "refused": "that were read and not stored, their senders asked to retry (503)",
    "failed": "that cannot be stored, their senders told why",
}

_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})

# Seconds that a stop may wait for the last numbers to be sent.
_LAST_SENDING = 2.0


class Metrics:
    """The counters, updated once per request or commit, and gauges that are read when the metrics are.

    Durations are seconds. `close` ends the sending.
    """

    def __init__(self, storage: Stores, admission: Admission, requests: UnderWay, telemetry: Telemetry) -> None:
        self._registry = CollectorRegistry()
        shown = PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False, registry=self._registry)
        self._sent: PeriodicExportingMetricReader | None = None
        if telemetry.otlp_endpoint:
            from receiver.telemetry_sender import sender  # noqa: PLC0415 - the exporter's HTTP client takes 0.1 s to import; few need it

            self._sent = sender(telemetry.otlp_endpoint, telemetry.interval)
        resource = {
            "service.name": "vectadb-receiver",
            "service.version": VERSION,
            "service.instance.id": str(uuid.uuid4()),
        }
        self._meter = MeterProvider(
            metric_readers=[shown, *([self._sent] if self._sent else [])],
            resource=Resource.create(resource),
            shutdown_on_exit=False,
        ).get_meter("receiver")

        self._items = {
            (signal, outcome): self._counter(name.format(outcome), f"{items} {text}", *attributes.values())
            for signal, (name, items, attributes) in _ITEMS.items()
            for outcome, text in _OUTCOMES.items()
        }
        self._duplicates = self._counter_by_signal("duplicate_items", "accepted items that had been stored before")
        self._redacted = self._counter_by_signal("redacted_values", "values masked, or parts of them (redaction.*)")
        self._cut = self._counter_by_signal("cut_values", "values over limits.value_length, cut")
        self._dropped = self._counter_by_signal("dropped_attributes", "attributes over limits.attributes, dropped")
        self._flattened = self._counter_by_signal(
            "flattened_values", "values nested past limits.nesting, kept as JSON text"
        )
        self._replaced = self._counter_by_signal("replaced_texts", "texts that were no UTF-8, kept with U+FFFD")
        self._malformed_ids = self._counter_by_signal("malformed_ids", "trace, span and parents' ids left out")
        self._malformed = self._counter_by_signal(
            "malformed_values", "values that are not of the kind that their field has, kept as they came"
        )
        self._discarded = self._counter(
            "vectadb_receiver_discarded_items",
            "metrics' points, and profiles, that came and were discarded (otlp.metrics), by signal",
            *({"signal": signal} for signal in _DISCARDED),
        )
        self._refused_connections = self._counter(
            "vectadb_receiver_refused_connections", "connections over server.max_connections, asked to retry"
        )
        self._key_uses = self._counter(
            "vectadb_receiver_key_uses", "requests with a key that is known, by its name, and whether it allowed them"
        )
        self._durations = self._meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="from a request's headers to its answer, by method, route and status code",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._rpc_durations = self._meter.create_histogram(
            "rpc.server.call.duration",
            unit="s",
            description="from a gRPC call's headers to its answer, by method and status code",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._commit_events = self._meter.create_histogram(
            "vectadb_receiver_commit_events",
            unit="{event}",
            description="events that a commit stored for the first time",
            explicit_bucket_boundaries_advisory=_EVENTS,
        )
        self._commit_durations = self._meter.create_histogram(
            "vectadb_receiver_commit_duration",
            unit="s",
            description="from the look-up of what a commit's events meet to the events on disk, conflicts included",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._model_durations = self._meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="calls of models, each once, when they are first interpreted: by provider, model and failure",
            explicit_bucket_boundaries_advisory=_MODEL_SECONDS,
        )
        self._model_tokens = self._meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="tokens of calls of models, in and out (gen_ai_token_type)",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._models: set[tuple[str, str]] = set()
        self._watch_requests(admission, requests)
        self._watch_storage(storage)
        storage.measured = self._committed
        storage.called = self._model_called

    def _counter(self, name: str, description: str, *attributes: Mapping[str, str]) -> Counter:
        """Make a counter that is exposed from the start: otherwise a rate would miss the first increments."""
        counter = self._meter.create_counter(name, description=description)
        for each in attributes or [{}]:
            counter.add(0, each)
        return counter

    def _counter_by_signal(self, name: str, description: str) -> Counter:
        return self._counter(
            f"vectadb_receiver_{name}", f"{description}, by signal", *({"signal": signal} for signal in _ITEMS)
        )

    def _watch_requests(self, admission: Admission, requests: UnderWay) -> None:
        gauge = self._meter.create_observable_gauge
        gauge(
            "http.server.active_requests",
            [_seen(lambda: requests.count)],
            description="requests that are being read or answered",
        )
        gauge(
            "vectadb_receiver_waiting_requests",
            [_seen(lambda: admission.waiting)],
            description="requests whose bodies wait for their turn to be decoded",
        )
        gauge(
            "vectadb_receiver_in_flight",
            [_seen(lambda: admission.bytes)],
            unit="By",
            description="bodies that are being read and stored, of server.max_in_flight_bytes",
        )

    def _watch_storage(self, storage: Stores) -> None:
        def opened(value: Callable[[], float], attributes: Mapping[str, str] | None = None) -> _Callback:
            return _seen(value, attributes, when=lambda: storage.ready)

        gauge, counter = self._meter.create_observable_gauge, self._meter.create_observable_counter
        gauge("vectadb_receiver_ready", [_seen(lambda: int(storage.ready))], description="1 while the store is open")
        gauge(
            "vectadb_receiver_index_ready",
            [opened(lambda: int(storage.indexer.state == "ready"))],
            description="1 while the search index takes events",
        )
        gauge(
            "otelcol_exporter_queue_size",
            [opened(lambda: storage.indexer.pending, {"exporter": "qdrant"})],
            description="events that wait for the search index",
        )
        gauge(
            "vectadb_receiver_index_oldest_age",
            [opened(lambda: _age(storage.indexer.oldest))],
            unit="s",
            description="how long ago the oldest event that waits for the search index was stored; 0 where none does",
        )
        counter(
            "vectadb_receiver_indexed_events",
            [opened(lambda: storage.indexer.indexed)],
            description="events that were embedded and are in the search index",
        )
        gauge(
            "vectadb_receiver_uninterpreted_events",
            [opened(lambda: storage.interpreter.pending)],
            description="events that wait to be interpreted: for what they say of calls, sums and agents",
        )
        gauge(
            "vectadb_receiver_interpretation_oldest_age",
            [opened(lambda: _age(storage.interpreter.oldest))],
            unit="s",
            description="how long ago the oldest event that waits to be interpreted was stored; 0 where none does",
        )
        counter(
            "vectadb_receiver_interpreted_events",
            [opened(lambda: storage.interpreter.interpreted)],
            description="events that were interpreted",
        )
        counter(
            "vectadb_receiver_not_understood_events",
            [_by_scope(storage)],
            description="events that look like an agent's and say nothing that is known, by the scope that sent them",
        )
        counter(
            "vectadb_receiver_commit_conflicts",
            [opened(lambda: storage.writer.conflicts)],
            description="attempts at a commit that met what somebody else wrote, and were made again",
        )
        counter(
            "vectadb_receiver_pruned_events",
            [opened(lambda: storage.pruner.deleted)],
            description="events that were deleted by prune, on demand or to keep to retention.*",
        )
        gauge(
            "vectadb_receiver_live_listeners",
            [opened(lambda: storage.feed.listeners)],
            description="clients that are shown events as they are stored (/api/v1/live)",
        )
        counter(
            "vectadb_receiver_live_dropped_events",
            [opened(lambda: storage.feed.dropped)],
            description="events that these missed: they read too slowly, or too many came",
        )

    def answered(self, seconds: float, method: str, scheme: str, route: str | None, code: int) -> None:
        """Count an answer. `route` is None for unknown paths, each of which would make a time series."""
        attributes: dict[str, str | int] = {
            "http.request.method": method if method in _METHODS else "_OTHER",
            "http.response.status_code": code,
            "url.scheme": scheme,
        }
        if route is not None:
            attributes["http.route"] = route
        self._durations.record(seconds, attributes)

    def called(self, seconds: float, method: str, code: str) -> None:
        """Count a gRPC call. `method` is one of those there are."""
        self._rpc_durations.record(
            seconds, {"rpc.system.name": "grpc", "rpc.method": method, "rpc.response.status_code": code}
        )

    def keys(self, names: Iterable[str]) -> None:
        """Expose the counts of these keys, before they are used: one that is never used is to be seen, too."""
        for name in names:
            for outcome in ("allowed", "denied"):
                self._key_uses.add(0, {"key": name, "outcome": outcome})

    def key_used(self, name: str, *, allowed: bool) -> None:
        self._key_uses.add(1, {"key": name, "outcome": "allowed" if allowed else "denied"})

    def connection_refused(self) -> None:
        self._refused_connections.add(1)

    def accepted(self, count: int, signal: str, transport: str = "http") -> None:
        self._count(count, signal, "accepted", transport)

    def refused(self, count: int, signal: str, transport: str = "http") -> None:
        self._count(count, signal, "refused", transport)

    def failed(self, count: int, signal: str, transport: str = "http") -> None:
        self._count(count, signal, "failed", transport)

    def _count(self, count: int, signal: str, outcome: str, transport: str) -> None:
        if count:
            self._items[signal, outcome].add(count, _ITEMS[signal][2][transport])

    def discarded(self, count: int, signal: str) -> None:
        self._discarded.add(count, {"signal": signal})

    def duplicates(self, count: int, signal: str) -> None:
        if count:
            self._duplicates.add(count, {"signal": signal})

    def changed(self, changes: Changes, signal: str) -> None:
        """Count the changes made to events before they are stored."""
        for count, counter in (
            (changes.redacted, self._redacted),
            (changes.cut, self._cut),
            (changes.dropped, self._dropped),
            (changes.flattened, self._flattened),
            (changes.replaced, self._replaced),
            (changes.ids, self._malformed_ids),
            (changes.malformed, self._malformed),
        ):
            if count:
                counter.add(count, {"signal": signal})

    def _committed(self, events: int, seconds: float) -> None:
        self._commit_events.record(events)
        self._commit_durations.record(seconds)

    def _model_called(self, calls: Sequence[ModelCall]) -> None:
        for call in calls:
            named = call.provider or "unknown", call.model or "unknown"
            if named not in self._models and len(self._models) >= _MOST_MODELS:
                named = "_OTHER", "_OTHER"
            self._models.add(named)
            attributes = dict(zip(_MODEL_ATTRIBUTES, named, strict=True)) | {"gen_ai.operation.name": "chat"}
            failure = {"error.type": "_OTHER"} if call.failed else {}
            self._model_durations.record(call.duration_ns / NS, attributes | failure)
            for kind, tokens in (("input", call.input_tokens), ("output", call.output_tokens)):
                if tokens is not None:
                    self._model_tokens.record(tokens, attributes | {"gen_ai.token.type": kind})

    def text(self) -> tuple[bytes, str]:
        """Return the exposition text and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def close(self) -> None:
        """Send the last metrics if there is an endpoint. Blocks until they are sent."""
        if self._sent is not None:
            self._sent.shutdown(timeout_millis=_LAST_SENDING * 1000)


_Callback = Callable[[CallbackOptions], Iterable[Observation]]


def _age(oldest: int | None) -> float:
    """Return the seconds since a moment in nanoseconds, 0 where there is none."""
    return 0.0 if oldest is None else max(time.time_ns() - oldest, 0) / NS


def _by_scope(storage: Stores) -> _Callback:
    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        if storage.ready:
            # Told of one scope at least, so that it is there before anything is.
            for scope, events in {"others": 0, **storage.interpreter.not_understood}.items():
                yield Observation(events, {"scope": scope})

    return observe


def _seen(
    value: Callable[[], float],
    attributes: Mapping[str, str] | None = None,
    *,
    when: Callable[[], bool] = lambda: True,
) -> _Callback:
    """Return a callback by which the SDK reads a number kept elsewhere."""

    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        if when():
            yield Observation(value(), attributes)

    return observe
