import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.correlation.placement import Placement, created_trace_id
from mapping.errors import Code
from mapping.ids import made_trace_id
from mapping.model import Event

NOW, WINDOW = 10_000, 100
GIVEN = "0af7651916cd43dd8448eb211c80319c"


def event(id_="e", timestamp=1_000, **fields):
    return Event(**{"id": id_, "timestamp": timestamp, "kind": "json", "properties": {}, **fields})


def copies(events):
    return [msgspec.structs.replace(event) for event in events]


class Store:
    """What a store does around the placement: it knows traces and events, and counts no event twice."""

    def __init__(self):
        self.traces = {}
        self.events = {}

    def write(self, batch):
        placement = Placement(copies(self.traces.values()), agent_window=WINDOW)
        for event in copies(batch):
            if event.id not in self.events:
                assert placement.place(event, NOW) is None
                self.events[event.id] = event
        self.traces |= {id_: placement.traces[id_] for id_ in placement.touched}


def store(*batches):
    placed = Store()
    for batch in batches:
        placed.write(batch)
    return placed


def place(*events, traces=()):
    placement = Placement(traces, agent_window=WINDOW)
    assert [placement.place(event, NOW) for event in events] == [None] * len(events)
    return [(event.trace_id, event.correlation) for event in events]


def root_span(trace_id, timestamp=1_000, **fields):
    return event("root", timestamp, trace_id=trace_id, span_id="r", **fields)


# Rule 1


def test_an_event_that_carries_a_trace_id_belongs_to_that_trace_which_is_made_if_need_be():
    assert place(event(trace_id=GIVEN, session_id="s", agent_id="a")) == [(GIVEN, "trace_id")]
    known = store([event(trace_id="other", session_id="s")]).traces.values()
    assert place(event(trace_id=GIVEN, session_id="s"), traces=known) == [(GIVEN, "trace_id")]


ids = st.sampled_from("123456789")
few = st.none() | st.sampled_from("ab")
histories = st.lists(
    st.builds(
        Event,
        id=ids,
        timestamp=st.integers(0, 300),
        kind=st.just("internal"),
        properties=st.just({}),
        trace_id=st.sampled_from(["t1", "t2"]),
        session_id=few,
        agent_id=few,
        name=few,
        status=st.sampled_from(["ok", "error"]),
        span_id=few,
        parent_span_id=few,
        duration=st.none() | st.integers(0, 50),
    ),
    unique_by=lambda event: event.id,
    min_size=1,
)


@st.composite
def deliveries(draw, histories):
    """Draw a history, and the same again: in any order, split into batches, parts of it repeated."""
    history = draw(histories)
    repeated = draw(st.permutations(history + draw(st.lists(st.sampled_from(history)))))
    cuts = sorted(draw(st.lists(st.integers(0, len(repeated)), max_size=3)))
    return history, [repeated[start:end] for start, end in zip([0, *cuts], [*cuts, len(repeated)], strict=True)]


@given(deliveries(histories))
def test_any_order_split_and_repetition_gives_the_same_traces_under_rule_1(delivery):
    history, batches = delivery
    assert store(*batches).traces == store(history).traces
    assert store(*batches).events == store(history).events


# Rule 2


def test_a_session_s_event_belongs_to_the_most_recent_trace_of_the_session():
    known = store(
        [event("1", 500, trace_id="older", session_id="s"), event("2", 700, trace_id="newer", session_id="s")],
        [event("3", 900, trace_id="other", session_id="t"), event("4", 950, trace_id="none")],
    ).traces.values()
    assert place(event(session_id="s"), traces=known) == [("newer", "session")]


def test_a_session_s_trace_takes_its_events_even_after_its_root_span_has_ended():
    known = store([root_span(GIVEN, session_id="s")]).traces.values()
    assert place(event("e", 10**15, session_id="s"), traces=known) == [(GIVEN, "session")]


def test_a_session_wins_over_the_agent():
    known = store([event(trace_id=GIVEN, agent_id="a", session_id="other")]).traces.values()
    assert place(event(session_id="s", agent_id="a"), traces=known) == [(made_trace_id("session", "s"), "created")]


sessions = st.lists(
    st.builds(event, ids, st.integers(0, 10**6), session_id=st.sampled_from("st"), agent_id=few),
    unique_by=lambda event: event.id,
    min_size=1,
)


