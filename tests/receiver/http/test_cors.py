"""Cross-origin requests: off by default, per origin, preflights without a key."""

import pytest
import pytest_asyncio

from receiver.http.cors import is_allowed
from receiver.settings import Cors

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = "https://app.example.com"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_to_pages(start_shared):
    cors = Cors(
        allowed_origins=("https://*.example.com", "http://localhost:*"), allowed_headers=("X-Tenant",), max_age=600
    )
    return await start_shared(data="cors", keys=["one"], cors=cors)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_to_all(start_shared):
    return await start_shared(data="all", cors=Cors(allowed_origins=("*",), allowed_headers=("*",)))


async def preflight(receiver, path="/v1/traces", origin=PAGE, method="POST", headers="authorization,content-type"):
    return await receiver.send(
        "OPTIONS",
        path,
        origin=origin,
        access_control_request_method=method,
        access_control_request_headers=headers,
    )


async def test_is_off_unless_origins_are_named(receiver, sender):
    answer = await preflight(receiver, sender.path)
    assert answer.status == 405
    answer = await sender.to(receiver, sender.item(), origin=PAGE)
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/api/v1/events", "/api/v1/search"])
async def test_a_preflight_needs_no_key_and_says_what_a_page_may_send(open_to_pages, path):
    answer = await preflight(open_to_pages, path)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Content-Type", "Content-Encoding", "Authorization", "X-API-Key", "X-Tenant"} <= set(allowed)
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.org", "https://example.com.evil.org", "null", ""])
async def test_a_page_of_another_origin_is_told_nothing(open_to_pages, origin):
    for answer in (
        await preflight(open_to_pages, origin=origin),
        await open_to_pages.get("/api/v1/stats", origin=origin, x_api_key="one"),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_request_itself_still_needs_the_key(open_to_pages, sender):
    assert (await sender.to(open_to_pages, sender.item(), origin=PAGE)).status == 401
    assert (await sender.to(open_to_pages, sender.item(), origin=PAGE, x_api_key="one")).status == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/stats", {"x_api_key": "one"}, 200),
        ("/api/v1/stats", {}, 401),
        ("/nowhere", {"x_api_key": "one"}, 404),
        ("/healthz", {"expect": "miracles"}, 400),
    ],
)
async def test_pages_may_read_every_answer_errors_included(open_to_pages, path, headers, status):
    answer = await open_to_pages.get(path, origin=PAGE, **headers)
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"


async def test_named_pages_may_use_send_beacon_and_any_page_may_not(open_to_pages, open_to_all):
    assert (await preflight(open_to_pages)).headers["Access-Control-Allow-Credentials"] == "true"
    answer = await preflight(open_to_all)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_any_header_means_those_that_are_asked_for(open_to_all):
    answer = await preflight(open_to_all, headers="authorization,x-odd")
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,x-odd"


@pytest.mark.parametrize(
    ("allowed", "origin", "expected"),
    [
        ("*", "https://any.org", True),
        ("*", "null", True),
        ("https://app.example.com", "https://app.example.com", True),
        ("https://app.example.com", "HTTPS://App.Example.com", True),
        ("https://app.example.com", "http://app.example.com", False),
        ("https://app.example.com", "https://app.example.com:8443", False),
        ("https://app.example.com", "https://appXexample.com", False),
        ("https://*.example.com", "https://a.example.com", True),
        ("https://*.example.com", "https://a.b.example.com", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://evil.org/.example.com", False),
        ("https://*.example.com", "https://a.example.com.evil.org", False),
        ("http://localhost:*", "http://localhost:3000", True),
        ("http://localhost:*", "http://localhost", False),
    ],
)
async def test_an_origin_fits_as_a_whole(allowed, origin, expected):
    assert is_allowed(origin, Cors(allowed_origins=(allowed,))) is expected
