"""Calls over HTTP: lists, one call with what was said, and why its events are one call."""

import asyncio
import json

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "5b8efff798038103d269b633813fc60c"
NOON = 1_767_960_000_000_000_000
MS = 1_000_000


def attributes(values):
    kinds = {int: "intValue", str: "stringValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in values.items()]


def span(number, name, start, end, parent=None, **more):
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        **({} if parent is None else {"parentSpanId": f"{parent:016x}"}),
        "name": name,
        "startTimeUnixNano": str(NOON + start * MS),
        "endTimeUnixNano": str(NOON + end * MS),
        **more,
    }


def messages(*said):
    return json.dumps([{"role": role, "parts": list(parts)} for role, *parts in said])


QUESTION = ("user", {"type": "text", "content": "How deep is it at Tortosa?"})
ASKED = ("assistant", {"type": "tool_call", "id": "c1", "name": "depth", "arguments": {"at": "Tortosa"}})
RESULT = ("tool", {"type": "tool_call_response", "id": "c1", "response": "nine metres"})
MODEL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", "gen_ai.provider.name": "openai"}
SPANS = [
    span(
        1,
        "invoke_agent pilot",
        0,
        1000,
        attributes=attributes(
            {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "pilot", "session.id": "voyage"}
        ),
    ),
    span(
        2,
        "chat gpt-4o-mini",
        10,
        110,
        1,
        attributes=attributes(
            MODEL
            | {
                "gen_ai.usage.input_tokens": 100,
                "gen_ai.usage.output_tokens": 10,
                "gen_ai.usage.cache_read.input_tokens": 40,
                "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be brief."}]),
                "gen_ai.input.messages": messages(QUESTION),
                "gen_ai.output.messages": messages(ASKED),
                "session.id": "voyage",
            }
        ),
    ),
    span(
        3,
        "execute_tool depth",
        120,
        420,
        1,
        attributes=attributes(
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "depth",
                "gen_ai.tool.call.id": "c1",
                "session.id": "voyage",
            }
        ),
    ),
    span(
        4,
        "execute_tool depth",
        130,
        410,
        3,
        attributes=attributes(
            {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "depth", "session.id": "voyage"}
        ),
        status={"code": 2, "message": "no lead line"},
    ),
    span(
        5,
        "chat a-model-of-our-own",
        500,
        900,
        1,
        attributes=attributes(
            MODEL
            | {
                "gen_ai.request.model": "a-model-of-our-own",
                "gen_ai.provider.name": "ours",
                "gen_ai.usage.input_tokens": 300,
                "gen_ai.usage.output_tokens": 30,
                "gen_ai.input.messages": messages(QUESTION, ASKED, RESULT),
                "gen_ai.output.messages": messages(("assistant", {"type": "text", "content": "Nine metres."})),
                "session.id": "voyage",
            }
        ),
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(receiver):
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "test"}, "spans": SPANS}]}]}
    assert (await receiver.post("/v1/traces", json.dumps(body))).json() == {}
    await interpreted(receiver)
    return receiver


async def interpreted(receiver):
    async with asyncio.timeout(60):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.05)


def names(told):
    return [call["name"] for call in told["calls"]]


AGENT, FIRST, DEPTH, LAST = "pilot", "gpt-4o-mini", "depth", "a-model-of-our-own"


