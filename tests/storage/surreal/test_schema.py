import asyncio
import shutil
import time
import uuid

import pytest

from mapping.errors import Problem
from storage.surreal import cbor, schema
from storage.surreal.database import Database
from storage.surreal.errors import OpenError

TABLES = set(
    "agent_call agent_event agent_run agent_session agent_trace alert alert_queue conversation figures "
    "figures_queue figures_state index_queue index_state interpretation_queue interpretation_state links_to origin "
    "receiver schema_version session_run".split()
)
LATEST = 13


@pytest.fixture
async def empty(tmp_path):
    database = Database(f"surrealkv://{tmp_path}/surreal", namespace="n", database="d")
    yield database
    await database.close()


async def tables(database):
    (info,) = await database.query("INFO FOR DB")
    return set(info["tables"])


async def test_the_schema_makes_the_tables_and_says_its_version(empty):
    assert await schema.apply(empty.run) == LATEST
    assert await tables(empty) == TABLES
    assert (await empty.query("SELECT VALUE version FROM schema_version")) == [[LATEST]]


async def test_applied_twice_it_is_the_same(database):
    before = await database.query("INFO FOR DB; INFO FOR TABLE agent_event; INFO FOR TABLE agent_trace")
    assert await schema.apply(database.run) == LATEST
    assert await database.query("INFO FOR DB; INFO FOR TABLE agent_event; INFO FOR TABLE agent_trace") == before


async def test_a_start_that_was_cut_short_is_completed(database):
    await database.query("REMOVE TABLE origin; UPDATE schema_version SET version = 2")
    assert await schema.apply(database.run) == LATEST
    assert await tables(database) == TABLES


async def test_receivers_that_start_together_do_not_get_in_each_others_way(server_access):
    names = {"namespace": f"test_{uuid.uuid4().hex}", "database": "d"}
    databases = [Database(**server_access, **names) for _ in range(5)]
    changed = []

    def noted(database):
        async def run(statements, **variables):
            if "ON agent_trace" in statements:
                changed.append(database)
            return await database.run(statements, **variables)

        return run

    try:
        assert await asyncio.gather(*[schema.apply(noted(database)) for database in databases]) == [LATEST] * 5
        assert await tables(databases[0]) == TABLES
        assert len(set(changed)) == 1  # who is at the first step would bring back what is gone since
        await databases[0].query(f"REMOVE NAMESPACE {names['namespace']}")
    finally:
        for database in databases:
            await database.close()


async def test_a_database_of_a_later_version_is_left_alone(database):
    await database.query("UPDATE $id SET version = 99", id=cbor.record("schema_version", "current"))
    with pytest.raises(OpenError, match=rf"version 99, this program knows {LATEST}.*later version"):
        await schema.apply(database.run)


async def test_a_version_may_be_applied_again_after_a_kill_before_it_was_recorded(empty, tmp_path):
    folder = tmp_path / "schema"
    for version in range(1, LATEST + 1):
        shutil.copytree(schema.FOLDER / f"{version:04d}", folder / f"{version:04d}")
        assert await schema.apply(empty.run, folder, alone=True) == version
        await empty.query("UPDATE schema_version:current SET version = $before", before=version - 1)
        assert await schema.apply(empty.run, folder, alone=True) == version
    assert await tables(empty) == TABLES


async def test_versions_are_applied_in_order_and_once(database, tmp_path):
    shutil.copytree(schema.FOLDER, tmp_path / "schema")
    for version, statements in {"0098": "CREATE made:two;", "0099": "UPDATE made:two SET by = 'three';"}.items():
        (tmp_path / "schema" / version).mkdir()
        (tmp_path / "schema" / version / "made.surql").write_text(statements)
    assert await schema.apply(database.run, tmp_path / "schema") == 99
    assert await schema.apply(database.run, tmp_path / "schema") == 99
    assert await database.query("SELECT * FROM made") == [[{"id": "two", "by": "three"}]]


@pytest.mark.parametrize("connect", ["server"], indirect=True)
async def test_a_step_may_take_longer_than_the_sdk_waits_and_is_done_by_one_while_others_wait(connect, tmp_path):
    (tmp_path / "schema" / "0098").mkdir(parents=True)
    (tmp_path / "schema" / "0098" / "made.surql").write_text("SLEEP 31s; CREATE made;")
    (tmp_path / "schema" / "0099").mkdir()
    (tmp_path / "schema" / "0099" / "made.surql").write_text("CREATE made;")
    databases = [await connect() for _ in range(3)]
    applying = [asyncio.create_task(schema.apply(database.run, tmp_path / "schema")) for database in databases]
    await asyncio.sleep(1)
    assert await databases[0].query("RETURN 1") == [1]
    assert await asyncio.gather(*applying) == [99] * 3
    made, versions = await databases[0].query("SELECT VALUE id FROM made; SELECT VALUE version FROM schema_version")
    assert (len(made), versions) == (2, [99])


async def test_a_step_that_another_receiver_has_left_undone_is_done_when_its_lease_ends(database, tmp_path):
    began = time.monotonic()
    await database.query(
        "UPSERT schema_version:lease SET version = 0, holder = 'gone', until = time::now() + 2s RETURN NONE"
    )
    (tmp_path / "schema" / "0099").mkdir(parents=True)
    (tmp_path / "schema" / "0099" / "made.surql").write_text("CREATE made;")
    async with asyncio.timeout(60):  # a lease lasts two minutes
        assert await schema.apply(database.run, tmp_path / "schema") == 99
    assert time.monotonic() - began > 1


async def test_closing_does_not_wait_for_a_step(server_access):
    async def prepare(run):
        await run("SLEEP 60s")

    database = Database(**server_access, namespace=f"test_{uuid.uuid4().hex}", database="d", prepare=prepare)
    opening = asyncio.create_task(database.open())
    await asyncio.sleep(0.5)
    async with asyncio.timeout(30):
        await database.close()
        with pytest.raises(Problem, match="is closed"):
            await opening
