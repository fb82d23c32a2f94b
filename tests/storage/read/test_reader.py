"""What is read, as it was written."""

import pytest

from mapping.times import NS
from storage.filters import EventFilter, TraceFilter
from storage.read import reader as reader_module
from storage.read.reader import Session

NOON = 1_767_960_000 * NS


async def test_an_event_is_read_as_it_was_written(writer, reader, make_event):
    event = make_event(
        timestamp=NOON + 123_456_789,
        trace_id="t",
        event_type="model_call",
        agent_id="a",
        session_id="s",
        name="chat",
        status="error",
        kind="client",
        properties={"gen_ai.request.model": "m", "list": [1, 2.5, None, {"nested": ["é"]}], "": {}},
        source={"system": "cloudwatch", "log_id": "7"},
        resource={"service.name": "shop"},
        scope={"name": "lib", "version": "1"},
        span_id="1" * 16,
        parent_span_id="2" * 16,
        severity="INFO",
        duration=5,
        order=3,
    )
    await writer.write([event])
    read = await reader.event(event.id)
    assert read.pop("created_at") > NOON
    assert read == {
        "id": event.id,
        "trace_id": "t",
        "timestamp": NOON + 123_456_789,
        "event_type": "model_call",
        "agent_id": "a",
        "session_id": "s",
        "name": "chat",
        "status": "error",
        "properties": event.properties,
        "source": event.source,
        "resource": event.resource,
        "scope": event.scope,
        "span_id": "1" * 16,
        "parent_span_id": "2" * 16,
        "kind": "client",
        "severity": "INFO",
        "duration_ns": 5,
        "order": 3,
        "correlation": "trace_id",
        "indexed": None,
    }


async def test_what_an_event_does_not_have_is_none(writer, reader, make_event):
    event = make_event()
    await writer.write([event])
    read = await reader.event(event.id)
    assert {field for field, value in read.items() if value is None} == set(
        "event_type agent_id session_id name source resource scope span_id parent_span_id severity duration_ns "
        "order indexed".split()
    )


async def test_a_trace_is_read_with_its_counts_and_times(writer, reader, make_event):
    span = {"trace_id": "t", "kind": "internal", "session_id": "s", "agent_id": "a", "event_type": "model_call"}
    child = {
        "parent_span_id": "1" * 16,
        "input_tokens": 10,
        "output_tokens": 3,
        "cost_nano_usd": 100_000_000,
        "name": "chat",
    }
    await writer.write(
        [
            make_event(**span, **child, span_id="2" * 16, timestamp=NOON + 5, duration=10, status="error"),
            make_event(**span, **child, span_id="3" * 16, timestamp=NOON + 20, duration=10),
            make_event(**span, name="run", span_id="1" * 16, duration=50, resource={"service.name": "shop"}),
        ]
    )
    trace = await reader.trace("t")
    assert min(trace.created_at, trace.updated_at) > NOON
    assert (trace.id, trace.session_id, trace.agent_id, trace.service, trace.name) == ("t", "s", "a", "shop", "run")
    assert (trace.status, trace.origin) == ("completed", "given")
    assert (trace.event_count, trace.error_count) == (3, 1)
    assert (trace.input_tokens, trace.output_tokens, trace.cost_nano_usd) == (20, 6, 200_000_000)
    assert (trace.start_time, trace.end_time, trace.last_event_at) == (NOON, NOON + 50, NOON + 50)
    assert [event["span_id"][0] for event in (await reader.trace_events("t", 10))[0]] == ["1", "2", "3"]


async def test_what_is_not_there_is_none_or_empty(reader):
    assert await reader.event("nobody") is None
    assert await reader.trace("nobody") is None
    assert await reader.session("nobody") is None
    assert await reader.events_by_id(["nobody"]) == {}
    assert await reader.events_by_id([]) == {}
    assert await reader.trace_events("nobody", 5) == ([], None)
    assert await reader.events(EventFilter(session_id="nobody", agent_id="nobody"), 5) == ([], None)
    assert await reader.traces(TraceFilter(), 5) == ([], None)
    assert await reader.sessions(5) == ([], None)
    assert await reader.counts() == {"events": 0, "traces": 0, "sessions": 0}


