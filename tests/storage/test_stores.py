"""All of storage, opened and closed as a receiver does it. The model is off where a search is not asked for."""

import asyncio
import dataclasses
import uuid

import pytest

from mapping.errors import Code, Problem
from storage.config import StorageConfig
from storage.filters import SearchFilter, TraceFilter
from storage.interpreting.interpreter import Interpreter
from storage.membership import Membership
from storage.stores import DataDirError, Stores
from storage.surreal import schema
from storage.surreal.database import Database
from storage.surreal.errors import OpenError


@pytest.fixture
def config(tmp_path):
    return StorageConfig(
        data_dir=tmp_path / "data",
        surrealdb_url=f"surrealkv://{tmp_path}/data/surreal",
        surrealdb_namespace="vectadb",
        surrealdb_database="vectadb",
        surrealdb_user="",
        surrealdb_password="",
        surrealdb_auth_level="root",
        surrealdb_token="",
        surrealdb_pool_size=0,
        qdrant_url="",
        qdrant_api_key="",
        qdrant_collection="agent_events",
        qdrant_shards=1,
        model="off",
        threads=0,
        rerank_ms=0,
        agent_window=3600.0,
        conversation_window=86400.0,
        idle_close=1800.0,
    )


@pytest.fixture
def remote(config, stand_in):
    return dataclasses.replace(config, surrealdb_url=stand_in.url, surrealdb_user="root", surrealdb_password="secret")


@pytest.fixture
async def on_a_server(config, server_access):
    """The settings for a namespace of the test's own there, and who may remove it."""
    namespace = f"test_{uuid.uuid4().hex}"
    access = {f"surrealdb_{name}": value for name, value in server_access.items()}
    administrator = Database(**server_access, namespace=namespace, database="vectadb")
    yield dataclasses.replace(config, **access, surrealdb_namespace=namespace, retry_after=0.05), administrator
    await administrator.query(f"REMOVE NAMESPACE {namespace}")
    await administrator.close()


@pytest.fixture
async def opened(config):
    storage = Stores(config)
    await storage.open()
    yield storage
    await storage.close()


async def test_it_opens_in_an_empty_folder_and_reopens_with_everything_there(config, make_event):
    storage = Stores(config)
    assert not storage.ready
    await storage.open()
    assert (storage.ready, storage.state) == (True, "ready")
    event = make_event(session_id="s")
    with storage.feed.listen(SearchFilter()) as listener:
        await storage.writer.write([event])
        assert len((await listener.take(30))[1]) == 1
    async with asyncio.timeout(60):
        while storage.interpreter.pending:  # lists of traces show what comes of that
            await asyncio.sleep(0.01)
    before = [await storage.reader.event(event.id), *await storage.reader.traces(TraceFilter(), 5)]
    await storage.close()
    storage = Stores(config)
    await storage.open()
    assert [await storage.reader.event(event.id), *await storage.reader.traces(TraceFilter(), 5)] == before
    assert storage.indexer.pending == 1
    await storage.close()


@pytest.mark.parametrize("part", ["writer", "reader", "search", "indexer", "feed"])
async def test_until_it_is_open_its_parts_say_so(config, part):
    with pytest.raises(Problem, match="not ready: the stores are being opened") as raised:
        getattr(Stores(config), part)
    assert raised.value.code is Code.UNAVAILABLE


async def test_a_second_receiver_on_the_same_folder_is_told_and_harms_nothing(config, opened, make_event):
    second = Stores(config)
    with pytest.raises(DataDirError, match=r"data is in use by another receiver"):
        await second.open()
    await second.close()
    await opened.writer.write([make_event()])
    assert (await opened.reader.counts())["events"] == 1
    third = Stores(config)
    with pytest.raises(OpenError, match="in use"):
        await third.open()


async def test_the_folder_is_free_again_once_closed(config, make_event):
    for opened_before in range(3):
        storage = Stores(config)
        await storage.open()
        assert (await storage.reader.counts())["events"] == opened_before
        await storage.writer.write([make_event()])
        await storage.close()


async def test_a_folder_that_cannot_be_used_is_an_error_that_says_which(config, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DataDirError, match=r"data cannot be used as the data folder: "):
        await Stores(config).open()


async def test_closing_stores_what_was_taken(config, make_event):
    storage = Stores(config)
    await storage.open()
    writes = [asyncio.create_task(storage.writer.write([make_event(session_id="s")])) for _ in range(20)]
    await asyncio.sleep(0)
    await storage.close()
    assert len(await asyncio.gather(*writes)) == 20
    await storage.open()
    assert await storage.reader.counts() == {"events": 20, "traces": 1, "sessions": 1}
    await storage.close()


