"""What a trace adds to counts by time: figures add up and are taken away again; percentiles are within 2%."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.figures import (
    HOUR,
    Counted,
    Figures,
    Outcome,
    bucket_of,
    error_group,
    figures_of,
    folded,
    packed,
    score_group,
    unpacked,
)
from mapping.calls.model import Call, Failure, Score, Tokens

DURATIONS = st.integers(0, 2**62)
FIGURES = st.builds(
    Figures,
    count=st.integers(0, 2**40),
    failed=st.integers(0, 2**40),
    calls=st.integers(0, 2**40),
    unpriced=st.integers(0, 2**40),
    input_tokens=st.integers(0, 2**40),
    output_tokens=st.integers(0, 2**40),
    cost=st.integers(0, 2**40),
    durations=st.dictionaries(st.integers(0, 1200), st.integers(1, 2**40), max_size=5),
    valued=st.integers(0, 2**40),
    value=st.integers(-(2**40), 2**40),
)


def of_durations(durations):
    figures = Figures(durations={})
    for duration in durations:
        figures.add(Figures(count=1, durations={bucket_of(duration): 1}))
    return figures


@given(st.lists(DURATIONS, min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_within_2_percent_of_the_duration_at_its_place(durations, share):
    right = sorted(durations)[max(math.ceil(share * len(durations)), 1) - 1]
    # It is told in whole nanoseconds.
    assert abs(of_durations(durations).percentile(share) - right) <= 0.02 * right + 1


def test_of_nothing_there_is_no_percentile():
    assert Figures().percentile(0.5) is None


@given(st.lists(FIGURES), st.randoms(use_true_random=False))
def test_what_was_added_is_taken_away_in_any_order(added, order: random.Random):
    sums = Figures(durations={})
    for figures in added:
        sums.add(figures)
    assert sums.count == sum(figures.count for figures in added)
    for figures in order.sample(added, len(added)):
        sums.add(figures, -1)
    assert sums == Figures(durations={})
    assert not sums


@given(FIGURES, st.text(), st.integers(-(2**30), 2**30))
def test_figures_are_read_as_they_were_written(figures, name, hour):
    counted = [Counted("tool", name, hour, figures)]
    assert unpacked(packed(counted)) == counted


def call(number, kind="tool", name="look", start=0, **fields):
    return Call(
        id=str(number),
        kind=kind,
        name=name,
        told_by=[str(number)],
        trace_id="t",
        start=start,
        end=start + 10**9,
        **fields,
    )


def outcome(**fields):
    told = {"start": 5, "took": 10**9, "failed": False, "is_run": True, "service": None, "agents": ["a"]}
    return Outcome(**told | fields)


def found(trace, calls, errors=()):
    return {(one.by, one.name, one.hour): one.figures for one in figures_of(trace, calls, errors)}


def test_a_run_counts_once_with_what_its_calls_spent_and_so_does_each_agent_with_its_own():
    calls = [
        call(1, "model", "gpt", agent="a", counts=True, tokens=Tokens(10, 2), cost=7),
        call(2, "model", "gpt", agent="b", counts=True, tokens=Tokens(5, 1)),
        call(3, agent="a"),
    ]
    counted = found(outcome(agents=["a", "b", "idle"], failed=True, service="s"), calls)
    run = counted["run", "", 0]
    assert (run.count, run.failed, run.calls, run.unpriced, run.input_tokens, run.output_tokens, run.cost) == (
        1, 1, 2, 1, 15, 3, 7,
    )  # fmt: skip
    assert counted["service", "s", 0] == run
    agents = {name: figures for (by, name, _), figures in counted.items() if by == "agent"}
    assert {name: (figures.count, figures.input_tokens) for name, figures in agents.items()} == {
        "a": (1, 10),
        "b": (1, 5),
        "idle": (1, 0),
    }
    assert (counted["model", "gpt", 0].count, counted["model", "gpt", 0].unpriced) == (2, 1)
    assert (counted["tool", "look", 0].count, counted["tool", "look", 0].failed) == (1, 0)


def test_calls_count_in_the_hours_in_which_they_began():
    counted = found(outcome(), [call(1, start=HOUR - 1), call(2, start=HOUR), call(3, start=-1)])
    assert {hour: figures.count for (by, _, hour), figures in counted.items() if by == "tool"} == {-1: 1, 0: 1, 1: 1}


def test_what_is_no_run_counts_its_calls_only():
    assert {by for by, *_ in found(outcome(is_run=False), [call(1)])} == {"tool"}


def test_the_same_failure_is_one_kind_whatever_differs_in_its_words():
    calls = [
        call(
            number, status="error", fails_first=True, agent="a", failure=Failure("KeyError", f"order {number}7 is gone")
        )
        for number in range(3)
    ]
    ((key, figures),) = [(key, each) for key, each in found(outcome(), calls).items() if key[0] == "error"]
    assert figures.count == 3
    assert error_group(key[1]) == ("look", "KeyError: order * is gone", "a")


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("HTTP 429: try again in 20 s", "HTTP 429: try again in * s"),
        ("status code: 503", "status code: 503"),
        ("order 503 not found", "order * not found"),
        ("KeyError: 'customer_17'", "KeyError: *"),
        ("can't open /var/lib/a.db, don't ask", "can't open *, don't ask"),
        ("6f9619ff-8b86-d011-b42d-00cf4fc964ff is no deadbeef", "* is no deadbeef"),
        ("timeout after 30.5s at https://example.com/a?b=1", "timeout after * at *"),
        ("items 1, 2, 3 are bad", "items * are bad"),
        ("connect ECONNREFUSED 127.0.0.1:8080", "connect ECONNREFUSED *"),
        ("out of memory", "out of memory"),
    ],
)
def test_what_differs_from_one_time_to_the_next_is_folded(line, right):
    assert folded(line) == right
    assert folded(right) == right


def test_of_too_many_names_the_others_are_one():
    counted = found(outcome(), [call(number, name=f"tool {number}") for number in range(300)])
    tools = {name: figures.count for (by, name, _), figures in counted.items() if by == "tool"}
    assert sum(tools.values()) == 300
    assert (len(tools), tools["(others)"]) == (201, 100)


@pytest.mark.parametrize("number", [2**62, 2**80, -5])
def test_a_number_that_is_none_of_tokens_does_not_break_sums(number):
    figures = Figures(durations={})
    for _ in range(3):
        for one in figures_of(
            outcome(), [call(1, "model", "m", counts=True, tokens=Tokens(number, number), cost=number)], ()
        ):
            figures.add(one.figures)
    assert unpacked(packed([Counted("run", "", 0, figures)]))[0].figures == figures


def test_scores_add_up_by_name_and_label_at_the_start_of_the_run():
    scores = [
        Score(
            id=str(number),
            told_by="e",
            trace_id="t",
            at=99 * HOUR,
            name="tone",
            about="trace",
            value=value,
            label=label,
        )
        for number, (value, label) in enumerate([(0.5, None), (-1.25, None), (1e9, "great"), (None, "great")])
    ]
    counted = {score_group(one.name): one.figures for one in figures_of(outcome(), [], (), scores) if one.by == "score"}
    assert counted[("tone", "")] == Figures(count=2, valued=2, value=-750_000, durations={})
    assert counted[("tone", "great")] == Figures(count=2, valued=1, value=10**15, durations={})
