"""How many rows are read at a time follows from the database's own time: not from how long one has to wait for it."""

import asyncio

import pytest

from storage.read import paging
from storage.read.paging import Pace


@pytest.fixture
def read(database, monkeypatch):
    monkeypatch.setattr(paging, "_SOON", 0.2)  # many times what a busy machine adds

    async def after(wait, works):
        await asyncio.sleep(wait)
        return await database.query(f"SLEEP {works}ms")

    return after


async def test_more_are_read_while_it_is_quick_and_fewer_once_it_is_slow(read):
    pace = Pace(64)
    await pace.keep(read(0, 1))
    assert pace.rows == 128
    await pace.keep(read(0, 500))
    assert pace.rows == 64


async def test_waiting_for_others_makes_no_difference(read):
    pace = Pace(64)
    await pace.keep(read(0.5, 1))
    assert pace.rows == 128