async def test_the_check_writes_and_leaves_nothing_to_see(opened):
    for _ in range(2):
        await opened.check()
    assert await opened.reader.counts() == {"events": 0, "traces": 0, "sessions": 0}


async def test_the_check_fails_until_open_and_once_closed(config):
    storage = Stores(config)
    with pytest.raises(Problem, match="not ready"):
        await storage.check()
    await storage.open()
    await storage.close()
    with pytest.raises(Problem, match=r"not ready|closed"):
        await storage.check()


async def test_idle_traces_are_closed_while_it_is_open(config, make_event):
    storage = Stores(dataclasses.replace(config, idle_close=0.0))
    await storage.open()
    await storage.writer.write([make_event(trace_id="t")])
    while (await storage.reader.trace("t")).trace.status == "running":
        await asyncio.sleep(0.05)
    assert (await storage.reader.trace("t")).trace.status == "completed"
    await storage.close()


async def test_a_server_that_is_away_is_waited_for(remote, stand_in, caplog):
    await stand_in.stop_listening()
    storage = Stores(dataclasses.replace(remote, retry_after=0.01))
    opening = asyncio.create_task(storage.open())
    while "does not answer" not in storage.state:
        await asyncio.sleep(0.01)
    with pytest.raises(Problem, match=f"not ready: SurrealDB at {stand_in.url} does not answer [^;]*; try again$"):
        await storage.check()
    await asyncio.sleep(0.1)
    assert caplog.text.count("does not answer") == 1
    caplog.clear()
    await stand_in.listen(stand_in.port)
    await opening
    await storage.check()
    await stand_in.stop_listening()
    with pytest.raises(Problem, match="does not answer"):
        await storage.check()
    await stand_in.listen(stand_in.port)
    await storage.check()
    while "SurrealDB is back" not in caplog.text:
        await asyncio.sleep(0.01)
    assert caplog.text.count("Requests are answered with 503") == 1
    await storage.close()


async def test_a_server_that_refuses_is_an_error(remote):
    storage = Stores(dataclasses.replace(remote, surrealdb_password="wrong"))
    with pytest.raises(OpenError, match="authentication"):
        await storage.open()
    await storage.close()


async def test_two_receivers_share_a_server(on_a_server, tmp_path, make_event):
    settings, _ = on_a_server
    receivers = [Stores(dataclasses.replace(settings, data_dir=tmp_path / name)) for name in ("one", "two")]
    await asyncio.gather(*[receiver.open() for receiver in receivers])
    await asyncio.gather(*[receivers[n % 2].writer.write([make_event(session_id="s")]) for n in range(40)])
    assert await receivers[0].reader.counts() == {"events": 40, "traces": 1, "sessions": 1}
    await asyncio.gather(*[receiver.check() for receiver in receivers * 5])
    for receiver in receivers:
        await receiver.close()


async def test_under_a_later_version_s_schema_nothing_is_stored_until_it_is_its_own_again(
    on_a_server, make_event, caplog
):
    """A receiver of a later version has joined, and rows of this one's would be wrong there."""
    settings, administrator = on_a_server
    storage = Stores(settings)
    await storage.open()
    await storage.writer.write([make_event()])
    await administrator.query("UPDATE schema_version:current SET version += 1")
    with pytest.raises(Problem, match="later version"):
        await storage.writer.write([make_event()])
    for ask in (storage.writer.write([make_event()]), storage.reader.traces(TraceFilter(), 5), storage.check()):
        with pytest.raises(Problem, match=f"this program knows {schema.LATEST}.* use that one") as raised:
            await ask
        assert raised.value.code is Code.UNAVAILABLE
    assert await administrator.query("RETURN count(SELECT id FROM agent_event)") == [1]
    await administrator.query("UPDATE schema_version:current SET version -= 1")
    async with asyncio.timeout(60):
        while "SurrealDB is back" not in caplog.text:
            await asyncio.sleep(0.05)
    await storage.writer.write([make_event()])
    assert await administrator.query("RETURN count(SELECT id FROM agent_event)") == [2]
    await storage.close()


async def test_a_later_version_s_schema_is_noticed_where_nothing_is_stored(on_a_server, caplog):
    settings, administrator = on_a_server
    storage = Stores(settings)
    await storage.open()
    await administrator.query("UPDATE schema_version:current SET version += 1")
    async with asyncio.timeout(60):
        while "Requests are answered with 503" not in caplog.text:
            await asyncio.sleep(0.05)
    await storage.close()


