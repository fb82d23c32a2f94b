import asyncio
import json
import re
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mapping.errors import Code, Problem
from receiver.http.admission import ADMISSION

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
EVENT = {"timestamp": "2026-01-07T19:00:00Z"}


async def families(receiver):
    answer = await receiver.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return list(text_string_to_metric_families(answer.body.decode()))


async def metrics(receiver, /, **labels):
    """Return each sample that has these labels, by its name and the values of its other labels."""
    return {
        (
            sample.name.removeprefix("vectadb_receiver_"),
            *(value for label, value in sample.labels.items() if label not in labels),
        ): sample.value
        for family in await families(receiver)
        for sample in family.samples
        if labels.items() <= sample.labels.items()
    }


async def items(receiver, noun):
    """Return how many were accepted, refused and failed, however they came."""
    found = await families(receiver)
    return {
        outcome: sum(
            sample.value
            for family in found
            for sample in family.samples
            if sample.name.endswith(f"_receiver_{outcome}_{noun}_total")
        )
        for outcome in ("accepted", "refused", "failed")
    }


async def post(receiver, *events):
    return await receiver.post("/api/v1/events/batch", json.dumps({"events": events}))


async def test_the_readme_names_each_metric_and_says_what_it_means(fresh):
    await post(fresh, EVENT)
    shown = {
        family.name + ("_total" if family.type == "counter" else ""): family.documentation
        for family in await families(fresh)
    }
    assert (
        dict(re.findall(r"^\| `((?:otelcol|vectadb|http)_\w+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)) == shown
    )


async def test_events_are_counted_by_what_became_of_them(fresh):
    await post(fresh, EVENT | {"event_id": "1"}, EVENT | {"event_id": "1"}, {"timestamp": "soon"}, EVENT)
    await fresh.post("/api/v1/events", json.dumps({"timestamp": "soon"}))
    await fresh.post("/api/v1/events", json.dumps(EVENT | {"event_id": "1"}))
    assert await items(fresh, "events") == {"accepted": 4, "refused": 0, "failed": 2}
    assert (await metrics(fresh, signal="events"))["duplicate_items_total",] == 2


@pytest.mark.parametrize(("signal", "noun"), [("traces", "spans"), ("logs", "log_records")])
async def test_spans_and_log_records_are_counted_as_the_collector_counts_them(fresh, signal, noun):
    if signal == "traces":
        span = {"spanId": "1" * 16, "name": "n", "startTimeUnixNano": "1", "events": [{"name": "e"}, {"name": "f"}]}
        sent = [span | {"traceId": "1" * 32}, span]
        body = {"resourceSpans": [{"scopeSpans": [{"spans": sent}]}]}
    else:
        sent = [{"timeUnixNano": "1", "body": {"stringValue": "line"}}] * 2
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": sent}]}]}
    accepted = 1 if signal == "traces" else 2  # a span without a trace id is none
    for _ in range(2):
        await fresh.post(f"/v1/{signal}", json.dumps(body))
    assert await items(fresh, noun) == {"accepted": 2 * accepted, "refused": 0, "failed": 2 * (2 - accepted)}
    counted = await metrics(fresh, signal=signal)
    assert counted["duplicate_items_total",] == accepted
    assert (f"otelcol_receiver_accepted_{noun}_total",) in await metrics(fresh, receiver="otlp", transport="http")


async def test_what_the_store_cannot_take_now_is_refused(fresh, monkeypatch):
    async def write(_events):
        raise Problem(Code.UNAVAILABLE, "the store is away")

    monkeypatch.setattr(fresh.storage.writer, "write", write)
    assert (await post(fresh, EVENT, EVENT)).status == 503
    assert await items(fresh, "events") == {"accepted": 0, "refused": 2, "failed": 0}


async def test_commits_are_counted_with_their_events_seconds_and_conflicts(fresh):
    await post(fresh, *[EVENT] * 30)
    await post(fresh, EVENT | {"event_id": "1"})
    await post(fresh, EVENT | {"event_id": "1"})
    counted = await metrics(fresh)
    assert (counted["commit_events_count",], counted["commit_events_sum",]) == (2, 31)
    assert counted["commit_events_bucket", "20"] == 1
    assert counted["commit_duration_seconds_count",] == 2
    assert 0 < counted["commit_duration_seconds_sum",] < 20
    assert counted["commit_conflicts_total",] == 1  # the second delivery was a surprise


async def test_requests_are_counted_by_method_route_and_code_and_unknown_paths_as_one(fresh):
    for path in ("/a", "/b", "/api/v1/events/1", "/api/v1/events/2"):
        await fresh.get(path)
    await fresh.send("PROPFIND", "/a")
    labels = {"http_response_status_code": "404", "url_scheme": "http"}
    for method, route, count in (("GET", "", 2), ("GET", "/api/v1/events/{id}", 2), ("_OTHER", "", 1)):
        counted = await metrics(fresh, http_request_method=method, http_route=route, **labels)
        assert counted["http_server_request_duration_seconds_count",] == count


async def test_what_is_held_of_requests_shows(fresh, monkeypatch):
    go = asyncio.Event()
    write = fresh.storage.writer.write

    async def slow(events):
        await go.wait()
        return await write(events)

    monkeypatch.setattr(fresh.storage.writer, "write", slow)
    fresh.app[ADMISSION].most_at_work = 1
    posts = [asyncio.ensure_future(post(fresh, EVENT)) for _ in range(3)]
    async with asyncio.timeout(30):
        while (counted := await metrics(fresh))["waiting_requests",] < 2:
            await asyncio.sleep(0.01)
    assert counted["in_flight_bytes",] == 3 * len(json.dumps({"events": [EVENT]}))
    assert counted["http_server_active_requests",] == 4  # one of them asks for this
    go.set()
    assert [answer.status for answer in await asyncio.gather(*posts)] == [200] * 3
    counted = await metrics(fresh)
    assert (counted["waiting_requests",], counted["in_flight_bytes",], counted["http_server_active_requests",]) == (
        0,
        0,
        1,
    )


async def test_the_queue_to_the_index_shows_with_its_age(fresh):
    assert (await metrics(fresh))["index_oldest_age_seconds",] == 0
    began = time.monotonic()
    await post(fresh, EVENT, EVENT)
    await asyncio.sleep(0.05)
    counted = await metrics(fresh)
    assert counted["otelcol_exporter_queue_size", "qdrant"] == 2
    assert 0.05 <= counted["index_oldest_age_seconds",] <= time.monotonic() - began
    assert counted["indexed_events_total",] == 0


async def test_two_receivers_in_a_process_count_for_themselves(start):
    one, another = await start(data="one"), await start(data="another")
    await post(one, EVENT)
    assert [(await items(each, "events"))["accepted"] for each in (one, another)] == [1, 0]


async def test_stores_that_are_not_open_show_as_not_ready_and_without_an_index(start):
    counted = await metrics(await start(opened=False))
    assert counted["ready",] == 0
    assert ("index_ready",) not in counted


async def test_what_is_discarded_is_counted_and_said_once(fresh, caplog):
    metric = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"sum": {"dataPoints": [{}, {}]}}]}]}]}
    profile = {"resourceProfiles": [{"scopeProfiles": [{"profiles": [{}]}]}]}
    for path, body in (("/v1/metrics", metric), ("/v1development/profiles", profile)):
        for _ in range(2):
            assert (await fresh.post(path, json.dumps(body))).status == 200
    assert (await metrics(fresh, signal="metrics"))["discarded_items_total",] == 4
    assert (await metrics(fresh, signal="profiles"))["discarded_items_total",] == 2
    said = [text for text in caplog.messages if "are discarded: stored are traces and logs" in text]
    assert [text.partition(" ")[0] for text in said] == ["metrics", "profiles"]


