"""A large request is dealt with in pieces and in a thread, so that others are answered meanwhile."""

import threading

import pytest

from mapping.errors import Code, Problem
from receiver.http.bodies import decoded

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("size", "here"), [(1_000, True), (300_000, False)])
async def test_a_large_body_is_decoded_in_a_thread(size, here):
    thread = await decoded(bytes(size), lambda _: threading.get_ident())
    assert (thread == threading.get_ident()) is here


async def test_a_fault_found_in_the_thread_is_told_as_any_other(receiver, sender):
    answer = await receiver.post(sender.path, b"\xff" * 300_000, sender.content_type)
    assert (answer.status, sender.parse_status(answer.body).code) == (400, 3)


async def test_many_items_are_stored_in_several_writes_and_answered_together(fresh, sender, monkeypatch):
    write, sizes = fresh.storage.writer.write, []

    async def count(events):
        sizes.append(len(events))
        return await write(events)

    monkeypatch.setattr(fresh.storage.writer, "write", count)
    answer = await sender.to(fresh, *map(sender.item, range(1, 2501)))
    assert (answer.status, sizes) == (200, [500] * 5)
    assert (await fresh.read("/api/v1/stats"))["events"] == 2500


async def test_a_store_that_goes_away_in_the_middle_costs_nothing_once_all_is_sent_again(fresh, sender, monkeypatch):
    write, calls = fresh.storage.writer.write, []

    async def go_away_once(events):
        calls.append(events)
        if len(calls) == 2:
            raise Problem(Code.UNAVAILABLE, "the database does not answer")
        return await write(events)

    monkeypatch.setattr(fresh.storage.writer, "write", go_away_once)
    answers = [await sender.to(fresh, *map(sender.item, range(1, 2501))) for _ in range(2)]
    assert [answer.status for answer in answers] == [503, 200]
    assert (await fresh.read("/api/v1/stats"))["events"] == 2500
