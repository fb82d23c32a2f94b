"""Steps of two runs are aligned: each once, in order, alike whichever run comes first."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.comparing import alignment
from mapping.comparing.alignment import Likeness, align
from mapping.comparing.common import common

STEPS = st.builds(
    Likeness,
    st.sampled_from(["model", "tool", "agent"]),
    st.sampled_from(["a", "b", ""]),
    st.sampled_from(["planner", ""]),
    st.integers(0, 2),
    st.sampled_from(["x", "y", ""]),
)
RUNS = st.lists(STEPS, max_size=12)


def tool(name, said="", agent="pilot", depth=1):
    return Likeness("tool", name, agent, depth, said)


def model(name="gpt", said="", agent="pilot", depth=1):
    return Likeness("model", name, agent, depth, said)


@given(RUNS, RUNS)
def test_every_step_of_both_appears_once_and_in_order(one, other):
    aligned = align(one, other)
    assert [i for i, _ in aligned if i is not None] == list(range(len(one)))
    assert [j for _, j in aligned if j is not None] == list(range(len(other)))
    assert (None, None) not in aligned


@given(RUNS, RUNS)
def test_what_is_aligned_is_of_one_kind_and_tools_of_one_name(one, other):
    pairs = [(one[i], other[j]) for i, j in align(one, other) if None not in (i, j)]
    assert all(a.kind == b.kind and (a.kind != "tool" or a.name == b.name) for a, b in pairs)


@given(RUNS)
def test_a_run_is_aligned_with_itself_step_by_step(run):
    assert align(run, run) == [(place, place) for place in range(len(run))]


@given(RUNS, RUNS)
def test_swapped_runs_are_aligned_alike(one, other):
    pairs = {(i, j) for i, j in align(one, other) if None not in (i, j)}
    assert {(i, j) for j, i in align(other, one) if None not in (i, j)} == pairs


@given(RUNS, RUNS)
def test_long_runs_are_aligned_by_the_same_rules(one, other):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(alignment, "MOST_WEIGHED", 4)
        aligned = align(one, other)
    assert [i for i, _ in aligned if i is not None] == list(range(len(one)))
    assert [j for _, j in aligned if j is not None] == list(range(len(other)))
    pairs = [(one[i], other[j]) for i, j in aligned if None not in (i, j)]
    assert all(a.kind == b.kind and (a.kind != "tool" or a.name == b.name) for a, b in pairs)


def test_of_equal_calls_those_with_the_same_arguments_belong_together():
    one = [tool("search", "oslo"), tool("search", "rome")]
    assert align(one, [tool("search", "rome")]) == [(0, None), (1, 0)]
    assert align(one, [tool("search", "paris"), tool("search", "rome")]) == [(0, 0), (1, 1)]


def test_another_model_in_its_place_is_the_same_step_and_another_tool_is_not():
    assert align([model("gpt-4o")], [model("gpt-5")]) == [(0, 0)]
    assert align([tool("search")], [tool("book")]) == [(0, None), (None, 0)]


def test_a_step_that_only_one_has_moves_no_other():
    one = [model(said="1"), tool("search"), model(said="2")]
    other = [model(said="1"), tool("search"), tool("search", "again"), model(said="3")]
    assert align(one, other) == [(0, 0), (1, 1), (None, 2), (2, 3)]


def test_an_empty_run_has_none_of_the_other_s_steps():
    assert align([], [tool("a"), tool("b")]) == [(None, 0), (None, 1)]
    assert align([], []) == []


@given(st.text("abc", max_size=30), st.text("abc", max_size=30))
def test_the_longest_common_subsequence_is_the_longest(one, other):
    pairs = common(one, other)
    assert all(one[i] == other[j] for i, j in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(pairs))
    lengths = [0] * (len(other) + 1)
    for a in one:
        before = lengths[:]
        for j, b in enumerate(other):
            lengths[j + 1] = before[j] + 1 if a == b else max(lengths[j], before[j + 1])
    assert len(pairs) == lengths[-1]


@pytest.mark.parametrize("differ", [False, True])
def test_runs_of_thousands_of_steps_take_no_time(differ):
    one = [tool(f"t{number % 7}", str(number)) for number in range(3_000)]
    other = [tool(f"t{number % 5}", str(number * 2 if differ else number + 1)) for number in range(3_000)]
    began = time.process_time()
    assert len(align(one, other)) >= 3_000
    assert time.process_time() - began < 5