@given(deliveries(sessions))
def test_one_session_gives_one_trace_in_any_order_split_and_repetition(delivery):
    history, batches = delivery
    placed = store(*batches)
    assert placed.traces == store(history).traces
    assert {(event.session_id, event.trace_id) for event in placed.events.values()} == {
        (trace.session_id, trace.id) for trace in placed.traces.values()
    }
    assert len(placed.traces) == len({event.session_id for event in history})


@given(deliveries(sessions))
def test_receivers_that_meet_a_session_at_once_make_the_same_trace(delivery):
    _, batches = delivery
    apart = [store(batch) for batch in batches]
    ids_by_session = {(trace.session_id, trace.id) for each in apart for trace in each.traces.values()}
    assert len(ids_by_session) == len({session for session, _ in ids_by_session})


# Rule 4


@pytest.mark.parametrize(
    ("timestamp", "joins"),
    [
        (1_050, True),
        (1_000, True),
        (1_150, True),  # the window counts from the end of what the agent did last
        (1_151, False),
        (900, True),  # came late, and belongs where it would have landed in time
        (899, False),
    ],
)
def test_an_agent_s_event_joins_its_running_trace_within_the_window_by_the_event_s_own_time(timestamp, joins):
    known = store([event("1", 1_000, trace_id=GIVEN, agent_id="a", duration=50)]).traces.values()
    own = (made_trace_id("event", "e"), "created")
    assert place(event("e", timestamp, agent_id="a"), traces=known) == [(GIVEN, "agent") if joins else own]


def test_when_the_events_arrive_does_not_matter_to_the_agent_s_window():
    (known,) = store([event("1", 1_000, trace_id=GIVEN, agent_id="a")]).traces.values()
    known.created_at = known.updated_at = 10**18
    assert place(event("e", 1_050, agent_id="a"), traces=[known]) == [(GIVEN, "agent")]


def test_the_agent_s_most_recent_trace_is_taken():
    known = store(
        [event("1", 1_000, trace_id="older", agent_id="a"), event("2", 1_010, trace_id="newer", agent_id="a")]
    ).traces.values()
    assert place(event(timestamp=1_020, agent_id="a"), traces=known) == [("newer", "agent")]


def test_a_trace_whose_root_span_has_ended_takes_no_more_of_the_agent_s_events():
    known = store([root_span(GIVEN, agent_id="a")]).traces.values()
    assert place(event(agent_id="a"), traces=known) == [(made_trace_id("event", "e"), "created")]


def test_a_trace_closed_only_for_idleness_still_takes_the_agent_s_events():
    (known,) = store([event("1", trace_id=GIVEN, agent_id="a")]).traces.values()
    known.status = "completed"
    placement = Placement([known], agent_window=WINDOW)
    late = event(agent_id="a")
    assert placement.place(late, NOW) is None
    assert (late.trace_id, placement.traces[GIVEN].status) == (GIVEN, "running")


def test_another_agent_s_trace_is_left_alone():
    known = store([event("1", trace_id=GIVEN, agent_id="a")]).traces.values()
    assert place(event(agent_id="b"), traces=known) == [(made_trace_id("event", "e"), "created")]


def test_an_agent_s_events_in_one_request_go_together():
    first, second, third = place(*(event(name, 1_000 + 60 * n, agent_id="a") for n, name in enumerate("xyz")))
    assert first == (made_trace_id("event", "x"), "created")
    assert second == third == (first[0], "agent")


# Rule 5


def test_an_event_with_neither_session_nor_agent_gets_a_trace_of_its_own():
    assert place(event("1"), event("2")) == [
        (made_trace_id("event", "1"), "created"),
        (made_trace_id("event", "2"), "created"),
    ]


def test_a_new_trace_has_the_event_s_session_and_agent():
    (trace,) = store([event(session_id="s", agent_id="a")]).traces.values()
    assert (trace.id, trace.session_id, trace.agent_id) == (made_trace_id("session", "s"), "s", "a")
    assert (trace.origin, trace.status, trace.event_count) == ("inferred", "running", 1)
    assert created_trace_id(event(session_id="s")) == trace.id


def test_where_traces_may_not_be_made_an_event_that_no_rule_places_is_refused_with_a_reason():
    placement = Placement([], agent_window=WINDOW)
    refused = event(session_id="s", agent_id="a", creates_trace=False)
    problem = placement.place(refused, NOW)
    assert problem.code is Code.INVALID_ARGUMENT
    assert problem.message.startswith("trace_id, session_id, agent_id: ")
    assert "auto_create_traces" in problem.message
    assert (placement.traces, placement.touched, refused.trace_id) == ({}, set(), None)


