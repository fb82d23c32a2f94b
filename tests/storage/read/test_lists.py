"""Lists of traces and sessions that are sorted and filtered, against looking at all of them."""

import itertools
from typing import NamedTuple

import pytest

from mapping.filtering.language import parse
from mapping.times import NS
from storage.filters import SessionFilter, TraceFilter
from storage.read import session_list, sifting, trace_list

NOON = 1_767_960_000 * NS
SORTED_BY = {
    "start": lambda run: run.trace.start_time,
    "duration": lambda run: run.duration_ns,
    "tokens": lambda run: run.sums.input_tokens + run.sums.output_tokens,
    "cost": lambda run: run.sums.cost_nano_usd,
    "events": lambda run: run.trace.event_count,
    "errors": lambda run: run.sums.error_count,
}
SESSIONS_BY = {
    "start": lambda session: session.traces[0].trace.start_time,
    "duration": lambda session: session.duration_ns,
    "tokens": lambda session: session.sums.input_tokens + session.sums.output_tokens,
    "cost": lambda session: session.sums.cost_nano_usd,
    "events": lambda session: session.event_count,
    "errors": lambda session: session.sums.error_count,
}


class Run(NamedTuple):
    """What the tests made: a trace, whose numbers follow from `number`."""

    number: int
    id: str
    agent: str
    session: str
    user: str
    tool: str
    model: str
    tier: str
    failed: bool


RUNS = [
    Run(
        number,
        f"{number + 1:032x}",
        ("research-agent", "travel-agent", "researcher")[number % 3],
        f"s{number // 3}",
        ("ann", "bob")[number % 2],
        ("web_search", "book")[number % 5 == 0],
        ("gpt-4o", "gpt-4.1-mini", "claude")[number % 7 % 3],
        ("gold", "silver")[number % 4 == 0],
        number % 6 == 0,
    )
    for number in range(40)
]


def events_of(make_event, run):
    """A root, a model's call and `number % 4` calls of a tool."""
    start = NOON + run.number * 60 * NS
    own = {"trace_id": run.id, "session_id": run.session, "agent_id": run.agent, "kind": "internal"}
    named = {"gen_ai.agent.name": run.agent, "session.id": run.session, "user.id": run.user}
    yield make_event(
        **own,
        name=f"run {run.number}",
        span_id="1" * 16,
        timestamp=start,
        duration=(run.number * 7 % 11 + 1) * NS,
        status="error" if run.failed else "ok",
        event_type="agent",
        properties={**named, "gen_ai.operation.name": "invoke_agent"},
        resource={"service.name": "shop", "deployment.environment": "prod" if run.number % 2 else "test"},
    )
    yield make_event(
        **own,
        name="chat",
        span_id="2" * 16,
        parent_span_id="1" * 16,
        timestamp=start + 1,
        duration=NS // 2,
        event_type="model_call",
        properties={
            **named,
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": run.model,
            "gen_ai.usage.input_tokens": run.number * 13 % 17 * 100,
            "gen_ai.usage.output_tokens": 10,
            "gen_ai.usage.cost": run.number * 5 % 13 / 100,
            "customer": {"tier": run.tier},
            "attempt": run.number % 4,
        },
    )
    for place in range(run.number % 4):
        failed = run.failed and place == 0
        yield make_event(
            **own,
            name=f"execute_tool {run.tool}",
            span_id=f"{place + 3}" * 16,
            parent_span_id="1" * 16,
            timestamp=start + 2 + place,
            duration=NS // 4 + place,
            status="error" if failed else "ok",
            event_type="tool_call",
            properties={
                **named,
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": run.tool,
                "gen_ai.tool.call.arguments": '{"page": 1}',
                **({"error.type": "Timeout", "error.message": f"no answer {run.number}"} if failed else {}),
            },
        )


@pytest.fixture
async def filled(writer, reader, make_event, database, interpret):
    await writer.write([event for run in RUNS for event in events_of(make_event, run)])
    await interpret(database)
    return reader


async def pages(read, limit):
    """Return all that the pages list."""
    listed, cursor = [], None
    for _ in range(200):
        page, cursor, *_ = await read(limit, cursor)
        assert len(page) <= limit
        listed += page
        if cursor is None:
            return listed
    raise AssertionError


def tools_of(run):
    return run.number % 4


