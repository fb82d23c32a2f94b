"""How many traces began when, against counting all of them."""

import asyncio
import itertools
import random

import pytest

from mapping.errors import Code, Problem
from mapping.filtering.language import parse
from mapping.times import NS
from storage.filters import TraceFilter
from storage.read.activity import MOST_TRACES, ActivityCounts, ActivityReader, Bucket, activity

NOON = 1_767_960_000 * NS
TRACES, MOMENTS = 60, 50


@pytest.fixture
async def traces(writer, reader, make_event):
    """Traces that begin within 50 ns, running, completed and failed."""
    rng = random.Random(2)  # noqa: S311 - made-up data
    await writer.write(
        [
            make_event(
                trace_id=f"{number:032x}",
                timestamp=NOON + rng.randrange(MOMENTS),
                status=rng.choice(["ok", "error"]),
                span_id=rng.choice([None, "1" * 16]),
                session_id=rng.choice([None, "s"]),
                agent_id=rng.choice(["a", "b"]),
                resource=rng.choice([None, {"service.name": "shop"}]),
            )
            for number in range(TRACES)
        ]
    )
    runs, *_ = await reader.traces(TraceFilter(), 200)
    traces = [run.trace for run in runs]
    assert len({trace.status for trace in traces}) == 3
    return traces


def counted(traces, counts, which):
    """Count by looking at all traces, bucket by bucket."""
    starts = [bucket.start for bucket in counts.buckets]
    until = counts.until
    passing = [
        trace
        for trace in traces
        if all(
            getattr(which, field) in {None, getattr(trace, field)}
            for field in "session_id agent_id service status".split()
        )
    ]
    for start, end in itertools.pairwise([*starts, until]):
        began = [trace for trace in passing if start <= trace.start_time < end]
        yield Bucket(start, len(began), sum(trace.status == "failed" for trace in began))


@pytest.mark.parametrize("buckets", [1, 7, 50, 200])
@pytest.mark.parametrize(("since", "until"), [(None, None), (NOON - 20, None), (NOON + 11, NOON + 40)])
async def test_every_filter_counts_what_looking_at_all_traces_would(traces, reader, buckets, since, until):
    choices = ((None, "s"), (None, "b"), (None, "shop"), (None, "failed"))
    for session_id, agent_id, service, status in itertools.product(*choices):
        which = TraceFilter(
            session_id=session_id, agent_id=agent_id, service=service, status=status, since=since, until=until
        )
        counts = await activity(reader, which, buckets, rows_at_once=7)
        assert counts.complete is True
        assert counts.buckets == list(counted(traces, counts, which))
        if since is not None:
            assert counts.buckets[0].start == counts.since == since
        if until is not None:
            assert counts.until == until
        assert len(counts.buckets) <= buckets


YEAR = 365 * 86_400 * NS


