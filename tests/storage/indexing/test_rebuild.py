"""The index is filled from the store: for another model, on demand, and when it is lost or damaged."""

import asyncio
import shutil

import pytest

from mapping.errors import Problem
from storage.errors import IndexUnusable
from storage.filters import SearchFilter
from storage.indexing import index_state
from storage.indexing.index_state import Fill, IndexState, Vectors, planned
from storage.qdrant.choose import Indexes
from storage.qdrant.edge import EdgeIndex
from storage.read.reader import Reader
from storage.search.search import Searcher

embedded = pytest.mark.parametrize("connect", ["embedded"], indirect=True)


@pytest.fixture
def indexes(tmp_path):
    return Indexes(url="", api_key="", collection="", data_dir=tmp_path)


def folders(tmp_path):
    return [path.name for path in (tmp_path / "qdrant").iterdir() if path.is_dir()]


async def found(database, indexer, query, mode="keyword"):
    answer = await Searcher(Reader(database), indexer).search(query, mode, SearchFilter(), 50)
    return {result.event["id"] for result in answer.results}


@embedded
async def test_another_model_fills_another_index_which_takes_the_place_of_the_first(
    database, tmp_path, indexes, new_embedder, indexing, caught_up, store
):
    await store("an apple", "a pear")
    names = []
    for model in ("first", "second"):
        embedder = new_embedder(model)
        async with indexing(database, indexes, embedder) as indexer:
            await caught_up(indexer)
            assert await indexer.index.count() == 2
            assert sorted(embedder.embedded) == ["a pear", "an apple"]
            assert len(await found(database, indexer, "apple", "semantic")) == 2
        state = await index_state.read(database)
        assert (state.vectors, state.fill, state.retired) == (Vectors(model, 32), None, ())
        names.append(state.name)
        assert folders(tmp_path) == [state.name]
    assert names[0] != names[1]
    again = new_embedder("second")
    async with indexing(database, indexes, again) as indexer:
        await caught_up(indexer)
    assert again.embedded == []


@embedded
async def test_while_another_model_fills_an_index_the_first_one_is_searched_for_words_and_gets_what_is_new(
    database, indexes, new_embedder, indexing, caught_up, store
):
    (apple, *_) = await store("an apple", *[f"fruit {number}" for number in range(9)])
    async with indexing(database, indexes, new_embedder("first"), group=2) as indexer:
        await caught_up(indexer)
    embedder = new_embedder("second")
    embedder.hold_at("fruit")
    async with indexing(database, indexes, embedder, group=2) as indexer:
        await asyncio.to_thread(embedder.held.wait, 20)
        assert await found(database, indexer, "apple") == {apple}
        assert indexer.state == "reindexing"
        assert indexer.embedder is None
        assert 0 <= indexer.progress < 1
        assert indexer.pending == 0
        embedder.go_on()
        (late,) = await store("a late apple", indexer=indexer)
        await caught_up(indexer)
        assert await found(database, indexer, "apple") == {apple, late}
        assert await indexer.index.count() == 11
        assert len(await found(database, indexer, "apple", "semantic")) == 11


@embedded
async def test_filling_goes_on_where_a_receiver_was_stopped(
    database, tmp_path, indexes, new_embedder, indexing, caught_up, store
):
    async with indexing(database, indexes, new_embedder("first"), group=3) as indexer:
        await store(*[f"fruit {number}" for number in range(30)], indexer=indexer)
        await caught_up(indexer)
    embedded_before = []
    for _ in range(2):
        embedder = new_embedder("second")
        embedder.hold_after(7)
        async with indexing(database, indexes, embedder, group=3) as indexer:
            await asyncio.to_thread(embedder.held.wait, 20)
            embedder.go_on()
            indexer.task.cancel()
        embedded_before += embedder.embedded
    assert len(folders(tmp_path)) == 2
    last = new_embedder("second")
    async with indexing(database, indexes, last, group=3) as indexer:
        await caught_up(indexer)
        assert await indexer.index.count() == 30
    assert len(last.embedded) < 30 - 6
    assert {*embedded_before, *last.embedded} == {f"fruit {number}" for number in range(30)}
    assert len(folders(tmp_path)) == 1


