"""Sorted and filtered lists over HTTP: what each row says, and where a filter is wrong."""

import asyncio
import json
from urllib.parse import quote

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Agent, tokens, and the error of each trace.
TRACES = [("pilot", 100, None), ("pilot", 300, "no lead line"), ("cook", 200, None)]


def events(number, agent, tokens, error):
    own = {"trace_id": f"{number + 1:032x}", "session_id": f"voyage-{number // 2}", "agent_id": agent}
    yield {
        "timestamp": f"2026-01-07T19:0{number}:00Z",
        **own,
        "event_type": "model_call",
        "properties": {
            "model": "gpt-4o-mini",
            "input_tokens": tokens,
            "user_id": "ann",
            "berth": {"deck": number},
            "messages": [{"role": "user", "content": f"question {number}"}],
            "output": f"answer {number}",
        },
    }
    if error:
        yield {
            "timestamp": f"2026-01-07T19:0{number}:01Z",
            **own,
            "event_type": "tool_call",
            "properties": {"tool_name": "depth", "error": error},
        }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(start_shared):
    receiver = await start_shared(data="lists")
    sent = [event for number, row in enumerate(TRACES) for event in events(number, *row)]
    assert (await receiver.post("/api/v1/events/batch", json.dumps({"events": sent}))).status == 200
    async with asyncio.timeout(60):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.05)
    return receiver


async def listed(receiver, route, **query):
    given = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    return [row["id"][-1] for row in (await receiver.read(f"/api/v1/{route}?{given}"))[route]]


async def test_a_trace_says_what_it_came_to(filled):
    told = await filled.read(f"/api/v1/traces/{2:032x}")
    assert (told["first_question"], told["last_answer"]) == ("question 1", "answer 1")
    assert (told["first_error"], told["tool_names"], told["user_ids"]) == ("no lead line", ["depth"], ["ann"])
    assert told["duration_ns"] == 10**9


async def test_traces_are_sorted_and_filtered(filled):
    assert await listed(filled, "traces") == ["3", "2", "1"]
    assert await listed(filled, "traces", sort="tokens") == ["2", "3", "1"]
    assert await listed(filled, "traces", sort="duration", limit="1") == ["2"]
    assert await listed(filled, "traces", filter="agent:pilot") == ["2", "1"]
    assert await listed(filled, "traces", filter="agent:p* tokens<200") == ["1"]
    assert await listed(filled, "traces", filter="error:LEAD tool:depth user:ann") == ["2"]
    assert await listed(filled, "traces", filter="berth.deck=2 -agent:pilot", agent_id="cook") == ["3"]
    assert await listed(filled, "traces", filter='"question 0"') == ["1"]


async def test_sessions_are_sorted_and_filtered(filled):
    assert await listed(filled, "sessions") == ["1", "0"]
    assert await listed(filled, "sessions", sort="tokens") == ["0", "1"]
    assert await listed(filled, "sessions", filter="agent:cook") == ["1"]
    assert await listed(filled, "sessions", filter="tokens=400 error:lead") == ["0"]
    assert await listed(filled, "sessions", filter="berth.deck=1", sort="errors") == ["0"]


async def test_activity_takes_the_filter(filled):
    told = await filled.read(f"/api/v1/activity?buckets=1&filter={quote('agent:pilot')}")
    assert [bucket["traces"] for bucket in told["buckets"]] == [2]


@pytest.mark.parametrize("route", ["traces", "sessions", "activity"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cost>cheap", "filter: column 6: expected US dollars, such as 0.1; got 'cheap'"),
        ("a agnt:b", "filter: column 3: expected a field before the colon: agent, "),
        ("x" * 3000, "filter: column 2001: expected at most 2,000 characters"),
    ],
)
async def test_a_filter_that_is_wrong_is_refused_with_its_place(filled, route, text, message):
    answer = await filled.get(f"/api/v1/{route}?filter={quote(text)}")
    assert answer.status == 400
    assert answer.json()["message"].startswith(message)


async def test_an_order_that_is_not_there_is_refused(filled):
    answer = await filled.get("/api/v1/traces?sort=name")
    assert answer.status == 400
    assert answer.json()["message"].startswith("sort: expected one of start, duration, tokens, cost, events")


# With two of each at least: a trace with two events, and a session with two traces.
ORDERED = [
    *(f"{route}?sort={sort}" for route in ("traces", "sessions") for sort in ("start", "duration", "tokens", "cost")),
    *(f"calls?sort={sort}" for sort in ("start", "duration", "tokens", "cost")),
    "sessions?filter=agent:*&sort=start",
    "events?",
    f"traces/{2:032x}?",
]


async def test_a_cursor_goes_on_in_its_own_list_and_order_and_is_refused_by_every_other(filled):
    cursors = {}
    for asked in ORDERED:
        cursors[asked] = (await filled.read(f"/api/v1/{asked}&limit=1"))["next_cursor"]
        assert cursors[asked], asked
        assert len(cursors[asked]) < 250
    for asked in [*ORDERED, f"traces/{2:032x}/conversation?from=end", "sessions/voyage-0/conversation?from=start"]:
        for given, cursor in cursors.items():
            answer = await filled.get(f"/api/v1/{asked}&cursor={quote(cursor)}")
            if asked == given:
                assert answer.status == 200
            else:
                assert (answer.status, answer.json()["error"]) == (400, "invalid_argument"), (asked, given)
                assert answer.json()["message"].startswith("cursor: expected the next_cursor of an earlier page")


async def test_a_cursor_of_another_order_says_of_which_it_is(filled):
    cursor = (await filled.read("/api/v1/traces?sort=cost&limit=1"))["next_cursor"]
    answer = await filled.get(f"/api/v1/traces?cursor={quote(cursor)}")
    assert answer.json()["message"] == (
        "cursor: expected the next_cursor of an earlier page of this list, 'traces start'; got one of 'traces cost'"
    )


async def test_a_session_of_messages_alone_has_the_agents_of_its_traces(fresh):
    own = {"session_id": "talk", "event_type": "message"}
    sent = [
        {"timestamp": "2026-01-07T19:00:00Z", "trace_id": "1" * 32, "agent_id": "ada",
         "properties": {"role": "user", "content": "hello"}},
        {"timestamp": "2026-01-07T19:01:00Z", "trace_id": "2" * 32, "agent_id": "bob",
         "event_type": "tool_call", "properties": {"tool_name": "look"}},
    ]  # fmt: skip
    await fresh.post("/api/v1/events/batch", json.dumps({"events": [own | event for event in sent]}))
    async with asyncio.timeout(60):
        while (await fresh.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.05)
    for path in ("sessions", "sessions?filter=agent:ada", "sessions?filter=agent:bob"):
        (listed,) = (await fresh.read(f"/api/v1/{path}"))["sessions"]
        assert listed["agent_ids"] == ["ada", "bob"]
    told = await fresh.read("/api/v1/sessions/talk")
    assert told["agent_ids"] == ["ada", "bob"]
    assert [trace["agent_ids"] for trace in told["traces"]] == [["bob"], ["ada"]]
