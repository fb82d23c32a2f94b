"""The queue is read on from what was taken, also where much of it waits."""

import pytest

from storage.interpreting import interpretation_queue
from storage.surreal import rows

NOON = 1_790_000_000_000_000_000
SECOND = 10**9


@pytest.fixture
def put(database):
    async def put(*names):
        records = [rows.interpretation_record(name, {"1" * 32: [f"event of {name}"]}) for name in names]
        await database.query("INSERT INTO interpretation_queue $records RETURN NONE", records=records)

    return put


def name(seconds):
    return f"{NOON + int(seconds * SECOND):020d}-abcd"


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
    assert record.traces == {"1" * 32: [f"event of {name(0)}"]}
