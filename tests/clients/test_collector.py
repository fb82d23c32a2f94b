"""The repository's configuration of the Collector, in one built from the Go modules that it names."""

import json
import re

import grpc
import pytest
import yaml
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.clients.collecting import ROOT, Collector, found_valid
from tests.ports import free_ports

CONFIGURATION = "otel-collector.yaml"


@pytest.fixture
def log_file(tmp_path):
    path = tmp_path / "logs" / "agent.log"
    path.parent.mkdir()
    return path


@pytest.fixture
def collector(otelcol, stopped_receiver, tmp_path, log_file):
    environment = {"VECTADB_ENDPOINT": stopped_receiver.url, "OTELCOL_LOG_FILES": f"{log_file.parent}/*.log"}
    collector = Collector(otelcol, [CONFIGURATION], tmp_path, free_ports(3), environment)
    collector.set("receivers::otlp::protocols::grpc::endpoint", collector.grpc)
    collector.set("receivers::otlp::protocols::http::endpoint", collector.http)
    yield collector
    collector.stop()


@pytest.fixture(params=["HTTP", "gRPC"])
def sending_collector(request, collector, stopped_receiver):
    """The Collector whose exporter is the one of the configuration, or the one for gRPC that it shows."""
    if request.param == "gRPC":
        export_over_grpc(collector, stopped_receiver)
    return collector


def export_over_grpc(collector, receiver):
    """Have both pipelines export over gRPC, by what the configuration says of it."""
    shown = re.search(r"(?m)^  # otlp_grpc:\n(?:  #   .*\n)+", (ROOT / CONFIGURATION).read_text())[0]
    exporter = yaml.safe_load(re.sub(r"(?m)^  # ", "", shown))["otlp_grpc"]
    collector.environment["VECTADB_GRPC_ENDPOINT"] = receiver.grpc_url.removeprefix("http://")
    for key, value in exporter.items():
        collector.set(f"exporters::otlp_grpc::{key}", json.dumps(value))
    for key in ("retry_on_failure", "sending_queue"):
        configured = yaml.safe_load((ROOT / CONFIGURATION).read_text())["exporters"]["otlp_http"][key]
        collector.set(f"exporters::otlp_grpc::{key}", json.dumps(configured))
    for pipeline in ("traces", "logs"):
        collector.set(f"service::pipelines::{pipeline}::exporters", "[otlp_grpc]")


def spans(count, size=0):
    """Return spans as the SDK makes them, each with this many characters of prompt."""
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


def test_the_collector_finds_the_configuration_valid(otelcol, tmp_path):
    assert found_valid(otelcol, [CONFIGURATION], tmp_path) == (0, "")


def test_spans_and_log_lines_arrive_through_the_collector(sending_collector, receiver, log_file, eventually):
    before, after = [f"fetched page {page}" for page in range(50)], ["done"] * 3
    log_file.write_text("".join(f"{line}\n" for line in before))
    sending_collector.start(eventually)
    send_over_http(sending_collector, spans(60))
    send_over_grpc(sending_collector, spans(40))
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


def test_what_was_sent_while_the_receiver_was_away_arrives_once(
    sending_collector, stopped_receiver, log_file, eventually
):
    lines = [f"fetched page {page}" for page in range(200)]
    log_file.write_text("".join(f"{line}\n" for line in lines))
    sending_collector.environment["VECTADB_API_KEY"] = "0123"  # a string, though YAML would read an octal number
    sending_collector.start(eventually)
    for _ in range(5):
        send_over_http(sending_collector, spans(20))
    send_over_grpc(sending_collector, spans(30))
    eventually(
        lambda: any(lines[-1].encode() in queue.read_bytes() for queue in sending_collector.queues()), expected=True
    )

    for end in (sending_collector.stop, sending_collector.kill):
        end()
        sending_collector.start(eventually)
    stopped_receiver.start(key="0123")

    expected = 5 * 20 + 30 + len(lines)
    eventually(stopped_receiver.stored, expected=expected, seconds=90)
    sending_collector.stop()
    assert stopped_receiver.stored() == expected
    stored = stopped_receiver.events()
    assert sorted(log["properties"]["body"] for log in stored if log["kind"] == "log_record") == sorted(lines)


def test_a_batch_does_not_grow_past_what_the_receiver_takes(sending_collector, receiver, eventually):
    sending_collector.start(eventually)
    send_over_http(sending_collector, spans(100))  # wait a second for company
    send_over_grpc(sending_collector, spans(20, size=1_047_900))  # 10 KB below the limit by itself

    eventually(receiver.stored, expected=100 + 20)
    prompts = [event["properties"].get("gen_ai.prompt", "") for event in receiver.events()]
    assert [len(prompt) for prompt in prompts if prompt] == [1_047_900] * 20


@pytest.mark.parametrize(
    ("exporter", "compressions"),
    [
        ("otlp_http", ("none", "gzip", "zlib", "deflate", "snappy", "x-snappy-framed", "zstd", "lz4")),
        ("otlp_grpc", ("none", "gzip", "snappy", "zstd")),
    ],
)
def test_batches_arrive_by_each_compression_that_an_exporter_has(
    collector, receiver, log_file, eventually, exporter, compressions
):
    if exporter == "otlp_grpc":
        export_over_grpc(collector, receiver)
    stored = 0
    for compression in compressions:
        collector.set(f"exporters::{exporter}::compression", compression)
        collector.start(eventually)
        send_over_http(collector, spans(60, size=1_000))
        with log_file.open("a") as lines:
            lines.writelines(f"{compression}, page {page}\n" for page in range(20))
        stored += 60 + 20
        eventually(receiver.stored, expected=stored)
        collector.stop()
    assert len(receiver.events()) == stored
