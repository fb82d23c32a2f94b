"""The index is built anew from the store: on demand, for another model, and when it is lost or damaged."""

import asyncio
import shutil

import pytest

from storage import rebuild as rebuild_module
from storage.index.base import IndexUnusable
from storage.index.edge import EdgeIndex
from storage.rebuild import built_with

pytestmark = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


async def test_another_model_builds_the_index_anew(database, tmp_path, new_embedder, indexing, caught_up, store):
    await store("an apple", "a pear")
    for name in ("first", "second"):
        embedder, index = new_embedder(name), EdgeIndex(tmp_path / "qdrant", 32)
        async with indexing(database, index, embedder) as indexer:
            await caught_up(indexer)
            assert await index.count() == 2
        assert sorted(embedder.embedded) == ["a pear", "an apple"]
        assert await built_with(database) == name
    again = new_embedder("second")
    async with indexing(database, EdgeIndex(tmp_path / "qdrant", 32), again) as indexer:
        await caught_up(indexer)
    assert again.embedded == []


async def test_a_rebuild_that_is_cut_short_is_begun_again(
    database, index, embedder, indexing, caught_up, store, monkeypatch, tmp_path
):
    await store("an apple", "a pear")
    await database.query("UPSERT index_state:current SET model = 'words'")
    cleared = asyncio.Event()

    async def clear():
        cleared.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(index, "clear", clear)
    async with indexing(database, index, embedder) as indexer:
        indexer.rebuild()
        await asyncio.wait_for(cleared.wait(), 10)
    assert await built_with(database) is None
    index = EdgeIndex(tmp_path / "qdrant", 32)
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert await index.count() == 2


async def test_a_rebuild_finds_what_is_stored_meanwhile_and_in_many_pages(
    database, index, embedder, indexing, caught_up, store, monkeypatch
):
    monkeypatch.setattr(rebuild_module, "_AT_ONCE", 3)
    await store(*[f"fruit{number}" for number in range(10)])
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        indexer.rebuild()
        await asyncio.gather(*[store(f"late{number}", indexer=indexer) for number in range(5)])
        while indexer._rebuild_asked:
            await asyncio.sleep(0.001)
        await caught_up(indexer)
        while (await database.query("SELECT id FROM index_queue"))[0]:
            await asyncio.sleep(0.01)
        assert await index.count() == 15


async def test_an_index_that_is_unusable_is_built_anew(
    database, index, embedder, indexing, caught_up, store, monkeypatch
):
    await store("an apple")
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
    upsert = index.upsert

    async def damaged(points):
        monkeypatch.setattr(index, "upsert", upsert)
        raise IndexUnusable("the segments are damaged")

    monkeypatch.setattr(index, "upsert", damaged)
    await store("a pear")
    async with indexing(database, index, embedder) as indexer:
        await caught_up(indexer)
        assert await index.count() == 2


async def test_an_index_that_was_deleted_is_built_anew(database, tmp_path, embedder, indexing, caught_up, store):
    """A deleted folder, or the first start with a server: the store's own note says that all is indexed."""
    await store("an apple", "a pear")
    for _ in range(2):
        index = EdgeIndex(tmp_path / "qdrant", 32)
        async with indexing(database, index, embedder) as indexer:
            await caught_up(indexer)
            assert await index.count() == 2
        shutil.rmtree(tmp_path / "qdrant")
