"""What a key may do: each row of the one table, asked for with keys of each scope."""

import json

import aiohttp
import pytest
import pytest_asyncio

from receiver.http.context import PORTS
from receiver.http.otlp_export import SERVICES
from receiver.http.scopes import OPEN, SCOPES
from receiver.settings import ADMIN, INGEST, READ, Key, Secret
from tests.receiver.grpc.conftest import Client

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEYS = [Key(scope, Secret(f"{scope}-key"), frozenset({scope})) for scope in (INGEST, READ, ADMIN)]
SHOP = Key("shop", Secret("shop-key"), frozenset({INGEST}), "shop")
AT = "2026-01-07T19:00:00Z"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(start_shared):
    return await start_shared(data="scopes", grpc_port=0, keys=[*KEYS, SHOP, "plain-key"])


async def status(receiver, row, key):
    """Return what a request is answered, before its body has come: some never end."""
    method, path = row.split()
    address = path.replace("{id}", "none").replace("{name}", "none")
    headers = {"X-API-Key": key} if key else {}
    async with receiver.client.request(method, address, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("scope", [INGEST, READ, ADMIN])
@pytest.mark.parametrize("row", [row for row in SCOPES if " " in row])
async def test_a_route_is_open_to_keys_with_its_scope_and_to_admins_alone(guarded, row, scope):
    may = SCOPES[row] in {OPEN, scope} or scope == ADMIN
    assert (await status(guarded, row, f"{scope}-key") == 403) == (not may)
    assert (await status(guarded, row, "plain-key")) not in {401, 403}
    assert (await status(guarded, row, None) == 401) == (SCOPES[row] != OPEN)


@pytest.mark.parametrize("scope", [INGEST, READ, ADMIN])
@pytest.mark.parametrize("method", [row for row in SCOPES if " " not in row])
async def test_a_grpc_method_is_open_to_keys_with_its_scope_and_to_admins_alone(guarded, method, scope):
    client = Client(guarded.app[PORTS].grpc)
    may = SCOPES[method] in {OPEN, scope} or scope == ADMIN
    if method.endswith("/Watch"):
        calls = client.channel.unary_stream(method)(b"", metadata=[("x-api-key", f"{scope}-key")])
        assert await calls.read()
        calls.cancel()
    else:
        told = await client.call(method, x_api_key=f"{scope}-key")
        assert (told.code == "PERMISSION_DENIED") == (not may)
        assert may or f"lacks the scope {SCOPES[method]}" in told.details
    await client.channel.close()


async def test_every_route_and_method_has_its_row_and_every_row_its_route(guarded):
    routes = {
        f"{route.method} {route.resource.canonical.rstrip('/') or '/'}"
        for route in guarded.app.router.routes()
        if route.method != "HEAD"
    }
    health = {row for row in SCOPES if row.startswith("/grpc.health.v1.Health/")}
    assert routes | health | {service.method for service in SERVICES} == set(SCOPES)


async def test_a_key_that_may_not_is_told_what_it_lacks(guarded):
    answer = await guarded.get("/api/v1/traces", x_api_key="ingest-key")
    assert answer.json() == {
        "error": "permission_denied",
        "message": "the API key ingest lacks the scope read (it has ingest)",
    }
    assert (await guarded.send("HEAD", "/api/v1/traces", x_api_key="ingest-key")).status == 403


async def test_any_key_is_told_that_there_is_nothing_at_a_path(guarded):
    assert (await guarded.get("/api/v1/nothing", x_api_key="ingest-key")).status == 404
    assert (await guarded.get("/api/v1/nothing", x_api_key="no-key")).status == 401


async def test_uses_are_counted_by_name(guarded):
    before = await uses(guarded)
    await guarded.get("/api/v1/stats", x_api_key="read-key")
    await guarded.get("/api/v1/stats", x_api_key="plain-key")
    await guarded.get("/api/v1/stats", x_api_key="shop-key")
    after = await uses(guarded)
    used = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    # The metrics were read once more with the key named `read`.
    assert used == {("read", "allowed"): 2, ("api_keys[0]", "allowed"): 1, ("shop", "denied"): 1}


async def uses(receiver):
    text = (await receiver.get("/metrics", x_api_key="read-key")).body.decode()
    lines = [line for line in text.splitlines() if line.startswith("vectadb_receiver_key_uses_total{")]
    return {(line.split('"')[1], line.split('"')[3]): float(line.split()[-1]) for line in lines}


class TestAKeyOfOneService:
    def resource(self, service):
        return {"attributes": [{"key": "service.name", "value": {"stringValue": service}}] if service else []}

    async def test_stores_what_is_its_own_and_is_told_what_is_not(self, guarded, spans):
        groups = [
            {"resource": self.resource(name), "scopeSpans": [{"spans": [spans.item(number)]}]}
            for number, name in enumerate(("shop", "bank", ""), 100)
        ]
        body = spans.encode({"resourceSpans": groups})
        answer = await guarded.post(spans.path, body, spans.content_type, x_api_key="shop-key")
        partial = spans.parse(answer.body).partial_success
        assert (answer.status, partial.rejected_spans) == (200, 2)
        assert "resource service.name: this API key sends for 'shop' alone; got 'bank'" in partial.error_message
        assert "there is none" in partial.error_message

    async def test_is_refused_where_nothing_is_its_own(self, guarded, sender):
        answer = await guarded.post(
            sender.path, sender.body(sender.item(200)), sender.content_type, x_api_key="shop-key"
        )
        assert answer.status == 403
        told = sender.parse_status(answer.body)
        assert (told.code, "service.name" in told.message) == (7, True)

    async def test_is_refused_over_grpc_too(self, guarded):
        from tests.receiver.grpc.conftest import TRACES, spans

        client = Client(guarded.app[PORTS].grpc)
        told = await client.call(TRACES, spans(300), x_api_key="shop-key")
        assert (told.code, "service.name" in told.details) == ("PERMISSION_DENIED", True)
        await client.channel.close()

    async def test_gives_its_service_to_json_events(self, guarded):
        answer = await guarded.post(
            "/api/v1/events", json.dumps({"event_id": "of-shop", "timestamp": AT}), x_api_key="shop-key"
        )
        assert answer.status == 200
        event = (await guarded.get("/api/v1/events/of-shop", x_api_key="read-key")).json()
        assert event["resource"] == {"service.name": "shop"}

    async def test_imports_its_own_events_alone(self, guarded):
        event = {
            "id": "5c2d36d9-7c3c-5f5f-8a35-6d0a0d5a7c11",
            "trace_id": "1" * 32,
            "timestamp": AT,
            "kind": "json",
            "resource": {"service.name": "bank"},
        }
        body = {"events": [event, {**event, "id": event["id"][:-1] + "2", "resource": {"service.name": "shop"}}]}
        answer = await guarded.post(
            "/api/v1/events/batch", json.dumps({**body, "options": {"as_read": True}}), x_api_key="shop-key"
        )
        told = answer.json()
        assert (told["ingested"], [error["index"] for error in told["errors"]]) == (1, [0])
        assert "service.name" in told["errors"][0]["error"]


async def test_a_stream_needs_its_scope_too(guarded):
    with pytest.raises(aiohttp.ClientResponseError) as refused:
        await guarded.client.get("/api/v1/live", headers={"X-API-Key": "shop-key"}, raise_for_status=True)
    assert refused.value.status == 403