async def test_calls_of_models_have_the_names_of_the_genai_conventions(fresh):
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.provider.name": "openai"}
    tokens = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 5}
    event = EVENT | {"event_type": "model_call", "trace_id": "1" * 32, "properties": call | tokens}
    await post(fresh, event | {"event_id": "1"}, event | {"event_id": "2", "timestamp": "2026-01-07T19:00:09Z"})
    await post(fresh, event | {"event_id": "1"})  # again
    async with asyncio.timeout(30):
        while (await fresh.get("/api/v1/stats")).json()["interpretation_pending"]:
            await asyncio.sleep(0.02)
        while not (counts := await of_model(fresh, "gen_ai_client_operation_duration_seconds_count")):
            await asyncio.sleep(0.02)
    assert counts == {("openai", "gpt-4o", "chat"): 2}
    assert await of_model(fresh, "gen_ai_client_token_usage_sum", "gen_ai_token_type") == {
        ("openai", "gpt-4o", "chat", "input"): 200,
        ("openai", "gpt-4o", "chat", "output"): 10,
    }


async def of_model(receiver, name, *more):
    """Return a sample's values by provider, model, operation and other labels."""
    labels = ("gen_ai_provider_name", "gen_ai_request_model", "gen_ai_operation_name", *more)
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for family in await families(receiver)
        for sample in family.samples
        if sample.name == name
    }
