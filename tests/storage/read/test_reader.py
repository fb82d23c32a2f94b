"""What is read, as it was written."""

import pytest

from mapping.errors import Code, Problem
from mapping.times import NS
from storage.filters import EventFilter, TraceFilter
from storage.read.reader import Reader
from storage.read.runs import Step, Sums
from storage.read.sessions import Session

NOON = 1_767_960_000 * NS


async def test_an_event_is_read_as_it_was_written(writer, reader, make_event):
    event = make_event(
        timestamp=NOON + 123_456_789,
        trace_id="t",
        event_type="model_call",
        agent_id="a",
        session_id="s",
        project="p",
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
        flags=1,
        observed_timestamp=NOON + 7,
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
        "project": "p",
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
        "flags": 1,
        "observed_timestamp": NOON + 7,
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
        "event_type agent_id session_id project name source resource scope span_id parent_span_id severity flags "
        "observed_timestamp duration_ns order indexed".split()
    )


def model_call(make_event, dollars=0.1, **fields):
    """Make the span of a model's call: 10 tokens in, 3 out."""
    properties = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cost": dollars,
        "gen_ai.agent.name": fields["agent_id"],
    }
    return make_event(kind="internal", name="chat", event_type="model_call", properties=properties, **fields)


async def test_a_trace_is_read_with_its_times_and_what_it_came_to(writer, reader, make_event, database, interpret):
    span = {"trace_id": "t", "session_id": "s", "agent_id": "a"}
    child = {"parent_span_id": "1" * 16, "duration": 10}
    root = {"name": "run", "span_id": "1" * 16, "duration": 50, "resource": {"service.name": "shop"}}
    await writer.write(
        [
            model_call(make_event, **span, **child, span_id="2" * 16, timestamp=NOON + 5, status="error"),
            model_call(make_event, **span, **child, span_id="3" * 16, timestamp=NOON + 20),
            make_event(**span, **root, kind="internal"),
        ]
    )
    run = await reader.trace("t")
    trace = run.trace
    assert min(trace.created_at, trace.updated_at) > NOON
    assert (trace.id, trace.session_id, trace.agent_id, trace.service, trace.name) == ("t", "s", "a", "shop", "run")
    assert (trace.status, trace.origin, trace.event_count) == ("completed", "given", 3)
    assert (trace.start_time, trace.end_time, trace.last_event_at) == (NOON, NOON + 50, NOON + 50)
    assert run.sums == Sums(agent_ids=["a"])
    await interpret(database)
    run = await reader.trace("t")
    assert run.trace == trace
    assert run.sums == Sums(
        error_count=1,
        calls=2,
        input_tokens=20,
        output_tokens=6,
        cost_nano_usd=200_000_000,
        models=["m"],
        agent_ids=["a"],
        first_error="m failed",
        slowest=Step("m", 10),
        interpreted=True,
    )
    assert (await reader.traces(TraceFilter(), 10))[0] == [run]
    assert [event["span_id"][0] for event in (await reader.trace_events("t", 10))[0]] == ["1", "2", "3"]


async def test_what_is_not_there_is_none_or_empty(reader):
    assert await reader.event("nobody") is None
    assert await reader.trace("nobody") is None
    assert await reader.session("nobody") is None
    assert await reader.events_by_id(["nobody"]) == {}
    assert await reader.events_by_id([]) == {}
    assert await reader.trace_events("nobody", 5) == ([], None)
    assert await reader.events(EventFilter(session_id="nobody", agent_id="nobody"), 5) == ([], None)
    assert await reader.traces(TraceFilter(), 5) == ([], None, 0)
    assert await reader.sessions(5) == ([], None)
    assert await reader.counts() == {"events": 0, "traces": 0, "sessions": 0}


@pytest.mark.parametrize("value", ["'; REMOVE TABLE agent_event; --", "⟩`\0", "agent_event:x", "", "$limit"])
async def test_a_value_is_never_part_of_the_query(writer, reader, make_event, value):
    event = make_event(id=value or "x", trace_id=value, session_id=value, agent_id=value)
    await writer.write([event])
    assert (await reader.trace(value)).trace.event_count == 1
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


async def test_sessions_stand_where_their_latest_trace_started(writer, database, make_event):
    reader = Reader(database, traces_at_once=3)
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


