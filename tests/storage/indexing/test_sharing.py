"""Several receivers on one server: each event is indexed by one of them, whoever stored it."""

import asyncio
import contextlib

import pytest
from qdrant_client import AsyncQdrantClient

from storage.filters import SearchFilter
from storage.membership import Membership
from storage.qdrant.server import ServerIndex
from storage.retention.prune import Pruner, Selection
from storage.write.writer import Writer

pytestmark = [
    pytest.mark.parametrize("connect", ["server"], indirect=True),
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning"),
]


class OneServer:
    """Indexes of one Qdrant server, the client's imitation of one."""

    def __init__(self):
        self.client = AsyncQdrantClient(":memory:")

    def named(self, name, dimensions):
        return OnServer(self.client, name, dimensions)

    async def put_in_place(self, index):
        pass

    async def remove(self, name):
        await self.named(name, None).remove()


class OnServer(ServerIndex):
    def __init__(self, client, name, dimensions):
        super().__init__(":memory:", None, f"agent_events-{name}", dimensions)
        self._client = client

    async def close(self):
        """Leave the client to the others."""


class Receiver:
    """A receiver as far as indexing goes."""

    def __init__(self, database, indexer, embedder, membership):
        self.database, self.indexer, self.embedder, self.membership = database, indexer, embedder, membership
        self._writer = Writer(database, agent_window=0, committed=lambda new: indexer.added(len(new)))

    async def store(self, events):
        await self._writer.write(events)


@pytest.fixture
async def join(connect, indexing, new_embedder):
    server = OneServer()
    stack = contextlib.AsyncExitStack()

    async def join(index_place="server", model="words"):
        database, embedder = await connect(), new_embedder(model)
        membership = Membership(database, index_place=index_place, model=embedder.name, every=0.05)
        await membership.say()
        keeping = asyncio.create_task(membership.keep())
        own = contextlib.AsyncExitStack()
        indexer = await own.enter_async_context(
            indexing(database, server, embedder, membership, look_again_after=0.05, flush_every=0.0)
        )

        async def stop():
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

        own.push_async_callback(stop)
        receiver = Receiver(database, indexer, embedder, membership)
        receiver.kill = await stack.enter_async_context(contextlib.AsyncExitStack())
        receiver.kill.push_async_callback(own.aclose)
        receiver.server = server
        return receiver

    async with stack:
        yield join


async def until(condition):
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.05)


async def joined(receivers):
    async def all_know():
        return all(
            len(each.membership.members) == len(receivers) and each.indexer.state == "ready" for each in receivers
        )

    await until(all_know)


def nothing_waits(receiver):
    async def empty():
        return await receiver.database.query("SELECT VALUE id FROM index_queue") == [[]]

    return empty


def indexed(receivers):
    return [sum(text != "warm" for text in each.embedder.embedded) for each in receivers]


async def test_each_event_is_indexed_once_by_one_of_them(join, make_event):
    receivers = [await join() for _ in range(3)]
    await joined(receivers)
    for number in range(60):
        events = [make_event(trace_id=f"{number:032x}", properties={"input.value": f"apple {number}"})]
        await receivers[0].store(events)
    await until(nothing_waits(receivers[0]))
    assert [receiver.indexer.index is not None for receiver in receivers] == [True] * 3
    for receiver in receivers:
        assert await receiver.indexer.index.count() == 60
        assert len(await receiver.indexer.index.search_words("apple", SearchFilter(), 100)) == 60
    counts = indexed(receivers)
    assert sum(counts) == 60
    assert min(counts) > 5


async def test_what_one_that_stopped_has_left_is_indexed_by_the_others(join, make_event):
    receivers = [await join() for _ in range(2)]
    await joined(receivers)
    await receivers[1].kill.aclose()
    await receivers[0].store(
        [make_event(trace_id=f"{number:032x}", properties={"input.value": "apple"}) for number in range(50)]
    )
    await until(nothing_waits(receivers[0]))
    assert await receivers[0].indexer.index.count() == 50


