"""Scores over HTTP: sent once or again, before or after what they are about; shown where they belong; found, kept."""

import asyncio
import json
import random

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "5b8efff798038103d269b633813fc60c"
SPAN_ID = "00f067aa0ba902b7"
NOON = 1_767_960_000_000_000_000
RESULT = "gen_ai.evaluation.result"


def attributes(values):
    kinds = {int: "intValue", str: "stringValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in values.items()]


def chat(**more):
    model = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "r1"}
    span = {
        "traceId": TRACE,
        "spanId": SPAN_ID,
        "parentSpanId": "00f067aa0ba902b8",
        "name": "chat gpt-4o",
        "startTimeUnixNano": str(NOON),
        "endTimeUnixNano": str(NOON + 10**9),
        "attributes": attributes(model | more),
    }
    return "/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def evaluated(name, value, **more):
    """A record as the conventions have it: beside the span that was judged."""
    told = {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": value}
    record = {"timeUnixNano": str(NOON + 60 * 10**9), "eventName": RESULT, "traceId": TRACE, "spanId": SPAN_ID}
    records = [record | {"attributes": attributes(told)} | more]
    return "/v1/logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


def score(**fields):
    return "/api/v1/scores", {"trace_id": TRACE, "name": "tone", "value": 0.5} | fields


async def send(receiver, *requests):
    answers = []
    for path, body in requests:
        answer = await receiver.post(path, json.dumps(body))
        assert answer.status == 200, answer.body
        answers.append(answer.json())
    await interpreted(receiver)
    return answers


async def interpreted(receiver):
    async with asyncio.timeout(30):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.02)


async def shown(receiver, trace_id=TRACE):
    scores = (await receiver.read(f"/api/v1/traces/{trace_id}"))["scores"]
    return {(one["name"], one["value"], one["label"], one["about"]) for one in scores}


async def test_a_score_is_shown_with_the_trace_the_call_and_the_event_it_is_about(fresh):
    sent = await send(
        fresh,
        chat(),
        score(name="helpful", label="yes", value=None, source="person", author="Ada", explanation="at once"),
        score(name="correct", span_id=SPAN_ID.upper()),
        evaluated("relevant", 4.0),
    )
    trace = await fresh.read(f"/api/v1/traces/{TRACE}")
    (call,) = (await fresh.read("/api/v1/calls"))["calls"]
    assert {(one["name"], one["about"], one["call_id"]) for one in trace["scores"]} == {
        ("helpful", "trace", None),
        ("correct", "call", call["id"]),
        ("relevant", "call", call["id"]),
    }
    (helpful,) = [one for one in trace["scores"] if one["name"] == "helpful"]
    assert helpful["id"] == sent[1]["score_id"]
    assert (helpful["label"], helpful["source"], helpful["author"], helpful["explanation"]) == (
        "yes", "person", "Ada", "at once"
    )  # fmt: skip
    for path in (f"calls/{call['id']}", f"events/{call['id']}"):
        assert {one["name"] for one in (await fresh.read(f"/api/v1/{path}"))["scores"]} == {"correct", "relevant"}
    outline = await fresh.read(f"/api/v1/traces/{TRACE}/outline")
    assert outline["scores"] == trace["scores"]
    (listed,) = (await fresh.read("/api/v1/traces"))["traces"]
    assert {(one["name"], one["count"], one["mean"]) for one in listed["score_sums"]} == {
        ("helpful", 1, None), ("correct", 1, 0.5), ("relevant", 1, 4.0)
    }  # fmt: skip


async def test_a_score_does_not_change_what_happened(fresh):
    await send(fresh, chat())
    before = await fresh.read(f"/api/v1/traces/{TRACE}")
    await send(fresh, score(), evaluated("relevant", 4.0), score(key="later", name="other"))
    after = await fresh.read(f"/api/v1/traces/{TRACE}")
    same = ("duration_ns", "name", "calls", "error_count", "start_time", "end_time", "service")
    assert {field: after[field] for field in same} == {field: before[field] for field in same}
    assert after["duration_ns"] == 10**9
    (session,) = (await fresh.read("/api/v1/traces?filter=duration%3D1s"))["traces"]
    assert session["id"] == TRACE


async def test_a_score_of_a_session_that_there_is_not_is_no_run(fresh):
    await send(fresh, chat(), score(trace_id=None, session_id="a typo"), score(trace_id="a" * 32, session_id=None))
    assert [trace["id"] for trace in (await fresh.read("/api/v1/traces"))["traces"]] == [TRACE]
    assert (await fresh.read("/api/v1/overview"))["count"] == 1
    assert [one["name"] for one in (await fresh.read("/api/v1/sessions/a%20typo"))["score_sums"]] == ["tone"]


