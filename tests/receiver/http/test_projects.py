"""Keys that are confined to a project: each row of the one table, asked with a key of one project for another's data.

Two projects have the same session, agent and names of services and models; what either says has a word of its own.
"""

import asyncio
import json

import pytest
import pytest_asyncio

from receiver.http.context import PORTS
from receiver.http.projects import CONFINED
from receiver.http.scopes import OPEN, SCOPES
from receiver.settings import ADMIN, INGEST, READ, Key, Secret
from tests.receiver.grpc.conftest import TRACES, Client
from tests.receiver.mcp.conftest import ask, over_http

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = 1_767_812_400_000_000_000
MOMENT = "2026-01-07T19:00:00Z"
PROJECTS = ("shop", "bank")
WORDS = {"shop": "zucchini", "bank": "bullion"}
TRACE_OF = {"shop": "5" * 32, "bank": "b" * 32}
# What no route may be asked with a key of a project: they concern all of them.
OF_ALL = {"GET /metrics", "POST /api/v1/reindex"}
LISTED = ("traces", "events", "sessions", "calls", "search")


def attributes(given):
    kinds = {int: "intValue", str: "stringValue", bool: "boolValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in given.items()]


def said(role, text):
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def spans_of(project):
    """A run: an agent that calls a model and a tool, which fails. Its spans link to those of the other project."""
    word, trace_id = WORDS[project], TRACE_OF[project]
    (other,) = set(PROJECTS) - {project}
    common = {"session.id": "one session", "gen_ai.conversation.id": "one session", "user.id": word}

    def span(number, name, parent, told, status=1):
        return {
            "traceId": trace_id,
            "spanId": f"{number:016x}",
            **({"parentSpanId": f"{parent:016x}"} if parent else {}),
            "name": name,
            "startTimeUnixNano": str(AT + number * 1_000_000),
            "endTimeUnixNano": str(AT + number * 1_000_000 + 500_000),
            "attributes": attributes(common | told),
            "links": [{"traceId": TRACE_OF[other], "spanId": f"{number:016x}", "attributes": []}],
            "status": {"code": status, "message": f"no {word}"} if status == 2 else {},
        }

    model = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.input.messages": said("user", f"how much {word} is there?"),
        "gen_ai.output.messages": said("assistant", f"much {word}"),
        "gen_ai.usage.input_tokens": 100 if project == "shop" else 7_000,
        "gen_ai.usage.output_tokens": 10,
    }
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": f"{word}_price",
        "gen_ai.tool.call.arguments": json.dumps({"of": word}),
    }
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
    return [
        span(1, "invoke_agent helper", None, agent, 2),
        span(2, "chat gpt-4o-mini", 1, model),
        span(3, f"execute_tool {word}_price", 1, tool, 2),
    ]


def resource_of(project):
    """What its sender says: that it is the other project."""
    (other,) = set(PROJECTS) - {project}
    return {"attributes": attributes({"service.name": "web", "service.namespace": other})}


def traces_request(project):
    return {"resourceSpans": [{"resource": resource_of(project), "scopeSpans": [{"spans": spans_of(project)}]}]}


def logs_request(project):
    record = {
        "timeUnixNano": str(AT + 5_000_000),
        "body": {"stringValue": f"a line of {WORDS[project]}"},
        "attributes": attributes({"session.id": "one session"}),
    }
    return {"resourceLogs": [{"resource": resource_of(project), "scopeLogs": [{"logRecords": [record]}]}]}