async def test_how_much_waits_is_known_to_all(join, make_event):
    receivers = [await join() for _ in range(2)]
    await joined(receivers)
    for receiver in receivers:
        receiver.embedder.hold_at("slow")
    await receivers[0].store(
        [make_event(trace_id=f"{number:032x}", properties={"input.value": "slow"}) for number in range(20)]
    )
    async with asyncio.timeout(60):
        await asyncio.gather(*(asyncio.to_thread(receiver.embedder.held.wait, 20) for receiver in receivers))
    for receiver in receivers:
        await receiver.indexer.count_pending()
    assert [receiver.indexer.pending for receiver in receivers] == [20, 20]
    for receiver in receivers:
        receiver.embedder.go_on()
    await until(nothing_waits(receivers[0]))
    for receiver in receivers:
        await receiver.indexer.count_pending()
    assert [receiver.indexer.pending for receiver in receivers] == [0, 0]


async def test_events_that_come_and_go_all_the_time_leave_nothing_behind(join, make_event):
    receivers = [await join() for _ in range(3)]
    await joined(receivers)
    for number in range(30):
        receiver = receivers[number % 3]
        await receiver.store(
            [
                make_event(
                    trace_id=f"{number:032x}", timestamp=(number + 1) * 10**9, properties={"input.value": "apple"}
                )
                for _ in range(4)
            ]
        )
        if number >= 5:
            await Pruner(receivers[(number + 1) % 3].database).prune(
                Selection(trace_id=f"{number - 5:032x}"), share=1.0, seconds=60
            )
    await until(nothing_waits(receivers[0]))
    (there,) = await receivers[0].database.query("SELECT VALUE id FROM agent_event")
    assert len(there) == 20
    hits = await receivers[0].indexer.index.search_words("apple", SearchFilter(), 1000)
    assert {hit.id for hit in hits} == {*there}


async def test_a_new_index_is_filled_by_one_and_serves_all(join, make_event):
    receivers = [await join() for _ in range(3)]
    await joined(receivers)
    await receivers[0].store(
        [make_event(trace_id=f"{number:032x}", properties={"input.value": f"apple {number}"}) for number in range(50)]
    )
    await until(nothing_waits(receivers[0]))
    before = {receiver.indexer.index.collection for receiver in receivers}
    assert len(before) == 1
    counted = indexed(receivers)
    receivers[2].indexer.reindex()

    async def changed():
        return all(each.indexer.state == "ready" and each.indexer.index.collection not in before for each in receivers)

    await until(changed)
    assert len({receiver.indexer.index.collection for receiver in receivers}) == 1
    assert await receivers[1].indexer.index.count() == 50
    more = [now - then for now, then in zip(indexed(receivers), counted, strict=True)]
    # What one has embedded itself before it need not embed again.
    assert sorted(more)[:2] == [0, 0] < sorted(more)[2:]


async def test_one_whose_index_is_elsewhere_says_so_and_leaves_the_work_to_the_others(join, make_event):
    eldest = await join()
    await joined([eldest])
    other = await join(index_place="elsewhere")

    async def says_so():
        return other.indexer.state == "waiting" and "has its search index at server" in other.indexer.reason

    await until(says_so)
    assert other.indexer.index is None
    await other.store(
        [make_event(trace_id=f"{number:032x}", properties={"input.value": "apple"}) for number in range(20)]
    )
    await until(nothing_waits(eldest))
    assert await eldest.indexer.index.count() == 20
    assert indexed([other]) == [0]


async def test_one_with_another_model_searches_by_words_until_it_is_the_eldest_and_fills_an_index_of_its_own(
    join, make_event
):
    """A rolling change of the model: the index that serves goes on serving for all until the new one is whole."""
    eldest = await join()
    await joined([eldest])
    events = [make_event(trace_id=f"{number:032x}", properties={"input.value": "apple"}) for number in range(20)]
    await eldest.store(events)
    await until(nothing_waits(eldest))
    other = await join(model="others")

    async def searches():
        return other.indexer.state == "waiting" and other.indexer.index is not None

    await until(searches)
    assert "with the model words, this one at server with the model others" in other.indexer.reason
    assert other.indexer.embedder is None
    assert other.indexer.index.collection == eldest.indexer.index.collection
    assert len(await other.indexer.index.search_words("apple", SearchFilter(), 100)) == 20
    before = other.indexer.index.collection
    await eldest.kill.aclose()

    async def has_its_own():
        # At each moment there is an index in which all is found.
        assert len(await other.indexer.index.search_words("apple", SearchFilter(), 100)) == 20
        return other.indexer.state == "ready" and other.indexer.embedder is not None

    await until(has_its_own)
    assert other.indexer.index.collection != before
