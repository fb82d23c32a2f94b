"""One transaction, whoever comes in between."""

import msgspec
import pytest

from mapping.errors import Code, Problem
from storage.retention.prune import Pruner, Selection
from storage.surreal import rows
from storage.surreal.errors import StatementRefusedError
from storage.write import idle_traces
from storage.write.commit import PlacementWindows, commit
from storage.write.transaction import pending_of

HOUR = 3600 * 10**9
NOON = 1_767_960_000 * 10**9
WINDOWS = PlacementWindows(HOUR)


def pending(*events):
    encoder = rows.EventEncoder(0)
    return [pending_of(event, encoder) for event in events]


@pytest.fixture
def meanwhile(interposed):
    """Give a database to a commit, between whose look-up and transaction something happens, so many times."""

    def lets(database, happen, times=1):
        left = [happen] * times

        async def after(statements, _variables):
            if left and not statements.lstrip().startswith("BEGIN"):
                await left.pop()()

        return interposed(database, after=after)

    return lets


async def test_what_is_sent_again_unexpectedly_is_found_all_the_same(connect, make_event, balance):
    database = await connect()
    old = [make_event(session_id="s"), make_event(agent_id="a", creates_trace=True)]
    first = await commit(database, pending(*old), WINDOWS)
    again = [old[0], make_event(session_id="s"), *[msgspec.structs.replace(old[1], creates_trace=False, agent_id="b")]]
    outcomes = await commit(database, pending(*again), WINDOWS, redelivered=False)
    assert [outcome.duplicate for outcome in outcomes] == [True, False, True]
    assert outcomes[2].trace_id == first[1].trace_id
    _, events = await balance(database)
    assert len(events) == 3


async def test_a_commit_that_meets_a_changed_trace_decides_again(connect, make_event, balance, meanwhile):
    database, other = await connect(), await connect()
    await commit(database, pending(make_event(trace_id="t")), WINDOWS)
    late = make_event(trace_id="t")
    disturbed = meanwhile(database, lambda: commit(other, pending(late), WINDOWS))
    (outcome,) = await commit(disturbed, pending(event := make_event(trace_id="t")), WINDOWS)
    assert (outcome.event_id, outcome.duplicate) == (event.id, False)
    traces, events = await balance(database)
    assert traces["t"]["event_count"] == 3
    assert late.id in events


async def test_a_trace_that_is_deleted_and_made_anew_meanwhile_is_another(connect, make_event, balance, meanwhile):
    database, other = await connect(), await connect()
    await commit(database, pending(make_event(trace_id="t")), WINDOWS)

    async def made_anew():
        await Pruner(other).prune(Selection(before=2**62), share=1, seconds=60)
        await commit(other, pending(make_event(trace_id="t"), make_event(trace_id="t")), WINDOWS)

    await commit(meanwhile(database, made_anew), pending(make_event(trace_id="t")), WINDOWS)
    (traces,) = await database.query("SELECT id, event_count FROM agent_trace")
    assert traces == [{"id": "t", "event_count": 3}]


@pytest.mark.parametrize("fields", [{"trace_id": "t"}, {"session_id": "s"}, {"agent_id": "a"}])
async def test_two_that_make_the_same_trace_make_one(connect, make_event, balance, meanwhile, fields):
    database, other = await connect(), await connect()
    disturbed = meanwhile(database, lambda: commit(other, pending(make_event(**fields)), WINDOWS))
    (outcome,) = await commit(disturbed, pending(make_event(**fields)), WINDOWS)
    traces, events = await balance(database)
    assert list(traces) == [outcome.trace_id]
    assert len(events) == 2


@pytest.mark.parametrize(
    ("order", "other_fields"), [(1, {}), (-1, {}), (1, {"session_id": "s"}), (1, {"trace_id": "t"})]
)
async def test_two_calls_of_one_conversation_have_one_trace(
    connect, make_call, balance, meanwhile, order, other_fields
):
    """Neither has seen the other when it decides: the second to write has to look again."""
    database, other = await connect(), await connect()
    calls = [make_call("hi", answer="Hello!", **other_fields), make_call("hi", "Hello!", "Who?", timestamp=NOON + 1)]
    first, second = calls[::order]
    disturbed = meanwhile(database, lambda: commit(other, pending(first), WINDOWS))
    (outcome,) = await commit(disturbed, pending(second), WINDOWS)
    assert outcome.trace_id == first.trace_id
    assert len((await balance(database))[0]) == 1


async def test_two_calls_that_repeat_a_list_of_messages_after_a_failure_have_one_trace(
    connect, make_call, balance, meanwhile
):
    database, other = await connect(), await connect()
    failed, answered = make_call("hi", status="error"), make_call("hi", answer="Hello!")
    await commit(meanwhile(database, lambda: commit(other, pending(failed), WINDOWS)), pending(answered), WINDOWS)
    assert len((await balance(database))[0]) == 1
    # The next day the list is heard again, and its record is there already.
    day = NOON + 24 * HOUR
    failed, answered = (
        make_call("hi", status="error", timestamp=day),
        make_call("hi", answer="Hello!", timestamp=day),
    )
    await commit(meanwhile(database, lambda: commit(other, pending(failed), WINDOWS)), pending(answered), WINDOWS)
    assert answered.trace_id == failed.trace_id
    assert len((await balance(database))[0]) == 2