async def fill(receiver, project):
    """Send what a project has by all ways, and return the ids of an event that its client named, and of a call."""
    key, word = f"{project}-key", WORDS[project]
    for path, request in (("/v1/traces", traces_request(project)), ("/v1/logs", logs_request(project))):
        assert (await receiver.post(path, json.dumps(request), x_api_key=key)).status == 200
    event = {"event_id": "order-1", "timestamp": MOMENT, "session_id": "one session", "properties": {"note": word}}
    answer = await receiver.post("/api/v1/events", json.dumps(event | {"project": "another"}), x_api_key=key)
    assert answer.status == 200, answer.body
    for about in ({"trace_id": TRACE_OF[project]}, {"session_id": "one session"}, {"event_id": "order-1"}):
        score = {"name": "worth", "value": 0.5, "explanation": word, "key": next(iter(about)), **about}
        answer = await receiver.post("/api/v1/scores", json.dumps(score), x_api_key=key)
        assert answer.status == 200, answer.body
    return answer.json()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(start_shared):
    scopes = frozenset({INGEST, READ, ADMIN})
    keys = [Key(name, Secret(f"{name}-key"), scopes, project=name) for name in PROJECTS]
    receiver = await start_shared(data="projects", model="minilm", grpc_port=0, keys=[*keys, "plain-key"])
    for project in PROJECTS:
        await fill(receiver, project)
    # What is of no project is nobody's but of those who may read all.
    nobody = {
        "event_id": "of-nobody",
        "timestamp": MOMENT,
        "session_id": "one session",
        "properties": {"note": "nobody"},
    }
    assert (await receiver.post("/api/v1/events", json.dumps(nobody), x_api_key="plain-key")).status == 200
    async with asyncio.timeout(60):
        while True:
            stats = (await receiver.get("/api/v1/stats", x_api_key="plain-key")).json()
            waits = stats["index_pending"], stats["interpretation_pending"]
            if stats["index_state"] == "ready" and waits == (0, 0):
                break
            await asyncio.sleep(0.05)
    return receiver


async def ids_of(receiver, project):
    """The ids of a project's trace, of its events, and of its calls."""
    found = (await receiver.get("/api/v1/events?limit=100", x_api_key=f"{project}-key")).json()["events"]
    calls = (await receiver.get("/api/v1/calls", x_api_key=f"{project}-key")).json()["calls"]
    assert (len(found), len(calls)) == (8, 3)
    return {
        "trace": [TRACE_OF[project]],
        "event": [event["id"] for event in found],
        "call": [*(call["id"] for call in calls), *(event["id"] for event in found)],
    }


READS = [row for row in CONFINED if row.startswith("GET ") and row != "GET /api/v1/live"]
NEEDED = {
    "GET /api/v1/breakdown": "by=error",
    "GET /api/v1/events/{id}/picture": "picture=none",
}


def asked(row, one, other):
    """Return the address of a route for an id, compared with another one where it compares."""
    path = row.removeprefix("GET ").replace("{id}", one)
    query = f"with={other}" if path.endswith("/compare") else NEEDED.get(row, "")
    return f"{path}?{query}"


async def test_each_route_and_method_has_its_row_or_is_refused_to_such_keys():
    assert set(CONFINED) | OF_ALL == {row for row, scope in SCOPES.items() if scope != OPEN}
    assert not set(CONFINED) & OF_ALL


@pytest.mark.parametrize("row", sorted(OF_ALL))
async def test_what_concerns_all_projects_is_refused(shared, row):
    method, path = row.split()
    answer = await shared.send(method, path, x_api_key="shop-key")
    assert answer.status == 403
    assert b"the API key shop is confined to the project 'shop', and this concerns all projects" in answer.body


@pytest.mark.parametrize("row", [row for row in READS if "filters" in CONFINED[row]])
async def test_a_list_has_what_is_in_the_project_alone(shared, row):
    ids = await ids_of(shared, "shop")
    address = asked(row, "one%20session" if "/sessions/" in row else ids["event"][0], "one%20session")
    if address.startswith("/api/v1/sessions/{id}/compare"):
        address = address.replace("with=one%20session", "with=another")
    if "/events/{id}/similar" in row:
        shops = (await shared.get("/api/v1/search?q=zucchini", x_api_key="shop-key")).json()["results"]
        address = asked(row, shops[0]["event"]["id"], "")
    answer = await shared.get(f"{address}&limit=200" if may_have_limit(row) else address, x_api_key="shop-key")
    assert answer.status == (400 if "/compare" in row else 200), answer.body
    assert b"bullion" not in answer.body
    assert b"nobody" not in answer.body
    other = await shared.get(f"{address}&project=bank", x_api_key="shop-key")
    assert (other.status, other.json()["message"]) == (403, "project: this API key is confined to 'shop'; got 'bank'")


def may_have_limit(row):
    return not any(word in row for word in ("export", "stats", "overview", "activity", "links", "/sessions/{id}"))


@pytest.mark.parametrize("what", LISTED)
async def test_a_list_and_its_export_have_all_that_is_in_the_project(shared, what):
    for path in (f"/api/v1/{what}", f"/api/v1/export/{what}"):
        answer = await shared.get(path, x_api_key="shop-key")
        assert answer.status == 200
        assert b"zucchini" in answer.body