async def test_a_score_does_not_name_a_run_without_a_name(fresh):
    event = {"timestamp": "2026-01-07T19:00:00Z", "event_type": "tool_call", "trace_id": TRACE}
    await send(fresh, ("/api/v1/events", event), score(), evaluated("relevant", 4.0))
    trace = await fresh.read(f"/api/v1/traces/{TRACE}")
    assert (trace["name"], len(trace["scores"])) == (None, 2)


@pytest.mark.parametrize("order", range(4))
async def test_whatever_comes_first_and_however_often_the_scores_are_the_same(fresh, order):
    requests = [chat(), score(key="one"), score(key="two", name="other", span_id=SPAN_ID), evaluated("relevant", 4.0)]
    random.Random(order).shuffle(requests)  # noqa: S311 - an order
    for request in (*requests, *requests):
        await send(fresh, request)
    assert await shown(fresh) == {
        ("tone", 0.5, None, "trace"),
        ("other", 0.5, None, "call"),
        ("relevant", 4.0, None, "call"),
    }
    assert (await fresh.read("/api/v1/stats"))["events"] == 4


async def test_a_score_that_comes_before_its_trace_is_no_run_by_itself(fresh):
    another = {"timestamp": "2026-01-07T19:00:00Z", "event_type": "tool_call", "trace_id": "a" * 32}
    await send(fresh, score(span_id=SPAN_ID), ("/api/v1/events", another))
    assert await shown(fresh) == {("tone", 0.5, None, "event")}
    assert [one["id"] for one in (await fresh.read("/api/v1/traces"))["traces"]] == ["a" * 32]
    await send(fresh, chat())
    assert await shown(fresh) == {("tone", 0.5, None, "call")}
    assert {one["id"] for one in (await fresh.read("/api/v1/traces"))["traces"]} == {TRACE, "a" * 32}


async def test_a_key_makes_it_safe_to_send_again_and_gives_back_the_first(fresh):
    body = json.dumps(score(key="review-1")[1])
    first, again = [(await fresh.post("/api/v1/scores", body)).json() for _ in range(2)]
    assert (first["duplicate"], again["duplicate"], first["score_id"]) == (False, True, again["score_id"])
    body = json.dumps(score()[1])
    by_header = [(await fresh.post("/api/v1/scores", body, idempotency_key="review-2")).json() for _ in range(2)]
    assert [one["duplicate"] for one in by_header] == [False, True]
    others = [(await fresh.post("/api/v1/scores", body)).json() for _ in range(2)]
    assert others[0]["score_id"] != others[1]["score_id"]


async def test_who_changes_a_score_sends_it_again_and_the_latest_counts(fresh):
    await send(fresh, chat(), score(author="Ada", value=0.1), score(author="Ada", value=0.9), score(author="Bob"))
    assert await shown(fresh) == {("tone", 0.9, None, "trace"), ("tone", 0.5, None, "trace")}


async def test_who_has_said_something_takes_it_back(fresh):
    await send(fresh, chat(), score(author="Ada"), score(author="Bob"), score(author="Ada", value=None, withdraw=True))
    told = (await fresh.read(f"/api/v1/traces/{TRACE}"))["scores"]
    assert [(one["author"], one["value"]) for one in told] == [("Bob", 0.5)]
    assert [one["count"] for one in (await fresh.read("/api/v1/traces"))["traces"][0]["score_sums"]] == [1]
    await send(fresh, score(author="Ada", value=0.7))
    assert await shown(fresh) == {("tone", 0.5, None, "trace"), ("tone", 0.7, None, "trace")}


async def test_what_is_stored_is_known_by_its_own_id(fresh):
    await send(fresh, chat())
    (call,) = (await fresh.read("/api/v1/calls"))["calls"]
    (sent,) = await send(fresh, ("/api/v1/scores", {"call_id": call["id"], "name": "tone", "value": 1}))
    assert sent["trace_id"] == TRACE
    await send(fresh, ("/api/v1/scores", {"event_id": call["id"].upper(), "name": "other", "value": 1}))
    assert await shown(fresh) == {("tone", 1.0, None, "call"), ("other", 1.0, None, "call")}
    missing = await fresh.post("/api/v1/scores", json.dumps({"event_id": "none", "name": "tone", "value": 1}))
    assert (missing.status, missing.json()["message"]) == (
        400,
        "event_id: nothing with the id 'none' is stored; with its trace_id it may come later",
    )