async def test_a_session_sums_up_its_traces(writer, reader, make_event, database, interpret):
    await writer.write(
        [
            model_call(
                make_event, 0.1, trace_id="t", session_id="s", agent_id="a", span_id="1" * 16, timestamp=NOON + 5
            ),
            model_call(make_event, 0.2, trace_id="u", session_id="s", agent_id="b", span_id="2" * 16, duration=8),
            make_event(trace_id="u", status="error", timestamp=NOON + 1),
            make_event(trace_id="v", session_id="other"),
        ]
    )
    session = await reader.session("s")
    assert (session.sums.interpreted, session.sums.agent_ids, session.event_count) == (False, ["b", "a"], 3)
    await interpret(database)
    session = await reader.session("s")
    assert session == Session(
        parts=[None] * 2,
        id="s",
        trace_count=2,
        event_count=3,
        first_event_at=NOON,
        last_event_at=NOON + 8,
        trace_ids=["t", "u"],
        traces=[await reader.trace("t"), await reader.trace("u")],
        sums=Sums(
            error_count=1,
            calls=2,
            input_tokens=20,
            output_tokens=6,
            cost_nano_usd=300_000_000,
            models=["m"],
            agent_ids=["b", "a"],
            first_error=session.sums.first_error,
            slowest=session.sums.slowest,
            interpreted=True,
        ),
    )


async def test_each_session_of_a_trace_is_read_with_its_own_sums_and_finds_the_trace(
    writer, reader, make_event, database, interpret
):
    call = {"trace_id": "t", "agent_id": "a"}
    await writer.write(
        [
            model_call(make_event, 0.1, **call, session_id="one", span_id="1" * 16),
            model_call(make_event, 0.2, **call, session_id="two", span_id="2" * 16, timestamp=NOON + NS),
            model_call(make_event, 0.4, **call, session_id="two", span_id="3" * 16, timestamp=NOON + 2 * NS),
        ]
    )
    await interpret(database)
    sessions, _ = await reader.sessions(10)
    by_session = {
        one.id: (one.event_count, one.sums.calls, one.sums.cost_nano_usd, one.first_event_at) for one in sessions
    }
    assert by_session == {"one": (1, 1, 10**8, NOON), "two": (2, 2, 6 * 10**8, NOON + NS)}
    for name in ("one", "two"):
        traces, *_ = await reader.traces(TraceFilter(session_id=name, agent_id="a"), 10)
        assert [run.trace.id for run in traces] == ["t"]
    assert await reader.counts() == {"events": 3, "traces": 1, "sessions": 2}


async def test_an_agent_below_another_finds_its_traces_and_its_events(writer, reader, make_event, database, interpret):
    def agent(name, number, above=None):
        properties = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
        ids = {"span_id": f"{number}" * 16, "parent_span_id": above and f"{above}" * 16}
        return make_event(kind="internal", trace_id="t", agent_id=name, duration=9, properties=properties, **ids)

    outer, inner = agent("Planner", 1), agent("Writer", 2, above=1)
    below = make_event(kind="internal", trace_id="t", span_id="3" * 16, parent_span_id="2" * 16)
    beside = make_event(kind="internal", trace_id="t", span_id="4" * 16, parent_span_id="1" * 16)
    await writer.write([below, beside, inner, outer])
    await interpret(database)
    for name, of_agent in (("Planner", [outer, beside]), ("Writer", [inner, below])):
        assert [run.trace.id for run in (await reader.traces(TraceFilter(agent_id=name), 10))[0]] == ["t"]
        events, _ = await reader.events(EventFilter(agent_id=name), 10)
        assert {event["id"] for event in events} == {event.id for event in of_agent}
        assert {event["agent_id"] for event in events} == {name}


async def test_traces_that_wait_to_be_interpreted_are_listed_however_many(database, writer, reader, make_event):
    # An interpreter that has done all there was before, and does nothing now.
    await database.run("CREATE interpretation_state:current SET version = 1")
    for number in range(60):
        await writer.write([make_event(timestamp=NOON + number, trace_id=f"t{number}")])
    listed, cursor = [], None
    while True:
        page, cursor, left_out = await reader.traces(TraceFilter(), 25, cursor)
        listed += [run.trace.id for run in page]
        assert left_out == 0
        if cursor is None:
            break
    assert listed == [f"t{number}" for number in reversed(range(60))]


async def test_where_many_traces_wait_for_the_interpreter_the_newest_are_listed_and_those_it_has_done(
    database, writer, reader, make_event, interpret
):
    await writer.write([make_event(timestamp=NOON - 1 - number, trace_id=f"done{number}") for number in range(3)])
    await interpret(database)
    await writer.write([make_event(timestamp=NOON + number, trace_id=f"t{number}") for number in range(2_400)])
    traces, cursor, _ = await reader.traces(TraceFilter(), 2_001)
    newest = [f"t{number}" for number in reversed(range(400, 2_400))]
    assert [run.trace.id for run in traces] == [*newest, "done0"]
    traces, cursor, _ = await reader.traces(TraceFilter(), 10, cursor)
    assert ([run.trace.id for run in traces], cursor) == (["done1", "done2"], None)


