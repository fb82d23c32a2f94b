"""The description of `/api/v1`: all of it, nothing else, and true of what is answered."""

import asyncio
import json
from urllib.parse import urlencode

import msgspec
import pytest
import pytest_asyncio

from receiver.http.operation import operation_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "f605b431ae434e4b91947d3cf2ed4f16"
AT = "2026-01-07T19:00:00Z"
FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"
EVENT = {
    "event_id": "one",
    "timestamp": AT,
    "trace_id": TRACE,
    "session_id": "session",
    "event_type": "tool_call",
    "source": {"system": "cloudwatch"},
    "properties": {"tool_name": "bank", "output": "an apple was refused", "input_tokens": 3},
}
MODEL_CALL = {
    "timestamp": AT,
    "trace_id": TRACE,
    "properties": {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "an apple?"}]}]),
        "gen_ai.output.messages": json.dumps(
            [{"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "bank", "arguments": {"a": 1}}]}]
        ),
    },
}
SCORE = {
    "timestamp": AT,
    "trace_id": TRACE,
    "event_type": "evaluation",
    "properties": {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.value": 0.5, "score.source": "person"},
}
SPAN = {
    "traceId": TRACE,
    "spanId": "00f067aa0ba902b7",
    "parentSpanId": "00f067aa0ba902b8",
    "name": "execute_tool bank",
    "kind": 3,
    "startTimeUnixNano": "1767812400000000000",
    "endTimeUnixNano": "1767812401000000000",
    "status": {"code": 2},
    "attributes": [{"key": "gen_ai.tool.name", "value": {"stringValue": "bank"}}],
    "events": [{"timeUnixNano": "1767812400000000001", "name": "exception"}],
    "links": [{"traceId": TRACE, "spanId": "00f067aa0ba902b7", "traceState": "a=1", "flags": 1}],
    "flags": 257,
}
RECORD = {"timeUnixNano": "1767812400000000000", "severityText": "ERROR", "body": {"stringValue": "session_id=s bank"}}
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}

# For each operation what is asked: ids, with a query, or bodies. Between them they show every part of an answer.
ASKED = {
    "send_event": [{"event_id": "two", "timestamp": AT}],
    "send_batch": [{"events": [{"timestamp": AT, "event_id": "three"}, {"timestamp": "yesterday"}]}],
    "send_score": [
        {"trace_id": TRACE, "name": "tone", "value": 1, "key": "k"},
        {"event_id": "one", "name": "n", "label": "l"},
    ],
    "prune": [{"before": AT, "dry_run": True}, {"trace_id": "none"}],
    "reindex": [{}],
    "traces": ["", "?limit=1"],
    "trace": [TRACE, f"{TRACE}?limit=1"],
    "outline": [TRACE],
    "conversation": [TRACE],
    "compare_traces": [f"{TRACE}?with=another"],
    "compare_sessions": ["session?with=other"],
    "compare_calls": ["CALL BESIDE ANOTHER"],
    "activity": ["", "?status=failed", "?session_id=nobody"],
    "overview": ["", "?since=2001-01-01T00:00:00Z&until=2001-01-02T00:00:00Z"],
    "alerts": ["", "?limit=1"],
    "breakdown": [f"?by={by}" for by in ("agent", "service", "model", "tool", "error", "score")],
    "events": ["", "?limit=1"],
    "event": ["EACH"],
    "explain": ["EACH"],
    "links": ["EACH"],
    "messages": ["EACH"],
    "similar": ["one", "one?group_by=trace"],
    "sessions": ["", "?limit=1"],
    "session": ["session"],
    "session_conversation": ["session", "session?from=start"],
    "calls": ["", "?limit=1", "?sort=duration"],
    "call": ["CALL"],
    "explain_call": ["CALL"],
    "search": [
        *(f"?q=apple&mode={mode}" for mode in ("hybrid", "keyword", "semantic")),
        "?q=apple+refused&parts=true&group_by=session",
        "?q=nothing",
    ],
    "facets": ["", "?limit=1"],
    "stats": [""],
    "openapi": [""],
}
# Some do not end or have a line for each answer, one is no JSON; what they tell is tested by themselves.
OTHERS = {"live", "picture", *(f"export_{what}" for what in ("events", "traces", "sessions", "calls", "search"))}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(start_shared):
    """A receiver that has indexed events of every kind."""
    receiver = await start_shared(model="minilm", data="described")
    spans = {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"scope": {"name": "s"}, "spans": [SPAN]}]}]}
    logs = {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"logRecords": [RECORD]}]}]}
    for path, body in (
        ("/v1/traces", spans),
        ("/v1/logs", logs),
        (
            "/api/v1/events/batch",
            {
                "events": [
                    EVENT,
                    MODEL_CALL,
                    SCORE,
                    EVENT | {"event_id": "four", "trace_id": "another", "session_id": "other"},
                ]
            },
        ),
    ):
        answer = await receiver.post(path, json.dumps(body))
        assert answer.status == 200, answer.body
    async with asyncio.timeout(60):
        while (
            (stats := await receiver.read("/api/v1/stats"))["index_state"] != "ready"
            or stats["index_pending"]
            or stats["interpretation_pending"]
        ):
            await asyncio.sleep(0.05)
    return receiver


def routes(receiver):
    """Return the routes of `/api/v1` in the application: method and path, and the operation."""
    return {
        (route.method.lower(), route.resource.canonical): operation_of(route.handler)
        for route in receiver.app.router.routes()
        if route.resource.canonical.startswith("/api/v1/") and route.method != "HEAD"
    }


