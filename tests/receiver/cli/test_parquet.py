"""What is written as Parquet is what the API answers, as another program reads it."""

import io
import json
import re
import sys
import time
from pathlib import Path

import duckdb
import msgspec
import pytest

from receiver.cli import parquet
from receiver.http.call_answers import Call
from receiver.http.event_answers import Event

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "parquet.md").read_text()
EVENTS = [
    {"agent_id": "a", "event_type": "tool_call", "properties": {"n": [1, 2**53 + 1, None], "text": "Grüße \u0000 🙂"}},
    {"agent_id": "a", "timestamp": "0001-01-01T00:00:00.000000001Z", "properties": {}},
    {"agent_id": "a", "timestamp": "9999-12-31T23:59:59.999999999Z"},
]


@pytest.fixture
def receiver(serve, run):
    receiver = serve("parquet").started()
    assert run("send-demo", "--url", receiver.url).code == 0
    for event in EVENTS:
        receiver.post("/api/v1/events", {"timestamp": "2026-01-07T19:00:00.123456789Z"} | event)
    ends = time.monotonic() + 60
    while receiver.get("/api/v1/stats")["interpretation_pending"]:
        assert time.monotonic() < ends
        time.sleep(0.05)
    return receiver


def table(file):
    """Return the rows as DuckDB reads them, by id; moments as microseconds since 1970."""
    found = duckdb.sql(f"SELECT * FROM '{file}'")  # noqa: S608 - the test's own file
    moments = [name for name, kind in zip(found.columns, found.types, strict=True) if "TIMESTAMP" in str(kind)]
    told = found.select(f"* REPLACE ({', '.join(f'epoch_us({name}) AS {name}' for name in moments)})")
    return {row[0]: dict(zip(found.columns, row, strict=True)) for row in told.fetchall()}, moments


def as_read(row, columns):
    """Return a row of the API in the form of a table's."""
    forms = {
        "moment": lambda text: parquet.parse_rfc3339(text) // 1000,
        "json": lambda value: json.dumps(value, ensure_ascii=False),
    }
    return {
        name: row[name] if row[name] is None or kind not in forms else forms[kind](row[name])
        for name, kind in columns.items()
    }


def test_events_are_those_of_the_api_and_a_file_without_any_has_the_columns(receiver, run, tmp_path):
    file = tmp_path / "events.parquet"
    result = run("export", "--format", "parquet", "-o", file, "--url", receiver.url)
    assert result.code == 0, result.err
    rows, moments = table(file)
    told = [json.loads(line) for line in run("export", "--url", receiver.url).out.splitlines()]
    assert len(told) > 30
    assert rows == {event["id"]: as_read(event, parquet.EVENTS) for event in told}
    assert moments == ["timestamp", "observed_timestamp", "created_at"]
    assert run("export", "--format", "parquet", "--agent", "nobody", "-o", file, "--url", receiver.url).code == 0
    found = duckdb.sql(f"SELECT * FROM '{file}'")  # noqa: S608 - the test's own file
    assert (found.columns, found.fetchall()) == ([*parquet.EVENTS], [])


def test_calls_are_those_of_the_api_filtered_and_limited(receiver, run, tmp_path):
    file = tmp_path / "calls.parquet"
    result = run("calls", "--parquet", file, "--url", receiver.url)
    rows, _ = table(file)
    assert (result.code, result.err) == (0, f"{len(rows)} calls written to {file}\n")
    told = receiver.get("/api/v1/calls?limit=200")["calls"]
    assert len(told) > 20
    assert rows == {call["id"]: as_read(call, parquet.CALLS) for call in told}

    assert run("calls", "--kind", "model", "--limit", "3", "--parquet", file, "--url", receiver.url).code == 0
    assert [row["kind"] for row in table(file)[0].values()] == ["model"] * 3


def test_the_guide_s_questions_are_answered_and_a_full_disk_is_said(receiver, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("export", "--format", "parquet", "-o", "events.parquet", "--url", receiver.url)
    file = tmp_path / "calls.parquet"
    run("calls", "--parquet", file, "--url", receiver.url)
    named = f"SELECT * FROM '{file}' WHERE kind = 'tool' AND name IS NOT NULL"  # noqa: S608 - the test's own file
    counted = duckdb.sql(named).aggregate("name, count(*), count_if(status = 'error')")
    rows = receiver.get("/api/v1/breakdown?by=tool")["rows"]
    assert sorted(counted.fetchall()) == sorted((row["name"], row["count"], row["failed"]) for row in rows)
    tools, agents, models = (duckdb.sql(query).fetchall() for query in re.findall("```sql\n(.*?)```", GUIDE, re.DOTALL))
    assert max(tools, key=lambda row: row[2]) == tools[0] != tools[-1]
    assert "travel-agent" in {agent for agent, _, _ in agents}
    assert {model for model, _ in models} > {None}
    result = run("calls", "--parquet", "/dev/full", "--url", receiver.url)
    assert (result.code, "Traceback" in result.err) == (1, False), result.err
    assert "/dev/full" in result.err


@pytest.mark.parametrize(("answer", "columns"), [(Event, parquet.EVENTS), (Call, parquet.CALLS)])
def test_every_field_of_the_api_is_a_column(answer, columns):
    assert {*columns} == {field.name for field in msgspec.structs.fields(answer)}


def test_a_receiver_that_is_away_leaves_no_file_and_says_so(run, tmp_path, free_port):
    file = tmp_path / "calls.parquet"
    result = run("calls", "--parquet", file, "--url", f"http://127.0.0.1:{free_port()}")
    assert (result.code, "does not answer" in result.err or "refused" in result.err.lower()) == (1, True), result.err
    assert not file.exists()


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "arro3", None)
    with pytest.raises(parquet.CommandError, match=r"pip install 'vectadb-receiver\[parquet\]'"):
        parquet.write(io.BytesIO(), parquet.CALLS, [])
