"""Which rule placed an event, and which keys gave its session, agent and type: from the socket to the answer."""

import json

import pytest
import pytest_asyncio

from mapping.model import Trace
from mapping.semantics.explain import explain
from receiver.http.explain import shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

HI, HELLO, WHO = (
    {"role": role, "content": [{"text": text}]}
    for role, text in (("user", "hi"), ("assistant", "Hello!"), ("user", "Who are you?"))
)


def model_invocation(messages, answer=None, error=None):
    """Bedrock's log of a model call, as CloudWatch has it."""
    logged = {"modelId": "m", "operation": "Converse", "input": {"inputBodyJson": {"messages": messages}}}
    if answer:
        said = {"role": "assistant", "content": [{"text": answer}]}
        logged["output"] = {"outputBodyJson": {"output": {"message": said}}}
    return json.dumps(logged | ({"errorCode": error} if error else {}))


def logs(*bodies):
    records = [
        {"timeUnixNano": str(1_767_960_000_000_000_000 + second * 10**9), "body": {"stringValue": body}}
        for second, body in enumerate(bodies)
    ]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def explained(receiver):
    """Gives the explanation of a JSON event's own id."""

    async def explains(event_id):
        return await receiver.read(f"/api/v1/events/{event_id}/explain")

    events = [
        {"event_id": "first", "timestamp": "2026-01-07T19:00:00Z", "session_id": "s", "properties": {"agentId": "a"}},
        {"event_id": "second", "timestamp": "2026-01-07T19:00:01Z", "session_id": "s", "event_type": "decision"},
        {"event_id": "third", "timestamp": "2026-01-07T19:00:02Z", "agent_id": "b"},
        {"event_id": "fourth", "timestamp": "2026-01-07T19:00:03Z", "agent_id": "b", "properties": {"tool_name": "t"}},
    ]
    assert (await receiver.post("/api/v1/events/batch", json.dumps({"events": events}))).status == 200
    return explains


async def test_says_the_rule_and_where_each_value_comes_from(explained):
    told = await explained("second")
    assert told["rule"].startswith("rule 2: ")
    assert told == {
        "event_id": told["event_id"],
        "trace_id": (await explained("first"))["trace_id"],
        "correlation": "session",
        "rule": told["rule"],
        "session_id": {"value": "s", "from": "event", "key": "session_id"},
        "agent_id": {"value": "a", "from": "trace", "key": "agent_id"},
        "event_type": {"value": "decision", "from": "event", "key": "event_type"},
    }


async def test_takes_either_id(explained):
    told = await explained("first")
    assert await explained(told["event_id"]) == told
    assert told["agent_id"] == {"value": "a", "from": "properties", "key": "agentId"}


async def test_knows_every_rule_that_decides_without_a_trace_id(explained):
    assert [(await explained(name))["correlation"] for name in ("first", "second", "third", "fourth")] == [
        "created",
        "session",
        "created",
        "agent",
    ]
    assert (await explained("fourth"))["event_type"] == {"value": "tool_call", "from": "properties", "key": "tool_name"}


async def test_bedrock_s_logged_calls_find_their_conversation(receiver, explained):
    bodies = [
        model_invocation([HI], error="ThrottlingException"),
        model_invocation([HI], "Hello!"),
        model_invocation([HI, HELLO, WHO], "A machine."),
        model_invocation([WHO], "A machine."),
    ]
    assert (await receiver.post("/v1/logs", logs(*bodies))).status == 200
    listed = (await receiver.read("/api/v1/events?since=2026-01-09T12:00:00Z&until=2026-01-09T12:00:10Z"))["events"]
    other, *same = listed
    assert [event["correlation"] for event in listed] == ["created", "conversation", "conversation", "created"]
    assert len({event["trace_id"] for event in same}) == 1
    assert other["trace_id"] != same[0]["trace_id"]
    assert (await explained(same[0]["id"]))["rule"].startswith("rule 3: ")


async def test_an_event_that_is_not_there_is_404(receiver):
    answer = await receiver.get("/api/v1/events/nobody/explain")
    assert answer.status == 404
    assert "no event has the id 'nobody'" in answer.json()["message"]


async def test_parameters_are_none_of_its_business(receiver):
    assert (await receiver.get("/api/v1/events/first/explain?limit=3")).status == 400


@pytest.mark.parametrize(
    ("correlation", "fields", "words"),
    [
        ("trace_id", {}, ["rule 1", "trace's id"]),
        ("session", {"session_id": "s-1"}, ["rule 2", "'s-1'", "latest trace"]),
        ("conversation", {}, ["rule 3", "messages"]),
        ("agent", {"agent_id": "a-1"}, ["rule 4", "'a-1'", "mapping.agent_window"]),
        ("created", {"session_id": "s-1", "agent_id": "a-1"}, ["rule 5", "made for the session 's-1'"]),
        ("created", {"agent_id": "{a}"}, ["rule 5", "made for the agent '{a}'"]),
        ("created", {}, ["rule 5", "made for this event"]),
    ],
)
async def test_the_rule_is_said_in_words(correlation, fields, words):
    event = {"id": "e", "trace_id": "t", "correlation": correlation, "kind": "json", "properties": {}} | fields
    trace = Trace(id="t", start_time=0, last_event_at=0, session_id="the trace's", agent_id="the trace's")
    said = shown(explain(event, trace))
    assert (said.event_id, said.trace_id, said.correlation) == ("e", "t", correlation)
    assert all(word in said.rule for word in words)
    assert "the trace's" not in said.rule
