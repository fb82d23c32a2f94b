import pytest
import pytest_asyncio

from receiver.http.scopes import OPEN, SCOPES

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATHS = [
    ("POST", "/v1/traces"),
    ("POST", "/v1/logs"),
    ("POST", "/v1/metrics"),
    ("POST", "/api/v1/events"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/stats"),
    ("GET", "/metrics"),
    ("GET", "/nowhere"),
    ("GET", "/v1/traces"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(start_shared):
    return await start_shared(data="guarded", keys=["old-key", "new-key"])


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_every_route_asks_for_a_key(guarded, method, path):
    answer = await guarded.send(method, path)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path", [row.removeprefix("GET ") for row in SCOPES if SCOPES[row] == OPEN and "{" not in row and " " in row]
)
async def test_probes_need_none(guarded, path):
    assert (await guarded.get(path)).status == 200


@pytest.mark.parametrize(
    "header",
    [
        {"authorization": "Bearer old-key"},
        {"authorization": "bearer new-key"},
        {"authorization": "BEARER  old-key "},
        {"x_api_key": "new-key"},
        {"x_api_key": "old-key", "authorization": "Basic dTpw"},
    ],
)
async def test_each_of_the_keys_is_taken_in_either_header(guarded, header):
    assert (await guarded.get("/api/v1/stats", **header)).status == 200


@pytest.mark.parametrize(
    "header",
    [
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer old-key,new-key"},
        {"authorization": "old-key"},
        {"authorization": "Basic old-key"},
        {"x_api_key": "old"},
        {"x_api_key": "OLD-KEY"},
        {"x_api_key": ""},
        {"x_api_key": "schlüssel"},
    ],
)
async def test_anything_else_is_401_that_does_not_show_it(guarded, header):
    answer = await guarded.get("/api/v1/stats", **header)
    assert (answer.status, answer.json()["error"]) == (401, "unauthenticated")
    assert "old-key" not in answer.json()["message"]


async def test_the_answer_is_a_status_in_the_requests_encoding(guarded, sender):
    answer = await sender.to(guarded, sender.item())
    assert (answer.status, sender.parse_status(answer.body).code) == (401, 16)


async def test_the_key_is_looked_at_before_the_body(guarded, sender):
    answer = await guarded.post(sender.path, b"no gzip", sender.content_type, content_encoding="gzip")
    assert answer.status == 401


async def test_without_keys_none_is_asked_for(receiver):
    assert (await receiver.get("/api/v1/stats", x_api_key="any")).status == 200
