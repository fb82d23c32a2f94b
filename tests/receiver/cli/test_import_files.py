"""Files as the Collector's file exporter writes them, and others: what is in them is imported, or they are named."""

import gzip
import io
import json
import random
import tarfile

import pytest
import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from receiver.cli.import_files import UnreadableError, records

TIME = 1767812400000000000
random_ = random.Random(0)  # noqa: S311 - ids, no secrets


def traces(*names):
    request = ExportTraceServiceRequest()
    for name in names:
        span = request.resource_spans.add().scope_spans.add().spans.add(name=name, trace_id=random_.randbytes(16))
        span.span_id, span.start_time_unix_nano, span.end_time_unix_nano = random_.randbytes(8), TIME, TIME + 1
    return request.SerializeToString()


def logs(*texts, time=None):
    """Each record has a moment of its own, or it would be one that is sent again."""
    request = ExportLogsServiceRequest()
    for text in texts:
        moment = TIME + random_.randrange(10**9) if time is None else time
        record = request.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=moment)
        record.body.string_value = text
    return request.SerializeToString()


def metrics():
    """A metric whose name and description are as long as a span's ids."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="a" * 16, description="b" * 8)
    metric.sum.data_points.add(as_int=5)
    return request.SerializeToString()


def line(name):
    span = {"traceId": random_.randbytes(16).hex(), "spanId": random_.randbytes(8).hex(), "name": name}
    span |= {"startTimeUnixNano": str(TIME), "endTimeUnixNano": str(TIME + 1)}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def framed(*messages):
    return b"".join(len(message).to_bytes(4, "big") + message for message in messages)


def zst(data):
    return zstandard.compress(data)


FILES = {
    "format: proto": framed(traces("a"), logs("b"), traces("c")),
    "format: proto, compression: zstd": framed(zst(traces("a")), zst(logs("b")), zst(traces("c"))),
    "format: json, compression: zstd": framed(zst(line("a")), zst(line("b")), zst(line("c"))),
    "each message compressed, with nothing between": zst(line("a")) + zst(line("b")) + zst(line("c")),
    "each protobuf message compressed, with nothing between": zst(traces("a")) + zst(traces("b", "c")),
    "lines in gzip": gzip.compress(line("a") + b"\n") + gzip.compress(line("b") + b"\n\n" + line("c")),
    "lines in zstd": zst(line("a") + b"\n" + line("b")) + zst(b"\n" + line("c") + b"\n"),
    "format: proto in gzip": gzip.compress(framed(traces("a"), logs("b"), traces("c"))),
    "format: proto in zstd in gzip": gzip.compress(zst(framed(traces("a"), logs("b"), traces("c")))),
    "one protobuf message": traces("a", "b", "c"),
    "one protobuf message of logs": logs("a", "b", "c"),
    "logs without times": framed(logs("a", "b", "c", time=0)),
    "lines behind a mark of the byte order": b"\xef\xbb\xbf" + line("a") + b"\r\n" + line("b") + b"\n" + line("c"),
    "a pair of lines that begin with an empty one": b"\n" + line("a") + b"\n" + line("b") + b"\n" + line("c"),
}


def said_in(receiver):
    events = receiver.get("/api/v1/events?limit=200")["events"]
    return sorted(event["properties"].get("body") or event["name"] for event in events)


def test_every_form_is_imported_whole(serve, run, tmp_path):
    receiver, expected = serve("target").started(), []
    for name, data in FILES.items():
        file = tmp_path / name
        file.write_bytes(data)
        result = run("import", file, "--url", receiver.url, "--json")
        assert (name, result.code, result.err) == (name, 0, "")
        counts = json.loads(result.out)
        assert (name, counts["spans"] + counts["log_records"]) == (name, 3)
        expected += "abc"
        assert (name, said_in(receiver)) == (name, sorted(expected))
    # Twice the same is once.
    assert run("import", tmp_path / "format: proto", "--url", receiver.url).code == 0
    assert said_in(receiver) == sorted(expected)


def test_messages_that_cannot_be_imported_are_named_and_the_rest_is_imported(serve, run, tmp_path):
    receiver, file = serve("target").started(), tmp_path / "mixed"
    without_ids = ExportTraceServiceRequest()
    without_ids.resource_spans.add().scope_spans.add().spans.add(start_time_unix_nano=TIME)
    file.write_bytes(framed(traces("a"), metrics(), b"odd", without_ids.SerializeToString(), logs("b")) + b"\0\0")
    result = run("import", file, "--url", receiver.url)
    assert (result.code, result.out) == (1, "1 span, 1 log record imported; 4 lines could not be\n")
    second, third, fourth, end = result.err.splitlines()
    assert second == f"{file}:2: metrics are not stored here"
    assert third.startswith(f"{file}:3: expected a protobuf request of traces or logs")
    assert fourth.startswith(f"{file}:4: ")
    assert "span" in fourth
    assert end.startswith(f"{file}: message 6 breaks off")
    assert said_in(receiver) == ["a", "b"]


def as_file(data):
    return io.BufferedReader(io.BytesIO(data))


def read(data):
    return [record.data for record in records("f", as_file(data))]


def tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    return file.getvalue()


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"PAR1" + bytes(50), "a Parquet file"),
        (b"PK\x03\x04" + bytes(50), "a zip archive"),
        (tar(), "a tar archive"),
        (gzip.compress(tar(), mtime=0), "a tar archive"),
        ('{"a": 1}'.encode("utf-16"), "text in UTF-16"),
        (b"SQLite format 3\0", "an SQLite database"),
        (bytes(100), "message 1 breaks off, or is none"),
        (b"\x80\x81\0\n", "this is no text"),
        (b"\n\x05ab", "this is no text, and no protobuf"),
    ],
)
def test_a_file_of_another_kind_is_named(data, kind):
    with pytest.raises(UnreadableError, match=f"{kind}.*import reads lines of JSON"):
        read(data)


def test_another_file_is_named_by_the_command_and_the_next_one_is_imported(serve, run, tmp_path):
    receiver = serve("target").started()
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "b.jsonl").write_bytes(line("b"))
    result = run("import", tmp_path / "a.parquet", tmp_path / "b.jsonl", "--url", receiver.url)
    assert (result.code, result.out) == (1, "1 span imported; 1 line could not be\n")
    assert result.err.startswith(f"{tmp_path / 'a.parquet'}: this is a Parquet file")


@pytest.mark.parametrize("compress", [gzip.compress, zst])
def test_what_came_before_a_broken_end_is_read(compress):
    lines = b"".join(b'{"n": %d}\n' % number for number in range(200_000))
    data, found = compress(lines), []
    with pytest.raises(UnreadableError, match="cannot be decompressed"):
        found.extend(record.data for record in records("f", as_file(data[: len(data) // 2])))
    with pytest.raises(UnreadableError, match="cannot be decompressed"):
        read(data[:-1])
    assert len(found) > 10_000
    assert found == lines.splitlines()[: len(found)]


def test_values_on_one_line_are_taken_apart_and_texts_with_braces_are_not():
    assert read(b'{"a":"}{"}{"b":{}}\n{"c":"}{"}\n{broken}{') == [
        b'{"a":"}{"}',
        b'{"b":{}}',
        b'{"c":"}{"}',
        b"{broken}{",
    ]
    assert read(b'{"a":"\xff"}{"b":1}') == [b'{"a":"\xff"}', b'{"b":1}']


def test_a_long_message_is_taken_in_parts():
    data = traces(*("x" * 1_000_000 for _ in range(20)))
    parts = read(data)
    assert len(parts) == 3
    assert b"".join(parts) == data


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(lambda: zst(bytes(500_000_000)), id="zstd"),
        pytest.param(lambda: zst(b" " * 500_000_000), id="zstd of a line"),
        pytest.param(lambda: gzip.compress(b"{" * 200_000_000, 1), id="gzip"),
        pytest.param(lambda: framed(zst(b"{" * 200_000_000)), id="a message"),
    ],
)
def test_a_bomb_is_not_inflated(bomb):
    with pytest.raises(UnreadableError, match=r"longer|breaks off"):
        read(bomb())
