"""Deleting over HTTP: what went is in no answer any more, what is not understood deletes nothing."""

import asyncio
import json
import time

import pytest

from mapping.times import NS, format_rfc3339
from receiver.http.context import TIMES

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = 86_400 * NS


def event(trace_id, at, **fields):
    return {
        "timestamp": format_rfc3339(at),
        "trace_id": trace_id,
        "event_type": "tool_call",
        "properties": {"output": "an apple was refused"},
    } | fields


async def send(receiver, *events):
    answer = await receiver.post("/api/v1/events/batch", json.dumps({"events": events}))
    assert answer.status == 200, answer.body
    return answer.json()["event_ids"]


async def prune(receiver, **asked):
    return await receiver.post("/api/v1/prune", json.dumps(asked))


def everything_says(words):
    return [
        "/api/v1/events",
        "/api/v1/events?session_id=s",
        "/api/v1/events?agent_id=a",
        "/api/v1/events?event_type=tool_call",
        "/api/v1/events?trace_id=old",
        "/api/v1/traces",
        "/api/v1/traces?session_id=s",
        "/api/v1/traces?status=running",
        "/api/v1/sessions",
        *[f"/api/v1/search?q={words}&mode={mode}" for mode in ("hybrid", "semantic", "keyword")],
        *[f"/api/v1/search?q={words}&group_by={group}" for group in ("trace", "session")],
    ]


async def indexed(receiver):
    async with asyncio.timeout(60):
        while (stats := await receiver.read("/api/v1/stats"))["index_state"] != "ready" or stats["index_pending"]:
            await asyncio.sleep(0.05)


async def test_what_was_deleted_is_in_no_answer_any_more(start):
    receiver = await start(model="minilm")
    now = time.time_ns()
    old = await send(receiver, *[event("old", now - 3 * DAY, session_id="s", agent_id="a")] * 100)
    (new,) = await send(receiver, event("new", now, session_id="s", agent_id="a"))
    await indexed(receiver)
    before = [(await receiver.get(path)).body for path in everything_says("apple")]
    assert sum(any(event_id.encode() in body for event_id in old) for body in before) >= 10
    answer = await prune(receiver, before=format_rfc3339(now - DAY))
    assert answer.json() == {"dry_run": False, "traces": 1, "events": 100, "done": True, "kept": 0}
    for path in everything_says("apple"):
        body = (await receiver.get(path)).body
        assert not any(event_id.encode() in body for event_id in [*old, '"old"']), path
    for path in [f"/api/v1/events/{old[0]}", f"/api/v1/events/{old[0]}/explain", "/api/v1/traces/old"]:
        assert (await receiver.get(path)).status == 404
    assert (await receiver.read("/api/v1/sessions/s"))["event_count"] == 1
    async with asyncio.timeout(20):
        while (stats := await receiver.read("/api/v1/stats"))["indexed"] != 1:
            await asyncio.sleep(0.05)
    assert (stats["events"], stats["traces"], stats["sessions"]) == (1, 1, 1)
    (result,) = (await receiver.read("/api/v1/search?q=apple"))["results"]
    assert result["event"]["id"] == new


async def test_each_way_to_say_which(fresh):
    now = time.time_ns()
    hexadecimal = "5B8EFFF798038103D269B633813FC60C"
    await send(fresh, *[event(f"t{number}", now - number * DAY, session_id=f"s{number % 2}") for number in range(10)])
    await send(fresh, event(hexadecimal, now))
    for asked, traces in (
        ({"trace_id": hexadecimal}, 1),
        ({"session_id": "s1"}, 5),
        ({"max_events": 3}, 2),
        ({"before": format_rfc3339(now - DAY)}, 2),
    ):
        dry = (await prune(fresh, dry_run=True, **asked)).json()
        assert dry == {"dry_run": True, "traces": traces, "events": traces, "done": True, "kept": 0}
        assert (await prune(fresh, **asked)).json() == dry | {"dry_run": False}
        assert (await prune(fresh, **asked)).json()["events"] == 0
    assert [trace["id"] for trace in (await fresh.read("/api/v1/traces"))["traces"]] == ["t0"]


