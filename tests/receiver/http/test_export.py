"""Exports over HTTP: what a list shows, as lines that another receiver takes; and those that end early."""

import asyncio
import json

import pytest
import pytest_asyncio

from mapping.errors import Code, Problem
from receiver.http.context import TIMES
from receiver.http.export import EXPORTS

pytestmark = pytest.mark.asyncio(loop_scope="module")

LARGE = 2**62 + 1
AT = "2026-01-07T19:00:0{}.000000001Z"
SPAN_OF_ALL = "5b8efff798038103d269b633813fc60c"


def event(number, **fields):
    properties = {"tool_name": f"tool {number}", "order": LARGE + number} | fields.pop("properties", {})
    return {"timestamp": AT.format(number), "event_id": f"event {number}", "properties": properties} | fields


EVENTS = [
    event(1, trace_id="one", session_id="first", agent_id="anna"),
    event(2, trace_id="one", session_id="first", agent_id="anna", properties={"error": "card refused"}),
    event(3, trace_id="two", session_id="second", agent_id="bert"),
    event(4, trace_id="three", agent_id="bert", event_type="log", properties={"tool_name": None}),
]
SPAN = {
    "traceId": SPAN_OF_ALL,
    "spanId": "00f067aa0ba902b7",
    "name": "chat gpt-4o",
    "startTimeUnixNano": "1767812400000000001",
    "endTimeUnixNano": "1767812401000000009",
    "attributes": [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
        {"key": "large", "value": {"intValue": str(LARGE)}},
    ],
    "events": [{"timeUnixNano": "1767812400000000005", "name": f"part {number}"} for number in range(3)],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(receiver):
    body = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "s"}, "spans": [SPAN]}]}]}
    assert (await receiver.post("/v1/traces", json.dumps(body))).status == 200
    assert (await receiver.post("/api/v1/events/batch", json.dumps({"events": EVENTS}))).status == 200
    async with asyncio.timeout(60):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.05)
    return receiver


async def lines(receiver, path):
    answer = await receiver.get(f"/api/v1/export/{path}")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.body.splitlines()]


def numbers(exported):
    return sorted(one["properties"]["order"] - LARGE for one in exported if "order" in one["properties"])


async def test_lines_are_events_exactly_as_they_are_read(filled):
    answer = await filled.get("/api/v1/export/events")
    listed = await filled.get("/api/v1/events")
    assert listed.body.startswith(b'{"events":[' + b",".join(answer.body.splitlines()) + b"]")
    assert str(LARGE).encode() in answer.body


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("events?agent_id=anna", [1, 2]),
        ("events?trace_id=one", [1, 2]),
        ("events?session_id=second", [3]),
        ("traces?agent_id=bert", [3, 4]),
        ("traces?filter=agent:anna", [1, 2]),
        ("traces?filter=tool:nothing", []),
        ("sessions", [1, 2, 3]),
        ("sessions?filter=agent:bert", [3]),
        ("calls?name=tool+2", [2]),
        ("calls?kind=tool&agent_id=anna", [1, 2]),
        ("calls?kind=model&agent_id=anna", []),
    ],
)
async def test_what_a_list_shows_is_exported(filled, path, found):
    assert numbers(await lines(filled, path)) == found


@pytest.mark.parametrize("path", ["events", "traces", "traces?runs=true&filter=cost>=0"])
@pytest.mark.parametrize("form", ["jsonl", "otlp"])
async def test_another_receiver_takes_the_lines_and_has_the_same(filled, start, path, form):
    target = await start(data=f"{form} {path[:8]}")
    for line in await lines(filled, f"{path}{'&' if '?' in path else '?'}format={form}"):
        if form == "jsonl":
            await accepted(target, "/api/v1/events/batch", {"events": [line], "options": {"as_read": True}})
        else:
            await accepted(target, f"/v1/{'traces' if 'resourceSpans' in line else 'logs'}", line)
    before, after = [
        [{**one, "created_at": "", "correlation": ""} for one in (await each.read("/api/v1/events"))["events"]]
        for each in (filled, target)
    ]
    assert after == before


