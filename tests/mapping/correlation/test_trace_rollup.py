from functools import reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.correlation.trace_rollup import absorb, trace_of
from mapping.model import Event

NOW = 10_000


def event(**fields):
    return Event(**{"id": "e", "timestamp": 100, "kind": "internal", "properties": {}, **fields})


def trace(*events):
    return reduce(absorb, [trace_of(event, "t", NOW) for event in events])


def facts(trace):
    """Return what the events say, without when the receiver heard of it."""
    return msgspec.structs.replace(trace, created_at=0, updated_at=0, revision=0)


few = st.none() | st.sampled_from("ab")
events = st.builds(
    Event,
    id=st.uuids().map(str),
    timestamp=st.integers(0, 5),
    kind=st.just("internal"),
    properties=st.just({}),
    correlation=st.sampled_from(["trace_id", "session"]),
    event_type=st.sampled_from(["model_call", "agent", "log"]),
    agent_id=few,
    session_id=few,
    name=few,
    status=st.sampled_from(["ok", "error", "unset"]),
    resource=st.sampled_from([None, {}, {"service.name": ""}, {"service.name": "a"}, {"service.name": "b"}]),
    span_id=few,
    parent_span_id=few,
    duration=st.none() | st.integers(0, 5),
)
some_traces = st.lists(events.map(lambda event: trace_of(event, "t", NOW)), min_size=1, max_size=6)


@given(some_traces, st.randoms())
def test_any_order_and_grouping_of_the_same_events_gives_the_same_trace(traces, random):
    expected = facts(reduce(absorb, traces))
    traces = list(traces)
    while len(traces) > 1:
        one = traces.pop(random.randrange(len(traces)))
        other = traces.pop(random.randrange(len(traces)))
        traces.append(absorb(one, other))
    assert facts(traces[0]) == expected


@given(st.lists(events, min_size=1))
def test_counts_and_times_follow_the_events(events):
    rolled_up = trace(*events)
    assert rolled_up.event_count == len(events)
    assert rolled_up.start_time == min(event.timestamp for event in events)
    assert rolled_up.last_event_at == max(event.ends_at for event in events)


def test_a_trace_runs_until_its_root_span_has_ended():
    child = event(span_id="c", parent_span_id="r", status="error")
    root = event(span_id="r", timestamp=90, duration=30)
    assert (trace(child).status, trace(child).end_time) == ("running", None)
    assert (trace(child, root).status, trace(child, root).end_time) == ("completed", 120)


@pytest.mark.parametrize(("status", "expected"), [("ok", "completed"), ("unset", "completed"), ("error", "failed")])
def test_a_trace_ends_as_its_root_span_did(status, expected):
    rolled_up = trace(event(span_id="r", status=status))
    assert (rolled_up.status, rolled_up.root_status) == (expected, expected)


def test_a_trace_with_several_root_spans_ends_with_the_last_and_fails_with_any():
    rolled_up = trace(event(span_id="a", duration=5, status="error"), event(span_id="b", duration=9))
    assert (rolled_up.status, rolled_up.end_time) == ("failed", 109)


def test_what_comes_after_the_end_counts_and_leaves_the_end_where_it_was():
    ended = trace(event(span_id="r", duration=20))
    late = event(timestamp=110, duration=50, status="error", span_id="c")
    late.parent_span_id = "r"
    rolled_up = absorb(ended, trace(late))
    assert (rolled_up.status, rolled_up.end_time, rolled_up.last_event_at) == ("completed", 120, 160)
    assert rolled_up.event_count == 2
    assert facts(rolled_up) == facts(absorb(trace(late), ended))


def test_a_root_span_that_comes_after_the_trace_was_closed_for_idleness_says_how_it_ended():
    idle = msgspec.structs.replace(trace(event()), status="completed")
    rolled_up = absorb(idle, trace(event(span_id="r", status="error", duration=7)))
    assert (rolled_up.status, rolled_up.root_status, rolled_up.end_time) == ("failed", "failed", 107)


@pytest.mark.parametrize("kind", ["log_record", "span_event", "json"])
def test_what_is_no_span_does_not_end_a_trace(kind):
    assert trace(event(kind=kind)).status == "running"


def test_a_trace_closed_for_idleness_runs_again_when_something_arrives():
    idle = msgspec.structs.replace(trace(event()), status="completed")
    assert absorb(idle, trace(event())).status == "running"


def test_a_score_sets_no_trace_going_again():
    score = trace(event(properties={"gen_ai.evaluation.name": "tone"}))
    idle = msgspec.structs.replace(trace(event()), status="completed")
    assert absorb(idle, score).status == absorb(score, idle).status == "completed"
    assert absorb(trace(event()), score).status == absorb(score, trace(event())).status == "running"


@pytest.mark.parametrize("field", ["session_id", "agent_id"])
def test_the_first_event_that_carries_a_field_fills_it_however_late_it_arrives(field):
    rolled_up = trace(
        event(timestamp=1), event(timestamp=9, **{field: "later"}), event(timestamp=5, **{field: "first"})
    )
    assert getattr(rolled_up, field) == "first"


def test_the_name_is_the_root_span_s_then_that_of_the_first_event_with_one():
    late_root = event(timestamp=50, span_id="r", name="run")
    assert trace(event(timestamp=9, name="b"), event(timestamp=5, name="a")).name == "a"
    assert trace(event(timestamp=5, name="a"), late_root).name == "run"
    assert trace(late_root, event(timestamp=5, name="a")).name == "run"


def test_the_service_comes_from_the_resource():
    assert trace(event(), event(resource={"service.name": "shop"})).service == "shop"
    assert trace(event(resource={"service.name": 7})).service is None


def test_a_trace_remembers_whether_anyone_gave_its_id():
    placed, given_id = event(correlation="session"), event(correlation="trace_id")
    assert trace(placed).origin == "inferred"
    assert trace(placed, given_id).origin == "given"


def test_a_known_trace_keeps_when_it_was_made_and_which_revision_it_is():
    known = msgspec.structs.replace(trace(event()), created_at=1, updated_at=2, revision=3)
    changed = absorb(known, trace_of(event(), "t", 9))
    assert (changed.created_at, changed.updated_at, changed.revision) == (1, 9, 3)