async def test_a_session_is_scored(fresh):
    event = {"timestamp": "2026-01-07T19:00:00Z", "session_id": "s", "event_type": "tool_call", "trace_id": TRACE}
    await send(fresh, ("/api/v1/events", event), ("/api/v1/scores", {"session_id": "s", "name": "goal", "value": 1}))
    assert await shown(fresh) == {("goal", 1.0, None, "session")}
    (session,) = (await fresh.read("/api/v1/sessions?filter=score:goal%3D1"))["sessions"]
    assert [(one["name"], one["mean"]) for one in session["score_sums"]] == [("goal", 1.0)]
    assert session["duration_ns"] == 0


@pytest.mark.parametrize(
    ("term", "traces", "calls"),
    [
        ("score:tone", 1, 0),
        ("score:relevant", 1, 1),
        ("score:relevant>3", 1, 1),
        ("score:relevant<3", 0, 0),
        ("score:verdict=pass", 1, 0),
        ("score:verdict=fail", 0, 0),
        ("-score:tone<0.4", 1, 1),
    ],
)
async def test_lists_are_filtered_by_scores(fresh, term, traces, calls):
    await send(fresh, chat(), evaluated("relevant", 4.0), score(), score(name="verdict", label="pass", value=None))
    query = term.replace("<", "%3C").replace(">", "%3E").replace("=", "%3D")
    assert len((await fresh.read(f"/api/v1/traces?filter={query}"))["traces"]) == traces
    assert len((await fresh.read(f"/api/v1/calls?filter={query}"))["calls"]) == calls


async def test_scores_are_counted_by_name_and_no_longer_once_they_are_deleted(fresh):
    await send(
        fresh,
        chat(),
        score(value=0.25),
        score(value=0.75, span_id=SPAN_ID),
        *(score(name="verdict", value=None, label=label, author=label) for label in ("pass", "fail")),
        score(name="verdict", value=None, label="pass", author="other"),
    )
    answer = await fresh.read("/api/v1/breakdown?by=score")
    assert answer["scores"] == [
        {"name": "verdict", "count": 3, "valued": 0, "mean": None, "labels": {"pass": 2, "fail": 1}},
        {"name": "tone", "count": 2, "valued": 2, "mean": 0.5, "labels": {}},
    ]
    assert (answer["rows"], answer["errors"], answer["names"]) == ([], [], 2)
    assert (await fresh.post("/api/v1/prune", json.dumps({"trace_id": TRACE}))).status == 200
    assert (await fresh.read("/api/v1/breakdown?by=score"))["scores"] == []
    assert (await fresh.read("/api/v1/stats"))["events"] == 0


@pytest.mark.parametrize("form", ["jsonl", "otlp"])
async def test_an_export_is_imported_with_its_scores(start, form):
    one, other = await start(data="one"), await start(data="other")
    await send(
        one, chat(), score(key="k", author="Ada"), score(name="other", span_id=SPAN_ID), evaluated("relevant", 4.0)
    )
    exported = (await one.get(f"/api/v1/export/traces?format={form}")).body.decode().splitlines()
    if form == "jsonl":
        events = [json.loads(line) for line in exported]
        await send(other, ("/api/v1/events/batch", {"events": events, "options": {"as_read": True}}))
    else:
        for line in map(json.loads, exported):
            await send(other, ("/v1/traces" if "resourceSpans" in line else "/v1/logs", line))
    found = [(await each.read(f"/api/v1/traces/{TRACE}"))["scores"] for each in (one, other)]
    assert len(found[0]) == 3
    assert found[0] == found[1]
    of_calls = (await one.get("/api/v1/export/calls")).body.splitlines()
    assert {json.loads(line)["name"] for line in of_calls} == {"chat gpt-4o", RESULT}


