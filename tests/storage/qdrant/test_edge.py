"""What is peculiar to Edge: the folder, its engine's process, and what is left when either fails."""

import asyncio
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import IndexUnavailable, IndexUnusable
from storage.filters import SearchFilter
from storage.qdrant.base import Point
from storage.qdrant.edge import EdgeIndex

ALL = SearchFilter()
EAST = [1.0, 0.0, 0.0, 0.0]


def point(number: int, dense=EAST, text="refund") -> Point:
    return Point(str(uuid.UUID(int=number)), dense, text, {"status": "ok"})


@pytest.fixture
async def edge(tmp_path, edge_index):
    index = edge_index(tmp_path / "deep" / "qdrant", 4)
    await index.open()
    yield index
    await index.close()


def engine_of(index: EdgeIndex) -> subprocess.Popen:
    return index._engine._process._process


def folder(index: EdgeIndex) -> Path:
    return index._path


async def test_points_are_there_after_closing_and_opening(edge):
    await edge.upsert([point(1)])
    await edge.close()
    await edge.open()
    assert len(await edge.search_words("refund", SearchFilter(status="ok"), 5)) == 1


async def test_closing_twice_is_harmless(edge):
    await edge.upsert([point(1)])
    await edge.close()
    await edge.close()
    await edge.open()
    assert await edge.count() == 1


async def test_points_outlive_a_killed_engine_which_the_next_request_starts_again(edge):
    await edge.upsert([point(n) for n in range(100)])
    engine_of(edge).kill()
    with pytest.raises(IndexUnavailable, match="exit code -9"):
        await edge.count()
    assert await edge.count() == 100
    await edge.delete([point(1).id])
    engine_of(edge).kill()
    with pytest.raises(IndexUnavailable):
        await edge.upsert([point(200)])
    assert await edge.count() == 99


def test_the_engine_loads_nothing_that_it_does_not_need():
    program = "import sys, storage.qdrant.engine; print({'numpy', 'surrealdb', 'qdrant_client'} & sys.modules.keys())"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"
    )


async def test_the_engine_lets_the_receiver_decide_when_to_end(edge):
    for number in (signal.SIGINT, signal.SIGTERM):
        engine_of(edge).send_signal(number)
    await edge.upsert([point(1)])
    assert await edge.count() == 1


