"""Edge's points are written to files, and are found as before, meanwhile, too."""

import asyncio
import signal
import uuid

import numpy as np
import pytest

from storage.filters import SearchFilter
from storage.qdrant.base import PASSAGE, REPEATED, TOLD, Occurrences, Point

ALL = SearchFilter()
POINTS = 600
ROWS = np.random.default_rng(3).standard_normal((POINTS, 32)).astype(np.float32)


def point(number: int) -> Point:
    payload = {
        "trace_id": f"trace-{number // 10}",
        "agent_id": f"agent-{number % 3}",
        "timestamp": f"2026-01-07T19:00:{number % 60:02d}Z",
        PASSAGE: number // 2,
        TOLD: [number, 10_000 + number],
        REPEATED: [10_000 + number],
    }
    return Point(str(uuid.UUID(int=number)), ROWS[number], f"refund order word{number}", payload)


@pytest.fixture
async def edge(tmp_path, edge_index):
    index = edge_index(tmp_path / "qdrant", 32)
    index._optimized_at = POINTS
    await index.open()
    yield index
    await index.close()


async def found(index) -> dict[str, object]:
    """Return all that can be asked of the index but the hits by meaning, whose scores are not quite the same."""
    return {
        "count": await index.count(),
        "words": set(await index.search_words("word17 refund", ALL, 700)),
        "filtered": set(await index.search_words("refund", SearchFilter(agent_id="agent-2"), 700)),
        "without": len(await index.search_words("refund", ALL, 700, without=[3, 4])),
        "newest": await index.newest(SearchFilter(trace_id="trace-4"), 5),
        "facets": await index.facets(ALL, ["agent_id"], 5),
        "occurrences": await index.occurrences([8], ALL),
        "told": await index.told([5, 10_005, 99_999], []),
        "repeating": await index.repeating([10_007], []),
    }


async def test_optimized_points_are_found_as_before(edge):
    edge._optimized_at = POINTS + 1
    await edge.upsert([point(number) for number in range(POINTS)])
    assert edge._optimizing is None
    before = await found(edge)
    assert before["count"] == POINTS
    assert before["occurrences"] == {8: Occurrences(2, 1)}
    await edge.optimize()
    assert list(edge._path.glob("segments/*/vector_index-bm25/inverted_index.dat"))
    assert await found(edge) == before
    for number in range(0, POINTS, 50):
        (hit,) = await edge.search_dense(ROWS[number], ALL, 1)
        assert uuid.UUID(hit.id).int == number
        assert hit.score == pytest.approx(1, abs=0.02)
    await edge.close()
    assert await found(edge) == before
    assert [each.name for each in edge._path.parent.iterdir() if each.is_dir()] == [edge._path.name]


async def test_optimized_points_can_be_changed_and_deleted(edge):
    await edge.upsert([point(number) for number in range(POINTS)])
    await edge._optimizing
    await edge.delete([point(number).id for number in range(POINTS // 2)])
    await edge.set_payload([point(400).id], {"agent_id": "agent-new"})
    await edge.upsert([point(500)])
    assert await edge.count() == POINTS // 2
    assert [hit.id for hit in await edge.search_words("refund", SearchFilter(agent_id="agent-new"), 9)] == [
        point(400).id
    ]
    assert len(await edge.search_words("word500", ALL, 9)) == 1
    assert (await edge.facets(ALL, ["agent_id"], 5)).values == {
        "agent_id": [("agent-0", 100), ("agent-2", 100), ("agent-1", 99), ("agent-new", 1)]
    }
    assert await edge.occurrences([250], ALL) == {250: Occurrences(2, 1)}
    assert await edge.told([500, 600], []) == {500: None}


async def test_searches_are_answered_while_the_engine_optimizes(edge):
    await edge.upsert([point(number) for number in range(POINTS)])
    while edge._reader is None:
        await asyncio.sleep(0)
    engine = edge._engine._process._process
    engine.send_signal(signal.SIGSTOP)
    change = asyncio.create_task(edge.delete([point(1).id]))
    async with asyncio.timeout(60):
        assert len(await edge.search_words("refund", ALL, 700)) == POINTS
        assert await edge.count() == POINTS
    assert not change.done()
    engine.send_signal(signal.SIGCONT)
    await change
    assert await edge.count() == POINTS - 1


async def test_an_engine_killed_while_it_optimizes_loses_nothing(edge, caplog):
    await edge.upsert([point(number) for number in range(POINTS)])
    while edge._reader is None:
        await asyncio.sleep(0)
    edge._engine._process.kill()
    await edge._optimizing
    assert "the search index cannot be optimized, and takes more memory" in caplog.text
    assert await edge.count() == POINTS
    await edge.delete([point(1).id])
    await edge.flush()
    assert await edge.count() == POINTS - 1


async def test_closing_ends_what_optimizes(edge):
    await edge.upsert([point(number) for number in range(POINTS)])
    await edge.close()
    assert edge._optimizing.done()
    assert await edge.count() == POINTS
