"""A pool of connections to SurrealDB's server: what takes long on one of them holds up nothing else."""

import asyncio

import pytest

from mapping.errors import Problem
from storage.surreal.database import Database
from storage.surreal.errors import StatementRefusedError

# Done by the server in one go, in a second where it is built for tests: what comes on the same connection waits.
LONG = "RETURN string::distance::levenshtein($a, $b)"
TEXTS = {"a": "a" * 16_000, "b": "b" * 16_000}


@pytest.fixture
async def pool(server_access):
    """Give a database with so many connections."""
    opened = []

    async def give(size):
        opened.append(Database(**server_access, namespace="pool", database="pool", pool_size=size))
        await opened[-1].open()
        return opened[-1]

    yield give
    for database in opened:
        await database.close()


async def in_order(*queries):
    """Begin queries one after the other, and return their names in the order in which they were answered."""
    answered = []

    async def ask(name, query):
        await query
        answered.append(name)

    asked = []
    for name, query in queries:
        asked.append(asyncio.create_task(ask(name, query)))
        await asyncio.sleep(0.05)
    await asyncio.gather(*asked)
    return answered


@pytest.mark.parametrize("size", [1, 2, 4])
async def test_a_long_read_holds_up_others_only_where_there_is_one_connection(pool, size):
    database = await pool(size)
    answered = await in_order(("long", database.run(LONG, **TEXTS)), ("short", database.run("RETURN 1")))
    assert answered == (["long", "short"] if size == 1 else ["short", "long"])


async def test_a_query_that_was_given_up_still_keeps_its_connection_busy(pool):
    database = await pool(2)
    given_up = asyncio.create_task(database.run(LONG, **TEXTS))
    async with asyncio.timeout(30):
        while not any(connection.unanswered for connection in database._connection._connections):
            await asyncio.sleep(0.01)
    given_up.cancel()
    answered = await in_order(("long", database.run(LONG, **TEXTS)), ("as long", database.run(LONG, **TEXTS)))
    # The server does the first one to its end, and what is asked on its connection waits.
    assert answered == ["long", "as long"]


async def test_each_query_gets_its_own_answer_or_error(pool):
    database = await pool(3)

    async def ask(number):
        if number % 3:
            assert await database.query("RETURN $number", number=number) == [number]
        else:
            with pytest.raises(StatementRefusedError, match=rf"SELEC {number}\n"):
                await database.query(f"SELEC {number}")

    await asyncio.gather(*(ask(number) for number in range(60)))


async def test_connections_are_signed_in_to_once_and_all_are_made_anew_when_the_server_hangs_up(stand_in):
    database = Database(stand_in.url, namespace="n", database="d", user="root", password="secret", pool_size=3)
    await database.open()
    assert [stand_in.sent.count(method) for method in ("signin", "authenticate", "use")] == [1, 2, 3]
    stand_in.answering.clear()
    queries = [asyncio.create_task(database.query("RETURN 1")) for _ in range(6)]
    while stand_in.sent.count("query") < 6:
        await asyncio.sleep(0.01)
    stand_in.hang_up()
    for query in queries:
        with pytest.raises(Problem, match="does not answer"):
            await query
    stand_in.answering.set()
    assert await asyncio.gather(*(database.query("RETURN 2") for _ in range(6))) == [[2]] * 6
    assert [stand_in.sent.count(method) for method in ("signin", "authenticate", "use")] == [2, 4, 6]
    await database.close()