async def test_the_engine_ends_with_a_receiver_that_is_killed(tmp_path):
    program = f"""
import asyncio, sys, uuid
from pathlib import Path
from storage.qdrant.base import Point
from storage.qdrant.edge import EdgeIndex
from storage.qdrant.packing import pack
async def main():
    index = EdgeIndex(Path({str(tmp_path / "qdrant")!r}), 4)
    points = [Point(str(uuid.UUID(int=n)), [1.0, 0.0, 0.0, 0.0], "refund", {{}}) for n in range(50)]
    await index.upsert(pack(points, 4))
    await index.flush()
    print(index._engine._process._process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as receiver:
        engine = int(receiver.stdout.readline())
        receiver.kill()
    ends = time.monotonic() + 60
    while alive(engine):
        assert time.monotonic() < ends
        time.sleep(0.05)
    index = EdgeIndex(tmp_path / "qdrant", 4)
    assert await index.count() == 50
    await index.close()


def alive(pid: int) -> bool:
    """Return whether a process runs. One that only waits to be reaped, by whoever adopted it, does not."""
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return status.stdout.strip() not in {"", "Z"}


async def test_a_second_user_of_the_folder_is_told_so_and_harms_nothing(edge):
    await edge.upsert([point(1)])
    second = EdgeIndex(folder(edge), 4)
    for attempt in (second.open, second.count, second.remove):
        with pytest.raises(
            IndexUnavailable, match=r"another process uses the search index: it has locked .*qdrant\.lock"
        ):
            await attempt()
    await edge.upsert([point(2)])
    assert await edge.count() == 2
    await edge.close()
    await second.open()
    assert len(await second.search_words("refund", ALL, 5)) == 2
    await second.close()


DAMAGE = {
    "the configuration": lambda path: (path / "edge_config.json").write_text("{garbage"),
    "a segment's state": lambda path: next(path.glob("segments/*/segment.json")).write_text("garbage"),
    "the ids": lambda path: next(path.glob("segments/*/mutable_id_tracker.mappings")).write_text("garbage"),
    "the write-ahead log": lambda path: next(path.glob("wal/open-*")).write_text("garbage"),
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_damaged_folder_is_unusable_until_it_is_removed(edge, damage):
    await edge.upsert([point(n) for n in range(100)])
    await edge.close()
    DAMAGE[damage](folder(edge))
    with pytest.raises(IndexUnusable, match="cannot be read"):
        await edge.open()
    await edge.remove()
    assert list(folder(edge).parent.iterdir()) == []
    assert await edge.count() == 0
    await edge.upsert([point(1)])
    assert await edge.count() == 1


async def test_a_folder_removed_by_hand_is_an_empty_index(edge):
    await edge.upsert([point(1)])
    await edge.close()
    shutil.rmtree(folder(edge))
    await edge.open()
    assert await edge.count() == 0


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    index = EdgeIndex(tmp_path / "file" / "qdrant", 4)
    with pytest.raises(IndexUnavailable, match="file"):
        await index.open()
    await index.close()


async def test_a_caller_who_gives_up_leaves_the_index_in_order(edge):
    for _ in range(20):
        task = asyncio.create_task(edge.upsert([point(n) for n in range(300)]))
        await asyncio.sleep(0.003)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await edge.upsert([point(n) for n in range(400)])
    assert await edge.count() == 400


async def test_searches_get_in_between_the_parts_of_a_large_upsert(edge):
    upsert = asyncio.create_task(edge.upsert([point(n) for n in range(5000)]))
    searches = 0
    while not upsert.done():
        await edge.search_words("refund", ALL, 5)
        searches += 1
    assert searches > 5


finite = st.floats(-1, 1, width=32)
vectors = st.lists(st.lists(finite, min_size=4, max_size=4).filter(lambda v: np.linalg.norm(v) > 1e-3), max_size=60)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(vectors, st.lists(finite, min_size=4, max_size=4).filter(lambda v: np.linalg.norm(v) > 1e-3), st.integers(1, 70))
def test_dense_search_finds_what_brute_force_finds(engine_thread, rows, query, limit):
    index, run = engine_thread
    points = [point(n, row) for n, row in enumerate(rows)]
    run(index.upsert(points))
    hits = run(index.search_dense(query, ALL, limit))
    run(index.delete([each.id for each in points]))
    unit = np.array(query) / np.linalg.norm(query)
    cosines = {each.id: float(np.array(each.dense) @ unit / np.linalg.norm(each.dense)) for each in points}
    assert [hit.score for hit in hits] == pytest.approx(sorted(cosines.values(), reverse=True)[:limit], abs=2e-3)
    assert {hit.id: hit.score for hit in hits} == pytest.approx({hit.id: cosines[hit.id] for hit in hits}, abs=2e-3)


@pytest.fixture
def engine_thread(tmp_path, edge_index):
    """Hypothesis calls plain functions: one index for all of its examples, and a loop to wait with."""
    with asyncio.Runner() as runner:
        index = edge_index(tmp_path / "qdrant", 4)
        yield index, runner.run
        runner.run(index.close())


@pytest.fixture
async def many(tmp_path, edge_index):
    """8,000 vectors of 384 dimensions, nearer to some than to others."""
    rng = np.random.default_rng(7)
    latent = rng.standard_normal((100, 30))[rng.integers(0, 100, 8000)] + 0.5 * rng.standard_normal((8000, 30))
    rows = (latent @ rng.standard_normal((30, 384))).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index = edge_index(tmp_path / "qdrant", 384, patience=0.2)
    await index.upsert([point(n, row) for n, row in enumerate(rows)])
    yield index, rows
    await index.close()


async def recall(index, rows) -> float:
    hits = 0
    for query in rows[::200]:
        nearest = set(np.argsort(-(rows @ query))[:10].tolist())
        hits += len(nearest & {uuid.UUID(hit.id).int for hit in await index.search_dense(query, ALL, 10)})
    return hits / (10 * len(rows[::200]))


async def test_search_by_meaning_finds_what_is_nearest(many):
    index, rows = many
    assert await recall(index, rows) > 0.99  # vectors are kept in 16 bits


async def test_closing_does_not_wait_for_something_long_and_loses_nothing(many):
    index, rows = many
    engine_of(index).send_signal(signal.SIGSTOP)  # it is in the middle of something
    long = asyncio.create_task(index.count())
    await asyncio.sleep(0.1)
    async with asyncio.timeout(30):  # it would be waited for without end
        await index.close()
    with pytest.raises(IndexUnavailable):
        await long
    assert await index.count() == 8000
    assert await recall(index, rows) > 0.99
