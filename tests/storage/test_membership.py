"""Receivers on one server know of each other, and each part of the work is one's."""

import asyncio
import contextlib

import pytest

from storage.membership import Membership
from storage.surreal import rows

shared = pytest.mark.parametrize("connect", ["server"], indirect=True)


@pytest.fixture
async def join(connect):
    """Lets a receiver join, and gives its membership, with `leave` to stop it and `die` to kill it."""
    left = contextlib.AsyncExitStack()

    async def join(**about):
        membership = Membership(await connect(), every=0.05, **about)
        await membership.say()
        task = asyncio.create_task(membership.keep())

        async def leave():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        async def die():
            membership._database = Gone()
            await leave()

        membership.leave, membership.die = leave, die
        left.push_async_callback(leave)
        return membership

    async with left:
        yield join


class Gone:
    """The database of a receiver that is killed: it says nothing any more."""

    embedded = False

    async def query(self, _statements, **_variables):
        raise asyncio.CancelledError


async def shares(members, count):
    """Wait until these receivers know of so many, and return the parts of each."""
    async with asyncio.timeout(30):
        while any(len(member.members) != count for member in members):
            await asyncio.sleep(0.02)
    return [member.parts for member in members]


@pytest.mark.parametrize("connect", ["embedded"], indirect=True)
async def test_with_an_embedded_engine_a_receiver_is_alone_and_does_everything(join, database):
    membership = await join()
    assert (membership.is_alone, membership.is_first, membership.parts, membership.index_parts) == (
        True,
        True,
        None,
        None,
    )
    assert await database.query("SELECT * FROM receiver") == [[]]


@shared
@pytest.mark.parametrize("count", [2, 3, 5])
async def test_each_part_is_one_receiver_s_and_each_has_about_as_much(join, count):
    members = [await join() for _ in range(count)]
    parts = await shares(members, count)
    assert sorted(part for own in parts for part in own) == list(range(rows.PARTS))
    sizes = [len(own) for own in parts]
    assert max(sizes) - min(sizes) <= 1
    assert [member.is_first for member in members].count(True) == 1


@shared
async def test_the_parts_of_one_that_stops_are_at_once_the_others(join):
    first, second, third = [await join() for _ in range(3)]
    await shares([first, second, third], 3)
    await third.leave()
    parts = await shares([first, second], 2)
    assert sorted(part for own in parts for part in own) == list(range(rows.PARTS))
    await second.leave()
    assert await shares([first], 1) == [None]


@shared
async def test_the_parts_of_one_that_is_killed_are_the_others_after_a_while(join):
    first, second = await join(), await join(gone_after=1.0)
    await shares([first, second], 2)
    await second.die()
    assert await shares([first], 1) == [None]


@shared
async def test_the_eldest_decides_where_the_index_is_and_others_do_not_index(join):
    eldest = await join(index_place="http://qdrant:6333", model="static")
    same = await join(index_place="http://qdrant:6333", model="static")
    elsewhere = await join(index_place="here:/data", model="static")
    other_model = await join(index_place="http://qdrant:6333", model="other")
    without = await join()
    await shares([eldest, same, elsewhere, other_model, without], 5)
    assert [member.other_index for member in (eldest, same, without)] == [None, None, None]
    assert elsewhere.other_index.id == other_model.other_index.id == eldest.me.id
    assert eldest.index_parts | same.index_parts == {*range(rows.PARTS)}
    assert elsewhere.index_parts == other_model.index_parts == without.index_parts == frozenset()
    await eldest.leave()
    await same.leave()
    await shares([elsewhere, other_model, without], 3)
    assert (elsewhere.other_index, elsewhere.index_parts) == (None, None)
    assert other_model.other_index.id == elsewhere.me.id


@shared
async def test_a_receiver_whose_row_was_deleted_says_again_that_it_is_there(join, connect):
    first, second = await join(), await join()
    await shares([first, second], 2)
    since = first.me.since
    await (await connect()).query("DELETE receiver")
    async with asyncio.timeout(30):
        while first.me.since == since or len(first.members) != 2:
            await asyncio.sleep(0.02)