@pytest.mark.parametrize("value", ["'; REMOVE TABLE agent_event; --", "⟩`\0", "agent_event:x", "", "$limit"])
async def test_a_value_is_never_part_of_the_query(writer, reader, make_event, value):
    event = make_event(id=value or "x", trace_id=value, session_id=value, agent_id=value)
    await writer.write([event])
    assert (await reader.trace(value)).event_count == 1
    assert (await reader.event(event.id))["session_id"] == value
    for which in (
        EventFilter(trace_id=value),
        EventFilter(session_id=value),
        EventFilter(agent_id=value, session_id=value),
    ):
        assert [read["id"] for read in (await reader.events(which, 5))[0]] == [event.id]


async def test_an_event_has_from_its_trace_what_it_does_not_say_itself(writer, reader, make_event):
    own = make_event(trace_id="t", session_id="own", agent_id="a", timestamp=NOON + 1)
    silent = make_event(trace_id="t", timestamp=NOON + 2)
    stranger = make_event(trace_id="u", timestamp=NOON + 3)
    await writer.write([silent, stranger])
    assert (await reader.event(silent.id))["session_id"] is None
    await writer.write([own, make_event(trace_id="t", session_id="first", timestamp=NOON)])
    assert [(event["session_id"], event["agent_id"]) for event in (await reader.trace_events("t", 5))[0]] == [
        ("first", "a"),
        ("own", "a"),
        ("first", "a"),
    ]
    of_first, _ = await reader.events(EventFilter(session_id="first"), 5)
    assert next(event["id"] for event in of_first) == silent.id
    assert len(of_first) == 2
    assert list(await reader.events_by_id([silent.id, "nobody"])) == [silent.id]
    assert (await reader.event(stranger.id))["agent_id"] is None


async def test_an_event_and_its_trace_are_given_as_they_are_stored(writer, reader, make_event):
    event = make_event(trace_id="t")
    await writer.write([make_event(trace_id="t", session_id="s"), event])
    stored, trace = await reader.event_and_trace(event.id)
    assert (stored["id"], stored["session_id"], stored["correlation"]) == (event.id, None, "trace_id")
    assert (trace.id, trace.session_id) == ("t", "s")
    assert await reader.event_and_trace("nobody") is None


async def test_sessions_stand_where_their_latest_trace_started(writer, reader, make_event, monkeypatch):
    monkeypatch.setattr(reader_module, "_TRACES_AT_ONCE", 3)
    order = "b a c a d - b a - c e a - f".split()  # one trace after the other; - has no session
    await writer.write(
        [
            make_event(trace_id=f"t{place:02}", session_id=None if name == "-" else name, timestamp=NOON + place)
            for place, name in enumerate(order)
        ]
    )
    expected = ["f", "a", "e", "c", "b", "d"]
    for limit in (1, 2, 6, 50):
        read, cursor = [], None
        while True:
            page, cursor = await reader.sessions(limit, cursor)
            read += page
            if cursor is None:
                break
            assert len(page) == limit
        assert [session.id for session in read] == expected
    assert read[1].trace_ids == ["t11", "t07", "t03", "t01"]
    assert await reader.counts() == {"events": 14, "traces": 14, "sessions": 6}


def _cost(dollars):
    return {"event_type": "model_call", "cost_nano_usd": round(dollars * 10**9)}


async def test_a_session_sums_up_its_traces(writer, reader, make_event):
    await writer.write(
        [
            make_event(trace_id="t", session_id="s", agent_id="a", timestamp=NOON + 5, duration=3, **_cost(0.1)),
            make_event(trace_id="u", session_id="s", agent_id="b", input_tokens=4, **_cost(0.2)),
            make_event(trace_id="u", status="error", timestamp=NOON + 1),
            make_event(trace_id="v", session_id="other"),
        ]
    )
    session = await reader.session("s")
    assert session.traces == [await reader.trace("t"), await reader.trace("u")]
    session.traces = []
    assert session == Session(
        id="s",
        trace_count=2,
        event_count=3,
        error_count=1,
        input_tokens=4,
        output_tokens=0,
        cost_nano_usd=300_000_000,
        first_event_at=NOON,
        last_event_at=NOON + 8,
        agent_ids=["a", "b"],
        trace_ids=["t", "u"],
        traces=[],
    )
