"""Counts are those of the moment when they are asked for, or later, and are counted once for all who wait for them."""

import asyncio

import pytest

from storage.read.counts import Counts


@pytest.fixture
def queries(database, monkeypatch):
    """The queries that were sent."""
    sent, query = [], database.query

    async def noted(statement, **variables):
        sent.append(statement)
        return await query(statement, **variables)

    monkeypatch.setattr(database, "query", noted)
    return sent


async def test_those_who_ask_while_it_is_counted_share_the_next_count(database, queries):
    counts = Counts(database)
    await counts.get()
    once = len(queries)
    await asyncio.gather(*(counts.get() for _ in range(10)))
    assert len(queries) == 3 * once


async def test_what_was_stored_before_is_counted_also_where_counting_had_begun(database, queries, writer, make_event):
    counts = Counts(database)
    begun = asyncio.create_task(counts.get())
    while not queries:
        await asyncio.sleep(0)
    await writer.write([make_event()])
    _, found = await asyncio.gather(begun, counts.get())
    assert found == {"events": 1, "traces": 1, "sessions": 0}