@pytest.mark.parametrize(
    ("row", "kind"), [(row, kind) for row in READS for kind in CONFINED[row] if kind in {"trace", "event", "call"}]
)
async def test_what_another_project_has_is_not_there(shared, row, kind):
    own, others = await ids_of(shared, "shop"), await ids_of(shared, "bank")
    for one in [*others[kind], "of-nobody"]:
        answer = await shared.get(asked(row, one, own[kind][0]), x_api_key="shop-key")
        assert (answer.status, answer.json()["message"]) == (404, f"no {kind} has the id {one!r}")
        nothing = await shared.get(asked(row, "no-such-id", own[kind][0]), x_api_key="shop-key")
        assert nothing.json()["message"] == f"no {kind} has the id 'no-such-id'"
    if "/compare" in row:
        answer = await shared.get(asked(row, own[kind][0], others[kind][0]), x_api_key="shop-key")
        assert (answer.status, answer.json()["message"]) == (404, f"no {kind} has the id {others[kind][0]!r}")


@pytest.mark.parametrize(
    ("row", "kind"), [(row, kind) for row in READS for kind in CONFINED[row] if kind in {"trace", "event", "call"}]
)
async def test_what_the_project_has_is_told_without_a_word_of_others(shared, row, kind):
    own = await ids_of(shared, "shop")
    answered = []
    for one in own[kind]:
        answer = await shared.get(asked(row, one, own[kind][min(1, len(own[kind]) - 1)]), x_api_key="shop-key")
        assert b"bullion" not in answer.body
        assert b"nobody" not in answer.body
        answered.append(answer.status)
    expected = 404 if "/picture" in row else 400 if row == "GET /api/v1/traces/{id}/compare" else 200
    assert expected in answered


async def test_a_client_s_own_ids_are_its_project_s(shared):
    for project, word in WORDS.items():
        event = (await shared.get("/api/v1/events/order-1", x_api_key=f"{project}-key")).json()
        assert (event["project"], event["properties"]) == (project, {"note": word})
    assert (await shared.get("/api/v1/events/order-1", x_api_key="plain-key")).status == 404
    # Whoever may read all reads it by the id that was answered.
    assert (await shared.get(f"/api/v1/events/{event['id']}", x_api_key="plain-key")).json()["project"] == "bank"


async def test_a_session_of_two_projects_is_two_and_whoever_may_read_all_sees_both(shared):
    for project, word in WORDS.items():
        session = (await shared.get("/api/v1/sessions/one%20session", x_api_key=f"{project}-key")).json()
        assert {trace["project"] for trace in session["traces"]} == {project}
        assert session["user_ids"] == [word]
        assert session["input_tokens"] == (100 if project == "shop" else 7_000)
    whole = (await shared.get("/api/v1/sessions/one%20session", x_api_key="plain-key")).json()
    assert {trace["project"] for trace in whole["traces"]} == {"shop", "bank", None}
    assert whole["input_tokens"] == 7_100
    part = (await shared.get("/api/v1/sessions/one%20session?project=bank", x_api_key="plain-key")).json()
    assert part["input_tokens"] == 7_000
    for project in PROJECTS:
        spoken = await shared.get("/api/v1/sessions/one%20session/conversation", x_api_key=f"{project}-key")
        (other,) = set(PROJECTS) - {project}
        assert WORDS[project].encode() in spoken.body
        assert WORDS[other].encode() not in spoken.body


async def test_figures_are_of_the_project(shared):
    for key, query, tokens, runs in (
        ("shop-key", "", 100, 1),
        ("bank-key", "", 7_000, 1),
        ("plain-key", "?project=bank", 7_000, 1),
        ("plain-key", "?project=none", 0, 0),
    ):
        sums = (await shared.get(f"/api/v1/overview{query}", x_api_key=key)).json()
        assert (sums["input_tokens"], sums["calls"]) == (tokens, runs)
        stats = (await shared.get(f"/api/v1/stats{query}", x_api_key=key)).json()
        assert (stats["events"], stats["sessions"], stats["indexed"]) == ((8, 1, 8) if runs else (0, 0, 0))
    whole = (await shared.get("/api/v1/overview", x_api_key="plain-key")).json()
    assert whole["input_tokens"] == 7_100
    rows = (await shared.get("/api/v1/breakdown?by=project", x_api_key="plain-key")).json()["rows"]
    assert {row["name"]: row["input_tokens"] for row in rows} == {"shop": 100, "bank": 7_000}
    rows = (await shared.get("/api/v1/breakdown?by=project", x_api_key="bank-key")).json()["rows"]
    assert [row["name"] for row in rows] == ["bank"]