@pytest.mark.parametrize("fields", [{"trace_id": GIVEN}, {"session_id": "s"}, {"agent_id": "a"}])
def test_where_traces_may_not_be_made_the_other_rules_still_place(fields):
    known = store([event("1", trace_id=GIVEN, session_id="s", agent_id="a")]).traces.values()
    ((trace_id, correlation),) = place(event(creates_trace=False, **fields), traces=known)
    assert trace_id == GIVEN
    assert correlation != "created"


# Together


def test_only_the_traces_that_changed_are_named():
    known = store([event("1", trace_id="t1", session_id="s"), event("2", trace_id="t2")]).traces.values()
    placement = Placement(known, agent_window=WINDOW)
    placement.place(event(session_id="s"), NOW)
    assert placement.touched == {"t1"}
    assert placement.traces["t1"].event_count == 2


mixed = st.lists(
    st.builds(
        event,
        ids,
        st.integers(0, 300),
        trace_id=st.sampled_from([None, "t1"]),
        session_id=few,
        agent_id=few,
        span_id=few,
    ),
    unique_by=lambda event: event.id,
    min_size=1,
)


@given(mixed)
def test_redelivery_changes_nothing(history):
    once = store(history)
    again = store(history, history, history[::-1])
    assert again.traces == once.traces
    assert again.events == once.events


@given(mixed)
def test_every_event_is_placed_and_counted_once(history):
    placed = store(history)
    counts = {id_: sum(event.trace_id == id_ for event in placed.events.values()) for id_ in placed.traces}
    assert counts == {id_: trace.event_count for id_, trace in placed.traces.items()}
    assert sum(counts.values()) == len(history)


# Projects


def test_a_trace_keeps_the_project_of_the_event_that_made_it_and_gives_it_to_the_others():
    events = [event(str(n), trace_id=GIVEN, project=project) for n, project in enumerate(("shop", "bank", None))]
    placement = Placement([], agent_window=WINDOW)
    for one in events:
        assert placement.place(one, NOW) is None
    assert {one.project for one in events} == {placement.traces[GIVEN].project} == {"shop"}


@pytest.mark.parametrize("named", [{"session_id": "s"}, {"agent_id": "a"}, {"caller": "c"}])
@pytest.mark.parametrize(("one", "other"), [("shop", "bank"), ("shop", None), (None, "shop")])
def test_an_event_without_a_trace_id_is_placed_in_a_trace_of_its_own_project(named, one, other):
    first, second, third = (
        event(id_, project=project, **named) for id_, project in (("1", one), ("2", other), ("3", one))
    )
    placement = Placement([], agent_window=WINDOW)
    for each in (first, second, third):
        assert placement.place(each, NOW) is None
    assert first.trace_id == third.trace_id != second.trace_id
    assert [each.project for each in (first, second, third)] == [one, other, one]
    if "session_id" in named:
        assert second.trace_id == made_trace_id("session", "s", other)


@pytest.mark.parametrize("project", ["bank", None])
def test_a_confined_event_is_refused_in_a_trace_of_another_project(project):
    placement = Placement([], agent_window=WINDOW)
    assert placement.place(event("1", trace_id=GIVEN, project=project), NOW) is None
    confined = event("2", trace_id=GIVEN, project="shop", is_confined=True)
    problem = placement.place(confined, NOW)
    assert (problem.code, "another project" in problem.message) == (Code.PERMISSION_DENIED, True)
    assert (placement.traces[GIVEN].event_count, confined.project) == (1, "shop")


def test_no_event_is_placed_in_a_trace_of_another_project_that_has_the_id_made_for_its_session():
    placement = Placement([], agent_window=WINDOW)
    squatting = event("1", trace_id=made_trace_id("session", "s"), project="shop", is_confined=True)
    assert placement.place(squatting, NOW) is None
    assert placement.place(event("2", session_id="s"), NOW).code == Code.PERMISSION_DENIED


def test_a_trace_made_for_a_session_joins_none_of_another_project():
    placement = Placement([], agent_window=WINDOW)
    placement.place(event("1", session_id="s", project="bank"), NOW)
    placement.place(event("2", session_id="s", trace_id=GIVEN, project="shop"), NOW)
    assert placement.made_for_named() == []
    placement.place(event("3", session_id="s", trace_id="2" * 32, project="bank"), NOW)
    assert [trace.project for trace in placement.made_for_named()] == ["bank"]
    assert placement.join(placement.made_for_named()[0]).id == "2" * 32