FILTERS = {
    "agent:research*": lambda run: run.agent.startswith("research"),
    "agent:travel-agent": lambda run: run.agent == "travel-agent",
    "-agent:travel-agent": lambda run: run.agent != "travel-agent",
    "session:s3": lambda run: run.session == "s3",
    "user:ann": lambda run: run.user == "ann",
    "tool:web_search": lambda run: run.tool == "web_search" and tools_of(run),
    "model:gpt-4*": lambda run: run.model.startswith("gpt-4"),
    "model:claude status:failed": lambda run: run.model == "claude" and run.failed,
    "status:failed": lambda run: run.failed,
    "service:shop duration>5s": lambda run: run.number * 7 % 11 + 1 > 5,
    "tokens>=1010 tokens<1.5k": lambda run: 1010 <= run.number * 13 % 17 * 100 + 10 < 1500,
    "cost>0.05": lambda run: run.number * 5 % 13 > 5,
    "events=4": lambda run: tools_of(run) == 2,
    "tools>0 calls=1": tools_of,
    "repeats>=3": lambda run: tools_of(run) == 3,
    "error:timeout": lambda run: run.failed and tools_of(run),
    '"no answer"': lambda _: False,
    '"run 1"': lambda run: str(run.number).startswith("1"),
    "customer.tier=gold": lambda run: run.tier == "gold",
    "-customer.tier=gold user:bob": lambda run: run.tier != "gold" and run.user == "bob",
    "attempt=3 customer.tier=*": lambda run: run.number % 4 == 3,
    "deployment.environment=prod agent:travel*": lambda run: run.number % 2 and run.agent == "travel-agent",
    "nothing=*": lambda _: False,
}


def pairs(database, filters, sorts):
    """Each filter in each order. A server is asked the same by the same code: there each of them occurs."""
    return (
        itertools.product(filters, sorts) if database.embedded else zip(filters, itertools.cycle(sorts), strict=False)
    )


async def test_traces_are_sorted_and_their_pages_are_all_of_them(filled):
    everything, *_ = await filled.traces(TraceFilter(), 200)
    assert len(everything) == len(RUNS)
    for sort, by in SORTED_BY.items():
        listed = await pages(lambda limit, cursor: filled.traces(TraceFilter(), limit, cursor, sort), 7)  # noqa: B023 - awaited here
        assert sorted(run.trace.id for run in listed) == [run.id for run in RUNS]
        numbers = [by(run) for run in listed]
        assert numbers == sorted(numbers, reverse=True), sort
        assert len(set(numbers)) > 1, sort


@pytest.mark.parametrize("few", [True, False], ids=["sorted here", "by the index"])
async def test_every_filter_finds_the_traces_that_looking_at_all_would_in_every_order(
    filled, database, monkeypatch, few
):
    if not few:
        monkeypatch.setattr(trace_list, "MOST_SORTED", 3)
    monkeypatch.setattr(sifting, "PIECE", 11)
    for (text, fits), sort in pairs(database, FILTERS.items(), SORTED_BY):
        which = TraceFilter(filter=parse(text))
        listed = await pages(lambda limit, cursor: filled.traces(which, limit, cursor, sort), 6)  # noqa: B023 - awaited here
        assert sorted(run.trace.id for run in listed) == [run.id for run in RUNS if fits(run)], text
        numbers = [SORTED_BY[sort](run) for run in listed]
        assert numbers == sorted(numbers, reverse=True), (text, sort)


async def test_filters_go_with_the_parameters_and_a_period(filled):
    for sort in SORTED_BY:
        which = TraceFilter(
            agent_id="travel-agent",
            status="completed",
            since=NOON + 5 * 60 * NS,
            until=NOON + 30 * 60 * NS,
            filter=parse("tools>0"),
        )
        listed = await pages(lambda limit, cursor: filled.traces(which, limit, cursor, sort), 2)  # noqa: B023 - awaited here
        assert sorted(run.trace.id for run in listed) == [
            run.id for run in RUNS[5:30] if run.agent == "travel-agent" and not run.failed and tools_of(run)
        ]


