"""A store that takes a query and does not answer: nobody waits for it as long as exporters would."""

import asyncio
import time

import pytest

from mapping.errors import Code, Problem
from storage.surreal.database import ANSWERS_WITHIN, THEN_WITHIN, Database

LONG, SHORT = 0.6, 0.2


@pytest.fixture
async def remote(stand_in):
    access = {"namespace": "n", "database": "d", "user": "root", "password": "secret"}
    database = Database(stand_in.url, **access, answers_within=LONG, then_within=SHORT)
    await database.open()
    yield database
    stand_in.answering.set()
    await database.close()


async def refused_after(database):
    began = time.perf_counter()
    with pytest.raises(Problem, match="does not answer") as raised:
        await database.query("RETURN 1")
    assert raised.value.code is Code.UNAVAILABLE
    assert raised.value.retry_after > 0
    return time.perf_counter() - began


def test_an_exporter_still_waits_when_it_is_told():
    assert ANSWERS_WITHIN + THEN_WITHIN < 10


async def test_those_who_have_waited_for_one_that_was_not_answered_wait_less(stand_in, remote):
    stand_in.answering.clear()
    assert LONG <= await refused_after(remote) < LONG + 5
    assert SHORT <= await refused_after(remote) < LONG


async def test_once_it_answers_it_has_its_time_again_and_nobody_signed_in_anew(stand_in, remote):
    stand_in.answering.clear()
    await refused_after(remote)
    stand_in.answering.set()
    assert await remote.query("RETURN 2") == [2]
    stand_in.answering.clear()
    assert await refused_after(remote) >= LONG
    assert stand_in.sent.count("signin") == 1


async def test_what_may_take_long_does(stand_in, remote):
    stand_in.answering.clear()
    asyncio.get_running_loop().call_later(2 * LONG, stand_in.answering.set)
    assert await remote.run("RETURN 3") == [3]
