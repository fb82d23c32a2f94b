"""Search through MCP, with the real model and index."""

import json

import pytest
import pytest_asyncio

from tests.receiver.mcp.conftest import FAILED, RUNS, ask, indexed, over_http, refusal, store

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def searched(start_shared):
    receiver = await start_shared(data="searched", model="minilm")
    events = [{"session_id": "tides", "event_type": "log", "properties": {"note": f"tide {n}"}} for n in range(30)]
    assert (await receiver.post("/api/v1/events/batch", json.dumps({"events": events}))).status == 200
    await store(receiver, RUNS)
    await indexed(receiver)
    return receiver


async def test_the_best_comes_first_with_what_was_found(searched):
    async with over_http(searched.port) as client:
        best = (await ask(client, "search", q="the instrument is missing", limit=3))["untrusted_data"]["results"][0]
        assert (best["trace_id"], best["type"], best["status"]) == (FAILED, "tool_call", "error")
        assert any("lead line is lost" in excerpt for excerpt in best["excerpts"])
        assert (await ask(client, "get_call", id=best["id"]))["untrusted_data"]["call"]["name"] == "depth"


async def test_without_words_it_lists_what_passes_the_filters_in_pages(searched):
    async with over_http(searched.port) as client:
        found, cursor = [], None
        while True:
            told = await ask(client, "search", session_id="tides", limit=20, max_tokens=600, cursor=cursor)
            found += [result["excerpts"] for result in told["untrusted_data"]["results"]]
            if (cursor := told.get("next_cursor")) is None:
                break
    assert sorted(found) == sorted([[f"note: tide {n}"] for n in range(30)])


async def test_what_does_not_fit_of_a_search_with_words_follows_by_the_cursor(searched):
    async with over_http(searched.port) as client:
        whole = await ask(client, "search", q="tide", limit=30, max_tokens=20_000)
        first = await ask(client, "search", q="tide", limit=30, max_tokens=500)
        rest = await ask(client, "search", q="tide", limit=30, max_tokens=20_000, cursor=first["next_cursor"])
    pages = [told["untrusted_data"]["results"] for told in (first, rest)]
    assert all(pages)
    assert [row["id"] for page in pages for row in page] == [row["id"] for row in whole["untrusted_data"]["results"]]


async def test_where_nothing_is_searched_it_says_so(fresh):
    async with over_http(fresh.port) as client:
        assert (await refusal(client, "search", q="tide")).startswith("search is off")
