"""Group commit: who waits for what, and what one event does to its neighbours."""

import asyncio

import pytest

from mapping.errors import Code, Problem
from storage.surreal import cbor
from storage.write.commit import StoredEvent
from storage.write.transaction import WRITE
from storage.write.writer import IN_FLIGHT


def new(event, trace_id=None):
    return StoredEvent(event.id, trace_id or event.trace_id, duplicate=False)


async def test_an_event_is_stored_with_its_trace_and_edge(writer, make_event, database, balance):
    event = make_event(trace_id="t", name="chat", event_type="model_call", properties={"a.b": [1, {"c": None}]})
    assert await writer.write([event]) == [StoredEvent(event.id, "t", duplicate=False)]
    traces, events = await balance(database)
    assert list(traces) == ["t"]
    assert events[event.id]["properties"] == {"a.b": [1, {"c": None}]}
    assert writer.committed == [[event]]


async def test_nothing_to_store_is_stored(writer):
    assert await writer.write([]) == []


async def test_the_outcomes_stand_in_the_events_order(writer, make_event):
    events = [make_event(trace_id=f"t{number % 3}") for number in range(50)]
    assert await writer.write(events) == [new(event) for event in events]


async def test_a_second_delivery_is_the_same_event(writer, make_event, database, balance):
    event, other = make_event(session_id="s"), make_event(session_id="s")
    first, again, _ = await writer.write([event, event, other])
    assert (first.duplicate, again) == (False, first._replace(duplicate=True))
    assert await writer.write([event]) == [again]
    assert [outcome.duplicate for outcome in await writer.write([other, make_event(session_id="s")])] == [True, False]
    traces, events = await balance(database)
    assert (len(traces), len(events)) == (1, 3)
    assert [len(events) for events in writer.committed if events] == [2, 1]


async def test_commits_are_measured_by_what_was_new_and_conflicts_counted(writer, make_event):
    old, new_one = make_event(session_id="s"), make_event(session_id="s")
    await writer.write([old])
    assert (writer.sizes, writer.conflicts) == ([1], 0)
    await writer.write([old, new_one])
    assert (writer.sizes, writer.conflicts) == ([1, 1], 1)  # nobody expected the old one again
    await writer.write([old])
    assert (writer.sizes, writer.conflicts) == ([1, 1], 1)


async def test_a_second_delivery_at_the_same_time_is_the_same_event(writer, make_event, database, balance):
    event = make_event()
    outcomes = await asyncio.gather(*[writer.write([event]) for _ in range(8)])
    assert sorted(outcome.duplicate for (outcome,) in outcomes) == [False] + [True] * 7
    assert len({outcome.trace_id for (outcome,) in outcomes}) == 1
    await balance(database)


async def test_a_second_delivery_after_a_restart_is_the_same_event(writer_on, make_event, database, balance):
    event = make_event(agent_id="a")
    (first,) = await writer_on(database).write([event])
    await database.close()
    await database.open()
    event.trace_id = None
    assert await writer_on(database).write([event]) == [first._replace(duplicate=True)]
    await balance(database)


async def test_a_second_delivery_to_another_receiver_is_the_same_event(connect, writer_on, make_event, balance):
    writers = [writer_on(await connect()) for _ in range(2)]
    events = [make_event(event_type="log", session_id=f"s{number % 3}") for number in range(20)]
    copies = [[make_event(id=event.id, session_id=event.session_id) for event in events] for _ in writers]
    one, two = await asyncio.gather(*[w.write(copy) for w, copy in zip(writers, copies, strict=True)])
    assert [outcome.trace_id for outcome in one] == [outcome.trace_id for outcome in two]
    assert all(a.duplicate != b.duplicate for a, b in zip(one, two, strict=True))
    await balance(await connect())


@pytest.mark.parametrize(
    "fault",
    [
        {"status": "bad"},  # against the schema
        {"properties": {"text": "\ud800"}},  # no UTF-8
        {"trace_id": "\udfff"},
        {"properties": {"list": [0]}, "name": 7},
    ],
)
@pytest.mark.parametrize("place", [0, 3, 6])
async def test_an_event_that_cannot_be_stored_costs_only_itself(writer, make_event, database, balance, fault, place):
    events = [make_event(trace_id=f"t{number % 2}") for number in range(6)]
    events.insert(place, make_event(**({"trace_id": "t0"} | fault)))
    neighbour = asyncio.create_task(writer.write([make_event(trace_id="t0")]))
    outcomes = await writer.write(events)
    problem = outcomes.pop(place)
    assert problem.code is Code.INVALID_ARGUMENT
    assert problem.message.startswith("the event cannot be stored: ")
    del events[place]
    assert outcomes == [new(event) for event in events]
    assert [outcome.duplicate for outcome in await neighbour] == [False]
    assert len((await balance(database))[1]) == 7