@pytest.mark.parametrize(
    ("wrong", "earlier", "later"),
    [([0], 1, 0), ([NOON + 40 * YEAR], 0, 1), ([0, NOON + 2 * YEAR], 1, 1), ([NOON - YEAR // 2], 0, 0)],
    ids=["1970", "in forty years", "both", "half a year ago"],
)
@pytest.mark.parametrize("filter_text", ["", "-agent:nobody"])
async def test_one_wrong_date_does_not_spoil_the_axis(
    traces, writer, reader, make_event, wrong, earlier, later, filter_text
):
    await writer.write([make_event(trace_id=f"w{number}", timestamp=moment) for number, moment in enumerate(wrong)])
    counts = await activity(reader, TraceFilter(filter=parse(filter_text)), 10)
    starts = [trace.start_time for trace in traces]
    if earlier or later:
        assert (counts.since, counts.until) == (min(starts), max(starts) + 1)
    assert (counts.earlier, counts.later) == (earlier, later)
    assert sum(bucket.traces for bucket in counts.buckets) == TRACES + len(wrong) - earlier - later
    asked = await activity(reader, TraceFilter(since=0, until=NOON + 50 * YEAR), 10)
    assert sum(bucket.traces for bucket in asked.buckets) == TRACES + len(wrong)


async def test_of_two_dates_both_are_shown(writer, reader, make_event):
    await writer.write([make_event(trace_id="a", timestamp=0), make_event(trace_id="b")])
    counts = await activity(reader, TraceFilter(), 10)
    assert (counts.since, counts.earlier, counts.later) == (0, 0, 0)


async def test_the_buckets_hold_all_traces_where_no_bound_is_given(traces, reader):
    counts = await activity(reader, TraceFilter(), 10)
    assert len(counts.buckets) == 10
    assert sum(bucket.traces for bucket in counts.buckets) == TRACES
    assert counts.since == min(trace.start_time for trace in traces)


async def test_it_stops_at_the_newest_traces_and_says_where(traces, reader):
    counts = await activity(reader, TraceFilter(since=NOON - 100), 5, most=30, rows_at_once=3)
    assert counts.complete is False
    assert counts.buckets == list(counted(traces, counts, TraceFilter()))
    assert 20 <= sum(bucket.traces for bucket in counts.buckets) <= 30
    assert counts.since > NOON


@pytest.mark.parametrize("which", [{"session_id": "s"}, {"agent_id": "a"}])
async def test_of_a_session_or_an_agent_with_many_traces_the_newest_are_counted(traces, reader, which):
    counts = await activity(reader, TraceFilter(**which), 5, most_of_one=5)
    assert counts.complete is False
    assert 4 <= sum(bucket.traces for bucket in counts.buckets) <= 5
    # The traces that began in the same nanosecond as the last one that was read are counted with it or not at all.
    later = [trace for trace in traces if trace.start_time > counts.since]
    for bucket, right in zip(counts.buckets[1:], list(counted(later, counts, TraceFilter(**which)))[1:], strict=True):
        assert bucket == right


async def test_where_reading_takes_too_long_the_newest_that_were_read_are_counted(traces, reader):
    counts = await activity(reader, TraceFilter(), 5, rows_at_once=3, within=0)
    assert counts.complete is False
    assert 0 < sum(bucket.traces for bucket in counts.buckets) <= 9  # a piece of each status
    assert counts.buckets == list(counted(traces, counts, TraceFilter()))


async def test_where_there_are_no_traces_the_bounds_that_were_given_are_counted(reader):
    assert await activity(reader, TraceFilter(), 5) == ActivityCounts(None, None, complete=True, buckets=[])
    counts = await activity(reader, TraceFilter(since=NOON, until=NOON + 10), 2)
    assert counts.buckets == [Bucket(moment, 0, 0) for moment in (NOON, NOON + 5)]
    assert (await activity(reader, TraceFilter(since=NOON, until=NOON), 2)).buckets == []


async def test_moments_past_64_bits_are_counted(writer, reader, make_event):
    far = 253_402_300_799 * NS
    await writer.write([make_event(timestamp=far), make_event(timestamp=NOON)])
    counts = await activity(reader, TraceFilter(since=far), 3)
    assert sum(bucket.traces for bucket in counts.buckets) == 0  # no span of time remains
    counts = await activity(reader, TraceFilter(since=far - NS, until=far + 9), 3)
    assert [bucket.traces for bucket in counts.buckets] == [1, 0, 0]


async def test_what_takes_long_is_told_again_until_something_is_deleted(traces, writer, reader, make_event):
    counts = ActivityReader(reader, long=0, again=10_000)
    first = await counts.get(TraceFilter(), 5)
    assert first == await activity(reader, TraceFilter(), 5)
    await writer.write([make_event(trace_id="another")])
    assert await counts.get(TraceFilter(), 5) == first
    assert sum(bucket.traces for bucket in (await counts.get(TraceFilter(), 6)).buckets) == TRACES + 1
    counts.forget()
    assert sum(bucket.traces for bucket in (await counts.get(TraceFilter(), 5)).buckets) == TRACES + 1


async def test_counts_of_before_are_told_while_they_are_counted_anew(traces, writer, reader, make_event):
    counts = ActivityReader(reader, long=0, again=0)
    first = await counts.get(TraceFilter(), 5)
    await writer.write([make_event(trace_id="another")])
    assert await counts.get(TraceFilter(), 5) == first
    async with asyncio.timeout(60):
        while (now := await counts.get(TraceFilter(), 5)) == first:
            await asyncio.sleep(0.01)
    assert sum(bucket.traces for bucket in now.buckets) == TRACES + 1
    await writer.write([make_event(trace_id="one more")])
    late = ActivityReader(reader, long=0, again=0, told_again=0)
    assert sum(bucket.traces for bucket in (await late.get(TraceFilter(), 5)).buckets) == TRACES + 2
    await writer.write([make_event(trace_id="the last")])
    assert sum(bucket.traces for bucket in (await late.get(TraceFilter(), 5)).buckets) == TRACES + 3


async def test_what_was_counted_when_something_was_deleted_is_not_told_again(traces, reader):
    counts = ActivityReader(reader, long=0, again=10_000)
    counting = asyncio.create_task(counts.get(TraceFilter(), 5))
    while not counts._lock.locked():
        await asyncio.sleep(0)
    counts.forget()
    await counting
    assert counts._cached == {}


@pytest.mark.parametrize("most", [MOST_TRACES, 15])
async def test_traces_that_hold_no_run_are_counted_apart(writer, reader, make_event, database, interpret, most):
    await writer.write(
        [
            make_event(trace_id=f"{number:032x}", timestamp=NOON + number, kind="internal", span_id="1" * 16)
            if number % 3
            else make_event(trace_id=f"{number:032x}", timestamp=NOON + number, session_id="s")
            for number in range(30)
        ]
    )
    await interpret(database)
    for runs in (True, False):
        counts = await activity(reader, TraceFilter(runs=runs, until=NOON + 30), 10, most, rows_at_once=4)
        assert counts.complete is (most == MOST_TRACES)
        assert counts.since <= NOON + 20
        counted = sum(bucket.traces for bucket in counts.buckets)
        assert counted == sum((number % 3 == 0) is runs for number in range(counts.since - NOON, 30))


async def test_what_takes_no_time_is_counted_anew(traces, writer, reader, make_event):
    counts = ActivityReader(reader, long=60)
    await counts.get(TraceFilter(), 5)
    await writer.write([make_event(trace_id="another")])
    assert sum(bucket.traces for bucket in (await counts.get(TraceFilter(), 5)).buckets) == TRACES + 1


async def test_who_would_wait_long_for_the_counts_of_others_is_told_to_come_again(traces, reader):
    counts = ActivityReader(reader, long=0, again=10_000, turn_within=0.05)
    known = await counts.get(TraceFilter(), 5)
    async with counts._lock:  # another counts
        with pytest.raises(Problem, match="others count traces") as raised:
            await counts.get(TraceFilter(), 6)
        assert raised.value.code is Code.UNAVAILABLE
        assert await counts.get(TraceFilter(), 5) == known
    assert sum(bucket.traces for bucket in (await counts.get(TraceFilter(), 6)).buckets) == TRACES
