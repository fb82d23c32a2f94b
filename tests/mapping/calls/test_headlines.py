"""What a run was about, in a line each."""

from histories import SECOND, telling

from mapping.calls.headlines import (
    error_line,
    error_lines,
    failures,
    first_question,
    last_answer,
    most_repeated,
    slowest_step,
)
from mapping.calls.interpret import interpret
from mapping.calls.model import Failure


def said(role, text):
    return {"role": role, "parts": [{"type": "text", "text": text}]}


def run_of(*tellings):
    run = interpret(tellings)
    return run, {call.id: call for call in run.calls}


def test_the_question_is_the_last_one_that_the_first_call_was_sent_the_answer_that_of_the_outermost_agent():
    run, by_id = run_of(
        telling(id="a", kind="agent", name="Planner", span_id="a", start=0, end=90 * SECOND),
        telling(
            id="m",
            kind="model",
            span_id="m",
            parent_span_id="a",
            start=SECOND,
            end=2 * SECOND,
            sent=[said("user", "Hi"), said("assistant", "Hello"), said("user", "Book a\n  flight")],
            answered=[said("assistant", "Asking the clerk")],
        ),
        telling(id="b", kind="agent", name="Clerk", span_id="b", parent_span_id="a", start=3 * SECOND, end=80 * SECOND),
        telling(
            id="n",
            kind="model",
            span_id="n",
            parent_span_id="b",
            start=4 * SECOND,
            end=5 * SECOND,
            sent=[said("user", "Find seats")],
            answered=[said("assistant", "12A")],
        ),
        telling(
            id="o",
            kind="model",
            span_id="o",
            parent_span_id="a",
            start=81 * SECOND,
            end=82 * SECOND,
            answered=[said("assistant", "Booked.")],
        ),
    )
    assert first_question(run.calls, run.statements) == "Book a flight"
    assert last_answer(run.calls, by_id) == "Booked."
    assert last_answer([by_id["n"]], by_id) == "12A"


def test_nothing_said_is_none_and_what_is_long_is_cut():
    run, by_id = run_of(telling(id="m", kind="model", span_id="m", start=0, end=1))
    assert (first_question(run.calls, ()), last_answer(run.calls, by_id), failures(run.calls, ())) == (
        None,
        None,
        [],
    )
    run, _ = run_of(telling(id="s", kind="statement", signal="log", start=0, end=0, sent=[said("user", "why? " * 100)]))
    question = first_question(run.calls, run.statements)
    assert (len(question), question[-1]) == (200, "…")


def test_the_first_error_is_that_of_the_call_that_failed_first_and_not_of_those_it_was_passed_up_to():
    failed = {"failed": True, "failure": Failure("ValueError", "no seat")}
    run, by_id = run_of(
        telling(id="a", kind="agent", name="Planner", span_id="a", start=0, end=9, **failed),
        telling(id="t", kind="tool", name="book", span_id="t", parent_span_id="a", start=1, end=2, **failed),
        telling(id="u", kind="tool", name="look", span_id="u", parent_span_id="a", start=3, end=4, failed=True),
    )
    assert error_lines(failures(run.calls, run.errors), 5) == ["ValueError: no seat", "look failed"]
    assert error_lines(failures(run.calls, run.errors), 1) == ["ValueError: no seat"]
    assert [error_line(by_id[one]) for one in "atu"] == ["ValueError: no seat", "ValueError: no seat", "look failed"]


def test_a_tool_fails_before_the_agent_that_gives_up_over_it_with_words_of_its_own():
    def failed(message):
        return {"failed": True, "failure": Failure("ValueError", message)}

    for agent_ends in (9, 2 * SECOND):
        run, _ = run_of(
            telling(id="a", kind="agent", name="A", span_id="a", start=0, end=agent_ends, **failed("giving up")),
            telling(
                id="t", kind="tool", name="book", span_id="t", parent_span_id="a", start=1, end=9, **failed("full")
            ),
            telling(id="l", kind="error", signal="log", start=5, end=5, **failed("slow")),
        )
        assert error_lines(failures(run.calls, run.errors), 5) == [
            "ValueError: slow",
            "ValueError: full",
            "ValueError: giving up",
        ]


def test_the_slowest_step_is_the_longest_call_of_a_model_or_tool_and_not_the_agent_around_it():
    run, _ = run_of(
        telling(id="a", kind="agent", name="Planner", span_id="a", start=0, end=90 * SECOND),
        telling(id="m", kind="model", name="m", span_id="m", parent_span_id="a", start=SECOND, end=3 * SECOND),
        telling(id="t", kind="tool", name="book", span_id="t", parent_span_id="a", start=4 * SECOND, end=9 * SECOND),
        telling(id="u", kind="tool", name="look", span_id="u", parent_span_id="a", start=10 * SECOND, end=15 * SECOND),
    )
    assert slowest_step(run.calls).name == "book"
    assert slowest_step(call for call in run.calls if call.kind == "agent") is None
    moment, _ = run_of(telling(id="t", kind="tool", name="book", span_id="t", start=0, end=0))
    assert slowest_step(moment.calls) is None


def called(*arguments, name="search"):
    return run_of(
        *(
            telling(
                id=f"{name}{place}",
                kind="tool",
                name=name,
                span_id=f"{name}{place}",
                start=place,
                end=place + 1,
                arguments=told,
            )
            for place, told in enumerate(arguments)
        )
    )[0].calls


def test_what_comes_again_and_again_with_the_same_arguments_is_a_repeat():
    assert most_repeated(called({"q": "a", "n": 1}, {"n": 1, "q": "a"}, '{"q": "a", "n": 1}', {"q": "b"})) == (
        "search",
        3,
    )
    assert most_repeated(called({"q": "a"}, {"q": "a"}, {"q": "b"}, {"q": "b"})) is None
    assert most_repeated(called(None, None, None)) is None  # nobody knows
    assert most_repeated([*called(*["x"] * 3), *called(*["x"] * 4, name="read")]) == ("read", 4)


def test_long_arguments_that_are_the_same_are_a_repeat_too():
    assert most_repeated(called(*["a" * 5000] * 3, "a" * 5001)) == ("search", 3)