def operations(description):
    return {(method, path): one for path, item in description["paths"].items() for method, one in item.items()}


async def test_every_route_is_described_and_nothing_else(receiver):
    answer = await receiver.get("/api/v1/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    described = operations(answer.json())
    assert set(described) == set(routes(receiver))
    names = [one["operationId"] for one in described.values()]
    assert len(names) == len(set(names))


async def test_a_batch_holds_events_as_they_are_sent_or_as_they_are_read(receiver):
    description = await receiver.read("/api/v1/openapi.json")
    content = description["paths"]["/api/v1/events/batch"]["post"]["requestBody"]["content"]["application/json"]
    batches = [
        description["components"]["schemas"][one["$ref"].rpartition("/")[2]] for one in content["schema"]["anyOf"]
    ]
    held = [batch["properties"]["events"]["items"]["$ref"].rpartition("/")[2] for batch in batches]
    assert held == ["EventRequest", "EventAsRead"]


async def test_types_have_names_of_their_own(receiver):
    for name in (await receiver.read("/api/v1/openapi.json"))["components"]["schemas"]:
        assert name.isidentifier(), "two types of one name are told apart by their modules: rename one"


async def test_every_reference_leads_somewhere(receiver):
    description = await receiver.read("/api/v1/openapi.json")

    def references(value):
        if isinstance(value, dict):
            yield from ([value["$ref"]] if "$ref" in value else [])
        if isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from references(inner)

    found = set(references(description))
    assert found
    for reference in found:
        _, _, kind, name = reference.split("/")
        assert description["components"][kind][name]


async def test_what_is_described_is_what_is_taken(receiver):
    for (method, path), one in operations(await receiver.read("/api/v1/openapi.json")).items():
        taken = [row["name"] for row in one["parameters"] if row["in"] == "query"]
        if method == "get":
            answer = await receiver.get(f"{path.replace('{id}', 'x')}?colour=red")
            allowed = ", ".join(taken) or "none"
            assert answer.json()["message"] == f"colour: unknown parameter; allowed: {allowed}"
        assert ("{id}" in path) == ("404" in one["responses"])


async def test_answers_are_as_described(filled):
    told = {operation.name: (method, path, operation) for (method, path), operation in routes(filled).items()}
    assert set(told) == {*ASKED, *OTHERS}
    events = [event["id"] for event in (await filled.read("/api/v1/events"))["events"]]
    kinds = {event["kind"] for event in (await filled.read("/api/v1/events"))["events"]}
    assert kinds == {"client", "span_event", "log_record", "json"}
    calls = [call["id"] for call in (await filled.read("/api/v1/calls"))["calls"]]
    assert calls
    every = {"EACH": events, "CALL": calls, "CALL BESIDE ANOTHER": [f"{calls[0]}?with={calls[-1]}"]}
    # What changes the index comes last.
    for name, asked in sorted(ASKED.items(), key=lambda item: item[0] == "reindex"):
        method, path, operation = told[name]
        for each in every.get(str(asked[0]), asked):
            if method == "post":
                answer = await filled.post(path, json.dumps(each))
            else:
                given, _, query = each.partition("?")
                answer = await filled.get(f"{path.replace('{id}', given)}?{query}")
            assert answer.status == 200, (path, each, answer.body)
            # Strict: a field that is missing, of another type, or not described at all is an error.
            msgspec.json.decode(answer.body, type=operation.answers)


@pytest.mark.parametrize(
    "period",
    [
        {"since": FIRST, "until": LAST},
        {"since": LAST},
        {"until": FIRST},
        {"since": FIRST},
        {"until": LAST},
        {"at": LAST},
    ],
    ids=str,
)
async def test_any_moment_that_can_be_written_is_taken_everywhere(filled, period):
    asked = 0
    for (method, path), one in operations(await filled.read("/api/v1/openapi.json")).items():
        names = {row["name"] for row in one["parameters"] if row["in"] == "query"}
        if method != "get" or not period.keys() <= names or path == "/api/v1/live":
            continue
        which = {"q": "apple"} if path.endswith("/search") else {}
        stored = {"traces": TRACE, "sessions": "session", "events": "one"}.get(path.split("/")[3], "")
        for by in ("agent", "service", "project", "model", "tool", "error", "score") if "by" in names else [None]:
            query = urlencode(period | which | ({} if by is None else {"by": by}))
            answer = await filled.get(f"{path.replace('{id}', stored)}?{query}")
            assert answer.status == 200, (path, query, answer.body)
            asked += 1
    assert asked


async def test_a_key_is_asked_for_where_one_is_set(start):
    receiver = await start(keys=["one"])
    assert (await receiver.get("/api/v1/openapi.json")).status == 401
    described = (await receiver.get("/api/v1/openapi.json", authorization="Bearer one")).json()
    assert described["security"] == [{"bearer": []}, {"key": []}]
    assert described["components"]["securitySchemes"]["key"]["name"] == "X-API-Key"


async def test_no_key_is_needed_where_none_is_set(receiver):
    assert {} in (await receiver.read("/api/v1/openapi.json"))["security"]


async def test_examples_are_events_that_are_stored(receiver):
    described = operations(await receiver.read("/api/v1/openapi.json"))
    for path in ("/api/v1/events", "/api/v1/events/batch", "/api/v1/scores"):
        (example,) = described["post", path]["requestBody"]["content"]["application/json"]["examples"].values()
        assert (await receiver.post(path, json.dumps(example["value"]))).status == 200
