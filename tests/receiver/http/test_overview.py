"""Figures of runs over time and by name, as clients get them; what they count is tested with the store."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMPTY = {
    "count": 0, "failed": 0, "calls": 0, "unpriced_calls": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0,
    "p50_duration_ns": None, "p95_duration_ns": None, "since": None, "until": None, "steps": [],
    "earlier": 0, "later": 0,
}  # fmt: skip


async def sent(receiver, *events):
    answer = await receiver.post("/api/v1/events/batch", json.dumps({"events": list(events)}))
    assert answer.status in (200, 201), answer.json()
    async with asyncio.timeout(30):
        while (await receiver.get("/api/v1/stats")).json()["interpretation_pending"]:
            await asyncio.sleep(0.02)


def tool_call(number, name="look", hour=19, **fields):
    return {
        "event_id": f"{name} {number}",
        "timestamp": f"2026-01-07T{hour}:00:00Z",
        "trace_id": f"{number:032x}",
        "agent_id": "reader",
        "event_type": "tool_call",
        "properties": {"tool_name": name, "input": "x", "output": "y", **fields},
    }


async def test_without_runs_there_are_no_figures(fresh):
    assert (await fresh.get("/api/v1/overview")).json() == EMPTY
    answer = (await fresh.get("/api/v1/breakdown?by=tool")).json()
    assert answer == {
        "by": "tool", "since": None, "until": None, "steps": [], "names": 0, "complete": True,
        "rows": [], "errors": [], "scores": [],
    }  # fmt: skip


async def test_figures_are_of_whole_hours_and_lists_of_that_time_have_what_they_count(fresh):
    await sent(fresh, *(tool_call(number, hour=hour) for number, hour in [(1, 10), (2, 12), (3, 12)]))
    whole = (await fresh.get("/api/v1/overview")).json()
    assert (whole["count"], whole["since"], whole["until"]) == (
        3, "2026-01-07T10:00:00.000000000Z", "2026-01-07T13:00:00.000000000Z",
    )  # fmt: skip
    assert [(step["start"][11:13], step["count"]) for step in whole["steps"]] == [("10", 1), ("11", 0), ("12", 2)]
    part = (await fresh.get("/api/v1/overview?since=2026-01-07T11:30:00Z")).json()
    assert (part["count"], part["since"][11:13]) == (2, "11")
    listed = (await fresh.get(f"/api/v1/traces?since={part['since']}&until={part['until']}")).json()["traces"]
    assert len(listed) == part["count"]


async def test_runs_with_a_wrong_date_are_counted_apart(fresh):
    wrong = [
        tool_call(number) | {"timestamp": at}
        for number, at in ((7, "1970-01-01T00:00:09Z"), (8, "2090-01-01T00:00:00Z"))
    ]
    await sent(fresh, *(tool_call(number, hour=10 + number) for number in range(1, 6)), *wrong)
    told = (await fresh.get("/api/v1/overview")).json()
    assert (told["count"], told["earlier"], told["later"]) == (5, 1, 1)
    assert (told["since"], len(told["steps"])) == ("2026-01-07T11:00:00.000000000Z", 5)
    old = (await fresh.get("/api/v1/overview?since=1970-01-01T00:00:00Z")).json()
    assert (old["count"], old["earlier"], old["later"]) == (6, 0, 1)
    (tool,) = (await fresh.get("/api/v1/breakdown?by=tool")).json()["rows"]
    assert tool["count"] == 5


async def test_two_runs_are_both_counted_however_far_they_are_from_each_other(fresh):
    await sent(fresh, tool_call(1), tool_call(2) | {"timestamp": "1970-01-01T00:00:09Z"})
    told = (await fresh.get("/api/v1/overview")).json()
    assert (told["count"], told["earlier"], told["later"]) == (2, 0, 0)


async def test_rows_are_those_that_count_most_and_lead_to_as_many_calls(fresh):
    await sent(fresh, tool_call(1), tool_call(2), tool_call(3, "pay"), tool_call(4, "write"))
    answer = (await fresh.get("/api/v1/breakdown?by=tool&limit=2")).json()
    assert [(row["name"], row["count"]) for row in answer["rows"]] == [("look", 2), ("pay", 1)]
    assert answer["names"] == 3
    calls = (await fresh.get("/api/v1/calls?kind=tool&name=look")).json()["calls"]
    assert len(calls) == 2


async def test_an_error_says_the_hours_it_was_seen_in_however_old_another_run_is(fresh):
    now = datetime.now(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    failed = {"event_type": "tool_call", "agent_id": "a"}
    moments = [("old", hour - timedelta(days=200)), ("pay", hour - timedelta(hours=70)), ("pay", hour), ("read", hour),
               ("write", hour - timedelta(hours=1, minutes=30))]  # fmt: skip
    await sent(
        fresh,
        *(
            {
                **failed,
                "timestamp": at.isoformat(),
                "trace_id": f"{number:032x}",
                "properties": {"tool_name": name, "error": "refused"},
            }
            for number, (name, at) in enumerate(moments, 1)
        ),
    )
    errors = {row["where"]: row for row in (await fresh.read("/api/v1/breakdown?by=error"))["errors"]}
    seen = {
        where: tuple(datetime.fromisoformat(row[end]) for end in ("first_seen", "last_seen"))
        for where, row in errors.items()
    }
    old, two_hours = hour - timedelta(days=200), hour - timedelta(hours=2)
    assert seen["old"] == (old, old + timedelta(hours=1))
    assert seen["write"] == (two_hours, two_hours + timedelta(hours=1))
    assert (seen["pay"][0], seen["read"][0]) == (hour - timedelta(hours=70), hour)
    for where in ("pay", "read"):  # the hour is not over, or just now
        assert now <= seen[where][1] <= min(datetime.now(UTC), hour + timedelta(hours=1))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("breakdown", "by: expected one of agent, service, project, model, tool, error, score"),
        ("breakdown?by=colour", "by: expected one of agent, service, project, model, tool, error, score; got 'colour'"),
        ("breakdown?by=tool&since=yesterday", "since: expected a moment in RFC 3339"),
        ("overview?until=1", "until: expected a moment in RFC 3339"),
        ("overview?by=tool", "by: unknown parameter; allowed: since, until, project"),
    ],
)
async def test_what_is_wrong_is_named(fresh, query, message):
    answer = await fresh.get(f"/api/v1/{query}")
    assert answer.status == 400
    assert answer.json()["message"].startswith(message)


@pytest.mark.parametrize(
    ("since", "until"), [("0001-01-01", "9999-12-31"), ("2026-01-07", "2026-01-07"), ("2027-01-01", "2026-01-01")]
)
async def test_any_span_of_time_has_figures(fresh, since, until):
    await sent(fresh, tool_call(1))
    answer = await fresh.get(f"/api/v1/overview?since={since}T00:00:00Z&until={until}T00:00:00Z")
    assert answer.status == 200
    assert answer.json()["count"] == (1 if since < "2026-01-07" else 0)
    assert len(answer.json()["steps"]) <= 102
    assert (
        await fresh.get(f"/api/v1/breakdown?by=error&since={since}T00:00:00Z&until={until}T00:00:00Z")
    ).status == 200
