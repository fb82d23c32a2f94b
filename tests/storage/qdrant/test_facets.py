"""Counts by the payload's values, for either index."""

import uuid
from collections import Counter

import pytest

from mapping.times import format_rfc3339, parse_rfc3339
from storage.filters import SearchFilter
from storage.qdrant.base import FACETS, Point, most_frequent

NOON = parse_rfc3339("2026-01-07T12:00:00Z")


def point(number, at=NOON, **payload):
    return Point(
        str(uuid.UUID(int=number)),
        [1.0, 0.0, 0.0, 0.0],
        "",
        payload | {"timestamp": format_rfc3339(at + number * 1000)},
    )


@pytest.fixture
async def payloads(index):
    """Return what 300 points were indexed with, after some of them were replaced and others deleted."""
    all_payloads = {
        number: {
            "event_type": ("tool_call", "model_call", "log")[number % 3],
            "agent_id": f"agent-{number % 40:02}",
            "service": "shop" if number % 4 else "bank",
            "project": "one" if number % 5 else "two",
            "status": "error" if number % 10 == 0 else "ok",
        }
        for number in range(300)
    }
    await index.upsert([point(number, event_type="old", agent_id="old") for number in range(0, 300, 2)])
    await index.upsert([point(number, **payload) for number, payload in all_payloads.items()])
    await index.delete([str(uuid.UUID(int=number)) for number in range(0, 300, 7)])
    return {number: payload for number, payload in all_payloads.items() if number % 7}


def expected(payloads, field, limit):
    counts = Counter(payload[field] for payload in payloads)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]


async def test_an_empty_index_counts_nothing(index):
    assert (await index.facets(SearchFilter(), FACETS, 10)).values == {field: [] for field in FACETS}


@pytest.mark.parametrize("limit", [1, 5, 200])
async def test_each_field_is_counted_the_most_frequent_first(index, payloads, limit):
    counted = (await index.facets(SearchFilter(), FACETS, limit)).values
    assert counted == {field: expected(payloads.values(), field, limit) for field in FACETS}


@pytest.mark.parametrize(
    "which",
    [
        {"event_type": "log"},
        {"project": "two", "service": "bank"},
        {"agent_id": "agent-03", "status": "ok"},
        {"status": "error", "since": NOON + 100_000},
        {"since": NOON + 50_000, "until": NOON + 90_000},
        {"event_type": "old"},
    ],
)
async def test_only_what_passes_the_filter_is_counted(index, payloads, which):
    passing = [
        payload
        for number, payload in payloads.items()
        if all(payload[field] == value for field, value in which.items() if field in payload)
        and which.get("since", 0) <= NOON + number * 1000 < which.get("until", NOON * 2)
    ]
    counted = (await index.facets(SearchFilter(**which), FACETS, 200)).values
    assert counted == {field: expected(passing, field, 200) for field in FACETS}


async def test_a_point_without_the_field_is_not_counted(index):
    await index.upsert([point(1, status="ok"), point(2, status="ok", service="shop")])
    assert (await index.facets(SearchFilter(), ["status", "service"], 5)).values == {
        "status": [("ok", 2)],
        "service": [("shop", 1)],
    }


async def test_values_may_be_any_text(index):
    await index.upsert([point(1, agent_id="a' OR 1"), point(2, agent_id="日本\x00"), point(3, agent_id="")])
    counted = (await index.facets(SearchFilter(), ["agent_id"], 5)).values
    assert sorted(counted["agent_id"]) == [("", 1), ("a' OR 1", 1), ("日本\x00", 1)]


@pytest.mark.parametrize("which", [{}, {"status": "ok"}])
async def test_a_value_that_no_point_has_any_more_is_not_listed(index, which):
    """Qdrant lists it with a count of 0."""
    await index.upsert([point(number, agent_id=f"agent-{number}", status="ok") for number in range(1, 6)])
    assert len((await index.facets(SearchFilter(), ["agent_id"], 10)).values["agent_id"]) == 5
    await index.set_payload([str(uuid.UUID(int=1))], {"agent_id": "agent-2"})
    await index.upsert([point(3, agent_id="agent-4", status="ok")])
    await index.delete([str(uuid.UUID(int=5))])
    await index.flush()
    counted = (await index.facets(SearchFilter(**which), ["agent_id"], 10)).values
    assert counted == {"agent_id": [("agent-2", 2), ("agent-4", 2)]}


def test_values_that_only_deleted_points_have_are_not_listed():
    assert most_frequent([("gone", 0), ("b", 2), ("a", 2), ("c", 3)], 3) == [("c", 3), ("a", 2), ("b", 2)]
