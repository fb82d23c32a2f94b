"""What one real receiver exports another imports, and exports again: it is the same."""

import gzip
import json
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

SPAN_TIMES = {"startTimeUnixNano": "1767812400000000001", "endTimeUnixNano": "1767812400000000009"}
BEDROCK_LOG = Path(__file__).parents[2] / "clients" / "cloudwatch" / "bedrock.jsonl"
TRACE = "0af7651916cd43dd8448eb211c80319c"

EVENTS = [
    {"session_id": "conversation", "agent_id": "json-agent", "properties": {"messages": "hello", "n": [1, 1.0, None]}},
    {
        "session_id": "conversation",
        "event_type": "my own type",
        "properties": {"status": "failed", "body": "session=x"},
    },
    {"trace_id": "an id of my own", "event_id": "0F0E0D0C-0B0A-4908-8706-050403020100", "properties": "text"},
    {"trace_id": TRACE, "event_id": "no uuid", "source": {"system": "s", "log_id": 5}, "properties": {"name": "n"}},
    {"agent_id": "json-agent", "properties": {"gen_ai.usage.input_tokens": 5, "event_type": "chat", "password": "x"}},
]


def send_spans(url):
    """Send through the SDK: a trace of nested spans with events, links, and values of every type it has."""
    provider = TracerProvider(resource=Resource({"service.name": "real", "list": [1, 2]}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
    tracer = provider.get_tracer("scope", "1.0", attributes={"of": "scope"})
    with tracer.start_as_current_span("run", kind=trace.SpanKind.SERVER) as run:
        run.set_attributes({"whole": 2.0, "large": 2**62, "yes": True, "texts": ["a", "b"], "session.id": "real"})
        for number in range(12):
            run.add_event(f"step {number}", {"number": number})
        link = trace.Link(run.get_span_context(), {"why": "because"})
        with pytest.raises(KeyError), tracer.start_as_current_span("tool", links=[link], record_exception=True):
            raise KeyError("missing")
    provider.shutdown()


def send_otlp(url):
    """Send what the SDK does not make: odd times and values, logs with JSON bodies, lines that repeat."""
    values = {
        "none": {},
        "nan": {"doubleValue": "NaN"},
        "bytes": {"bytesValue": "AAE="},
        "least": {"intValue": str(-(2**63))},
    }
    attributes = [{"key": key, "value": value} for key, value in values.items()]
    span = {"traceId": TRACE, "spanId": "b7ad6b7169203331", "attributes": attributes, "traceState": "a=1"} | SPAN_TIMES
    backwards = {"traceId": TRACE, "spanId": "b7ad6b7169203332", "startTimeUnixNano": "9", "endTimeUnixNano": "5"}
    spans = {"resourceSpans": [{"scopeSpans": [{"spans": [span, backwards]}]}]}
    line = {"timeUnixNano": "1767812400000000005", "observedTimeUnixNano": "1767812400000000006"}
    texts = ["again", "again", '{"level": "error", "session_id": "of-the-body", "n": 1.50}', "session_id=in-text"]
    records = [line | {"severityText": "WARNING", "body": {"stringValue": text}} for text in texts]
    records += [line | {"traceId": TRACE, "eventName": "gen_ai.choice", "attributes": attributes}]
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    for route, body in (("traces", spans), ("logs", logs)):
        answer = httpx.post(f"{url}/v1/{route}", json=body)
        assert (answer.status_code, answer.json()) == (200, {})


@pytest.fixture
def source(serve, run):
    receiver = serve("source").started()
    assert run("send-demo", "--url", receiver.url).code == 0
    send_spans(receiver.url)
    send_otlp(receiver.url)
    for number, event in enumerate(EVENTS):
        receiver.post("/api/v1/events", {"timestamp": f"2026-01-07T19:00:0{number}.000000001Z"} | event)
    return receiver


def exported(run, receiver, *flags):
    result = run("export", "--url", receiver.url, *flags)
    assert (result.code, result.err) == (0, "")
    return result.out


def events(lines, without):
    events = [json.loads(line) for line in lines.splitlines()]
    assert len({event["id"] for event in events}) == len(events)
    return [{field: value for field, value in event.items() if field not in without} for event in events]


def interpreted(receiver):
    """Wait until what was stored is interpreted: sums follow by a moment."""
    ends = time.monotonic() + 60
    while receiver.get("/api/v1/stats")["interpretation_pending"]:
        assert time.monotonic() < ends
        time.sleep(0.05)


def traces(receiver):
    """Return the traces' sums and what they have learned, by id: all but when and how they came."""
    interpreted(receiver)
    traces = receiver.get("/api/v1/traces?limit=200")["traces"]
    other = {"created_at", "updated_at", "origin"}
    return {one["id"]: {field: one[field] for field in one.keys() - other} for one in traces}


MAY_DIFFER = {"created_at", "correlation"}


@pytest.mark.parametrize("form", ["jsonl", "otlp"])
def test_what_is_exported_and_imported_is_the_same(source, serve, run, tmp_path, form):
    before = exported(run, source)
    assert {event["kind"] for event in events(before, ())} == {
        *("internal", "server", "client", "unspecified", "span_event", "log_record", "json")
    }
    file = tmp_path / "lines"
    file.write_text(exported(run, source, "--format", form))
    target = serve("target").started()
    result = run("import", file, "--url", target.url, "--json")
    assert (result.code, result.err) == (0, "")
    assert events(exported(run, target), MAY_DIFFER) == events(before, MAY_DIFFER)
    assert traces(target) == traces(source)
    # Once more, into both: nothing comes twice.
    for receiver in (target, source):
        assert run("import", file, "--url", receiver.url).code == 0
        assert events(exported(run, receiver), MAY_DIFFER) == events(before, MAY_DIFFER)


@pytest.mark.parametrize("form", ["jsonl", "otlp"])
def test_what_the_page_exports_is_imported_the_same(source, serve, run, tmp_path, form):
    file = tmp_path / "lines"
    file.write_bytes(httpx.get(f"{source.url}/api/v1/export/events?format={form}", timeout=60).content)
    target = serve("target").started()
    assert run("import", file, "--url", target.url, "--json").code == 0
    assert events(exported(run, target), MAY_DIFFER) == events(exported(run, source), MAY_DIFFER)


def test_traces_that_a_filter_finds_are_exported_as_a_whole(source, run):
    interpreted(source)
    failed = {trace["id"] for trace in source.get("/api/v1/traces?filter=status:failed%20agent:travel*")["traces"]}
    lines = events(exported(run, source, "--filter", "status:failed agent:travel*"), ())
    assert {event["trace_id"] for event in lines} == failed
    assert len(lines) == sum(source.get(f"/api/v1/traces/{trace}")["event_count"] for trace in failed)
    assert exported(run, source, "--filter", "status:failed", "--trace", "another") == ""
    assert "column 5" in run("export", "--filter", "cost:1", "--url", source.url).err


def test_lines_are_events_exactly_as_they_are_read(source, run):
    lines = exported(run, source, "--session", "conversation").splitlines()
    page = httpx.get(f"{source.url}/api/v1/events?session_id=conversation&limit=200")
    assert len(lines) == 3  # one has the session from its trace
    assert page.text.startswith('{"events":[' + ",".join(lines) + "]")


def test_filters_choose_what_is_exported(source, run):
    lines = events(exported(run, source, "--type", "tool_call", "--agent", "travel-agent", "--status", "error"), ())
    assert lines
    assert {(e["event_type"], e["agent_id"], e["status"]) for e in lines} == {("tool_call", "travel-agent", "error")}
    assert exported(run, source, "--until", "2020-01-01T00:00:00Z", "--since", "1970-01-02T00:00:00Z") == ""


def test_a_file_has_its_name_once_it_is_whole(source, run, tmp_path):
    result = run("export", "-o", tmp_path / "out", "--url", source.url)
    assert (result.code, result.out) == (0, "")
    assert (tmp_path / "out").read_text() == exported(run, source)
    assert [path.name for path in tmp_path.glob("out*")] == ["out"]
    result = run("export", "-o", tmp_path / "none" / "out", "--url", source.url)
    assert (result.code, result.out) == (1, "")
    assert "cannot write" in result.err


def test_bad_lines_are_named_and_the_rest_is_imported(source, serve, run, tmp_path):
    good = exported(run, source).splitlines()
    bad = {
        2: "no json",
        5: '{"timestamp": "2026-01-07T19:00:00Z"}',
        6: '{"resourceMetrics": [{}]}',
        7: '{"resourceSpans": 5}',
        9: json.dumps(json.loads(good[0]) | {"timestamp": "yesterday"}),
        10: '{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "without ids"}]}]}]}',
    }
    lines = list(good)
    for number, line in bad.items():
        lines.insert(number - 1, line)
    file = tmp_path / "lines"
    file.write_text("\n".join([*lines, "", "  "]) + "\n")
    target = serve("target").started()
    result = run("import", file, "--url", target.url)
    assert (result.code, result.out) == (1, f"{len(good)} events imported; 6 lines could not be\n")
    messages = {int(line.removeprefix(f"{file}:").partition(":")[0]): line for line in result.err.splitlines()}
    assert messages.keys() == bad.keys()
    assert "timestamp: expected RFC 3339" in messages[9]
    assert "metrics are not stored here" in messages[6]
    assert len(exported(run, target).splitlines()) == len(good)


def test_lines_that_aws_has_logged_are_imported_once(serve, run, tmp_path):
    """Bedrock's files in S3, and spans as CloudWatch keeps them."""
    calls = BEDROCK_LOG.read_text()
    span = {"traceId": TRACE, "spanId": "b7ad6b7169203331", "name": "chat", "kind": "CLIENT", "attributes": {"a": 1}}
    lines = [
        calls.replace("2026-11-12T09:30:01Z", "noon"),
        json.dumps(span | {"startTimeUnixNano": 5, "endTimeUnixNano": 9}),
    ]
    file = tmp_path / "calls.json.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    target = serve("target").started()
    for _ in range(2):
        result = run("import", file, "--url", target.url)
        assert (result.code, result.out) == (0, "12 log records imported\n")
    kinds = Counter(event["kind"] for event in events(exported(run, target), ()))
    assert kinds == {"log_record": 11, "client": 1}
    interpreted(target)
    assert len(target.get("/api/v1/calls?kind=model&limit=200")["calls"]) == 10


def test_standard_input_is_read_too(source, serve, start):
    target = serve("target").started()
    exporting = start("export", "--url", source.url)
    importing = start("import", "--url", target.url, stdin=exporting.stdout)
    out, err = importing.communicate(timeout=60)
    assert (importing.returncode, err) == (0, "")
    assert out.endswith(" events imported\n")


def counted(receiver):
    interpreted(receiver)
    stats = receiver.get("/api/v1/stats")
    return {name: stats[name] for name in ("events", "traces", "sessions")}


def test_an_embedded_store_moves_to_a_server_and_back_and_goes_on_where_it_was_cut_short(
    source, serve, start, run, own_surreal_server, tmp_path
):
    own_surreal_server.start()
    before = exported(run, source)
    half = tmp_path / "half"
    half.write_text("".join(before.splitlines(keepends=True)[:20]))
    on_server = serve("on a server", **own_surreal_server.settings).started()
    assert run("import", half, "--url", on_server.url).code == 0
    back = serve("back").started()
    for old, new, there in ((source, on_server, " (20 of them were there already)"), (on_server, back, "")):
        exporting = start("export", "--url", old.url)
        importing = start("import", "--url", new.url, stdin=exporting.stdout)
        out, err = importing.communicate(timeout=60)
        events_moved = len(before.splitlines())
        assert (importing.returncode, out, err) == (0, f"{events_moved} events{there} imported\n", "")
        assert counted(new) == counted(source)
        assert traces(new) == traces(source)
        assert events(exported(run, new), MAY_DIFFER) == events(before, MAY_DIFFER)


def test_several_hundred_events_go_in_batches(serve, run, tmp_path):
    source, target = serve("source").started(), serve("target").started()
    sent = [{"timestamp": "2026-01-07T19:00:00Z", "session_id": "s", "properties": {"n": n}} for n in range(1_150)]
    source.post("/api/v1/events/batch", {"events": sent})
    file = tmp_path / "lines"
    file.write_text(exported(run, source))
    result = run("import", file, file, "--url", target.url, "--json")
    assert json.loads(result.out) == {"events": 2300, "duplicates": 1150, "spans": 0, "log_records": 0, "failed": 0}
    assert Counter(event["properties"]["n"] for event in events(exported(run, target), ())) == Counter(range(1_150))


def test_a_line_over_the_receivers_limit_costs_only_itself(serve, run, event, tmp_path):
    target = serve("target", SERVER_MAX_BODY_BYTES="100KiB").started()
    ids = [f"6f1d3a52-6a4c-5b0f-9f52-0e4d7f6a9b{number:02}" for number in range(5)]
    events = [event(id=one, kind="json", properties={"text": "x" * 40_000}) for one in ids]
    events[2]["properties"]["text"] = "x" * 5_000_000
    file = tmp_path / "lines"
    file.write_text("\n".join(map(json.dumps, events)))
    result = run("import", file, "--url", target.url)
    assert (result.code, result.out) == (1, "4 events imported; 1 line could not be\n")
    assert result.err.startswith(f"{file}:3: ")
    assert "server.max_body_bytes" in result.err or "expected at most" in result.err


STATS = b'{"events": 2, "index_state": "off"}'


def test_an_export_goes_on_where_it_was_when_the_receiver_comes_back(run, server):
    server.answer(200, STATS)
    server.answer(200, b'{"events": [{"id": 1, "n": 1.0}], "next_cursor": "a b"}')
    server.answer(503, b'{"message": "not ready"}', Retry_After="0")
    server.answer(200, b'{"events": [{"id": 2}], "next_cursor": null}')
    result = run("export", "--url", server.url)
    assert (result.code, result.out) == (0, '{"id": 1, "n": 1.0}\n{"id": 2}\n')
    assert "waiting" in result.err
    asked = [path for path, _ in server.requests]
    assert asked[1:] == ["/api/v1/events?limit=200", *["/api/v1/events?limit=200&cursor=a+b"] * 2]


def test_an_import_sends_again_what_was_not_taken_yet(run, server, event, tmp_path):
    file = tmp_path / "lines"
    file.write_text(json.dumps(event()))
    server.answer(200, STATS)
    server.answer(503, b'{"message": "too much at once"}', Retry_After="0")
    server.answer(200, b'{"ingested": 1, "duplicates": 0, "errors": []}')
    result = run("import", file, "--url", server.url)
    assert (result.code, result.out) == (0, "1 event imported\n")
    assert len(server.bodies) == 2
    assert server.bodies[0] == server.bodies[1]


def test_an_import_that_is_refused_says_how_far_it_is(run, server, event, tmp_path):
    file = tmp_path / "lines"
    file.write_text(json.dumps(event()))
    server.answer(200, STATS)
    server.answer(401, b'{"message": "an API key is needed"}')
    result = run("import", file, "--url", server.url)
    assert (result.code, result.out) == (1, "")
    assert "--api-key" in result.err
    assert "nothing imported. Import the same again later" in result.err
    assert result.err.count("\n") == 1


def test_what_cannot_be_read_is_named(run, server, tmp_path):
    server.answer(200, STATS)
    result = run("import", tmp_path / "none", "--url", server.url)
    assert (result.code, result.out) == (1, "")
    assert f"cannot read {tmp_path / 'none'}" in result.err