class TestLists:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", [LAST, DEPTH, FIRST, AGENT]),
            ("kind=tool", [DEPTH]),
            ("kind=model&name=gpt-4o-mini", [FIRST]),
            ("model=a-model-of-our-own", [LAST]),
            ("model=depth", []),
            ("kind=tool&model=gpt-4o-mini", []),
            ("agent_id=pilot&kind=model", [LAST, FIRST]),
            ("agent=nobody", []),
            ("session=voyage&kind=agent", [AGENT]),
            (f"trace={TRACE}", [LAST, DEPTH, FIRST, AGENT]),
            ("trace_id=another", []),
            ("status=error", [DEPTH]),
            ("since=2026-01-09T12:00:00.120Z", [LAST, DEPTH]),
            ("until=2026-01-09T12:00:00.120Z", [FIRST, AGENT]),
            ("min_duration=300ms", [LAST, DEPTH, AGENT]),
            ("filter=tool:depth", [DEPTH]),
            ("filter=model:*-model-*", [LAST]),
            ("filter=model:depth", []),
            ("filter=agent:pilot+-model:*+-tool:*", [AGENT]),
            ("filter=name:gpt-4o-mini&kind=tool", []),
            ("filter=session:voyage+duration>=300ms", [LAST, DEPTH, AGENT]),
            ("filter=status:error+error:LINE", [DEPTH]),
            ("filter=tokens>200", [LAST]),
            ("filter=cost>0", [FIRST]),
            ("filter=gpt", [FIRST]),
            ("filter=duration>1s", []),
            ("filter=duration>100ms&sort=duration&trace=" + TRACE, [AGENT, LAST, DEPTH]),
            ("sort=duration", [AGENT, LAST, DEPTH, FIRST]),
            ("sort=duration&kind=model&since=2026-01-09T12:00:00.120Z", [LAST]),
            ("sort=tokens&kind=model", [LAST, FIRST]),
            ("sort=tokens&session=voyage&kind=model", [LAST, FIRST]),
            ("sort=cost&kind=model", [FIRST, LAST]),
        ],
    )
    async def test_hold_what_is_asked_for_in_its_order(self, filled, query, found):
        told = await filled.read(f"/api/v1/calls?{query}")
        assert names(told) == found
        assert (told["pending"], told["next_cursor"]) == (0, None)

    @pytest.mark.parametrize("sort", ["start", "duration", "tokens"])
    @pytest.mark.parametrize("query", ["", "trace=" + TRACE, "agent=pilot"])
    async def test_go_on_with_a_cursor(self, filled, sort, query):
        whole = names(await filled.read(f"/api/v1/calls?sort={sort}&{query}"))
        found, cursor = [], ""
        while cursor is not None:
            page = await filled.read(f"/api/v1/calls?sort={sort}&limit=1&cursor={cursor}&{query}")
            found += names(page)
            cursor = page["next_cursor"]
        assert found == whole

    @pytest.mark.parametrize(
        ("query", "named"),
        [
            ("kind=span", "kind: expected one of model, tool, agent"),
            ("sort=name", "sort: expected one of start, duration, tokens, cost"),
            ("min_duration=long", "min_duration: expected how long it took at least"),
            ("agent=a&agent_id=b", "expected once, got 2 times"),
            ("cursor=x", "cursor: expected the next_cursor of an earlier page"),
            ("tool=x", "tool: unknown parameter"),
            ("filter=kind:model", "filter: column 1: expected a field before the colon: agent, session, status"),
            ("filter=repeats>3", "filter: column 1: expected a number's name before >: duration, cost or tokens"),
            ("filter=tier=gold", "filter: column 1: expected a number's name before ="),
            ("filter=status:failed", "filter: column 8: expected ok, error or unset"),
        ],
    )
    async def test_say_what_is_wrong_with_what_is_asked_for(self, filled, query, named):
        answer = await filled.get(f"/api/v1/calls?{query}")
        assert answer.status == 400
        assert named in answer.json()["message"]


class TestACall:
    async def test_has_its_tokens_and_what_its_price_came_from(self, filled):
        (call,) = (await filled.read("/api/v1/calls?model=gpt-4o-mini"))["calls"]
        assert (call["input_tokens"], call["output_tokens"], call["cache_read_tokens"]) == (100, 10, 40)
        assert (call["reasoning_tokens"], call["duration_ns"], call["agent_id"]) == (None, 100 * MS, "pilot")
        assert call["cost_from"] == "priced"
        assert call["price"].startswith("genai-prices")
        assert call["cost_usd"] == pytest.approx((60 * 0.15 + 40 * 0.075 + 10 * 0.6) / 10**6)

    async def test_is_unpriced_where_nobody_knows_its_model(self, filled):
        (call,) = (await filled.read("/api/v1/calls?model=a-model-of-our-own"))["calls"]
        assert (call["cost_usd"], call["cost_from"], call["price"]) == (None, None, None)

    async def test_of_a_model_is_given_with_what_was_said(self, filled):
        (listed,) = (await filled.read("/api/v1/calls?model=gpt-4o-mini"))["calls"]
        call = await filled.read(f"/api/v1/calls/{listed['id']}")
        assert {field: call[field] for field in listed} == listed
        assert call["system"] == [{"type": "text", "text": "Be brief."}]
        assert call["sent"] == [{"role": "user", "parts": [{"type": "text", "text": "How deep is it at Tortosa?"}]}]
        (answer,) = call["answered"]
        assert answer["parts"] == [{"type": "tool_call", "id": "c1", "name": "depth", "arguments": {"at": "Tortosa"}}]

    async def test_of_a_tool_has_what_the_models_around_it_know(self, filled):
        (listed,) = (await filled.read("/api/v1/calls?kind=tool"))["calls"]
        call = await filled.read(f"/api/v1/calls/{listed['id']}")
        assert (call["arguments"], call["result"]) == ({"at": "Tortosa"}, "nine metres")
        assert (call["status"], call["error"], len(call["told_by"])) == ("error", "no lead line", 2)

    async def test_is_found_by_any_event_that_tells_of_it(self, filled):
        (listed,) = (await filled.read("/api/v1/calls?kind=tool"))["calls"]
        for event_id in listed["told_by"]:
            assert (await filled.read(f"/api/v1/calls/{event_id}"))["id"] == listed["id"]

    @pytest.mark.parametrize("route", ["", "/explain"])
    async def test_that_is_none_is_not_found(self, filled, route):
        answer = await filled.get(f"/api/v1/calls/none{route}")
        assert (answer.status, answer.json()["message"]) == (404, "no call has the id 'none'")

    async def test_says_why_its_events_are_one_call(self, filled):
        (call,) = (await filled.read("/api/v1/calls?kind=tool"))["calls"]
        told = await filled.read(f"/api/v1/calls/{call['told_by'][1]}/explain")
        assert told["call_id"] == call["id"]
        assert [teller["event_id"] for teller in told["told_by"]] == call["told_by"]
        assert "stands below the call's span" in told["told_by"][1]["rule"]
        assert told["fields"]["tool_call_id"] == {
            "event_id": call["id"],
            "from": "properties",
            "key": "gen_ai.tool.call.id",
        }


