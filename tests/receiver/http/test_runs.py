"""Lists of traces are lists of runs: what programs send beside them, a span or two each, is left out and counted."""

import asyncio
import json

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = 1_767_960_000_000_000_000
SECOND = 1_000_000_000
RUNS, OTHERS = 5, 60


def span(number, **properties):
    return {
        "traceId": f"{number + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "name": properties.get("gen_ai.operation.name", "tick"),
        "startTimeUnixNano": str(NOON + number * SECOND),
        "endTimeUnixNano": str(NOON + number * SECOND),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in properties.items()],
    }


def request(service, *spans):
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]})


def trace_id(number):
    return f"{number + 1:032x}"


# Every thirteenth trace is a run: four calls of a model, and one that has a session alone.
IS_RUN = [number for number in range(RUNS + OTHERS) if number % 13 == 6]
SPANS = [
    span(number)
    if number not in IS_RUN
    else span(number, **{"session.id": "alone"})
    if number == IS_RUN[-1]
    else span(number, **{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
    for number in range(RUNS + OTHERS)
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(start_shared):
    receiver = await start_shared(data="runs")
    assert (await receiver.post("/v1/traces", request("agent", *SPANS))).status == 200
    await interpreted(receiver)
    return receiver


async def interpreted(receiver):
    async with asyncio.timeout(60):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.05)


async def pages(receiver, query, limit):
    found, left_out, cursor = [], 0, ""
    while cursor is not None:
        told = await receiver.read(f"/api/v1/traces?limit={limit}&cursor={cursor}&{query}")
        found += [trace["id"] for trace in told["traces"]]
        left_out += told["left_out"]
        cursor = told["next_cursor"]
    return found, left_out


RUN_IDS = [trace_id(number) for number in reversed(IS_RUN)]
OTHER_IDS = [trace_id(number) for number in reversed(range(RUNS + OTHERS)) if number not in IS_RUN]


@pytest.mark.parametrize("limit", [1, 2, 50, 200])
@pytest.mark.parametrize("query", ["", "service=agent", "status=completed", "runs=true"])
async def test_a_list_holds_runs_and_counts_what_it_leaves_out(filled, query, limit):
    assert await pages(filled, query, limit) == (RUN_IDS, OTHERS)


@pytest.mark.parametrize("limit", [7, 200])
@pytest.mark.parametrize("query", ["", "service=agent"])
async def test_the_others_are_listed_by_a_filter(filled, query, limit):
    assert await pages(filled, f"runs=false&{query}", limit) == (OTHER_IDS, 0)


async def test_the_time_bounds_what_is_left_out(filled):
    told = await filled.read("/api/v1/traces?since=2026-01-09T12:00:10Z&until=2026-01-09T12:00:30Z")
    assert [trace["id"] for trace in told["traces"]] == [trace_id(19)]
    assert told["left_out"] == 19


async def test_activity_is_that_of_runs(filled):
    told = await filled.read("/api/v1/activity?buckets=1")
    assert [bucket["traces"] for bucket in told["buckets"]] == [RUNS]
    told = await filled.read("/api/v1/activity?buckets=1&runs=false")
    assert [bucket["traces"] for bucket in told["buckets"]] == [OTHERS]


async def test_an_event_of_the_json_api_is_a_run(filled):
    event = {"timestamp": "2026-01-07T19:00:00Z", "trace_id": "json", "properties": {"note": "hello"}}
    assert (await filled.post("/api/v1/events", json.dumps(event))).status == 200
    await interpreted(filled)
    told = await filled.read("/api/v1/traces?until=2026-01-08T00:00:00Z")
    assert [trace["id"] for trace in told["traces"]] == ["json"]


async def test_where_there_is_no_run_everything_is_listed(start):
    receiver = await start()
    assert (await receiver.post("/v1/traces", request("web", *(span(number) for number in range(5))))).status == 200
    await interpreted(receiver)
    whole = [trace_id(number) for number in reversed(range(5))]
    assert await pages(receiver, "", 2) == (whole, 0)
    assert await pages(receiver, "service=web", 2) == (whole, 0)
