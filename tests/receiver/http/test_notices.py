"""What the log says of requests that were refused: SDKs hide the answers that they get."""

import json
import logging

import pytest

from mapping.errors import Code, Problem
from receiver.http.notices import NOTICES, Notices

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def lines(caplog):
    """Return the lines so far."""
    return lambda: [record.getMessage() for record in caplog.records if record.name == "receiver.http.notices"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "said"),
    [
        ("POST", "/v1/traces", {"content_type": "application/json"}, 400, "body: expected a JSON Export"),
        ("POST", "/v1/logs", {"content_type": "text/plain"}, 415, "Content-Type: expected application/x-protobuf"),
        ("POST", "/v1/trace", {}, 404, "OTLP goes to /v1/traces and /v1/logs"),
        ("POST", "/", {}, 405, "expected GET, HEAD; OTLP goes to /v1/traces and /v1/logs"),
        ("GET", "/v1/traces", {}, 405, "expected POST"),
        ("GET", "/api/v1/events?limit=0", {}, 400, "limit"),
        ("GET", "/api/v1/traces/none", {}, 404, "none"),
    ],
)
async def test_is_a_line_with_who_what_and_why(fresh, lines, method, path, headers, status, said):
    answer = await fresh.send(method, path, b"[" if method == "POST" else None, **headers)
    assert answer.status == status
    assert answer.json()["message"]
    (line,) = lines()
    assert line.startswith(f"{method} {path.partition('?')[0]} from 127.0.0.1 refused: ")
    assert line.endswith(f" [{status}]")
    assert said in line
    assert said in answer.json()["message"]


async def test_tells_of_wrong_keys_and_not_what_they_are(start, lines):
    receiver = await start(keys=["one"])
    assert (await receiver.post("/v1/traces", b"{}", authorization="Bearer two-and-a-half")).status == 401
    (line,) = lines()
    assert line.endswith("[401]")
    assert "two-and-a-half" not in line


async def test_tells_of_bodies_that_are_too_large(start, lines):
    receiver = await start(max_body_bytes=1000)
    assert (await receiver.post("/v1/traces", b" " * 1001)).status == 413
    assert lines()[0].endswith("[413]")


async def test_comes_once_a_minute_for_each_kind_and_client(fresh, lines):
    for _ in range(3):
        await fresh.post("/v1/traces", b"[")
        await fresh.post("/v1/logs", b"[")
        await fresh.post("/v1/logs", b"[", "text/plain")
        for number in range(3):
            await fresh.get(f"/nothing/{number}")
    assert sorted(line.partition(" from")[0] for line in lines()) == [
        "GET /nothing/0",
        "POST /v1/logs",
        "POST /v1/logs",
        "POST /v1/traces",
    ]
    fresh.app[NOTICES].pause = 0
    await fresh.post("/v1/traces", b"[")
    assert lines()[-1].endswith("[400] (2 more like it since the last line)")


async def test_does_not_tell_of_what_is_no_fault_of_the_request(fresh, lines, monkeypatch):
    async def write(_events):
        raise Problem(Code.UNAVAILABLE, "the store is away")

    monkeypatch.setattr(fresh.storage.writer, "write", write)
    event = {"timestamp": "2026-01-07T19:00:00Z"}
    assert (await fresh.post("/api/v1/events", json.dumps(event))).status == 503
    assert (await fresh.get("/readyz")).status == 200
    assert lines() == []


async def test_is_one_line_whatever_was_sent(lines):
    Notices().refused("10.0.0.1", "", "GET /a\r\nFATAL \x1b[31m", Problem(Code.INVALID_ARGUMENT, "\n\ud800" * 1000))
    (line,) = lines()
    assert line.isprintable()
    assert len(line) < 5000


async def test_remembers_as_many_kinds_and_clients_as_it_has_room_for(caplog):
    caplog.set_level(logging.CRITICAL)
    notices = Notices()
    for number in range(5000):
        notices.refused(str(number), "", "GET /", Problem(Code.INVALID_ARGUMENT, "no"))
    assert len(notices._lines) == 1000