@pytest.mark.parametrize("by", ["agent", "service", "model", "tool", "error", "score"])
async def test_no_breakdown_counts_another_project(shared, by):
    told = (await shared.get(f"/api/v1/breakdown?by={by}", x_api_key="shop-key")).json()
    rows = [*told["rows"], *told["errors"], *told["scores"]]
    assert rows
    assert "bullion" not in json.dumps(rows)
    assert all(row.get("input_tokens", 0) <= 100 for row in rows)


async def test_filters_leave_what_is_of_the_project(shared):
    for query in ("project=shop", "filter=project%3Ashop"):
        traces = (await shared.get(f"/api/v1/traces?{query}", x_api_key="plain-key")).json()["traces"]
        assert {trace["project"] for trace in traces} == {"shop"}
        sessions = (await shared.get(f"/api/v1/sessions?{query}", x_api_key="plain-key")).json()["sessions"]
        assert [session["id"] for session in sessions] == ["one session"]
    assert not (await shared.get("/api/v1/traces?filter=project%3Abank", x_api_key="shop-key")).json()["traces"]
    facets = (await shared.get("/api/v1/facets", x_api_key="plain-key")).json()["facets"]
    assert {each["value"]: each["count"] for each in facets["project"]} == {"shop": 8, "bank": 8}
    for path in ("events?project=bank", "search?project=bank", "search?q=bullion&project=bank", "calls?project=bank"):
        answer = await shared.get(f"/api/v1/{path}", x_api_key="plain-key")
        assert b"bullion" in answer.body
        assert b"zucchini" not in answer.body


@pytest.mark.parametrize("sort", ["duration", "tokens", "cost"])
async def test_sorted_lists_have_what_is_in_the_project_alone(shared, sort):
    for what in ("traces", "sessions", "calls"):
        answer = await shared.get(f"/api/v1/{what}?sort={sort}", x_api_key="shop-key")
        assert answer.status == 200
        assert b"zucchini" in answer.body
        assert b"bullion" not in answer.body


async def test_live_events_are_of_the_project(shared):
    url = "/api/v1/live"
    async with shared.client.get(url, headers={"X-API-Key": "shop-key"}) as stream:
        for project in ("bank", "shop"):
            event = {"timestamp": MOMENT, "session_id": "live", "properties": {"note": f"live {WORDS[project]}"}}
            answer = await shared.post("/api/v1/events", json.dumps(event), x_api_key=f"{project}-key")
            assert answer.status == 200
            await forget(shared, answer.json()["trace_id"], project)
        text = b""
        async with asyncio.timeout(20):
            while b"data:" not in text:
                text += await stream.content.readline()
        assert b"live zucchini" in text


async def forget(receiver, trace_id, project):
    """Delete a trace, so that other tests find what they expect."""
    answer = await receiver.post("/api/v1/prune", json.dumps({"trace_id": trace_id}), x_api_key=f"{project}-key")
    assert answer.json()["traces"] == 1


async def test_models_are_told_of_the_project_alone(shared):
    async with over_http(shared.port, key="shop-key") as client:
        for tool, arguments in (
            ("search", {"q": "bullion zucchini"}),
            ("list_traces", {}),
            ("list_errors", {}),
            ("breakdown", {"by": "tool"}),
            ("get_conversation", {"session_id": "one session"}),
        ):
            told = json.dumps(await ask(client, tool, **arguments))
            assert "zucchini" in told
            assert "bullion" not in told