async def test_a_session_of_many_traces_is_summed_up_whole_beside_small_ones(
    database, writer, reader, make_event, interpret
):
    long = [make_event(trace_id=f"t{n:04}", session_id="long", timestamp=NOON + n) for n in range(1_120)]
    small = [make_event(trace_id=f"s{n}", session_id=f"s{n}", timestamp=NOON - 1 - n) for n in range(25)]
    await writer.write([*long, *small])

    async def check():
        sessions, cursor = await reader.sessions(26)
        assert [session.id for session in sessions] == ["long", *(f"s{n}" for n in range(25))]
        assert cursor is None
        assert sessions[0].trace_ids == [f"t{n:04}" for n in reversed(range(1_120))]
        assert [session.event_count for session in sessions] == [1_120, *[1] * 25]
        assert sessions[0] == await reader.session("long")
        return sessions

    await check()
    await interpret(database)
    assert all(session.sums.interpreted for session in await check())


async def test_the_sessions_of_a_trace_are_listed_however_many(database, writer, reader, make_event, interpret):
    crowd = [make_event(trace_id="crowd", session_id=f"c{n:03}", timestamp=NOON) for n in range(250)]
    # Of these, two are in a newer trace, too, and one in an older one.
    others = [
        make_event(trace_id=trace_id, session_id=name, timestamp=at)
        for trace_id, name, at in [("new", "c003", NOON + 9), ("new", "c120", NOON + 9), ("old", "c007", NOON - 9)]
    ]
    await writer.write([*crowd, *others, make_event(trace_id="older", session_id="last", timestamp=NOON - 99)])
    await interpret(database)
    listed, cursor = [], None
    while True:
        page, cursor = await reader.sessions(60, cursor)
        listed += [session.id for session in page]
        if cursor is None:
            break
        assert len(page) == 60
    of_crowd = [f"c{n:03}" for n in range(250) if n not in {3, 120}]
    assert listed == ["c003", "c120", *of_crowd, "last"]


async def test_events_of_more_traces_than_can_be_looked_through_in_time_are_refused(database, writer, make_event):
    await writer.write([make_event(trace_id=f"t{n}", session_id="s", agent_id="a") for n in range(40)])
    which = EventFilter(session_id="s", agent_id="a", event_type="none")
    assert await Reader(database).events(which, 5) == ([], None)
    with pytest.raises(Problem, match="give since and until") as raised:
        await Reader(database, within=0).events(which, 5)
    assert raised.value.code is Code.UNAVAILABLE


async def test_traces_that_were_last_active_before_the_period_are_not_looked_through(
    database, writer, make_event, monkeypatch
):
    traces = [make_event(trace_id=f"t{n}", session_id="s", timestamp=NOON - n) for n in range(40)]
    await writer.write([*traces, make_event(trace_id="t0", timestamp=NOON, name="inherits")])
    reader = Reader(database, looks=(2, 2))
    looked = []

    async def counted(*given, active=reader._active):
        looked.append(given)
        return await active(*given)

    monkeypatch.setattr(reader, "_active", counted)
    events, _ = await reader.events(EventFilter(session_id="s", since=NOON), 50)
    assert {event["trace_id"] for event in events} == {"t0"}
    assert len(events) == 2
    assert len(looked) == 1


async def test_a_session_that_loses_its_only_trace_while_a_page_is_read_is_not_on_it(
    writer, reader, make_event, database, interpret
):
    call = {"trace_id": "t", "agent_id": "a"}
    await writer.write(
        [
            model_call(make_event, 0.1, **call, session_id="one", span_id="1" * 16),
            model_call(make_event, 0.2, **call, session_id="two", span_id="2" * 16, timestamp=NOON + NS),
            make_event(trace_id="u", session_id="latest", timestamp=NOON + 9 * NS),
        ]
    )
    await interpret(database)
    page, cursor = await reader.sessions(1)
    assert [session.id for session in page] == ["latest"]
    # Its trace, which still names it, has been read by then.
    await database.query("DELETE session_run WHERE session_id = 'two'")
    page, cursor = await reader.sessions(5, cursor)
    assert ([session.id for session in page], cursor) == (["one"], None)