@pytest.mark.parametrize("few", [True, False], ids=["sorted here", "by the index"])
async def test_sessions_are_sorted_and_filtered(filled, database, monkeypatch, few):
    if not few:
        monkeypatch.setattr(session_list, "MOST_SORTED", 2)
    everything, _ = await filled.sessions(200)
    assert len(everything) == 14
    members = {f"s{number}": RUNS[number * 3 : number * 3 + 3] for number in range(14)}
    numeric = {"cost>0.2", "events>=12", "errors>0"}
    for text, sort in pairs(database, ["", *FILTERS, *sorted(numeric)], SESSIONS_BY):
        which = SessionFilter(filter=parse(text))
        listed = await pages(lambda limit, cursor: filled.sessions(limit, cursor, which, sort), 4)  # noqa: B023 - awaited here
        numbers = [SESSIONS_BY[sort](session) for session in listed]
        assert numbers == sorted(numbers, reverse=True), (text, sort)
        found = {session.id for session in listed}
        assert len(found) == len(listed)
        if text == "":
            assert found == {*members}
        elif text == "cost>0.2":
            assert found == {one.id for one in everything if one.sums.cost_nano_usd > 200_000_000}
        elif text == "events>=12":
            assert found == {one.id for one in everything if one.event_count >= 12}
        elif text == "errors>0":
            assert found == {one.id for one in everything if one.sums.error_count}
        elif text.startswith("agent") or text in {"user:ann", "customer.tier=gold", "status:failed", "error:timeout"}:
            assert found == {name for name, runs in members.items() if any(map(FILTERS[text], runs))}, text


async def test_a_session_that_goes_on_and_a_trace_that_goes_away_change_its_place(
    filled, writer, make_event, database, interpret
):
    first = RUNS[0]
    await writer.write(
        [
            make_event(
                trace_id="f" * 32,
                session_id="s0",
                agent_id=first.agent,
                timestamp=NOON + 10_000 * NS,
                kind="internal",
                span_id="9" * 16,
                properties={
                    "gen_ai.operation.name": "chat",
                    "gen_ai.request.model": "gpt-4o",
                    "gen_ai.usage.input_tokens": 10**6,
                    "session.id": "s0",
                },
            )
        ]
    )
    await interpret(database)
    (dearest, *_), _ = await filled.sessions(1, sort="tokens")
    assert dearest.id == "s0"
    assert dearest.sums.input_tokens > 10**6
    await database.query("DELETE session_run WHERE trace_id = $trace", trace="f" * 32)
    await database.query("DELETE agent_trace WHERE newest_start = $at", at=-(NOON + 10_000 * NS))
    (dearest, *_), _ = await filled.sessions(1, sort="tokens")
    assert dearest.id != "s0"


async def test_a_page_ends_after_so_many_that_do_not_match_and_the_next_goes_on(filled, monkeypatch):
    monkeypatch.setattr(sifting, "PIECE", 5)
    monkeypatch.setattr(sifting, "_MOST_EVENTS", 20)
    which = TraceFilter(filter=parse("attempt=0 agent:research*"))
    page, cursor, _ = await filled.traces(which, 50)
    assert cursor is not None
    assert len(page) < 4
    listed = await pages(lambda limit, cursor: filled.traces(which, limit, cursor), 50)
    assert sorted(run.trace.id for run in listed) == [
        run.id for run in RUNS if run.number % 4 == 0 and run.agent.startswith("research")
    ]


async def test_what_waits_to_be_interpreted_is_found_by_what_its_trace_says(reader, writer, make_event):
    await writer.write([make_event(trace_id="a" * 32, agent_id="newcomer", name="a new one", session_id="s")])
    for text, there in (("agent:new*", True), ('"new one"', True), ("tokens>0", False), ("model:*", False)):
        page, _, _ = await reader.traces(TraceFilter(filter=parse(text)), 5)
        assert [run.trace.id for run in page] == ["a" * 32] * there, text


async def test_the_slowest_step_tools_users_and_errors_are_said(filled):
    run = await filled.trace(RUNS[6].id)
    assert (run.sums.slowest.name, run.sums.slowest.duration_ns) == (RUNS[6].model, NS // 2)
    assert (run.sums.tool_names, run.sums.user_ids) == (["web_search"], ["ann"])
    assert run.sums.first_error == "Timeout: no answer 6"
    session = await filled.session("s2")
    assert session.sums.user_ids == ["ann", "bob"]
    assert session.sums.slowest.duration_ns == NS // 2
