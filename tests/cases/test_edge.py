"""What is sent as bytes, or refused in part: what is good is stored, and what is wrong is said and counted."""

import gzip
import json
import re
import subprocess
import sys

import pytest

from tests.cases import sending

TRACE = "2f0356141c978152aa4f571f95e090af"
MS = 1_000_000


@pytest.fixture
def sent(program, order):
    """Post a file as it is, with a trace id of its own for each of its names. The answer, and that trace's id."""

    def send(name, path, content_type):
        body = (sending.DATA / name).read_bytes()
        gzipped = body[:2] == b"\x1f\x8b"
        fresh = sending.FreshIds(f"{name} {order}", f'"traceId": "{TRACE}"', ()).of(TRACE)
        plain = gzip.decompress(body) if gzipped else body
        plain = plain.replace(TRACE.encode(), fresh.encode()).replace(bytes.fromhex(TRACE), bytes.fromhex(fresh))
        answer = program.client.post(
            path,
            content=gzip.compress(plain) if gzipped else plain,
            headers={"Content-Type": content_type} | ({"Content-Encoding": "gzip"} if gzipped else {}),
        )
        return answer, fresh

    return send


@pytest.fixture
def counted(program):
    """How many texts were replaced so far, by signal."""

    def count(signal):
        pattern = rf'(?m)^vectadb_receiver_replaced_texts_total\{{[^}}]*signal="{signal}"[^}}]*\}} (\S+)'
        return float(re.search(pattern, program.client.get("/metrics").text)[1])

    return count


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("invalid-utf8-attribute.traces.pb", "application/x-protobuf"),
        ("invalid-utf8-attribute.traces.json", "application/json"),
    ],
)
def test_invalid_utf8_attribute(program, sent, counted, name, content_type):
    before = counted("traces")
    answer, trace_id = sent(name, "/v1/traces", content_type)
    assert answer.status_code == 200
    events = program.client.get(f"/api/v1/traces/{trace_id}").json()["events"]
    assert {event["name"]: event["properties"] for event in events} == {
        "good": {"a": "fine"},
        "bad": {"a": "caf\ufffd"},
    }
    assert counted("traces") == before + 1


def bodies_between(program, start, end):
    """Give the bodies of the log records from one moment to another, in nanoseconds."""
    from mapping.times import format_rfc3339

    since, until = format_rfc3339(start), format_rfc3339(end)
    events = program.client.get("/api/v1/events", params={"since": since, "until": until, "limit": 200}).json()
    return [event["properties"].get("body") for event in events["events"] if event["kind"] == "log_record"]


def test_invalid_utf8_body(program, sent, counted):
    before = counted("logs")
    answer, _ = sent("invalid-utf8-body.logs.pb", "/v1/logs", "application/x-protobuf")
    assert answer.status_code == 200
    bodies = bodies_between(program, 1795851782 * 1000 * MS, 1795851782 * 1000 * MS + 1)
    assert sorted(bodies) == ["fluent caf\ufffd bad", "fluent good", "fluent good 2"]
    # A Collector has put one right itself.
    line = "<131>1 2026-11-28T07:00:00.123456Z h a 77 ID - syslog"
    bodies = bodies_between(program, 1795849200123456000, 1795849200123456001)
    assert sorted(bodies) == [f"{line} caf\ufffd", f"{line} good"]
    assert counted("logs") == before + 1


def test_fluentbit_5_1_1_latin1_line(program, sent, counted):
    before = counted("logs")
    answer, _ = sent("fluentbit-5.1.1-latin1-line.logs.pb", "/v1/logs", "application/x-protobuf")
    assert answer.status_code == 200
    bodies = bodies_between(program, 1795852352257315701, 1795852352257323523)
    assert [body for body in bodies if isinstance(body, str)] == [
        "ERROR plain error",
        "caf\ufffd latin1",
        "plain text line",
    ]
    assert [body for body in bodies if not isinstance(body, str)] == [
        {
            "message": "json with message",
            "severity": "WARN",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331",
        },
        {"log": "json line with log key", "level": "error", "session_id": "s-fb"},
    ]
    assert counted("logs") == before + 1


def test_import_lone_surrogate(program):
    file = sending.DATA / "import-lone-surrogate.jsonl"
    command = [sys.executable, "-m", "receiver", "import", str(file), "--url", program.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 span imported\n", "")
    imported = program.client.get("/api/v1/traces/5b8efff798038103d269b633813fc6ab").json()["events"]
    assert [event["name"] for event in imported] == ["cut emoji \ufffd"]
    # As it is taken from an SDK.
    other = "5b8efff798038103d269b633813fc6ac"
    line = file.read_text().replace("5b8efff798038103d269b633813fc6ab", other)
    answer = program.client.post("/v1/traces", content=line, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    posted = program.client.get(f"/api/v1/traces/{other}").json()["events"]
    assert [event["name"] for event in posted] == ["cut emoji \ufffd"]


@pytest.mark.parametrize("field", ["traceId", "spanId"])
def test_report_one_bad_id_in_a_batch_rejects_a_span_whose_own_id_is_bad(program, order, field):
    text = sending.written("report-one-bad-id-in-a-batch-spans")
    ids = sending.FreshIds(f"own {field} {order}", text, ())
    ((key, resources),) = sending.parts_of(ids.of(text))
    good, bad = resources[0]["scopeSpans"][0]["spans"]
    bad[field] = "abc123"
    (request,) = sending.requests([(key, resources)])
    answer = program.post(request)
    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert f"{field}: expected" in answer.json()["partialSuccess"]["errorMessage"]
    stored = program.client.get(f"/api/v1/traces/{good['traceId']}").json()["events"]
    assert [event["name"] for event in stored] == ["other work"]
    assert json.dumps(stored).count("abc123") == 0