async def test_one_of_five_hundred_that_cannot_be_stored_costs_only_itself(writer, make_event, database, balance):
    events = [make_event(trace_id=f"t{number % 50}") for number in range(500)]
    events[333] = make_event(trace_id="t33", status="bad")
    outcomes = await writer.write(events)
    assert [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Problem)] == [333]
    assert len((await balance(database))[1]) == 499


async def test_a_commit_that_all_are_refused_in_stores_nothing(writer, make_event, database, balance):
    outcomes = await writer.write([make_event(status="bad") for _ in range(5)])
    assert {outcome.code for outcome in outcomes} == {Code.INVALID_ARGUMENT}
    assert await balance(database) == ({}, {})


async def test_what_arrives_during_a_commit_is_merged_into_the_next(writer, make_event):
    await asyncio.gather(*[writer.write([make_event(session_id="s")]) for _ in range(100)])
    assert [len(events) for events in writer.committed] == [1, 99]


async def test_a_commit_has_a_size_and_a_larger_request_its_own(writer_on, database, make_event):
    writer = writer_on(database, most=10)
    requests = [[make_event(session_id="s") for _ in range(size)] for size in (1, 4, 4, 4, 25, 1)]
    await asyncio.gather(*map(writer.write, requests))
    assert [len(events) for events in writer.committed] == [1, 8, 4, 25, 1]


async def test_a_commit_is_divided_until_its_bytes_are_few_enough(writer_on, database, interposed, make_event, balance):
    sizes = []

    async def count(statements, variables):
        if statements is WRITE:
            sizes.append(len(cbor.decode(variables["events"].cbor)))

    writer = writer_on(interposed(database, before=count), most_bytes=10_000)
    lengths = (*[1000] * 20, 30_000, 1000)
    events = [make_event(trace_id="t", properties={"text": "x" * length}) for length in lengths]
    assert await writer.write(events) == [new(event) for event in events]
    assert sizes == [5, 6, 5, 3, 1, 1, 1]
    await balance(database)


async def test_a_resource_that_events_share_counts_once(writer_on, database, make_event):
    writer = writer_on(database, most_bytes=30_000)
    resource = {"attributes": {"text": "x" * 20_000}}
    events = [make_event(session_id="s", resource=resource) for _ in range(10)]
    await writer.write(events)
    assert writer.sizes == [10]


async def test_closing_waits_for_what_was_taken_and_takes_nothing_more(writer, make_event, database, balance):
    events = [make_event(session_id="s") for _ in range(20)]
    writes = [asyncio.create_task(writer.write([event])) for event in events]
    await asyncio.sleep(0)
    await writer.close()
    assert len((await balance(database))[1]) == 20
    with pytest.raises(Problem, match="stopping") as raised:
        await writer.write([make_event()])
    assert raised.value.code is Code.UNAVAILABLE
    assert len(await asyncio.gather(*writes)) == 20


async def test_a_client_that_hangs_up_takes_nothing_back(writer, make_event, database, balance):
    writes = [asyncio.create_task(writer.write([make_event(session_id="s")])) for _ in range(10)]
    await asyncio.sleep(0)
    for write in writes[:9]:
        write.cancel()
    assert [outcome.duplicate for outcome in await writes[9]] == [False]
    await writer.close()
    assert len((await balance(database))[1]) == 10
    assert [write.cancelled() for write in writes[:9]] == [True] * 9


async def test_a_store_that_went_away_is_a_problem_for_all_who_wait_and_no_event_is_blamed(
    stand_in, writer_on, make_event, balance
):
    from storage.surreal import schema
    from storage.surreal.database import Database

    database = Database(stand_in.url, namespace="n", database="d", user="root", password="secret")
    await schema.apply(database.run)
    writer = writer_on(database)
    events = [make_event(session_id=f"s{number}") for number in range(20)]
    stand_in.answering.clear()
    writes = [asyncio.create_task(writer.write([event])) for event in events]
    await asyncio.sleep(0.05)
    stand_in.hang_up()
    stand_in.answering.set()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    failed = [event for event, outcome in zip(events, outcomes, strict=True) if isinstance(outcome, Problem)]
    assert len(failed) >= IN_FLIGHT
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Problem)} == {Code.UNAVAILABLE}
    for event in failed:
        event.trace_id = None
        await writer.write([event])
    assert len((await balance(database))[1]) == 20
    await database.close()
