"""A trace's outline: every event, and of each what a waterfall shows."""

import pytest

from mapping.times import NS
from storage.read.outline import outline

NOON = 1_767_960_000 * NS


async def test_an_event_has_the_columns_that_a_waterfall_needs(writer, reader, make_event, database, interpret):
    root = make_event(trace_id="t", name="run", kind="internal", span_id="1" * 16, duration=9, agent_id="a")
    call = make_event(
        trace_id="t",
        timestamp=NOON + 1,
        name="chat",
        kind="client",
        event_type="model_call",
        status="error",
        severity="ERROR",
        span_id="2" * 16,
        parent_span_id="1" * 16,
        agent_id="b",
        duration=5,
        properties={
            "gen_ai.operation.name": "chat",
            "gen_ai.agent.name": "b",
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 10,
        },
        resource={"service.name": "shop"},
    )
    await writer.write([call, root])
    await interpret(database)
    outlined = await outline(reader, "t")
    assert outlined.run == await reader.trace("t")
    assert outlined.truncated is False
    assert [row["id"] for row in outlined.events] == [root.id, call.id]
    row = outlined.events[1]
    assert (row["timestamp"], row["duration_ns"], row["correlation"]) == (NOON + 1, 5, "trace_id")
    assert [row["name"], row["kind"], row["event_type"]] == ["chat", "client", "model_call"]
    assert [row["status"], row["severity"], row["agent_id"]] == ["error", "ERROR", "b"]
    assert [row["span_id"], row["parent_span_id"]] == ["2" * 16, "1" * 16]
    assert (row["input_tokens"], row["output_tokens"]) == (10, None)
    assert not {"properties", "origin"} & row.keys()


async def test_an_event_without_a_name_has_that_of_its_call(writer, reader, make_event, database, interpret):
    told = {"event_type": "tool_call", "properties": {"tool_name": "web_search", "input": "news"}}
    await writer.write(
        [
            make_event(trace_id="t", **told),
            make_event(trace_id="t", timestamp=NOON + 1, name="search", **told),
            make_event(trace_id="t", timestamp=NOON + 2),
        ]
    )
    await interpret(database)
    events = (await outline(reader, "t")).events
    assert [(event["name"], event["call_name"]) for event in events] == [
        (None, "web_search"),
        ("search", None),
        (None, None),
    ]


async def test_an_event_that_names_no_agent_has_its_traces(writer, reader, make_event):
    await writer.write([make_event(trace_id="t", agent_id="a"), make_event(trace_id="t")])
    assert [event["agent_id"] for event in (await outline(reader, "t")).events] == ["a", "a"]


@pytest.mark.parametrize("rows_at_once", [1, 3, 1000])
async def test_events_come_in_the_order_of_pages_however_many_are_read_at_once(
    writer, reader, make_event, rows_at_once
):
    await writer.write([make_event(trace_id="t", timestamp=NOON + number // 4) for number in range(30)])
    await writer.write([make_event(trace_id="other")])
    outlined = await outline(reader, "t", rows_at_once=rows_at_once)
    in_pages, _ = await reader.trace_events("t", 200)
    assert [event["id"] for event in outlined.events] == [event["id"] for event in in_pages]
    assert len(in_pages) == 30


@pytest.mark.parametrize(("most", "shown"), [(10, 10), (9, 9), (11, 10)])
async def test_of_a_longer_trace_the_newest_events_are_given(writer, reader, make_event, most, shown):
    await writer.write([make_event(trace_id="t", timestamp=NOON + number, name=str(number)) for number in range(10)])
    outlined = await outline(reader, "t", most)
    assert [event["name"] for event in outlined.events] == [str(number) for number in range(10)][-shown:]
    assert outlined.truncated is (most < 10)


async def test_a_trace_that_is_not_there_is_none(reader):
    assert await outline(reader, "t") is None
