"""What OTLP says beside name, time and attributes is read back; links are followed in both directions."""

import asyncio
import json

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE, OTHER = "0af7651916cd43dd8448eb211c80319c", "1bf7651916cd43dd8448eb211c80319d"
ONE, TWO, THREE = "b7ad6b7169203331", "c7ad6b7169203332", "d7ad6b7169203333"
START = 1_767_812_400_000_000_000


def span(trace_id, span_id, **fields):
    return {"traceId": trace_id, "spanId": span_id, "name": span_id, "startTimeUnixNano": str(START)} | fields


async def send(receiver, *spans):
    body = {"resourceSpans": [{"schemaUrl": "of resource", "scopeSpans": [{"schemaUrl": "of scope", "spans": spans}]}]}
    answer = await receiver.post("/v1/traces", json.dumps(body))
    assert (answer.status, answer.json()) == (200, {})
    return {event["name"]: event for event in (await receiver.read("/api/v1/events?limit=200"))["events"]}


def link(trace_id, span_id, **fields):
    return {"traceId": trace_id, "spanId": span_id} | fields


async def links(receiver, event):
    return await receiver.read(f"/api/v1/events/{event['id']}/links")


async def test_a_span_says_what_it_links_to_and_what_links_to_it_whichever_came_first(fresh):
    written = link(TRACE, TWO, traceState="a=1", flags=1, attributes=[{"key": "k", "value": {"stringValue": "v"}}])
    before = await send(fresh, span(OTHER, ONE, links=[written]))
    after = await send(fresh, span(TRACE, TWO), span(TRACE, THREE, startTimeUnixNano=str(START - 1), links=[written]))
    told = await links(fresh, before[ONE])
    assert told["links"] == [
        {"trace_id": TRACE, "span_id": TWO, "trace_state": "a=1", "flags": 1, "attributes": {"k": "v"}}
    ]
    assert (told["linked_by"], told["truncated"]) == ([], False)
    told = await links(fresh, after[TWO])
    assert [(each["id"], each["trace_id"], each["span_id"], each["name"]) for each in told["linked_by"]] == [
        (after[THREE]["id"], TRACE, THREE, THREE),
        (before[ONE]["id"], OTHER, ONE, ONE),
    ]
    await send(fresh, span(OTHER, ONE, links=[written]))
    assert len((await links(fresh, after[TWO]))["linked_by"]) == 2
    # With the span goes what it said.
    assert (await fresh.post("/api/v1/prune", json.dumps({"trace_id": OTHER}))).status == 200
    assert [each["span_id"] for each in (await links(fresh, after[TWO]))["linked_by"]] == [THREE]


async def test_a_hundred_of_those_that_link_to_a_span_are_told(fresh):
    many = [span(TRACE, f"{n:016x}", links=[link(TRACE, ONE), link(TRACE, ONE)]) for n in range(1, 103)]
    events = await send(fresh, span(TRACE, ONE), *many)
    told = await links(fresh, events[ONE])
    assert (len({each["id"] for each in told["linked_by"]}), told["truncated"]) == (100, True)


async def test_what_is_no_span_has_no_links_and_what_is_not_there_is_404(fresh):
    event = {"timestamp": "2026-01-07T19:00:00Z", "properties": {"otel.links": [{"trace_id": TRACE, "span_id": ONE}]}}
    event_id = (await fresh.post("/api/v1/events", json.dumps(event))).json()["event_id"]
    assert await links(fresh, {"id": event_id}) == {"links": [], "linked_by": [], "truncated": False}
    assert (await fresh.get("/api/v1/events/none/links")).status == 404


async def test_flags_dropped_counts_schema_urls_and_the_time_of_observation_are_shown(fresh):
    dropped = {"droppedAttributesCount": 1, "droppedEventsCount": 2, "droppedLinksCount": 3}
    event = (await send(fresh, span(TRACE, ONE, flags=257, traceState="a=1", **dropped)))[ONE]
    assert (event["flags"], event["observed_timestamp"]) == (257, None)
    assert event["properties"] == {
        "otel.trace_state": "a=1",
        "otel.dropped_attributes_count": 1,
        "otel.dropped_events_count": 2,
        "otel.dropped_links_count": 3,
    }
    assert event["resource"] == {"otel.schema_url": "of resource"}
    assert event["scope"] == {"schema_url": "of scope"}
    record = {"timeUnixNano": str(START), "observedTimeUnixNano": str(START + 5), "flags": 1, "eventName": "seen"}
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    assert (await fresh.post("/v1/logs", json.dumps(body))).status == 200
    (event,) = [each for each in (await fresh.read("/api/v1/events"))["events"] if each["kind"] == "log_record"]
    assert (event["flags"], event["observed_timestamp"]) == (1, "2026-01-07T19:00:00.000000005Z")


async def test_a_call_whose_first_messages_were_dropped_says_how_many(fresh):
    told = {"gen_ai.operation.name": "chat", "gen_ai.prompt.4.role": "user", "gen_ai.prompt.4.content": "and then?"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in told.items()]
    event = (await send(fresh, span(TRACE, ONE, attributes=attributes, droppedAttributesCount=9)))[ONE]
    async with asyncio.timeout(30):
        while (answer := await fresh.get(f"/api/v1/calls/{event['id']}")).status != 200:
            await asyncio.sleep(0.1)
    messages = await fresh.read(f"/api/v1/events/{event['id']}/messages")
    for said in (answer.json(), messages):
        assert (said["missing"], [part["text"] for part in said["sent"][0]["parts"]]) == (4, ["and then?"])