class TestWhatIsSent:
    async def test_belongs_to_the_key_s_project_whatever_it_says(self, shared):
        for project in PROJECTS:
            found = (await shared.get("/api/v1/events?limit=100", x_api_key=f"{project}-key")).json()["events"]
            assert {event["project"] for event in found} == {project}
            assert {event["kind"] for event in found} == {"unspecified", "log_record", "json"}

    async def test_is_refused_in_a_trace_of_another_project(self, shared, sender):
        item = sender.item(1, traceId=TRACE_OF["bank"], spanId="00000000000000ff")
        answer = await shared.post(sender.path, sender.body(item), sender.content_type, x_api_key="shop-key")
        response = sender.parse(answer.body)
        assert (answer.status, sender.rejected(response)) == (200, 1)
        assert "is a trace of another project" in response.partial_success.error_message
        assert (await shared.get(f"/api/v1/traces/{TRACE_OF['bank']}", x_api_key="bank-key")).json()["event_count"] == 8

    async def test_is_refused_over_grpc_too(self, shared):
        from tests.receiver.grpc.conftest import spans

        client = Client(shared.app[PORTS].grpc)
        told = await client.call(TRACES, spans(300, trace_id=bytes.fromhex(TRACE_OF["bank"])), x_api_key="shop-key")
        assert (told.code, b"another project" in told.message) == ("OK", True)
        await client.channel.close()

    async def test_is_refused_under_the_id_of_another_project_s_event(self, shared):
        ids = await ids_of(shared, "bank")
        for one in ids["event"]:
            event = {"event_id": one, "timestamp": MOMENT, "properties": {"note": "taken over"}}
            answer = await shared.post("/api/v1/events", json.dumps(event), x_api_key="shop-key")
            assert answer.status == 403
            assert "an event of another project has" in answer.json()["message"]
            span = {
                "id": one, "trace_id": "7" * 32, "timestamp": MOMENT, "kind": "internal", "span_id": "0" * 15 + "9",
                "duration_ns": 10**15, "project": "bank",
            }  # fmt: skip # a field a word
            body = {"events": [span], "options": {"as_read": True}}
            answer = await shared.post("/api/v1/events/batch", json.dumps(body), x_api_key="shop-key")
            assert answer.json()["failed"] == 1

    async def test_is_refused_as_a_score_of_what_another_project_has(self, shared):
        (event, *_) = (await ids_of(shared, "bank"))["event"]
        for about, status in (({"event_id": event}, 400), ({"trace_id": TRACE_OF["bank"]}, 403)):
            score = {"name": "worth", "value": 1, **about}
            answer = await shared.post("/api/v1/scores", json.dumps(score), x_api_key="shop-key")
            assert answer.status == status


class TestPruning:
    @pytest.mark.parametrize(
        "asked",
        [
            {"trace_id": TRACE_OF["bank"]},
            {"session_id": "one session"},
            {"before": "2030-01-01T00:00:00Z"},
            {"project": "shop"},
        ],
    )
    async def test_is_of_the_project_alone(self, shared, asked):
        answer = await shared.post("/api/v1/prune", json.dumps({**asked, "dry_run": True}), x_api_key="shop-key")
        of_shop = 0 if "trace_id" in asked else 8
        assert (answer.status, answer.json()["events"]) == (200, of_shop)

    async def test_of_others_is_refused(self, shared):
        answer = await shared.post(
            "/api/v1/prune", json.dumps({"project": "bank", "dry_run": True}), x_api_key="shop-key"
        )
        assert (answer.status, "confined to 'shop'" in answer.json()["message"]) == (403, True)
        answer = await shared.post(
            "/api/v1/prune", json.dumps({"max_events": 1, "dry_run": True}), x_api_key="shop-key"
        )
        assert (answer.status, answer.json()["message"][:11]) == (400, "max_events:")


async def test_events_without_a_confined_key_name_their_project(start):
    receiver = await start()
    resource = {"attributes": attributes({"service.namespace": "shop", "openinference.project.name": "other"})}
    request = traces_request("shop")
    request["resourceSpans"][0]["resource"] = resource
    await receiver.post("/v1/traces", json.dumps(request))
    event = {"timestamp": MOMENT, "session_id": "one session", "project": "shop"}
    answer = await receiver.post("/api/v1/events", json.dumps(event))
    # Rule 2: the session's latest trace, in the same project.
    assert answer.json()["trace_id"] == TRACE_OF["shop"]
    for project in ("bank", None):
        answer = await receiver.post("/api/v1/events", json.dumps(event | {"project": project}))
        assert answer.json()["trace_id"] != TRACE_OF["shop"]
    assert (await receiver.read(f"/api/v1/traces/{TRACE_OF['shop']}"))["project"] == "shop"
