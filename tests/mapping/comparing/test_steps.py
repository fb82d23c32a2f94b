"""A run's calls as steps: their order, what was said in them, and what of it differs."""

from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.model import Call
from mapping.comparing.steps import SAID, Step, aligned, differences, in_order, said_in, said_in_one

MS = 1_000_000


def step(name, /, start=0, end=100, *, parent=None, kind="tool", **more):
    return Step(
        **{
            "id": f"{kind} {name} {start}", "trace_id": "t", "kind": kind, "name": name, "agent": "pilot",
            "parent_id": parent, "start": start * MS, "end": end * MS, "status": "ok", "error": None,
        } | more
    )  # fmt: skip # a field a word


def names(steps):
    return [(each.name, each.depth) for each in steps]


def call(number, *, kind="model", **more):
    return Call(
        **{
            "id": str(number), "kind": kind, "name": "gpt", "told_by": [str(number)], "trace_id": "t", "start": number,
            "end": number + 1, "agent": "pilot",
        } | more
    )  # fmt: skip # a field a word


def message(role, *parts):
    return {
        "role": role,
        "parts": [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts],
    }


def test_a_step_comes_after_the_one_around_it():
    agent = step("pilot", 0, 100, kind="agent")
    inner = step("navigator", 10, 50, kind="agent", parent=agent.id)
    steps = [step("log", 60, 70, parent=agent.id), step("depth", 20, 30, parent=inner.id), inner, agent]
    assert names(in_order(steps)) == [("pilot", 0), ("navigator", 1), ("depth", 2), ("log", 1)]


def test_steps_at_the_same_time_come_by_their_names_and_later_ones_after_them():
    together = [step("weather", 0, 50), step("flights", 5, 90)]
    assert names(in_order([*together, step("book", 60, 70)])) == [("flights", 0), ("weather", 0), ("book", 0)]
    one = in_order([step("weather", 0, 50), step("flights", 5, 90)])
    other = in_order([step("weather", 5, 50), step("flights", 0, 90)])
    assert aligned(one, other) == [(0, 0), (1, 1)]


def test_steps_around_each_other_or_below_what_is_not_there_are_all_there():
    circle = [step("a", id="a", parent="b"), step("b", id="b", parent="a"), step("c", parent="nowhere")]
    assert sorted(each.name for each in in_order(circle)) == ["a", "b", "c"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=10))
def test_every_step_is_there_once(drawn):
    steps = [step("t", start, start + took, id=str(n), parent=str(p)) for n, (start, took, p) in enumerate(drawn)]
    assert sorted(each.id for each in in_order(steps)) == sorted(each.id for each in steps)


def test_a_prompt_is_what_is_new_in_it():
    first = call(1, sent=[message("user", "Hello")], answered=[message("assistant", "Hi")])
    second = call(2, sent=[message("user", "Hello"), message("assistant", "Hi"), message("user", "Bye")])
    other = call(3, agent="another", sent=[message("user", "Hello")])
    said = said_in([first, second, other])
    assert [said[number]["prompt"] for number in "123"] == ["user:\nHello", "user:\nBye", "user:\nHello"]
    assert said_in_one(second)["prompt"] == "user:\nHello\nassistant:\nHi\nuser:\nBye"


def test_ids_of_tool_calls_are_no_difference_and_neither_is_the_order_of_arguments():
    def asked(call_id, arguments):
        part = {"type": "tool_call", "id": call_id, "name": "book", "arguments": arguments}
        return said_in_one(call(1, answered=[message("assistant", part)]))

    assert asked("c1", {"a": 1, "b": 2}) == asked("c2", {"b": 2, "a": 1})
    assert asked("c1", {"a": 1}) != asked("c1", {"a": 2})


def test_numbers_are_exact():
    large = 2**62 + 1
    assert str(large) in said_in_one(call(1, kind="tool", arguments={"order": large}))["arguments"]


def test_a_value_that_nests_too_deeply_is_left_out():
    deep = []
    for _ in range(5_000):
        deep = [deep]
    assert said_in_one(call(1, kind="tool", arguments=deep))["arguments"] == "(nested too deeply to be compared)"


def test_what_was_said_differs_by_field():
    said = dict.fromkeys(SAID, "the same")
    one = step("book", said=said)
    assert differences(one, step("book", said=said)) == []
    for field in SAID:
        assert differences(one, step("book", said=said | {field: "another"})) == [field]
    assert differences(one, step("book", said=None)) == []


def test_numbers_differ_where_it_matters():
    def differs(**other):
        return differences(
            step("t", input_tokens=100, cost=10**9), step("t", **{"input_tokens": 100, "cost": 10**9} | other)
        )

    assert differs(end=199) == []
    assert differs(end=201) == ["duration"]
    assert differs(input_tokens=120) == []
    assert differs(input_tokens=130) == ["tokens"]
    assert differs(cost=None) == ["cost"]
    assert differs(name="u", agent="another", status="error", error="no") == ["name", "agent", "status", "error"]
