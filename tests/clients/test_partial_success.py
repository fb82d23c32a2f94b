"""Requests with spans that can be stored and spans that cannot: what the exporters' own code reads from the answer."""

import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.ports import free_ports

HERE = Path(__file__).parent
REASON = "spans[].traceId: expected an id; the span has none and was not stored"


@pytest.mark.parametrize("exporters", ["http", "proto"])
def test_the_javascript_exporter_reads_what_was_not_stored(node, receiver, exporters):
    run = subprocess.run(
        [node, HERE / "node" / "partial.mjs", exporters],
        env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.otlp_url},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    said = json.loads(run.stdout)

    assert said["code"] == 0  # what remains is not to be sent again
    ((words, partial_success),) = said["warnings"]
    assert words == "Received Partial Success response:"
    told = json.loads(partial_success)
    assert int(told["rejectedSpans"]) == 2
    assert told["errorMessage"] == f"2 of 3 were not stored: {REASON}"
    assert [event["span_id"] for event in receiver.events()] == [said["span_id"]]


@pytest.mark.parametrize("encoding", ["proto", "json"])
def test_the_collector_reads_what_was_not_stored(otelcol, receiver, tmp_path, eventually, encoding):
    shared = _module(HERE / "test_collector.py")
    environment = {"VECTADB_ENDPOINT": receiver.url, "OTELCOL_LOG_FILES": f"{tmp_path}/none/*.log"}
    collector = shared.Collector(otelcol, [shared.CONFIGURATION], tmp_path, free_ports(3), environment)
    collector.set("receivers::otlp::protocols::grpc::endpoint", collector.grpc)
    collector.set("receivers::otlp::protocols::http::endpoint", collector.http)
    collector.set("exporters::otlp_http::encoding", encoding)
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in range(5):
        spans.add(trace_id=b"\1" * 16 if number % 2 else b"", span_id=bytes([number + 1] * 8), name=f"span {number}")
    try:
        collector.start(eventually)
        httpx.post(
            f"http://{collector.http}/v1/traces",
            content=request.SerializeToString(),
            headers={"Content-Type": "application/x-protobuf"},
        ).raise_for_status()
        eventually(lambda: "Partial success response" in collector.log(), expected=True)
        eventually(receiver.stored, expected=2)
    finally:
        collector.stop()

    (line,) = re.findall(r"Partial success response.*", collector.log())
    told = json.loads(re.search(r"\{.*\}", line)[0])
    assert told["dropped_spans"] == 3
    assert told["message"] == f"3 of 5 were not stored: {REASON}"
    assert sorted(event["name"] for event in receiver.events()) == ["span 1", "span 3"]
    assert "Exporting failed" not in collector.log()


def _module(path):
    """Return what another file's tests have: they cannot import each other (`--import-mode=importlib`)."""
    spec = importlib.util.spec_from_file_location(f"shared_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
