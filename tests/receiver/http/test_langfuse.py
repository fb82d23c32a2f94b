"""Langfuse's SDKs with `LANGFUSE_HOST` as this receiver's address: what they send, and what they are answered."""

import asyncio
import base64
import json

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "5b8efff798038103d269b633813fc60c"
SPAN_ID = "00f067aa0ba902b7"
# As the Python SDK 5.0.4 sends it.
SCORE = {
    "id": "83a2c7a76f1b4a0f",
    "traceId": TRACE,
    "observationId": SPAN_ID,
    "name": "accuracy",
    "value": 0.9,
    "comment": "as expected",
    "environment": "default",
    "dataType": "NUMERIC",
    "timestamp": "2026-01-07T19:00:00.123456Z",
    "metadata": {"run": 1},
}
# As the JavaScript SDK 5.11.1 does.
CREATED = {"id": "e1", "type": "score-create", "timestamp": "2026-01-07T19:00:00.000Z", "body": SCORE}


async def scores(receiver):
    async with asyncio.timeout(30):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.02)
    answer = await receiver.get(f"/api/v1/traces/{TRACE}")
    told = answer.json()["scores"] if answer.status == 200 else []
    return {(one["name"], one["value"], one["label"], one["explanation"], one["source"], one["about"]) for one in told}


async def post(receiver, path, value):
    answer = await receiver.post(f"/api/public/{path}", json.dumps(value))
    return answer.status, answer.json()


async def test_a_list_of_scores_is_stored(fresh):
    others = [
        {"traceId": TRACE, "name": "verdict", "value": "pass", "dataType": "CATEGORICAL", "source": "ANNOTATION"},
        {"traceId": TRACE, "name": "remark", "value": "see the second step", "dataType": "TEXT"},
        {"traceId": TRACE, "name": "right", "value": 1, "dataType": "BOOLEAN", "configId": None},
    ]
    assert await post(fresh, "scores", [SCORE, *others]) == (202, {"message": "Accepted"})
    assert await scores(fresh) == {
        ("accuracy", 0.9, None, "as expected", None, "event"),
        ("verdict", None, "pass", None, "person", "trace"),
        ("remark", None, None, "see the second step", None, "trace"),
        ("right", 1.0, None, None, None, "trace"),
    }


async def test_one_score_is_stored_and_its_id_given_back(fresh):
    status, answer = await post(fresh, "scores", SCORE)
    assert (status, await post(fresh, "scores", SCORE)) == (200, (200, answer))
    event = await fresh.read(f"/api/v1/events/{answer['id']}")
    assert (event["event_type"], event["parent_span_id"]) == ("evaluation", SPAN_ID)


async def test_a_batch_of_events_is_stored_as_far_as_it_is_scores(fresh):
    other = {"id": "e2", "type": "trace-create", "timestamp": "2026-01-07T19:00:00.000Z", "body": {"name": "t"}}
    bad = {"id": "e3", "type": "score-create", "body": {"name": "x", "value": [1]}}
    status, answer = await post(fresh, "ingestion", {"batch": [CREATED, other, bad], "metadata": {}})
    assert (status, answer["successes"]) == (207, [{"id": "e1", "status": 201}])
    assert [(error["id"], error["status"]) for error in answer["errors"]] == [("e2", 400), ("e3", 400)]
    assert answer["errors"][0]["message"].startswith("type: expected score-create")
    assert answer["errors"][1]["message"].startswith("value: expected ")
    assert await scores(fresh) == {("accuracy", 0.9, None, "as expected", None, "event")}


async def test_sent_again_it_is_the_same_and_with_another_value_it_is_changed(fresh):
    later = SCORE | {"value": 0.1, "timestamp": "2026-01-07T19:05:00Z"}
    for each in (SCORE, SCORE, later, later):
        assert (await post(fresh, "scores", [each]))[0] == 202
    assert await scores(fresh) == {("accuracy", 0.1, None, "as expected", None, "event")}
    assert (await fresh.read("/api/v1/stats"))["events"] == 2


async def test_bad_scores_cost_only_themselves(receiver):
    bad = [{"name": "x"}, {"name": "x", "value": 1}, {"name": "x", "value": 1, "traceId": TRACE, "timestamp": "now"}, 3]
    status, answer = await post(receiver, "scores", [SCORE, *bad])
    assert (status, answer["accepted"], answer["rejected"]) == (207, 1, 4)
    assert "trace_id: expected what the score is about" in answer["errors"][1]["message"]


@pytest.mark.parametrize(
    ("path", "body"), [("scores", "{"), ("scores", "[{]"), ("scores", "3"), ("ingestion", "[]"), ("ingestion", "{}")]
)
async def test_what_is_none_of_theirs_is_400(receiver, path, body):
    answer = await receiver.post(f"/api/public/{path}", body)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_argument")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(start_shared):
    return await start_shared(data="langfuse", keys=["secret"])


def basic(secret):
    return "Basic " + base64.b64encode(f"pk-lf-any:{secret}".encode()).decode()


async def test_the_secret_key_is_the_receivers(guarded, spans):
    body, kind = spans.body(spans.item()), spans.content_type
    for secret, status in (("secret", 200), ("wrong", 401)):
        headers = {"authorization": basic(secret)}
        assert (await guarded.post("/api/public/otel/v1/traces", body, kind, **headers)).status == status
        assert (await guarded.post("/api/public/scores", json.dumps(SCORE), **headers)).status == status


@pytest.mark.parametrize("sent", ["Basic", "Basic !", "Basic c2VjcmV0", "Basic /////w=="])
async def test_anything_else_is_401(guarded, sent):
    assert (await guarded.post("/api/public/scores", json.dumps(SCORE), authorization=sent)).status == 401
