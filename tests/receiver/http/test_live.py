"""Events as they are stored, over HTTP: what a browser gets, and what one that reads slowly costs nobody else."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import pytest

from receiver.http.context import KEYS, TIMES
from receiver.settings import Cors
from storage.write.live_feed import MOST_LISTENERS

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENT = {"timestamp": "2026-01-07T19:00:00Z"}


async def post(receiver, *events, **headers):
    answer = await receiver.post("/api/v1/events/batch", json.dumps({"events": events}), **headers)
    assert answer.status == 200
    return answer.json()["event_ids"]


class Stream:
    """What a client hears; `next` gives the next event's name and value."""

    def __init__(self, answer):
        self.answer = answer
        self.retry = None

    async def next(self, seconds=30):
        name = value = None
        async with asyncio.timeout(seconds):
            async for line in self.answer.content:
                field, _, rest = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = rest
                elif field == "data":
                    value = json.loads(rest)
                elif field == "retry":
                    self.retry = int(rest)
                elif not field and name:
                    return name, value
        raise EOFError


@asynccontextmanager
async def listening(receiver, query="", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    before = receiver.storage.feed.listeners
    async with receiver.client.get(f"/api/v1/live{query}", headers=names) as answer:
        assert answer.status == 200, await answer.read()
        assert receiver.storage.feed.listeners == before + 1
        yield Stream(answer)


async def until(true, seconds=30):
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_an_event_comes_as_it_is_read(fresh):
    async with listening(fresh) as stream:
        sent = EVENT | {
            "session_id": "s",
            "agent_id": "a",
            "properties": {"text": "a\nb\r\n\nevent: x", "n": [1.5, {}]},
        }
        (event_id,) = await post(fresh, sent)
        name, event = await stream.next()
        # Scores come later than what they are about.
        assert (name, event | {"scores": []}) == ("event", await fresh.read(f"/api/v1/events/{event_id}"))
        assert stream.retry == 2000


async def test_the_answer_is_a_stream_that_nobody_keeps(fresh):
    async with listening(fresh) as stream:
        assert stream.answer.headers["Content-Type"] == "text/event-stream"
        assert stream.answer.headers["Cache-Control"] == "no-cache"
        assert "Content-Length" not in stream.answer.headers


@pytest.mark.parametrize(
    "query",
    ["session_id=wanted", "agent_id=wanted", "event_type=wanted", "trace_id=wanted", "session_id=wanted&agent_id="],
)
async def test_a_filter_leaves_the_others_out(fresh, query):
    field = query.partition("=")[0]
    async with listening(fresh, f"?{query}") as stream:
        _, wanted = await post(fresh, EVENT | {field: "another"}, EVENT | {field: "wanted"})
        _, event = await stream.next()
        assert (event["id"], event[field]) == (wanted, "wanted")


async def test_a_filter_by_status_and_one_by_an_inherited_session(fresh, spans):
    span = {"traceId": "1" * 32, "endTimeUnixNano": "2", "startTimeUnixNano": "1"}
    first = span | {
        "spanId": "1" * 16,
        "name": "one",
        "attributes": [{"key": "gen_ai.conversation.id", "value": {"stringValue": "s"}}],
    }
    await spans.to(fresh, first)
    async with listening(fresh, "?status=error&session_id=s") as stream:
        await spans.to(
            fresh,
            span | {"spanId": "2" * 16, "name": "two"},
            span | {"spanId": "3" * 16, "name": "three", "status": {"code": 2}},
        )
        _, event = await stream.next()
        assert (event["name"], event["session_id"]) == ("three", "s")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("since=2026-01-07T19:00:00Z", "since: unknown parameter"),
        ("limit=5", "limit: unknown parameter"),
        ("status=bad", "status: expected one of ok, error, unset"),
    ],
)
async def test_what_it_cannot_filter_by_is_refused(fresh, query, message):
    answer = await fresh.get(f"/api/v1/live?{query}")
    assert (answer.status, answer.json()["error"]) == (400, "invalid_argument")
    assert answer.json()["message"].startswith(message)


async def test_only_get_is_answered(fresh):
    for method in ("POST", "HEAD"):
        assert (await fresh.send(method, "/api/v1/live")).status == 405


async def test_until_the_stores_are_open_it_is_503(start):
    answer = await (await start(opened=False)).get("/api/v1/live")
    assert (answer.status, answer.json()["error"]) == (503, "unavailable")


async def test_the_key_is_asked_for(start):
    guarded = await start(keys=["one"])
    assert (await guarded.get("/api/v1/live")).status == 401
    async with listening(guarded, x_api_key="one") as stream:
        await post(guarded, EVENT, x_api_key="one")
        assert (await stream.next())[0] == "event"


