"""Sends the receiver's own metrics over OTLP (`telemetry.*`) to a Collector or another OTLP receiver.

Headers, certificates, compression and timeout come from OpenTelemetry's own variables, such as
`OTEL_EXPORTER_OTLP_HEADERS`.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, PeriodicExportingMetricReader

log = logging.getLogger(__name__)


def sender(endpoint: str, interval: float) -> PeriodicExportingMetricReader:
    """Return a reader that sends all metrics to `endpoint`/v1/metrics every `interval` seconds, from a thread."""
    return PeriodicExportingMetricReader(_Exporter(endpoint), export_interval_millis=interval * 1000)


class _ExporterMessages(threading.local):
    """Collects the SDK exporter's log messages of a thread: it repeats them at every attempt, every minute."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def keep(self, record: logging.LogRecord) -> bool:
        self.words.append(record.getMessage())
        return False


_said = _ExporterMessages()
logging.getLogger(OTLPMetricExporter.__module__).addFilter(_said.keep)


class _Exporter(OTLPMetricExporter):
    """Logs once when exports begin to fail and once when they succeed again, instead of the SDK's messages."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint=f"{endpoint}/v1/metrics")
        self._address = endpoint
        self._fails = False

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        _said.words.clear()
        result = super().export(metrics_data, timeout_millis, **kwargs)
        fails = result is not MetricExportResult.SUCCESS
        if fails and not self._fails:
            reason = "; ".join(_said.words[-2:]) or "the exporter does not say why"
            log.warning(
                "the receiver's own metrics cannot be sent to %s, and are tried again: %s", self._address, reason
            )
        elif self._fails and not fails:
            log.info("the receiver's own metrics are sent to %s again", self._address)
        self._fails = fails
        return result