@embedded
async def test_who_asks_for_it_gets_another_index_of_the_same_model_and_can_search_meanwhile(
    database, tmp_path, indexes, embedder, indexing, caught_up, store
):
    async with indexing(database, indexes, embedder, searches_end_within=3.0) as indexer:
        ids = await store("an apple", "a pear", indexer=indexer)
        await caught_up(indexer)
        before = folders(tmp_path)
        indexer.reindex()
        searched = 0
        while indexer.state != "ready":
            assert await found(database, indexer, "apple", "semantic") == {*ids}
            searched += 1
        assert searched
        assert await indexer.index.count() == 2
        assert len(folders(tmp_path)) == 1
        assert folders(tmp_path) != before
        assert {*embedder.embedded} - {"apple"} == {"a pear", "an apple"}
        assert embedder.embedded.count("a pear") == 1  # the second time its vector was known


@embedded
async def test_a_rebuild_finds_what_is_stored_meanwhile_and_in_many_steps(
    database, index, embedder, indexing, caught_up, store
):
    await store(*[f"fruit{number}" for number in range(10)])
    async with indexing(database, index, embedder, group=3) as indexer:
        await caught_up(indexer)
        indexer.rebuild()
        await asyncio.gather(*[store(f"late{number}", indexer=indexer) for number in range(5)])
        await caught_up(indexer)
        while (await database.query("SELECT id FROM index_queue"))[0]:
            await asyncio.sleep(0.01)
        assert await index.count() == 15


@embedded
async def test_an_index_that_turns_out_to_be_damaged_is_built_anew(
    database, tmp_path, indexes, embedder, indexing, caught_up, store, monkeypatch, caplog
):
    await store("an apple")
    async with indexing(database, indexes, embedder) as indexer:
        await caught_up(indexer)
    before = folders(tmp_path)
    upsert = EdgeIndex.upsert

    async def damaged(self, packed):
        monkeypatch.setattr(EdgeIndex, "upsert", upsert)
        raise IndexUnusable("the segments are damaged")

    monkeypatch.setattr(EdgeIndex, "upsert", damaged)
    await store("a pear")
    async with indexing(database, indexes, embedder) as indexer:
        await caught_up(indexer)
        assert await indexer.index.count() == 2
    assert "the segments are damaged" in caplog.text
    assert len(folders(tmp_path)) == 1
    assert folders(tmp_path) != before


@embedded
@pytest.mark.parametrize("harm", ["gone", "unreadable"])
async def test_an_index_that_is_lost_at_the_start_is_built_anew(
    database, tmp_path, indexes, embedder, indexing, caught_up, store, harm
):
    """A deleted folder, or the first start with a server: the store's own note says that all is indexed."""
    await store("an apple", "a pear")
    for _ in range(2):
        async with indexing(database, indexes, embedder) as indexer:
            await caught_up(indexer)
            assert await indexer.index.count() == 2
        (name,) = folders(tmp_path)
        if harm == "gone":
            shutil.rmtree(tmp_path / "qdrant" / name)
        else:
            (tmp_path / "qdrant" / name / "edge_config.json").write_text("{garbage")


@pytest.mark.parametrize("connect", ["server"], indirect=True)
async def test_a_receiver_with_another_model_than_the_one_that_started_last_says_so_and_leaves_the_index_alone(
    connect, index, new_embedder, indexing, caught_up, store
):
    database = await connect()
    async with indexing(database, index, new_embedder("first")) as indexer:
        await caught_up(indexer)
        state = await index_state.read(database)
        theirs = planned(state, Vectors("second", 32), "other")
        await index_state.write(database, state, theirs)
        await store("an apple", indexer=indexer)
        async with asyncio.timeout(60):
            while indexer.state != "waiting":
                await asyncio.sleep(0.01)
        assert "another receiver on these stores has the model second, this one first" in indexer.reason
        assert (await database.query("SELECT VALUE size FROM index_queue")) == [[1]]


