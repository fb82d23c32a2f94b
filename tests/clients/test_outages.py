"""The store is away for 15 s while real clients send: they are told to come again, do so, and nothing is lost or twice.

The receiver is on a SurrealDB server, a stand-in that takes one more transaction, hangs up before it answers, and
listens again 15 s later. What that transaction held is stored, though nobody heard of it: its sender sends it again.
"""

import asyncio
import importlib.util
import json
import logging
import re
import subprocess
import threading
from pathlib import Path

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.ports import free_ports

OUTAGE = 15
HERE = Path(__file__).parent


def module(path):
    """Return what another folder's tests have: they cannot import each other (`--import-mode=importlib`)."""
    spec = importlib.util.spec_from_file_location(f"shared_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Store(module(HERE.parent / "storage" / "conftest.py").StandIn):
    """The stand-in, in an event loop of its own. `away` is set while an outage lasts."""

    def __init__(self):
        super().__init__("mem://")
        self.away = threading.Event()
        self.outages = 0
        self._loses_next_commit = False
        self._commits = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self):
        self._thread.start()
        self._run(self.start())
        return self

    def __exit__(self, *_):
        self._run(self.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    def fail_at_next_commit(self):
        self._loses_next_commit = True

    async def _answer(self, socket, done, frame):
        if b"INSERT INTO agent_event" not in frame:
            await super()._answer(socket, done, frame)
            return
        async with self._commits:  # else one on another connection could be stored beside the one that is lost
            if self.away.is_set():
                return
            if not self._loses_next_commit:
                await super()._answer(socket, done, frame)
                return
            answer = await self.engine.execute(frame)
            # It met another, which statements say, or COMMIT alone: nothing is stored, and it is tried again at once.
            if b"ERR" in answer:
                await socket.send_bytes(answer)
                return
            self._loses_next_commit = False
            await self.stop_listening()
            self.away.set()
            self._recovery = asyncio.create_task(self._recover())

    async def _recover(self):
        await asyncio.sleep(OUTAGE)
        self.outages += 1
        self.away.clear()
        await self.listen(self.port)


@pytest.fixture
def store(monkeypatch):
    with Store() as store:
        monkeypatch.setenv("VECTADB_STORAGE_SURREALDB_URL", store.url)
        monkeypatch.setenv("VECTADB_STORAGE_SURREALDB_USER", store.USER)
        monkeypatch.setenv("VECTADB_STORAGE_SURREALDB_PASSWORD", store.PASSWORD)
        yield store


@pytest.fixture
def receiver(store, stopped_receiver):
    stopped_receiver.start()
    store.fail_at_next_commit()
    return stopped_receiver


def assert_refused(store, receiver):
    """Check what a client is told during an outage."""
    assert store.away.wait(timeout=30)
    span = {"traceId": "1" * 32, "spanId": "1" * 16, "name": "sent in the outage"}
    answer = httpx.post(
        f"{receiver.otlp_url}/v1/traces", json={"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}, timeout=10
    )
    assert store.away.is_set()
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == 14
    assert "does not answer" in answer.json()["message"]
    # The exporters come again four times (Java's) or more. Waiting as long as they are told, they outlast the outage.
    assert int(answer.headers["Retry-After"]) * 4 > OUTAGE


def stored_if_there(receiver):
    """Return how many events are stored, None while the store is away."""
    answer = httpx.get(f"{receiver.url}/api/v1/stats", timeout=30)
    return answer.json()["events"] if answer.status_code == 200 else None


def counted(receiver, name, **labels):
    """Return the sum of a metric of the receiver's, over what has these labels."""
    text = httpx.get(f"{receiver.url}/metrics").text
    rows = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    return sum(float(value) for row, value in rows if wanted <= set(row.split(",")))


def refusals(receiver, path):
    """Return how many requests of a signal were told to come again, over HTTP and over gRPC."""
    service = {"/v1/traces": "trace.v1.Trace", "/v1/logs": "logs.v1.Logs"}[path]
    method = f"opentelemetry.proto.collector.{service}Service/Export"
    http = {"http_route": path, "http_response_status_code": 503}
    grpc = {"rpc_method": method, "rpc_response_status_code": "UNAVAILABLE"}
    return counted(receiver, "http_server_request_duration_seconds_count", **http) + counted(
        receiver, "rpc_server_call_duration_seconds_count", **grpc
    )


def assert_stored_once(store, receiver, events):
    """Check that there was an outage, that clients met it, and that these many events came through it once."""
    assert (store.outages, store.away.is_set()) == (1, False)
    assert receiver.stored() == len(receiver.events()) == events
    # One of the traces' refusals is `assert_refused`'s own.
    for route, at_least in (("/v1/traces", 3), ("/v1/logs", 2)):
        assert refusals(receiver, route) >= at_least
    # The transaction that nobody heard of: a span that was in it is one item, and more than one event with its own.
    unheard = events - counted(receiver, "vectadb_receiver_commit_events_sum")
    assert 0 < counted(receiver, "vectadb_receiver_duplicate_items_total") <= unheard


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.filterwarnings("ignore:.*LoggingHandler.*:DeprecationWarning")
def test_the_python_exporters_deliver_after_an_outage(store, receiver, monkeypatch, caplog, protocol):
    over_grpc = protocol == "grpc"
    span_exporter, log_exporter = (
        (GrpcSpanExporter, GrpcLogExporter) if over_grpc else (OTLPSpanExporter, OTLPLogExporter)
    )
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.grpc_url if over_grpc else receiver.otlp_url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "60")  # seconds, retries included; 10 unless one says otherwise
    spans, logs = TracerProvider(), LoggerProvider()
    spans.add_span_processor(BatchSpanProcessor(span_exporter()))
    logs.add_log_record_processor(BatchLogRecordProcessor(log_exporter()))
    handler = LoggingHandler(logger_provider=logs)
    logger = logging.getLogger("travel")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        for call in range(40):
            with spans.get_tracer("travel").start_as_current_span("execute_tool book_flight") as span:
                span.add_event("asked", {"attempt": call})
                logger.info("waiting")
        flushing = threading.Thread(target=spans.shutdown)
        flushing.start()
        assert_refused(store, receiver)
        flushing.join()
    finally:
        logger.removeHandler(handler)
        logs.shutdown()

    assert_stored_once(store, receiver, 40 * 3)
    # The exporters hold back what they have said already, so that their own words are not logs without end.
    for batch, at_least in (("(traces|logs)", 1),) if over_grpc else (("spans", 3), ("logs", 1)):
        retries = [text for text in caplog.messages if re.search(rf"exporting {batch} .*retrying in", text)]
        assert all("retrying in 5.00s." in text for text in retries)
        assert at_least <= len(retries) <= 5
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_the_exporters_of_other_languages_deliver_after_an_outage(store, receiver, senders):
    milliseconds = "60000"  # retries included; 10,000 and 30,000 unless one says otherwise
    runs = [
        subprocess.Popen(
            sender.command,
            env=sender.environment(
                receiver,
                OTEL_EXPORTER_OTLP_TIMEOUT=milliseconds,
                OTEL_BSP_EXPORT_TIMEOUT=milliseconds,
                OTEL_BLRP_EXPORT_TIMEOUT=milliseconds,
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for sender in senders
    ]
    try:
        assert_refused(store, receiver)
        said = [run.communicate(timeout=90) for run in runs]
    finally:
        for run in runs:
            run.kill()
    assert [(run.returncode, errors) for run, (_, errors) in zip(runs, said, strict=True)] == [(0, "")] * 2

    sent = [json.loads(output) for output, _ in said]
    tools = sent[0]["tools"]
    each = (1 + tools) + tools + (tools + 1)  # spans, logs, span events
    assert_stored_once(store, receiver, 2 * each)
    for run in sent:
        assert len(receiver.events(trace_id=run["trace_id"])) == each


def test_the_collector_delivers_after_an_outage(store, receiver, otelcol, tmp_path, eventually):
    shared = module(HERE / "test_collector.py")
    lines = [f"fetched page {page}" for page in range(100)]
    log_file = tmp_path / "logs" / "agent.log"
    log_file.parent.mkdir()
    log_file.write_text("".join(f"{line}\n" for line in lines))
    environment = {"VECTADB_ENDPOINT": receiver.url, "OTELCOL_LOG_FILES": f"{log_file.parent}/*.log"}
    collector = shared.Collector(otelcol, [shared.CONFIGURATION], tmp_path, free_ports(3), environment)
    collector.set("receivers::otlp::protocols::grpc::endpoint", collector.grpc)
    collector.set("receivers::otlp::protocols::http::endpoint", collector.http)
    try:
        collector.start(eventually)
        shared.send_over_http(collector, shared.spans(60))
        assert_refused(store, receiver)
        shared.send_over_grpc(collector, shared.spans(40))
        eventually(lambda: stored_if_there(receiver), expected=60 + 40 + len(lines), seconds=90)
        # What nobody heard of is stored; it may have yet to come again.
        eventually(lambda: counted(receiver, "vectadb_receiver_duplicate_items_total") > 0, expected=True)
    finally:
        collector.stop()

    assert_stored_once(store, receiver, 60 + 40 + len(lines))
    # The exporter adds a little chance to what it is told, never less.
    waits = re.findall(r"Exporting failed\. Will retry.*Throttle \((\d+)s\)", collector.log())
    assert set(waits) == {"5"}
    assert len(waits) >= 4
