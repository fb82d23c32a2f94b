"""The repository's Collector configurations, in a Collector built from the Go modules they name."""

import json
import os
import subprocess
from pathlib import Path

import grpc
import httpx
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

ROOT = Path(__file__).parent.parent.parent
CONFIGURATION = ROOT / "otel-collector.yaml"
MIB = 2**20


class Collector:
    """The Collector with otel-collector.yaml as it is: what a user sets is set, and its ports are free ones."""

    def __init__(self, otelcol, folder, endpoint, ports, key=""):
        self._otelcol, self._folder = otelcol, folder
        self.grpc, self.http, health = (f"127.0.0.1:{port}" for port in ports)
        self._health = f"http://{health}/"
        self._storage = folder / "collector"
        self._environment = {
            "VECTADB_ENDPOINT": endpoint,
            "VECTADB_API_KEY": key,
            "OTELCOL_LOG_FILES": f"{folder}/logs/*.log",
            "OTELCOL_STORAGE_DIR": str(self._storage),
        }
        self._ports = [
            f"yaml:receivers::otlp::protocols::grpc::endpoint: {self.grpc}",
            f"yaml:receivers::otlp::protocols::http::endpoint: {self.http}",
            f"yaml:extensions::health_check::endpoint: {health}",
            "yaml:service::telemetry::metrics::level: none",  # its own metrics would be served on a fixed port
        ]
        self._process = None

    def start(self, eventually):
        with (self._folder / "collector.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._otelcol, *(f"--config={source}" for source in [CONFIGURATION, *self._ports])],
                env=os.environ | self._environment,
                stderr=log,
            )
        eventually(self._healthy, expected=True)

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            try:
                assert self._process.wait(timeout=30) == 0, self.log()
            finally:
                self.kill()

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process = None

    def queues(self):
        return self._storage.glob("exporter_*")

    def log(self):
        return (self._folder / "collector.log").read_text()

    def _healthy(self):
        assert self._process.poll() is None, self.log()
        try:
            return httpx.get(self._health).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def log_file(tmp_path):
    path = tmp_path / "logs" / "agent.log"
    path.parent.mkdir()
    return path


@pytest.fixture
def collector(otelcol, stopped_receiver, tmp_path, log_file, free_ports):
    collector = Collector(otelcol, tmp_path, stopped_receiver.url, free_ports(3), key="0123")
    yield collector
    collector.stop()


def spans(count, size=0):
    """Give spans as the SDK makes them, each with this many characters of prompt."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "travel-agent"}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("travel")
    for number in range(count):
        attributes = {"number": number, "gen_ai.prompt": "x" * size}
        tracer.start_span("chat", attributes=attributes if size else {"number": number}).end()
    provider.shutdown()
    return memory.get_finished_spans()


def send_over_http(collector, spans):
    exporter = OTLPSpanExporter(f"http://{collector.http}/v1/traces")
    assert exporter.export(spans) is SpanExportResult.SUCCESS
    exporter.shutdown()


def send_over_grpc(collector, spans):
    with grpc.insecure_channel(collector.grpc) as channel:
        TraceServiceStub(channel).Export(encode_spans(spans), timeout=30)


@pytest.mark.parametrize("file", ["otel-collector.yaml", "examples/otel-collector-cloudwatch.yaml"])
def test_the_collector_finds_the_configuration_valid(otelcol, file, tmp_path):
    # Nothing set: every setting's own default is what is checked.
    run = subprocess.run(
        [otelcol, "validate", f"--config={ROOT / file}"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_spans_and_log_lines_arrive_through_the_collector(collector, receiver, log_file, eventually):
    before, after = [f"fetched page {page}" for page in range(50)], ["done"] * 3
    log_file.write_text("".join(f"{line}\n" for line in before))
    collector.start(eventually)
    send_over_http(collector, spans(60))
    send_over_grpc(collector, spans(40))
    with log_file.open("a") as lines:
        lines.writelines(f"{line}\n" for line in after)

    eventually(receiver.stored, expected=60 + 40 + len(before) + len(after))
    stored = receiver.events()
    numbers = sorted(event["properties"]["number"] for event in stored if event["span_id"])
    assert numbers == sorted([*range(60), *range(40)])
    logs = [event["properties"] for event in stored if event["kind"] == "log_record"]
    assert sorted(log["body"] for log in logs) == sorted(before + after)
    assert {log["log.file.path"] for log in logs} == {str(log_file)}


def test_a_log_line_is_read_for_what_it_holds(collector, receiver, log_file, eventually):
    said = {"session.id": "s1", "gen_ai.agent.name": "clerk", "level": "error", "message": "no seat left", "seat": 7}
    moment = "2026-01-07T19:00:00.123456789Z"
    lines = [
        "  just text, with its indentation",
        "{what only looks like JSON}",
        json.dumps({"timestamp": moment, **said}),
        json.dumps({"log": "docker's text\n", "stream": "stdout", "time": moment}),
        json.dumps({"log": json.dumps(said) + "\n", "stream": "stderr", "time": moment}),
        f"{moment} stdout F containerd's text",
        f"{moment} stdout P a long line, ",
        f"{moment} stdout F in two parts",
    ]
    log_file.write_text("".join(f"{line}\n" for line in lines))
    collector.start(eventually)

    eventually(receiver.stored, expected=7)
    stored = receiver.events()
    texts = [event for event in stored if isinstance(event["properties"]["body"], str)]
    assert {event["properties"]["body"]: event["timestamp"] == moment for event in texts} == {
        "  just text, with its indentation": False,
        "{what only looks like JSON}": False,
        "docker's text": True,
        "containerd's text": True,
        "a long line, in two parts": True,
    }
    objects = [event for event in stored if isinstance(event["properties"]["body"], dict)]
    assert len(objects) == 2
    for event in objects:
        assert event["timestamp"] == moment
        assert (event["session_id"], event["agent_id"], event["severity"]) == ("s1", "clerk", "ERROR")
        assert said.items() <= event["properties"]["body"].items()


def test_what_was_sent_while_the_receiver_was_away_arrives_once(collector, stopped_receiver, log_file, eventually):
    lines = [f"fetched page {page}" for page in range(200)]
    log_file.write_text("".join(f"{line}\n" for line in lines))
    collector.start(eventually)
    for _ in range(5):
        send_over_http(collector, spans(20))
    send_over_grpc(collector, spans(10, size=MIB))
    send_over_grpc(collector, spans(14, size=MIB))  # together more than the receiver takes in one request
    eventually(lambda: any(lines[-1].encode() in queue.read_bytes() for queue in collector.queues()), expected=True)

    for end in (collector.stop, collector.kill):
        end()
        collector.start(eventually)
    stopped_receiver.start(key="0123")

    expected = 5 * 20 + 10 + 14 + len(lines)
    eventually(stopped_receiver.stored, expected=expected, seconds=90)
    collector.stop()
    assert stopped_receiver.stored() == expected
    stored = stopped_receiver.events()
    assert sorted(log["properties"]["body"] for log in stored if log["kind"] == "log_record") == sorted(lines)
    prompts = [event["properties"]["gen_ai.prompt"] for event in stored if "gen_ai.prompt" in event["properties"]]
    assert [len(prompt) for prompt in prompts] == [MIB] * 24
