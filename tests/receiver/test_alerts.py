"""Alerts, from what was sent to what a webhook gets: a real HTTP server on loopback, and signatures checked as Standard
Webhooks says. What is told, and when, is tested with the store (`tests/storage/alerts`)."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from receiver import settings as s
from receiver.http.alerts import Alerts
from receiver.settings.webhooks import WEBHOOKS
from receiver.webhooks import Webhooks
from storage.alerts.delivery import Outcome
from storage.alerts.noticing import Noticing
from tests.ports import free_ports

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = secrets.token_bytes(32)
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
SOON = {"alert_after": 0.05, "alert_every": 0.05, "alert_pauses": (0.1, 0.1)}


class Hook:
    """A server that is told: `got` has the messages whose signature is right. It answers with what is in `answers`,
    and then 204."""

    def __init__(self):
        self.got, self.ids, self.answers, self.elsewhere = [], [], [], []
        self.answering = asyncio.Event()
        self.answering.set()

    async def told(self, request):
        body = await request.read()
        at, message = request.headers["webhook-timestamp"], request.headers["webhook-id"]
        assert abs(time.time() - int(at)) < 30
        assert "." not in message
        expected = hmac.new(KEY, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
        version, signature = request.headers["webhook-signature"].split(",")
        assert version == "v1"
        assert hmac.compare_digest(expected, base64.b64decode(signature))
        self.ids.append(message)
        self.got.append(json.loads(body))
        await self.answering.wait()
        return self.answers.pop(0) if self.answers else web.Response(status=204)

    async def other(self, request):
        self.elsewhere.append(request.path)
        return web.Response()


@contextlib.asynccontextmanager
async def hook_at(port=0):
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.told)
    app.router.add_route("*", "/{other:.*}", hook.other)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    hook.answering.set()
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="module")
async def hook():
    async with hook_at() as it:
        yield it


def webhooks(url, **fields):
    return WEBHOOKS.parse([{"name": "ops", "url": url, "secret": SECRET, "on": "failed_run,new_error"} | fields])


def spans(trace, *, error="no such table", failed=True, ago=1.0, name="nightly"):
    """An agent's run whose tool fails, in OTLP: of its root and of the tool's span."""
    end = time.time_ns() - int(ago * 10**9)

    def span(number, name, attributes, **fields):
        return {
            "traceId": trace,
            "spanId": f"{number:016x}",
            "name": name,
            "startTimeUnixNano": str(end - 10**9),
            "endTimeUnixNano": str(end),
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
        } | fields

    status = {"status": {"code": 2, "message": error}}
    root = span(
        1, name, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}, **(status if failed else {})
    )
    tool = span(
        2,
        "query",
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "query"},
        parentSpanId=f"{1:016x}",
        **status,
    )
    return root, tool


def otlp(*spans):
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]})


async def send(receiver, *spans):
    assert (await receiver.post("/v1/traces", otlp(*spans))).status == 200


async def until(condition, seconds=60):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def alerts_of(receiver, state, count=1, seconds=60):
    async with asyncio.timeout(seconds):
        while True:
            answer = await receiver.get("/api/v1/alerts")
            msgspec.json.decode(answer.body, type=Alerts)  # strict: every field as it is described
            found = [row for row in answer.json()["alerts"] if row["state"] == state]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def test_a_failed_run_and_its_new_error_are_told_signed_with_a_link(alone, hook):
    trace = secrets.token_hex(16)
    given = {"webhooks": webhooks(hook.url), "page_url": "https://agents.example.com"}
    async with alone(SOON, alerts=given) as receiver:
        await send(receiver, *(sent := spans(trace)))
        await until(lambda: len(hook.got) == 2)
        shown = await alerts_of(receiver, "delivered", 2)
        by_kind = {message["type"]: message for message in hook.got}
        failed = by_kind["failed_run"]
        assert failed["data"]["text"] == "Run failed: nightly: no such table"
        assert failed["data"]["trace_id"] == trace
        assert failed["data"]["agent_id"] == "nightly"
        assert failed["data"]["url"] == f"https://agents.example.com/#/traces/{trace}"
        assert by_kind["new_error"]["data"]["text"] == "New error in query: no such table"
        assert {message["data"]["id"] for message in hook.got} == set(hook.ids) == {row["id"] for row in shown}
        assert [(row["webhook"], row["attempts"], row["last_error"]) for row in shown] == [("ops", 1, None)] * 2
        metrics = (await receiver.get("/metrics")).body.decode()
        assert 'vectadb_receiver_alert_messages_total{outcome="delivered",webhook="ops"} 2.0' in metrics
        # Sent again, and of another run with the same error: only that one is new.
        await send(receiver, *sent)
        await send(receiver, *spans(other := secrets.token_hex(16)))
        await until(lambda: len(hook.got) > 2)
        await asyncio.sleep(0.5)
        assert [(message["type"], message["data"]["trace_id"]) for message in hook.got[2:]] == [("failed_run", other)]


async def test_a_run_is_told_of_once_it_has_ended_and_not_when_that_was_long_ago(alone, hook):
    async with alone(SOON, alerts={"webhooks": webhooks(hook.url)}) as receiver:
        root, tool = spans(secrets.token_hex(16))
        await send(receiver, tool)
        await send(receiver, *spans(secrets.token_hex(16), ago=2 * 3600, error="old"))
        await asyncio.sleep(0.7)
        assert hook.got == []
        await receiver.storage._database.query("UPDATE alert_queue SET due = 0")  # it is looked at every 30 s
        await send(receiver, root)
        await until(lambda: len(hook.got) == 2)
        assert {message["data"]["trace_id"] for message in hook.got} == {root["traceId"]}


async def test_what_fails_is_sent_again_with_the_same_id_and_then_given_up(alone, hook):
    hook.answers = [web.Response(status=500, text="out\nof order") for _ in range(3)]
    async with alone(SOON, alerts={"webhooks": webhooks(hook.url, on="failed_run")}) as receiver:
        await send(receiver, *spans(secrets.token_hex(16)))
        (row,) = await alerts_of(receiver, "failed")
        assert (row["attempts"], row["last_error"]) == (3, "it answered 500: out of order")
        assert len(hook.ids) == 3
        assert len({*hook.ids}) == 1
        metrics = (await receiver.get("/metrics")).body.decode()
        for outcome, count in (("retried", 2), ("failed", 1), ("delivered", 0)):
            assert f'alert_messages_total{{outcome="{outcome}",webhook="ops"}} {count}.0' in metrics


async def test_a_redirect_is_not_followed(alone, hook):
    hook.answers = [web.Response(status=307, headers={"Location": hook.url.replace("/hook", "/inside")})]
    async with alone(SOON, alerts={"webhooks": webhooks(hook.url, on="failed_run")}) as receiver:
        await send(receiver, *spans(secrets.token_hex(16)))
        (row,) = await alerts_of(receiver, "delivered")
        assert (row["attempts"], row["last_error"]) == (2, "it answered 307: redirects are not followed")
        assert hook.elsewhere == []


async def test_after_410_nothing_is_sent_there(alone, hook):
    hook.answers = [web.Response(status=410)]
    async with alone(SOON, alerts={"webhooks": webhooks(hook.url, on="failed_run")}) as receiver:
        await send(receiver, *spans(secrets.token_hex(16)))
        await alerts_of(receiver, "failed")
        await send(receiver, *spans(secrets.token_hex(16)))
        rows = await alerts_of(receiver, "failed", 2)
        assert [row["last_error"] for row in rows] == ["not sent: it answered 410", "it answered 410"]
        assert len(hook.got) == 1


async def due(receiver):
    """Return the runs that alerts would look at now."""
    query = "SELECT VALUE id FROM alert_queue WHERE due < $now"
    (found,) = await receiver.storage._database.query(query, now=time.time_ns())
    return found


async def test_too_many_in_a_minute_are_one_message_that_says_how_many(alone, hook, monkeypatch):
    look, all_there = Noticing.look, asyncio.Event()

    async def at_once(self, _now):
        """Note all of them at one look, however long it takes to interpret them."""
        await all_there.wait()
        return await look(self, time.time_ns())

    monkeypatch.setattr(Noticing, "look", at_once)
    given = {"webhooks": webhooks(hook.url, on="failed_run", per_minute="3")}
    async with alone(SOON, alerts=given) as receiver:
        await send(receiver, *(span for number in range(30) for span in spans(f"{number + 1:032x}", failed=True)))
        async with asyncio.timeout(60):
            while len(await due(receiver)) < 30:
                await asyncio.sleep(0.02)
        all_there.set()
        rows = await alerts_of(receiver, "delivered", 30)
        assert len(rows) == 30
        assert len(hook.got) <= 3
        several = [message for message in hook.got if message["type"] == "several"]
        told = sum(message["data"]["count"] for message in several) + len(hook.got) - len(several)
        assert told == 30
        assert (
            several[-1]["data"]["text"]
            == f"{several[-1]['data']['count']} alerts: {several[-1]['data']['count']} failed runs"
        )
        assert len(several[-1]["data"]["alerts"]) == 10


async def test_one_that_is_slow_delays_no_other(alone, hook):
    async with hook_at() as slow:
        slow.answering.clear()
        given = (*webhooks(slow.url, on="failed_run", name="slow"), *webhooks(hook.url, on="failed_run"))
        async with alone(SOON, alerts={"webhooks": given}) as receiver:
            await send(receiver, *spans(secrets.token_hex(16)))
            await until(lambda: slow.got)
            await send(receiver, *spans(secrets.token_hex(16)))
            await until(lambda: len(hook.got) == 2)


async def test_texts_of_agents_are_cut_and_stay_strings(alone, hook):
    trace = 'a/b?c#"<!channel>'
    events = [
        {
            "trace_id": trace,
            "event_type": "tool_call",
            "agent_id": "x" * 2000,
            "properties": {"tool_name": "<b>look</b>\u202e", "error": '"}, <script>' * 1000},
        }
    ]
    async with alone(SOON, alerts={"webhooks": webhooks(hook.url, on="new_error")}) as receiver:
        assert (await receiver.post("/api/v1/events/batch", json.dumps({"events": events}))).status == 200
        async with asyncio.timeout(20):
            while not (await receiver.storage._database.query("SELECT * FROM alert_queue"))[0]:
                await asyncio.sleep(0.02)
        await receiver.storage._database.query(
            "UPDATE agent_trace SET status = 'completed'; UPDATE alert_queue SET due = 0"
        )
        await until(lambda: hook.got)
        data = hook.got[0]["data"]
        assert data["url"].endswith("/#/traces/a%2Fb%3Fc%23%22%3C%21channel%3E")
        assert len(json.dumps(hook.got[0])) < 5000
        assert "agent_id" not in data
        assert data["text"].isprintable()


async def test_one_that_is_killed_after_it_noted_an_alert_sends_it_at_the_next_start(serve, tmp_path):
    (port,) = free_ports(1)
    given = json.dumps(
        [{"name": "ops", "url": f"http://127.0.0.1:{port}/hook", "secret": SECRET, "on": ["failed_run"]}]
    )
    receiver = serve(ALERTS_WEBHOOKS=given).started()
    trace = secrets.token_hex(16)
    receiver.post("/v1/traces", json.loads(otlp(*spans(trace))))
    deadline = time.monotonic() + 30
    while not (rows := receiver.get("/api/v1/alerts")["alerts"]) or not rows[0]["attempts"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert rows[0]["state"] == "waiting"
    assert rows[0]["last_error"] is None or rows[0]["last_error"].startswith("no connection")
    receiver.kill()
    async with hook_at(port) as hook:
        again = serve(ALERTS_WEBHOOKS=given).started()
        await until(lambda: hook.got, 60)
        assert [message["data"]["trace_id"] for message in hook.got] == [trace]
        assert hook.ids == [rows[0]["id"]]
        deadline = time.monotonic() + 30
        while again.get("/api/v1/alerts")["alerts"][0]["state"] != "delivered":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)


async def posted(url, answer_of):
    """What comes of a message to a server that answers so."""

    async def answer(request):
        return await answer_of(request)

    runner = web.AppRunner(web.Application())
    runner.app.router.add_post("/hook", answer)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        settings = s.Settings(alerts=s.Alerts(webhooks=webhooks(f"http://127.0.0.1:{runner.addresses[0][1]}{url}")))
        row = {"id": "a", "kind": "cost", "newest": -(10**18), "text": "much", "since": 0, "until": 3600 * 10**9}
        return await Webhooks(settings, lambda: 8080).post("ops", "a", [row])
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("120", 120),
        ("in an hour", 3600),
        ("soon", 0),
        ("-5", 0),
        ("9" * 1000, 999_999_999),
    ],
)
async def test_the_time_that_an_answer_asks_for_is_read(retry_after, seconds):
    async def busy(_request):
        return web.Response(status=503, headers={"Retry-After": retry_after})

    if retry_after == "in an hour":
        retry_after = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    outcome = await posted("/hook", busy)
    assert outcome.error == "it answered 503"
    assert outcome.retry_after == pytest.approx(seconds, abs=60)


async def test_of_a_long_answer_little_is_read(monkeypatch):
    async def endless(request):
        answer = web.StreamResponse(status=400)
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await answer.write(b"no \x1b[31m" * 1000)
        return answer

    outcome = await asyncio.wait_for(posted("/hook", endless), 10)
    assert outcome.error.startswith("it answered 400: no [31m")
    assert len(outcome.error) < 400


async def test_where_nobody_listens_it_says_so():
    settings = s.Settings(alerts=s.Alerts(webhooks=webhooks("http://127.0.0.1:1/hook")))
    outcome = await Webhooks(settings, lambda: 8080).post(
        "ops", "a", [{"id": "a", "kind": "cost", "newest": 0, "text": "t", "trace_id": "x"}]
    )
    assert outcome.error.startswith("no connection")
    assert isinstance(outcome, Outcome)