@pytest.mark.parametrize("connect", ["server"], indirect=True)
async def test_after_the_database_was_removed_an_index_is_made_for_what_comes(
    database, tmp_path, indexes, embedder, indexing, caught_up, store
):
    async with indexing(database, indexes, embedder) as indexer:
        await store("an apple", indexer=indexer)
        await caught_up(indexer)
        await database.query("REMOVE DATABASE vectadb")
        with pytest.raises(Problem, match="does not exist"):
            await store("lost", indexer=indexer)
        (new,) = await store("a new apple", indexer=indexer)
        async with asyncio.timeout(30):
            while await found(database, indexer, "apple") != {new}:
                await asyncio.sleep(0.05)
            while folders(tmp_path) != [(await index_state.read(database)).name]:
                await asyncio.sleep(0.05)
        assert await indexer.index.count() == 1


MINE, OTHER = Vectors("mine", 32), Vectors("other", 64)
NEW = Fill("new", MINE)


@pytest.mark.parametrize(
    ("state", "asked", "expected"),
    [
        (None, {}, IndexState("new", MINE, NEW)),
        (IndexState("a", MINE, None), {}, None),
        (IndexState("a", MINE, None), {"anew": True}, IndexState("a", MINE, NEW)),
        (IndexState("a", OTHER, None), {}, IndexState("a", Vectors(None, 64), NEW)),
        (IndexState("a", MINE, None), {"damaged": frozenset({"a"})}, IndexState("new", MINE, NEW, ("a",))),
        (IndexState("a", MINE, Fill("a", MINE, "x", 3)), {"anew": True}, None),
        (IndexState("a", OTHER, Fill("b", MINE, "x", 3)), {"anew": True}, None),
        (IndexState("a", MINE, Fill("b", OTHER)), {}, IndexState("a", MINE, NEW, ("b",))),
        (IndexState("a", Vectors(None, 32), Fill("b", OTHER)), {}, IndexState("a", Vectors(None, 32), NEW, ("b",))),
        (IndexState("a", OTHER, Fill("a", OTHER)), {}, IndexState("a", Vectors(None, 64), NEW)),
        (
            IndexState("a", MINE, Fill("b", MINE), ("z",)),
            {"damaged": frozenset({"b"})},
            IndexState("a", MINE, NEW, ("z", "b")),
        ),
        (
            IndexState("a", MINE, Fill("b", MINE), ("z",)),
            {"damaged": frozenset({"a"})},
            IndexState("new", MINE, NEW, ("z", "a", "b")),
        ),
    ],
)
def test_what_is_to_be_follows_from_what_is(state, asked, expected):
    assert planned(state, MINE, "new", **asked) == (state if expected is None else expected)


@embedded
async def test_an_index_with_points_of_an_earlier_form_serves_until_another_is_filled(
    database, tmp_path, indexes, new_embedder, indexing, caught_up, store, monkeypatch
):
    (apple, *_) = await store("an apple", *[f"fruit {number}" for number in range(9)])
    with monkeypatch.context() as earlier:
        earlier.setattr(index_state, "_FORM", 1)
        async with indexing(database, indexes, new_embedder("first"), group=2) as indexer:
            await caught_up(indexer)
        before = (await index_state.read(database)).name
    embedder = new_embedder("first")
    embedder.hold_at("fruit")
    async with indexing(database, indexes, embedder, group=2) as indexer:
        await asyncio.to_thread(embedder.held.wait, 20)
        assert indexer.state == "reindexing"
        assert await found(database, indexer, "apple") == {apple}
        assert len(await found(database, indexer, "apple", "semantic")) == 10
        embedder.go_on()
        await caught_up(indexer)
    after = await index_state.read(database)
    assert (after.name != before, after.fill, folders(tmp_path)) == (True, None, [after.name])
    again = new_embedder("first")
    async with indexing(database, indexes, again) as indexer:
        await caught_up(indexer)
    assert again.embedded == []


def test_an_index_that_is_filled_serves_and_the_one_before_it_goes():
    assert IndexState("a", OTHER, NEW, ("z",)).filled() == IndexState("new", MINE, None, ("z", "a"))
    assert IndexState("new", MINE, NEW).filled() == IndexState("new", MINE, None)


@pytest.mark.parametrize("model", ["minilm-53aa51172d14-1", "BAAI/bge-small-en-v1.5", "/models/a b", "日本"])
def test_an_index_gets_a_name_that_a_folder_and_a_collection_may_have_and_no_other_has(model):
    names = {index_state.new_name(model) for _ in range(3)}
    assert len(names) == 3
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and len(name) < 80 for name in names)