async def test_what_is_to_be_interpreted_is_written_with_it_by_trace(database, make_event):
    events = [make_event(trace_id="t"), make_event(trace_id="t"), make_event(trace_id="u", indexed=False)]
    await commit(database, pending(*events), WINDOWS)
    (queued,) = await database.query("SELECT traces, size, part FROM interpretation_queue")
    assert sorted(pair for record in queued for pair in record["traces"]) == [
        ["t", [events[0].id, events[1].id]],
        ["u", [events[2].id]],
    ]
    assert sum(record["size"] for record in queued) == 3
    # An engine of one's own has one queue; others may share a server's.
    assert {record["part"] for record in queued} == (
        {0} if database.embedded else {rows.part_of("t", shared=True), rows.part_of("u", shared=True)}
    )


async def test_a_list_of_messages_whose_trace_is_gone_is_heard_anew(database, make_call, balance):
    await commit(database, pending(make_call("hi", answer="Hello!")), WINDOWS)
    await database.query("DELETE agent_trace; DELETE agent_event; DELETE index_queue")
    first, second = make_call("hi", "Hello!", "Who?", answer="Me."), make_call("hi", "Hello!", "Who?", "Me.", "Why?")
    await commit(database, pending(first), WINDOWS)
    await commit(database, pending(second), WINDOWS)
    assert (first.correlation, second.correlation) == ("created", "conversation")
    assert list((await balance(database))[0]) == [first.trace_id]


async def test_two_that_store_the_same_event_store_one(connect, make_event, balance, meanwhile):
    database, other = await connect(), await connect()
    event = make_event(session_id="s")
    copy = make_event(id=event.id, session_id="s")
    disturbed = meanwhile(database, lambda: commit(other, pending(copy), WINDOWS))
    (outcome,) = await commit(disturbed, pending(event), WINDOWS)
    assert outcome.duplicate
    assert len((await balance(database))[1]) == 1


async def test_a_trace_that_is_closed_meanwhile_runs_again(connect, make_event, balance, meanwhile):
    database, other = await connect(), await connect()
    await commit(database, pending(make_event(trace_id="t")), WINDOWS)
    disturbed = meanwhile(database, lambda: idle_traces.close_once(other, 2**62))
    await commit(disturbed, pending(make_event(trace_id="t")), WINDOWS)
    traces, _ = await balance(database)
    assert [traces["t"][field] for field in ("status", "event_count")] == ["running", 2]


async def test_one_who_never_comes_to_write_is_told_to_come_again(connect, make_event, balance, meanwhile):
    database, other = await connect(), await connect()
    await commit(database, pending(make_event(trace_id="t")), WINDOWS)
    disturbed = meanwhile(database, lambda: commit(other, pending(make_event(trace_id="t")), WINDOWS), times=3)
    with pytest.raises(Problem, match="too many writers") as raised:
        await commit(disturbed, pending(make_event(trace_id="t")), WINDOWS, attempts=3)
    assert raised.value.code is Code.UNAVAILABLE
    assert len((await balance(database))[1]) == 4


async def test_a_refused_commit_leaves_nothing_behind(database, make_event, balance):
    with pytest.raises(StatementRefusedError, match="status"):
        await commit(database, pending(make_event(trace_id="t"), make_event(trace_id="u", status="bad")), WINDOWS)
    assert await balance(database) == ({}, {})
    assert await database.query("SELECT * FROM index_queue") == [[]]


async def test_only_events_to_be_searched_are_queued(database, make_event, balance):
    event, unsearched = make_event(), make_event(indexed=False)
    await commit(database, pending(event, unsearched), WINDOWS)
    await commit(database, pending(make_event(indexed=False)), WINDOWS)
    await balance(database)
    assert await database.query("SELECT VALUE [event_ids, size] FROM index_queue") == [[[[event.id], 1]]]


async def test_numbers_past_64_bits_stay_what_they_are_or_become_the_largest(database, make_event, balance):
    """An engine that is given more than 64 bits keeps the low ones: a duration would be negative."""
    year = 365 * 24 * HOUR
    for at in (-1900 * year, -300 * year, 300 * year, 2000 * year):  # the years 70 to 3970
        event = make_event(
            timestamp=at,
            duration=2**64,
            agent_id="a",
            session_id="s",
            trace_id="t",
            name="n",
            event_type="model_call",
        )
        await commit(database, pending(event), WINDOWS)
        assert (await database.query("SELECT VALUE timestamp FROM agent_event WHERE duration_ns > 0"))[0].count(at) == 1
    traces, _ = await balance(database)
    assert traces["t"]["start_time"] == -1900 * year
    lonely = make_event(timestamp=2000 * year, agent_id="b")
    later = make_event(timestamp=2000 * year + 1, agent_id="b")
    one, two = await commit(database, pending(lonely, later), WINDOWS)
    assert one.trace_id == two.trace_id
