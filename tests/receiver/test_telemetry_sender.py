"""The receiver's own metrics, sent to a stand-in for a Collector by the real exporter."""

import asyncio
import json
import logging
import socket
import time

import pytest
import pytest_asyncio
from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENT = {"timestamp": "2026-01-07T19:00:00Z"}
EXPORTER = "opentelemetry.exporter"


class Collector:
    """`taken` holds the requests it took, `statuses` those that it answers next, 200 after that."""

    def __init__(self):
        self.taken = []
        self.headers = {}
        self.statuses = []
        self.asked = 0

    async def take(self, request):
        body = await request.read()
        self.headers = request.headers
        self.asked += 1
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        self.taken.append(ExportMetricsServiceRequest.FromString(body))
        return web.Response()

    def metrics(self):
        """Return the metrics of the last request by their names."""
        (resource,) = self.taken[-1].resource_metrics
        return {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}


@pytest_asyncio.fixture(loop_scope="module")
async def collector():
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/metrics", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield collector
    await runner.cleanup()


async def until(is_so):
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


def own(caplog):
    """Return what the receiver has logged of its telemetry; the exporter's own words must not be there."""
    assert not [record for record in caplog.records if record.name.startswith(EXPORTER)]
    return [record for record in caplog.records if record.name == "receiver.telemetry_sender"]


async def test_what_metrics_shows_is_sent_under_the_same_names(collector, start, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=mine")
    receiver = await start(telemetry={"otlp_endpoint": collector.url, "interval": 0.05})
    await receiver.post("/api/v1/events/batch", json.dumps({"events": [EVENT] * 3}))
    sent = len(collector.taken)
    await until(lambda: len(collector.taken) > sent + 1)
    found = collector.metrics()
    assert [point.as_int for point in found["vectadb_receiver_accepted_events"].sum.data_points] == [3]
    (point,) = found["http.server.request.duration"].histogram.data_points
    assert {attribute.key: attribute.value.WhichOneof("value") for attribute in point.attributes} == {
        "http.request.method": "string_value",
        "http.route": "string_value",
        "http.response.status_code": "int_value",
        "url.scheme": "string_value",
    }
    (waiting,) = found["otelcol_exporter_queue_size"].gauge.data_points
    assert waiting.as_int == 3
    resource = {
        item.key: item.value.string_value for item in collector.taken[-1].resource_metrics[0].resource.attributes
    }
    assert resource["service.name"] == "vectadb-receiver"
    assert collector.headers["x-api-key"] == "mine"


async def test_the_last_numbers_are_sent_at_the_stop(collector, alone):
    async with alone(telemetry={"otlp_endpoint": collector.url, "interval": 3600}) as receiver:
        await receiver.post("/api/v1/events/batch", json.dumps({"events": [EVENT] * 3}))
        assert collector.taken == []
    assert [point.as_int for point in collector.metrics()["vectadb_receiver_accepted_events"].sum.data_points] == [3]


async def test_a_failure_is_logged_when_it_begins_and_when_it_ends(collector, start, caplog):
    caplog.set_level(logging.INFO)
    collector.statuses = [400, 404, 500]
    await start(telemetry={"otlp_endpoint": collector.url, "interval": 0.02})
    await until(lambda: len(collector.taken) > 1)
    begun, ended = own(caplog)
    assert (begun.levelname, ended.levelname) == ("WARNING", "INFO")
    assert collector.url in begun.message
    assert "400" in begun.message


@pytest.fixture
def nobody():
    """The URL of a port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


async def test_a_collector_that_is_away_is_said_once(alone, nobody, caplog, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.05")  # seconds, which end all attempts of a sending
    async with alone(telemetry={"otlp_endpoint": nobody, "interval": 0.02}):
        await until(lambda: own(caplog))
        await asyncio.sleep(0.5)
    (said,) = own(caplog)
    assert nobody in said.message


async def test_a_collector_that_is_away_does_not_hold_up_the_stop(alone, nobody):
    async with alone(telemetry={"otlp_endpoint": nobody, "interval": 0.02}) as receiver:
        await asyncio.sleep(0.1)  # the first attempt has failed; others would follow for 10 s
        assert (await receiver.get("/healthz")).status == 200
        began = time.monotonic()
    assert time.monotonic() - began < 6
