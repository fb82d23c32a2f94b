"""What programs do with the client: ask, page, send, and hear of what is wrong."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pandas as pd
import pytest

from tests.receiver.cli.answering import answering
from tests.receiver.mcp.conftest import FAILED, FINE
from tests.vectadb_receiver_client.conftest import KEY, LINES
from vectadb_receiver_client import ApiError, AwayError, ClientError, NotReadyError
from vectadb_receiver_client import types as t


@pytest.fixture
def client(filled, client_class):
    with client_class(filled.url, KEY) as client:
        yield client


@pytest.fixture
def server():
    with answering() as server:
        yield server


@pytest.fixture
def impatient(server, client_class):
    with client_class(server.url, patience=0, timeout=5) as client:
        yield client


def test_it_lists_reads_and_compares(client):
    (failed,) = client.traces(status="failed")["traces"]
    assert failed["id"] == FAILED
    assert client.trace(FAILED, limit=1)["events"][0]["name"] == "invoke_agent pilot"
    assert client.conversation(FINE, from_="start")["turns"][1]["parts"][0]["text"] == "How deep is it at Tortosa?"
    (tool,) = client.calls(kind="tool", trace_id=FINE)["calls"]
    assert client.call(tool["id"])["result"] == {"metres": 9}
    assert client.compare_traces(FINE, FAILED)["b"]["status"] == "failed"
    assert client.breakdown("tool")["rows"][0]["failed"] == 1
    assert client.session("harbour/../1")["trace_count"] == 2


def test_it_searches(client):
    found = client.search(q="the instrument is missing", limit=3)
    assert found["results"][0]["event"]["trace_id"] == FAILED
    listed = list(client.iter_search(trace_id="a log", limit=50))
    assert len(listed) == LINES


def test_it_pages_through_all_there_is(client):
    found = [event["properties"]["n"] for event in client.iter_events(trace_id="a log", limit=7)]
    assert found == list(range(LINES - 1, -1, -1))
    assert [event["properties"]["n"] for event in client.iter_trace("a log", limit=7)] == list(range(LINES))
    assert {trace["id"] for trace in client.iter_traces(limit=1)} >= {FAILED, FINE}
    assert list(client.iter_calls(name="nobody")) == []


def test_times_may_be_datetimes_with_their_zone(client):
    def number(since):
        return len(list(client.iter_events(trace_id="a log", since=since)))

    assert number(datetime(2026, 1, 7, 19, 0, 50, tzinfo=UTC)) == number("2026-01-07T20:00:50+01:00") == 10
    with pytest.raises(ValueError, match="since: expected a time with its zone"):
        number(datetime(2026, 1, 7))  # noqa: DTZ001 - that is what is wrong with it


def test_it_sends_once_what_is_sent_twice(client):
    event: t.EventRequest = {"event_type": "note", "trace_id": "a note", "properties": {"text": "Ahoy."}}
    first = client.send_event(event, idempotency_key="ahoy")
    assert client.send_event(event, idempotency_key="ahoy")["event_id"] == first["event_id"]
    assert client.event(first["event_id"])["properties"] == {"text": "Ahoy."}


def test_it_exports_lines(client):
    lines = [json.loads(line) for line in client.export_events(trace_id="a log")]
    assert len(lines) == LINES
    text = "one\u2028line\x85still \u2029"
    client.send_event(
        {"event_id": "odd", "timestamp": "2026-01-07T12:00:00Z", "trace_id": "odd lines", "properties": {"text": text}}
    )
    assert [json.loads(line)["properties"]["text"] for line in client.export_events(trace_id="odd lines")] == [text]
    assert client.prune({"trace_id": "nothing", "dry_run": True})["traces"] == 0


def test_calls_and_events_are_data_frames(client):
    calls = client.calls_dataframe(sort="start")
    assert list(calls.columns) == list(t.Call.__annotations__)
    assert calls.groupby("kind")["id"].count().to_dict() == {"agent": 2, "model": 3, "tool": 2}
    assert calls["input_tokens"].sum() == 300
    assert calls["start_time"].dt.tz is not None
    assert calls[calls["kind"] == "tool"]["input_tokens"].isna().all()
    events = client.events_dataframe(trace_id="a log", limit=7)
    assert len(events) == LINES
    assert events["timestamp"].min() == pd.Timestamp("2026-01-07T19:00:00Z")
    assert events["properties"].map(lambda each: each["n"]).sum() == sum(range(LINES))
    none = client.calls_dataframe(name="nobody")
    assert (len(none), none["start_time"].dtype) == (0, calls["start_time"].dtype)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00.000000000Z", "9999-12-31T23:59:59.999999999Z"])
def test_a_moment_beyond_nanoseconds_costs_no_data_frame(client, moment):
    client.send_event({"event_id": moment, "timestamp": moment, "trace_id": "odd clocks", "event_type": "log"})
    times = client.events_dataframe(trace_id="odd clocks")["timestamp"]
    assert pd.Timestamp(f"{moment[:26]}Z") in set(times)


@pytest.mark.parametrize("odd", ["..", ".", "...", "a/../b", "a%2Fb", " ", "?q#f", "\u200b\t\n"])
def test_any_id_is_one_segment_of_a_path(client, odd):
    client.send_event({"event_id": f"in {odd}", "session_id": odd, "trace_id": odd, "event_type": "message"})
    assert client.session(odd)["id"] == client.trace(odd)["id"] == odd
    assert client.session_conversation(odd)["next_cursor"] is None


def test_an_empty_id_is_no_list(client):
    with pytest.raises(ValueError, match="expected an id; got ''"):
        list(client.iter_trace(""))
    with pytest.raises(ValueError, match="expected an id; got ''"):
        client.session("")


def test_what_is_no_single_value_is_refused(client):
    with pytest.raises(ValueError, match=r"agent_id: expected a text, .* got \['a', 'b'\]"):
        client.traces(agent_id=["a", "b"])


def test_bad_input_says_what_was_expected(client):
    with pytest.raises(ApiError, match="limit: expected a whole number from 1 to 200; got '0'") as told:
        client.traces(limit=0)
    assert (told.value.status, told.value.code) == (400, "invalid_argument")
    with pytest.raises(ApiError, match=r"no trace has the id 'a/b\?c'") as told:
        client.trace("a/b?c")
    assert told.value.status == 404


def test_the_key_and_address_may_be_in_the_environment(filled, client_class, monkeypatch):
    with client_class(filled.url, "two") as client, pytest.raises(ApiError, match="not one of this receiver's") as told:
        client.stats()
    assert told.value.status == 401
    monkeypatch.setenv("VECTADB_URL", filled.url + "/")
    monkeypatch.setenv("VECTADB_API_KEY", KEY)
    with client_class() as client:
        assert client.stats()["events"] > LINES


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://localhost", "http://"])
def test_an_address_that_is_none_is_refused(url, client_class):
    with pytest.raises(ValueError, match="url: expected an address such as"):
        client_class(url)


def test_a_receiver_that_is_not_ready_is_asked_again(server, client_class):
    server.answer(503, b'{"error": "unavailable", "message": "it starts"}', Retry_After="1")
    server.answer(200, b'{"events": 3}')
    with client_class(server.url, patience=10) as client:
        assert client.stats()["events"] == 3
    assert len(server.requests) == 2


def test_its_patience_ends(server, impatient):
    server.answer(503, b'{"error": "unavailable", "message": "it starts"}', Retry_After="7")
    with pytest.raises(NotReadyError, match="it starts") as told:
        impatient.stats()
    assert told.value.retry_after == 7


@pytest.mark.parametrize("ask", ["stats", "iter_traces", "export_events"])
def test_what_does_not_answer_as_a_receiver_does_is_said(server, impatient, ask):
    server.answer(418, b"<html>teapot</html>")
    with pytest.raises(ApiError, match="HTTP 418, which is not how a vectadb-receiver answers"):
        list(getattr(impatient, ask)())


@pytest.mark.parametrize("ask", ["stats", "iter_traces", "export_events"])
@pytest.mark.parametrize("body", [b"<html>a proxy's page</html>\n", b"", b"[1]"])
def test_a_page_of_another_program_is_no_answer(server, impatient, ask, body):
    server.answer(200, body)
    with pytest.raises(ApiError, match="HTTP 200, which is not how a vectadb-receiver answers"):
        list(getattr(impatient, ask)())


@pytest.mark.parametrize("ask", ["stats", "export_events"])
def test_a_body_that_cannot_be_inflated_is_an_error_of_the_client(server, impatient, ask):
    server.answer(200, b"no gzip", Content_Encoding="gzip", Content_Type="application/x-ndjson")
    with pytest.raises(ClientError, match="no receiver answers at"):
        list(getattr(impatient, ask)())


@pytest.mark.parametrize("key", ["secret\n", "ключ"])
def test_a_key_that_no_header_holds_is_refused(key, client_class):
    with pytest.raises(ValueError, match="key: expected printable ASCII"):
        client_class("http://127.0.0.1", key)


def test_a_redirect_does_not_get_the_key(server, impatient):
    server.answer(307, b"", Location="http://127.0.0.1:1/")
    with pytest.raises(ApiError, match="HTTP 307"):
        impatient.stats()


def test_where_nobody_answers_it_says_where(client_class):
    with (
        client_class("http://127.0.0.1:1") as client,
        pytest.raises(AwayError, match="no receiver answers at http://127"),
    ):
        client.stats()
    assert issubclass(AwayError, ClientError)


def test_importing_it_imports_no_room_and_no_pandas():
    code = "import sys, vectadb_receiver_client; print(*{name.partition('.')[0] for name in sys.modules})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"receiver", "storage", "mapping", "aiohttp", "pandas", "numpy"} & set(ended.stdout.split())


def test_without_pandas_it_says_how_to_install_it(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'vectadb-receiver\[pandas\]'"):
        client.calls_dataframe()
