"""Two traces, and two calls, compared over HTTP."""

import asyncio
import json

import pytest
import pytest_asyncio

from storage.read import comparison

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = 1_767_960_000_000_000_000
MS = 1_000_000
LARGE = 2**62 + 1
A, B, NO_CALLS = "5b8efff798038103d269b633813fc60a", "5b8efff798038103d269b633813fc60b", "a trace of a log line"


def attributes(values):
    kinds = {int: "intValue", str: "stringValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in values.items()]


def span(trace, number, name, start, end, parent=None, failed=None, **told):
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        **({} if parent is None else {"parentSpanId": f"{parent:016x}"}),
        "name": name,
        "startTimeUnixNano": str(NOON + start * MS),
        "endTimeUnixNano": str(NOON + end * MS),
        "attributes": attributes({key.replace("__", "."): value for key, value in told.items()}),
        "status": {"code": 2, "message": failed} if failed else {},
    }


def said(role, text):
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def agent(trace, **more):
    return span(
        trace, 1, "invoke_agent pilot", 0, 1000,
        gen_ai__operation__name="invoke_agent", gen_ai__agent__name="pilot", **more,
    )  # fmt: skip # a field a word


def model(trace, number, start, asked, answered, name="gpt-4o-mini", output=10, took=100):
    return span(
        trace, number, f"chat {name}", start, start + took, 1,
        gen_ai__operation__name="chat", gen_ai__request__model=name, gen_ai__provider__name="openai",
        gen_ai__usage__input_tokens=100, gen_ai__usage__output_tokens=output,
        gen_ai__input__messages=said("user", asked), gen_ai__output__messages=said("assistant", answered),
    )  # fmt: skip # a field a word


def tool(trace, number, start, name, arguments, result, failed=None):
    return span(
        trace, number, f"execute_tool {name}", start, start + 50, 1, failed,
        gen_ai__operation__name="execute_tool", gen_ai__tool__name=name,
        gen_ai__tool__call__arguments=json.dumps(arguments), gen_ai__tool__call__result=json.dumps(result),
    )  # fmt: skip # a field a word


RUNS = [
    agent(A),
    model(A, 2, 10, "How deep is it at Tortosa?", "I look."),
    tool(A, 3, 200, "depth", {"at": "Tortosa", "chart": LARGE}, {"metres": 9}),
    model(A, 4, 500, "Nine metres?", "Nine metres."),
    agent(B),
    model(B, 2, 10, "How deep is it at Tortosa?", "I look."),
    tool(B, 3, 200, "depth", {"at": "Tortosa", "chart": LARGE + 1}, None, "no lead line"),
    tool(B, 5, 300, "ask_pilot", {"about": "depth"}, "nine metres"),
    model(B, 4, 500, "Nine metres?", "Nine metres, the pilot says.", "gpt-4o", output=200, took=400),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(receiver):
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "test"}, "spans": RUNS}]}]}
    assert (await receiver.post("/v1/traces", json.dumps(body))).json() == {}
    line = {"timestamp": "2026-01-09T12:00:00Z", "trace_id": NO_CALLS, "event_type": "log", "properties": {"a": 1}}
    assert (await receiver.post("/api/v1/events", json.dumps(line))).status == 200
    async with asyncio.timeout(60):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.05)
    return receiver


def names(told):
    return [tuple(step[side] and step[side]["name"] for side in "ab") for step in told["steps"]]