async def test_versions_that_differ_are_said(on_a_server, tmp_path, caplog):
    settings, _ = on_a_server
    caplog.set_level("INFO")
    receivers = [
        Stores(dataclasses.replace(settings, data_dir=tmp_path / version, version=version))
        for version in ("1.0", "1.1")
    ]
    for receiver in receivers:
        await receiver.open()
    async with asyncio.timeout(60):
        while caplog.text.count("receivers that share the stores: 2, of the versions 1.0 and 1.1") < 2:
            await asyncio.sleep(0.05)
    for receiver in receivers:
        await receiver.close()


async def test_after_the_database_was_removed_what_comes_is_interpreted_as_if_nothing_had_been(
    on_a_server, make_event, caplog
):
    settings, administrator = on_a_server
    storage = Stores(settings)
    await storage.open()

    async def come(count):
        async with asyncio.timeout(60):
            while not await stored(storage, [make_event(trace_id="t", session_id="s") for _ in range(count)]):
                await asyncio.sleep(0.05)
            while (await runs(storage)) != [("t", count)]:
                await asyncio.sleep(0.05)
        assert await storage.reader.counts() == {"events": count, "traces": 1, "sessions": 1}

    await come(3)
    await administrator.query("REMOVE DATABASE vectadb")
    await come(2)
    async with asyncio.timeout(60):
        while "SurrealDB is back" not in caplog.text:
            await asyncio.sleep(0.05)
    assert caplog.text.count("does not exist") == caplog.text.count("SurrealDB is back") == 1
    await storage.close()


async def stored(storage, events):
    try:
        return await storage.writer.write(events)
    except Problem:  # until the schema is there again
        return []


async def runs(storage):
    try:
        (rows,) = await storage.reader._database.query("SELECT id, event_count FROM agent_run")
    except Problem:
        return []
    return [(row["id"], row["event_count"]) for row in rows]


async def test_with_the_real_model_what_was_stored_is_found_again_after_a_restart(config, make_event):
    config = dataclasses.replace(config, model="minilm")
    event = make_event(properties={"input.value": "The customer wants her money back."})
    storage = Stores(config)
    await storage.open()
    with pytest.raises(Problem, match="search index is preparing"):
        await storage.search.search("refund", "semantic", SearchFilter(), 5)
    await storage.writer.write([event, make_event(properties={"input.value": "It will rain in Oslo."})])
    for _ in range(2):
        async with asyncio.timeout(60):
            while storage.indexer.state != "ready" or storage.indexer.pending:
                await asyncio.sleep(0.05)
        results = (await storage.search.search("refund", "semantic", SearchFilter(), 5)).results
        assert len(results) == 2
        assert results[0].event["id"] == event.id
        await storage.close()
        storage = Stores(config)
        await storage.open()
    await storage.close()


async def test_what_waits_is_counted_for_all_receivers(on_a_server, tmp_path, monkeypatch):
    """Whoever stored it, and before a receiver has heard of the other one: all say the same."""

    async def nothing(*_):
        """Hear of nobody, and interpret nothing of what is put into the queue here, however long the rest takes."""

    monkeypatch.setattr(Membership, "keep", nothing)
    monkeypatch.setattr(Interpreter, "run", nothing)
    settings, administrator = on_a_server
    first, second = Stores(settings), Stores(dataclasses.replace(settings, data_dir=tmp_path / "second"))
    await first.open()
    await second.open()
    assert first._membership.is_alone
    await administrator.query(
        "INSERT INTO index_queue [{id: '1-a', event_ids: ['e', 'f'], size: 2}]; "
        "INSERT INTO interpretation_queue [{id: '1-a', part: 99, traces: [], size: 3}]"
    )
    for storage in (first, second):
        await storage.count_pending()
    assert [storage.indexer.pending for storage in (first, second)] == [2, 2]
    assert [storage.interpreter.pending for storage in (first, second)] == [3, 3]
    await first.close()
    await second.close()


async def test_however_often_one_asks_what_waits_is_counted_now_and_then(on_a_server, monkeypatch):
    settings, administrator = on_a_server
    storage = Stores(settings)
    await storage.open()
    monkeypatch.setattr("storage.stores._COUNTED_EVERY", 600)
    waiting = "INSERT INTO index_queue {id: $id, event_ids: ['e', 'f'], size: 2}"
    told = []
    for number in range(3):
        await administrator.query(waiting, id=f"{number}-a")
        await storage.count_pending()
        told.append(storage.indexer.pending)
    assert told == [2, 2, 2]
    monkeypatch.setattr("storage.stores._COUNTED_EVERY", 0)
    storage._count_again_at = 0
    async with asyncio.timeout(60):
        while storage.indexer.pending != 6:
            await storage.count_pending()
    await storage.close()