async def test_a_request_ends_in_time_and_says_that_there_is_more(fresh):
    fresh.app[TIMES].prune = 0.0
    await send(fresh, *[event("long", time.time_ns() - DAY)] * 150)
    answers = [(await prune(fresh, trace_id="long")).json() for _ in range(4)]
    assert [(answer["events"], answer["traces"], answer["done"]) for answer in answers] == [
        (64, 0, False),
        (64, 0, False),
        (22, 1, False),
        (0, 0, True),
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "body: expected an object with one of before, session_id, trace_id, max_events, or project, got nothing"),
        ("{}", "got none of them"),
        ('{"dry_run": true}', "got none of them"),
        ('{"session_id": ""}', "got none of them"),
        ('{"session_id": "s", "trace_id": "t"}', "got session_id, trace_id"),
        ('{"before": "yesterday"}', "before: expected RFC 3339 with a zone"),
        ('{"before": "2026-01-07T19:00:00"}', "before: expected RFC 3339 with a zone"),
        ('{"max_events": 0}', "max_events: "),
        ('{"project": ""}', "got none of them"),
        ('{"project": "p", "max_events": 5}', "max_events: expected without a project"),
        ('{"project": 5}', "project: "),
        ('{"max_events": "5"}', "max_events: "),
        ('{"sesion_id": "s"}', "unknown field `sesion_id`"),
        ('{"session_id": 5}', "session_id: "),
        ("[]", "body: expected"),
    ],
)
async def test_what_is_not_understood_is_said_and_deletes_nothing(receiver, body, message):
    (kept,) = await send(receiver, event("kept", DAY, session_id="s"))
    answer = await receiver.post("/api/v1/prune", body)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_argument")
    assert message in answer.json()["message"]
    await receiver.read(f"/api/v1/events/{kept}")


async def test_a_form_of_a_web_page_cannot_delete(receiver):
    """Its content types are the ones that need no preflight request."""
    for content_type in (None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = await receiver.post("/api/v1/prune", '{"session_id": "s"}', content_type)
        assert answer.status == 415
    assert (await receiver.get("/api/v1/prune")).status == 405
    assert (
        await receiver.send("POST", "/api/v1/prune?session_id=s", "{}", content_type="application/json")
    ).status == 400


async def test_a_key_is_needed_where_one_is_set(start):
    receiver = await start(keys=["one"])
    assert (await prune(receiver, trace_id="t")).status == 401
    answer = await receiver.post("/api/v1/prune", '{"trace_id": "t"}', authorization="Bearer one")
    assert answer.status == 200


async def test_until_the_stores_are_open_it_is_503(start):
    receiver = await start(opened=False)
    answer = await prune(receiver, trace_id="t")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize(
    ("limit", "left"), [({"days": 1.5}, "012"), ({"max_events": 2}, "01"), ({"days": 2.5, "max_events": 4}, "0123")]
)
async def test_by_itself_it_keeps_no_more_than_the_settings_say(alone, limit, left):
    now = time.time_ns()
    async with alone(retention=limit, storage={"retention_every": 0.05}) as receiver:
        await send(receiver, *[event(f"t{number}", now - number * DAY // 2) for number in range(8)])
        async with asyncio.timeout(20):
            while (await receiver.read("/api/v1/stats"))["events"] != len(left):
                await asyncio.sleep(0.02)
        traces = (await receiver.read("/api/v1/traces"))["traces"]
        assert sorted(trace["id"] for trace in traces) == [f"t{number}" for number in left]


async def test_without_limits_everything_stays(alone):
    async with alone(storage={"retention_every": 0.01}) as receiver:
        await send(receiver, event("t", 0))
        await asyncio.sleep(0.2)
        assert (await receiver.read("/api/v1/stats"))["events"] == 1