async def accepted(receiver, path, value):
    answer = await receiver.post(path, json.dumps(value))
    assert answer.status == 200, answer.body
    assert not answer.json().get("failed")


async def test_span_events_stand_in_their_spans(filled):
    (request,) = await lines(filled, f"events?trace_id={SPAN_OF_ALL}&format=otlp")
    (span,) = request["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert [one["name"] for one in span["events"]] == ["part 0", "part 1", "part 2"]


async def test_a_file_is_named_after_what_it_holds(filled):
    answer = await filled.get("/api/v1/export/traces?format=otlp")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="traces-')
    assert answer.headers["Content-Disposition"].endswith('.otlp"')


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("events?format=csv", "format: expected one of jsonl, otlp"),
        ("traces?filter=cost:1", "filter: column 5"),
        ("search", "search is off"),
        ("search?q=apple", "search is off"),
        ("events?colour=red", "colour: unknown parameter"),
    ],
)
async def test_what_is_wrong_is_said_before_any_line(filled, path, message):
    answer = await filled.get(f"/api/v1/export/{path}")
    assert answer.status == 400
    assert message in answer.json()["message"]


async def test_a_key_is_asked_for(start):
    receiver = await start(data="locked", keys=["one"])
    assert (await receiver.get("/api/v1/export/events")).status == 401
    assert (await receiver.get("/api/v1/export/events", authorization="Bearer one")).body == b""


async def test_more_than_a_few_at_a_time_are_asked_to_wait(filled):
    semaphore = filled.app[EXPORTS]
    for _ in range(4):
        await semaphore.acquire()
    try:
        answer = await filled.get("/api/v1/export/events")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    finally:
        for _ in range(4):
            semaphore.release()
    assert (await filled.get("/api/v1/export/events")).status == 200


async def test_what_cannot_be_read_to_its_end_is_broken_off(filled, monkeypatch):
    reader = filled.storage.reader
    read = type(reader).events
    pages = 0

    async def fails(self, which, limit, cursor=None):
        nonlocal pages
        pages += 1
        if pages > 1:
            raise Problem(Code.UNAVAILABLE, "the store is away")
        return await read(self, which, 1, cursor)

    monkeypatch.setattr(type(reader), "events", fails)
    answered = await filled.raw(b"GET /api/v1/export/events HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 200")
    assert not answered.endswith(b"0\r\n\r\n")  # the end of an answer in chunks


async def test_a_client_that_goes_ends_its_export(filled, monkeypatch):
    reader = filled.storage.reader
    read = type(reader).events
    pages = 0

    async def endless(self, which, limit, cursor=None):
        nonlocal pages
        pages += 1
        await asyncio.sleep(0.01)
        found, _ = await read(self, which, limit)
        return found, "again"

    monkeypatch.setattr(type(reader), "events", endless)
    _, writer = await asyncio.open_connection("127.0.0.1", filled.port)
    writer.write(b"GET /api/v1/export/events HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(20):
        while pages < 3:
            await asyncio.sleep(0.01)
        writer.close()
        while filled.app[EXPORTS]._value < 4:  # it has begun
            await asyncio.sleep(0.01)
    seen = pages
    await asyncio.sleep(0.1)
    assert pages == seen


async def test_a_client_that_stops_reading_is_disconnected(filled, monkeypatch):
    reader = filled.storage.reader
    read = type(reader).events

    async def endless(self, which, limit, cursor=None):
        found, _ = await read(self, which, limit)
        return found * 200, "again"

    monkeypatch.setattr(type(reader), "events", endless)
    monkeypatch.setattr(filled.app[TIMES], "stalled", 0.2)
    _, writer = await asyncio.open_connection("127.0.0.1", filled.port, limit=1024)
    writer.write(b"GET /api/v1/export/events HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(20):
        while filled.app[EXPORTS]._value == 4:
            await asyncio.sleep(0.01)
        while filled.app[EXPORTS]._value < 4:
            await asyncio.sleep(0.01)
    writer.close()