async def test_a_trace_and_its_session_carry_what_its_calls_came_to(filled):
    trace = await filled.read(f"/api/v1/traces/{TRACE}")
    session = await filled.read("/api/v1/sessions/voyage")
    for told in (trace, session, session["traces"][0]):
        assert (told["calls"], told["tools"], told["error_count"], told["unpriced_calls"]) == (2, 1, 1, 1)
        assert (told["input_tokens"], told["output_tokens"], told["cache_read_tokens"]) == (400, 40, 40)
        assert (set(told["models"]), told["agent_ids"]) == ({FIRST, LAST}, [AGENT])
        assert told["first_question"] == "How deep is it at Tortosa?"
        assert (told["last_answer"], told["first_error"]) == ("Nine metres.", "no lead line")
        assert told["interpreted"] is True


async def test_of_a_trace_of_several_sessions_each_has_its_own_part(receiver):
    trace_id = "6b8efff798038103d269b633813fc60c"
    spans = [
        span(
            number,
            f"chat {session}",
            number,
            number + 1,
            attributes=attributes(
                MODEL
                | {
                    "gen_ai.usage.input_tokens": 10 * number,
                    "gen_ai.input.messages": messages(("user", {"type": "text", "content": f"I am {session}"})),
                    "session.id": session,
                }
            ),
        )
        | {"traceId": trace_id}
        for number, session in enumerate(["red", "blue"], 1)
    ]
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "test"}, "spans": spans}]}]}
    assert (await receiver.post("/v1/traces", json.dumps(body))).json() == {}
    await interpreted(receiver)
    for number, session in enumerate(["red", "blue"], 1):
        told = await receiver.read(f"/api/v1/sessions/{session}")
        assert (told["input_tokens"], told["calls"], told["event_count"]) == (10 * number, 1, 1)
        (trace,) = told["traces"]
        assert (trace["input_tokens"], trace["part"]["input_tokens"]) == (30, 10 * number)
        assert trace["part"]["first_question"] == f"I am {session}"
        (turn,) = (await receiver.read(f"/api/v1/sessions/{session}/conversation"))["turns"]
        assert turn["parts"] == [{"type": "text", "text": f"I am {session}"}]
    part = await receiver.read(f"/api/v1/traces/{trace_id}/conversation?session=blue")
    assert [turn["parts"][0]["text"] for turn in part["turns"]] == ["I am blue"]
    whole = await receiver.read(f"/api/v1/traces/{trace_id}/conversation")
    assert [turn["parts"][0]["text"] for turn in whole["turns"]] == ["I am red", "I am blue"]
    assert (whole["truncated"], whole["next_cursor"]) == (False, None)

    asked = {"session_id": "red"}
    told = (await receiver.post("/api/v1/prune", json.dumps(asked))).json()
    assert told == {"dry_run": False, "traces": 0, "events": 1, "done": True, "kept": 0}
    assert (await receiver.get("/api/v1/sessions/red")).status == 404
    assert (await receiver.read("/api/v1/sessions/blue"))["event_count"] == 1