async def test_who_lost_the_key_hears_no_more_and_the_others_go_on(start):
    guarded = await start(keys=["one", "two"])
    async with listening(guarded, x_api_key="one") as lost, listening(guarded, x_api_key="two") as kept:
        keys = guarded.app[KEYS]
        keys.in_force = tuple(key for key in keys.in_force if key.key == "two")
        await post(guarded, EVENT, x_api_key="two")
        assert (await kept.next())[0] == "event"
        with pytest.raises(EOFError):
            await lost.next()


async def test_pages_that_may_read_may_listen(start):
    page = "https://app.example.com"
    receiver = await start(cors=Cors(allowed_origins=(page,)))
    async with listening(receiver, origin=page) as stream:
        assert stream.answer.headers["Access-Control-Allow-Origin"] == page


async def test_silence_is_broken_by_comments(fresh):
    times = fresh.app[TIMES]
    times.live_look, times.live_comment = 0.02, 0.1
    async with listening(fresh) as stream, asyncio.timeout(30):
        lines = [await stream.answer.content.readline() for _ in range(6)]
    assert lines == [b"retry: 2000\n", b"\n", b":\n", b"\n", b":\n", b"\n"]


async def test_one_who_has_left_is_no_listener(fresh):
    fresh.app[TIMES].live_look = 0.05
    async with listening(fresh) as stream:
        stream.answer.close()
        await until(lambda: fresh.storage.feed.listeners == 0)
    assert (await post(fresh, EVENT))[0]


async def test_more_than_may_are_told_to_come_again(fresh):
    fresh.app[TIMES].live_look = 0.05
    answers = [await fresh.client.get("/api/v1/live") for _ in range(MOST_LISTENERS)]
    refused = await fresh.get("/api/v1/live")
    assert (refused.status, refused.json()["error"]) == (503, "unavailable")
    assert f"{MOST_LISTENERS} clients listen already" in refused.json()["message"]
    assert refused.headers["Retry-After"] == "10"
    answers[0].close()
    await until(lambda: fresh.storage.feed.listeners < MOST_LISTENERS)
    async with listening(fresh):
        pass
    for answer in answers:
        answer.close()


def silent_client(receiver):
    """A client that asks and reads nothing, with as little room for it as the system gives."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", receiver.port))
    client.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: h\r\n\r\n")
    return client


async def flood(receiver, megabytes, **fields):
    """Store so much text: 1 MB in ten events a request."""
    event = EVENT | {"properties": {"text": "x" * 100_000}} | fields
    for _ in range(megabytes):
        await post(receiver, *[event] * 10)


def server_side(receiver, client):
    """The receiver's side of a client's connection: its protocol and transport."""
    (protocol,) = (
        connection
        for connection in receiver.runner.server.connections
        if connection.transport.get_extra_info("peername") == client.getsockname()
    )
    return protocol, protocol.transport


async def test_one_that_stops_reading_misses_events_and_is_told_while_others_hear_all(fresh):
    silent = silent_client(fresh)
    await until(lambda: fresh.storage.feed.listeners == 1)
    async with listening(fresh, "?agent_id=a") as stream:
        await flood(fresh, 20)
        await post(fresh, EVENT | {"agent_id": "a"})
        assert (await stream.next())[0] == "event"
    assert fresh.storage.feed.dropped > 50
    protocol, transport = server_side(fresh, silent)
    assert protocol.writing_paused
    assert transport.get_write_buffer_size() < 1_000_000
    text = await asyncio.to_thread(read_until, silent, b"event: dropped\n")
    assert b'data: {"count":' in text
    silent.close()


def read_until(client, wanted, seconds=30):
    client.settimeout(seconds)
    text = b""
    while wanted not in text or not text.endswith(b"\r\n"):
        text += client.recv(1 << 20)
    return text


async def test_one_that_stops_reading_for_long_is_hung_up_on(fresh):
    times = fresh.app[TIMES]
    times.live_look, times.stalled = 0.05, 0.2
    silent = silent_client(fresh)
    await until(lambda: fresh.storage.feed.listeners == 1)
    _, transport = server_side(fresh, silent)
    await flood(fresh, 10)
    await until(lambda: fresh.storage.feed.listeners == 0)
    await until(transport.is_closing)
    assert transport.get_write_buffer_size() == 0
    silent.close()


async def test_listeners_and_what_they_miss_are_counted_and_their_time_is_not(fresh):
    async with listening(fresh):
        text = (await fresh.get("/metrics")).body.decode()
        assert "vectadb_receiver_live_listeners 1.0" in text
        assert "vectadb_receiver_live_dropped_events_total 0.0" in text
    await fresh.get("/api/v1/live?limit=1")
    text = (await fresh.get("/metrics")).body.decode()
    counted = [line for line in text.splitlines() if "_count{" in line and "/api/v1/live" in line]
    assert len(counted) == 1
    assert '"400"' in counted[0]