async def test_steps_are_aligned_and_what_differs_is_named(filled):
    told = await filled.read(f"/api/v1/traces/{A}/compare?with={B}")
    assert names(told) == [
        ("pilot", "pilot"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("depth", "depth"),
        (None, "ask_pilot"),
        ("gpt-4o-mini", "gpt-4o"),
    ]
    assert [step["differs"] for step in told["steps"][:4]] == [[], [], ["status", "error", "arguments", "result"], []]
    assert set(told["steps"][4]["differs"]) >= {"name", "answer", "duration", "tokens", "cost"}
    assert (told["truncated"], all(step["said"] for step in told["steps"])) == (False, True)
    assert [step["a"] and step["a"]["depth"] for step in told["steps"]] == [0, 1, 1, None, 1]


async def test_what_both_came_to_is_as_in_the_lists(filled):
    told = await filled.read(f"/api/v1/traces/{A}/compare?with={B}")
    listed = {trace["id"]: trace for trace in (await filled.read("/api/v1/traces"))["traces"]}
    assert (told["a"], told["b"]) == (listed[A], listed[B])


async def test_swapped_it_says_the_same(filled):
    told = await filled.read(f"/api/v1/traces/{A}/compare?with={B}")
    swapped = await filled.read(f"/api/v1/traces/{B}/compare?with={A}")
    assert names(swapped) == [(b, a) for a, b in names(told)]
    assert [step["differs"] for step in swapped["steps"]] == [step["differs"] for step in told["steps"]]


async def test_a_run_without_calls_has_none_of_the_steps(filled):
    told = await filled.read(f"/api/v1/traces/{A}/compare?with={NO_CALLS}")
    assert [step["b"] for step in told["steps"]] == [None] * 4


async def test_two_calls_are_compared_word_by_word_and_numbers_exactly(filled):
    steps = (await filled.read(f"/api/v1/traces/{A}/compare?with={B}"))["steps"]
    one, other = steps[2]["a"]["id"], steps[2]["b"]["id"]
    told = await filled.read(f"/api/v1/calls/{one}/compare?with={other}")
    assert (told["a"]["id"], told["b"]["id"]) == (one, other)
    (arguments,) = [text for text in told["texts"] if text["field"] == "arguments"]
    changed = [(change["whose"], change["text"]) for change in arguments["changes"] if change["whose"] != "both"]
    assert changed == [("a", str(LARGE)), ("b", str(LARGE + 1))]
    assert arguments["differs"]


async def test_two_sessions_are_compared_by_all_their_traces(start):
    receiver = await start(data="sessions")
    for number, (session, trace, name) in enumerate(
        [("one", "t1", "search"), ("one", "t2", "book"), ("two", "t3", "search"), ("two", "t4", "pay")]
    ):
        event = {"timestamp": f"2026-01-09T12:00:0{number}Z", "trace_id": trace, "session_id": session}
        answer = await receiver.post("/api/v1/events", json.dumps(event | {"properties": {"tool_name": name}}))
        assert answer.status == 200
    async with asyncio.timeout(60):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.05)
    told = await receiver.read("/api/v1/sessions/one/compare?with=two")
    assert names(told) == [("search", "search"), ("book", None), (None, "pay")]
    assert [step["a"] and step["a"]["trace_id"] for step in told["steps"]] == ["t1", "t2", None]
    assert (told["a"]["id"], told["b"]["trace_count"]) == ("one", 2)
    for query, message in (("one", "another session"), ("x", "no session has the id 'x'")):
        assert message in (await receiver.get(f"/api/v1/sessions/one/compare?with={query}")).json()["message"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        (f"traces/{A}/compare", 400, "with: expected a trace id"),
        (f"traces/{A}/compare?with={A}", 400, "with: expected another trace"),
        (f"traces/{A}/compare?with=nobody", 404, "no trace has the id 'nobody'"),
        (f"traces/nobody/compare?with={A}", 404, "no trace has the id 'nobody'"),
        ("calls/x/compare?with=y", 404, "no call has the id"),
        (f"traces/{A}/compare?with={B}&b=1", 400, "b: unknown parameter"),
    ],
)
async def test_what_cannot_be_compared_is_said(filled, path, status, message):
    answer = await filled.get(f"/api/v1/{path}")
    assert answer.status == status
    assert message in answer.json()["message"]


async def test_a_trace_that_is_deleted_meanwhile_is_not_there(start):
    receiver = await start(data="deleted")
    for trace in ("one", "two"):
        event = {"timestamp": "2026-01-09T12:00:00Z", "trace_id": trace, "properties": {"tool_name": "t"}}
        assert (await receiver.post("/api/v1/events", json.dumps(event))).status == 200
    assert (await receiver.get("/api/v1/traces/one/compare?with=two")).status == 200
    assert (await receiver.post("/api/v1/prune", json.dumps({"trace_id": "two"}))).status == 200
    answer = await receiver.get("/api/v1/traces/one/compare?with=two")
    assert (answer.status, answer.json()["message"]) == (404, "no trace has the id 'two'")


async def test_of_a_huge_run_the_first_calls_are_compared_and_what_was_not_read_is_left_open(filled):
    found, _ = await comparison.of_traces(filled.storage.reader, A, B, comparison.RunSize(calls=3, events=2))
    assert found.truncated
    assert [tuple(step and step.name for step in pair) for pair in found.steps] == [
        ("pilot", "pilot"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("depth", "depth"),
    ]
    assert [pair.a.said is not None for pair in found.steps] == [True, True, False]
