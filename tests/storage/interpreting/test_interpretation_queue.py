"""The queue is read on from what was taken, also where much of it waits."""

import pytest

from storage.interpreting import interpretation_queue
from storage.surreal import rows

NOON = 1_790_000_000_000_000_000
SECOND = 10**9


@pytest.fixture
def put(database):
    async def put(*names, part=0):
        of_commits = [name.removesuffix(f"-{part}") for name in names]
        records = [rows.interpretation_record(name, part, {"1" * 32: [f"event of {name}"]}) for name in of_commits]
        await database.query("INSERT INTO interpretation_queue $records RETURN NONE", records=records)

    return put


def name(seconds, part=0):
    return f"{NOON + int(seconds * SECOND):020d}-abcd-{part}"


async def names(database, taken, **how):
    return [record.name for record in await interpretation_queue.take(database, taken, **how)]


async def test_records_come_in_their_order_and_none_twice(database, put):
    every = [name(place) for place in range(50)]
    await put(*every)
    taken = []
    while found := await names(database, taken):
        taken += found
    assert taken == every


async def test_what_was_written_a_little_later_than_its_name_says_is_taken(database, put):
    await put(name(0), name(10))
    assert await names(database, []) == [name(0), name(10)]
    await put(name(7))
    assert await names(database, [name(0), name(10)]) == [name(7)]


async def test_what_was_written_much_later_is_found_where_the_whole_queue_is_read(database, put):
    await put(name(0), name(100))
    await put(name(50))
    taken = [name(0), name(100)]
    assert await names(database, taken) == []
    assert await names(database, taken, whole=True) == [name(50)]


async def test_an_event_names_its_record_s_trace(database, put):
    await put(name(0))
    (record,) = await interpretation_queue.take(database, [])
    assert record.traces == {"1" * 32: [f"event of {name(0).removesuffix('-0')}"]}


async def test_parts_of_it_are_taken_by_those_whose_they_are(database, put):
    await put(name(0))
    await put(name(1, 1), name(3, 1), part=1)
    await put(name(2, 2), part=2)
    assert await names(database, [], parts={1}) == [name(1, 1), name(3, 1)]
    assert await names(database, [name(1, 1)], parts={0, 1}) == [name(0), name(3, 1)]
    assert await names(database, [], parts=()) == []
    assert await names(database, []) == [name(0), name(1, 1), name(2, 2), name(3, 1)]