async def test_scores_are_read_anew_where_an_earlier_version_interpreted(alone):
    async with alone() as receiver:
        await send(receiver, chat(), score())
        database = receiver.storage.reader.database
        await database.query("UPDATE agent_run SET version = '8', scores = NONE, score_sums = NONE")
        await database.query("UPDATE interpretation_state:current SET version = '8'")
    async with alone() as receiver:
        async with asyncio.timeout(30):
            while not await shown(receiver):
                await asyncio.sleep(0.05)
        assert await shown(receiver) == {("tone", 0.5, None, "trace")}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "body: expected a score as a JSON object; object missing required field `name`"),
        ([], "body: expected a score as a JSON object"),
        ({"name": "tone", "trace_id": TRACE}, "value: expected one, or a label or an explanation"),
        (
            {"name": "tone", "value": 5e9, "trace_id": TRACE},
            "value: expected a number from -1000000000 to 1000000000; got 5e+09",
        ),
        ({"name": "tone", "value": "good", "trace_id": TRACE}, "value: expected `float | null`, got `str`"),
        (
            {"name": "tone", "vlaue": 1, "trace_id": TRACE},
            "body: expected a score as a JSON object; object contains unknown field `vlaue`",
        ),
        ({"name": "", "value": 1, "trace_id": TRACE}, "name: expected `str` of length >= 1"),
        ({"name": " ", "value": 1, "trace_id": TRACE}, "name: expected a text that is not blank"),
        ({"name": "tone", "value": 1}, "trace_id: expected what the score is about"),
        ({"name": "tone", "value": 1, "trace_id": "0" * 32}, "trace_id: expected up to 200 characters, not all zero"),
        ({"name": "tone", "value": 1, "trace_id": "x" * 201}, "trace_id: expected up to 200 characters"),
        ({"name": "tone", "value": 1, "span_id": SPAN_ID}, "span_id: expected 16 hex digits, with the trace_id"),
        ({"name": "tone", "value": 1, "trace_id": TRACE, "span_id": "x"}, "span_id: expected 16 hex digits"),
        (
            {"name": "tone", "value": 1, "call_id": "a", "event_id": "b"},
            "event_id: expected one of span_id, call_id and event_id; got call_id and event_id",
        ),
        ({"name": "tone", "value": 1, "session_id": "s", "trace_id": TRACE}, "session_id: expected alone"),
        (
            {"name": "tone", "value": 1, "trace_id": TRACE, "source": "robot"},
            "source: expected one of person, code, model; got 'robot'",
        ),
        ({"name": "tone", "label": " \t", "trace_id": TRACE}, "label: expected a text that is not blank"),
        ({"name": "tone", "value": 1, "trace_id": TRACE, "timestamp": "yesterday"}, "timestamp: "),
        ({"name": "x" * 201, "value": 1, "trace_id": TRACE}, "name: expected `str` of length <= 200"),
    ],
)
async def test_what_is_wrong_is_named(receiver, body, message):
    answer = await receiver.post("/api/v1/scores", json.dumps(body))
    assert (answer.status, answer.json()["error"]) == (400, "invalid_argument")
    assert answer.json()["message"].startswith(message), answer.json()["message"]


async def test_a_value_that_is_no_number_is_refused(receiver):
    for number in ("1e999", "NaN"):
        answer = await receiver.post("/api/v1/scores", f'{{"name": "tone", "value": {number}, "trace_id": "{TRACE}"}}')
        assert answer.status == 400
        assert answer.json()["message"] == (
            f"value: expected `float | null`, got `str`; {number} is no finite number, and was read as text"
        )


async def test_a_mean_of_large_numbers_is_the_same_of_a_trace_and_of_all_runs(fresh):
    await send(fresh, chat(), score(value=1e9), score(value=-5e8, source="code"), evaluated("tone", 5e9))
    (of_trace,) = (await fresh.read(f"/api/v1/traces/{TRACE}"))["score_sums"]
    (of_all,) = (await fresh.read("/api/v1/breakdown?by=score"))["scores"]
    assert of_all == {"name": "tone", "count": 3, "valued": 2, "mean": 2.5e8, "labels": {"5000000000": 1}}
    assert {field: of_trace[field] for field in of_all} == of_all


async def test_secrets_in_remarks_are_masked(fresh):
    await send(fresh, score(explanation="the key was sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH"))
    (told,) = (await fresh.read(f"/api/v1/traces/{TRACE}"))["scores"]
    assert "sk-proj" not in told["explanation"]


async def test_many_scores_of_a_trace_are_summed_and_the_latest_shown(fresh):
    events = [
        {
            "timestamp": f"2026-01-09T12:{number // 60:02}:{number % 60:02}Z",
            "trace_id": TRACE,
            "event_type": "evaluation",
            "event_id": f"score {number}",
            "properties": {"gen_ai.evaluation.name": f"n{number % 2}", "gen_ai.evaluation.score.value": number,
                           "score.author": str(number)},
        }
        for number in range(300)
    ]  # fmt: skip
    for start in range(0, 300, 100):
        await send(fresh, ("/api/v1/events/batch", {"events": events[start : start + 100]}))
    trace = await fresh.read(f"/api/v1/traces/{TRACE}")
    assert [one["value"] for one in trace["scores"]] == [float(number) for number in range(299, 199, -1)]
    assert [(one["name"], one["count"], one["least"], one["greatest"]) for one in trace["score_sums"]] == [
        ("n0", 150, 0.0, 298.0), ("n1", 150, 1.0, 299.0)
    ]  # fmt: skip
