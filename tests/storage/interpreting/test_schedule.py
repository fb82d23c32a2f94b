"""Which traces are due, and which records of the queue end with them."""

import pytest

from storage.interpreting.schedule import Schedule


class Now:
    def __init__(self):
        self.seconds = 100.0
        self.sizes = {}

    def __call__(self):
        return self.seconds


@pytest.fixture
def now():
    return Now()


@pytest.fixture
def schedule(now):
    return Schedule(now, lambda trace_id: now.sizes.get(trace_id, 1), lambda _trace_id: ())


def test_the_trace_that_has_waited_longest_is_due_first_and_others_up_to_so_many_events(schedule, now):
    schedule.add("record", {"long": 900})
    now.seconds += 1
    schedule.add("another", {"small": 200, "large": 800})
    now.sizes = {"long": 900, "small": 100, "large": 800}
    assert schedule.due(1_000, 1_000) == ["long", "small"]


def test_a_trace_that_is_being_interpreted_is_not_begun_again(schedule):
    schedule.add("record", {"trace": 1})
    schedule.begin(["trace"])
    schedule.add("another", {"trace": 1})
    assert schedule.due(1_000, 1_000) == []
    assert schedule.seconds_left() is None
    assert "trace" in schedule


def test_what_comes_while_a_trace_is_interpreted_waits_for_the_next_time(schedule):
    schedule.add("record", {"trace": 1})
    schedule.begin(["trace"])
    schedule.add("another", {"trace": 1})
    assert schedule.ending(["trace"]) == ["record"]
    schedule.done(["trace"])
    assert schedule.due(1_000, 1_000) == ["trace"]
    schedule.begin(["trace"])
    assert schedule.ending(["trace"]) == ["another"]


def test_a_record_ends_with_the_last_of_its_traces(schedule):
    schedule.add("record", {"one": 1, "other": 1})
    schedule.begin(["one"])
    assert schedule.ending(["one"]) == []
    schedule.begin(["other"])
    schedule.done(["other"])
    assert schedule.ending(["one"]) == ["record"]


def test_a_trace_that_has_to_be_interpreted_once_more_keeps_its_records_and_its_turn(schedule, now):
    schedule.add("record", {"trace": 1})
    schedule.begin(["trace"])
    now.seconds += 1
    schedule.add("another", {"later": 1, "trace": 1})
    schedule.again(["trace"])
    assert schedule.due(1_000, 1_000) == ["trace", "later"]
    schedule.begin(["trace"])
    assert schedule.ending(["trace"]) == ["record"]
    schedule.done(["trace"])
    schedule.begin(["later"])
    assert schedule.ending(["later"]) == ["another"]


class TestSessions:
    """Traces of a session are interpreted together: each time costs what all of them have."""

    @pytest.fixture
    def sessions(self):
        return {"one": {"s"}, "two": {"s"}, "three": {"s"}, "other": {"t"}}

    @pytest.fixture
    def schedule(self, now, sessions):
        return Schedule(now, lambda trace_id: now.sizes.get(trace_id, 1), lambda trace_id: sessions.get(trace_id, ()))

    def test_all_that_waits_of_a_session_is_due_with_its_first_but_not_that_of_others(self, schedule):
        schedule.add("record", {"one": 1, "other": 1, "two": 1, "three": 1})
        assert schedule.due(1, 100) == ["one", "two", "three"]

    def test_of_a_session_only_so_many_events_are_due_at_once(self, schedule, now):
        schedule.add("record", {"one": 1, "two": 1, "three": 1})
        now.sizes = {"one": 60, "two": 30, "three": 30}
        assert schedule.due(1, 100) == ["one", "two"]

    def test_nothing_of_a_session_is_begun_while_some_of_it_is_interpreted(self, schedule):
        schedule.add("record", {"one": 1})
        schedule.begin(["one"])
        schedule.add("another", {"two": 1, "other": 1})
        assert schedule.due(100, 100) == ["other"]
        schedule.done(["one"])
        assert schedule.due(100, 100) == ["two", "other"]

    def test_what_was_interpreted_together_waits_until_as_many_events_are_new(self, schedule):
        schedule.took(["one", "two"], ["s"], 2, seconds=1.0)
        schedule.add("record", {"three": 1, "other": 1})
        assert schedule.due(100, 100) == ["other"]
        assert schedule.seconds_left() == 0.0
        schedule.begin(["other"])
        assert schedule.seconds_left() == 3.0
        schedule.add("another", {"three": 1})
        assert schedule.due(100, 100) == ["three"]

    def test_or_for_some_times_what_that_took(self, schedule, now):
        schedule.took(["one", "two"], ["s"], 2, seconds=1.0)
        schedule.add("record", {"three": 1})
        now.seconds += 2.9
        assert schedule.due(100, 100) == []
        now.seconds += 0.2
        assert schedule.due(100, 100) == ["three"]


def test_begin_says_which_of_the_traces_had_changed(schedule):
    schedule.add("record", {"one": 1, "two": 1})
    schedule.begin(["two"])
    assert schedule.begin(["one", "two", "neighbour"]) == ["one"]


def test_long_traces_can_be_left_out(schedule, now):
    schedule.add("record", {"long": 1, "short": 1})
    now.sizes = {"long": 101, "short": 100}
    assert schedule.due(1_000, 1_000, longest=100) == ["short"]
