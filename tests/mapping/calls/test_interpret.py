"""Properties of the interpretation: it is a function of the set of tellings, and each call counts once."""

from __future__ import annotations

from collections import Counter

import msgspec
from histories import SECOND, histories, telling
from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.interpret import interpret
from mapping.calls.model import Failure, Tokens


def told(run):
    """Write a run down, to compare all of it."""
    by_session = {"/".join(key): totals for key, totals in run.by_session.items()}
    return msgspec.json.encode({**msgspec.structs.asdict(run), "by_session": by_session})


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_duplication_gives_the_same_run(history, rand):
    shuffled = [*history.tellings, *rand.choices(history.tellings, k=len(history.tellings))]
    rand.shuffle(shuffled)
    assert told(interpret(shuffled)) == told(interpret(history.tellings))


@given(histories())
def test_each_call_counts_once(history):
    totals = interpret(history.tellings).totals
    assert (totals.models, totals.tools, totals.agents) == (history.models, history.tools, 1)
    assert (totals.input_tokens, totals.output_tokens) == (history.input_tokens, history.output_tokens)
    assert totals.errors == history.failures


@given(histories())
def test_a_redundant_teller_changes_no_total(history):
    before = interpret(history.tellings).totals
    assert interpret([*history.tellings, *history.redundant]).totals == before


@given(histories())
def test_each_call_has_a_teller_and_no_teller_has_two_calls(history):
    run = interpret(history.tellings)
    tellers = Counter(event_id for call in run.calls for event_id in call.told_by)
    assert all(call.told_by for call in run.calls)
    assert set(tellers.values()) <= {1}
    assert {one.id for one in history.tellings if one.kind in ("model", "tool", "agent")} <= set(tellers)


@given(histories())
def test_interpreting_changes_no_telling(history):
    before = msgspec.json.encode(history.tellings)
    interpret(history.tellings)
    assert msgspec.json.encode(history.tellings) == before


@given(histories())
def test_the_agent_around_a_call_is_its_agent(history):
    assert {call.agent for call in interpret(history.tellings).calls} == {"clerk"}


def test_an_agent_s_sum_counts_where_nothing_below_it_tells_tokens():
    agent = telling(
        id="a", kind="agent", span_id="a", start=0, end=10, name="clerk", tokens=Tokens(input=300, output=30)
    )
    alone = interpret([agent]).totals
    assert (alone.input_tokens, alone.output_tokens) == (300, 30)
    model = telling(
        id="m", kind="model", span_id="m", parent_span_id="a", start=1, end=2, tokens=Tokens(input=100, output=10)
    )
    both = interpret([agent, model]).totals
    assert (both.input_tokens, both.output_tokens) == (100, 10)


def test_agents_within_agents_count_once():
    outer = telling(id="a", kind="agent", span_id="a", start=0, end=10, name="boss", tokens=Tokens(input=300))
    inner = telling(
        id="b", kind="agent", span_id="b", parent_span_id="a", start=1, end=9, name="clerk", tokens=Tokens(input=300)
    )
    assert interpret([outer, inner]).totals.input_tokens == 300


def test_calls_of_one_scope_with_one_id_that_follow_each_other_are_several():
    calls = [
        telling(
            id=f"m{number}",
            kind="model",
            span_id=f"m{number}",
            start=number * SECOND,
            end=number * SECOND + 1,
            response_id="chatcmpl-1",
            tokens=Tokens(input=5, output=1),
            event_name="chat m",
        )
        for number in range(3)
    ]
    run = interpret(calls)
    assert (run.totals.models, run.totals.input_tokens) == (3, 15)


def test_parallel_tools_that_were_given_one_id_are_several():
    calls = [
        telling(
            id=f"m{number}",
            kind="tool",
            span_id=f"m{number}",
            start=SECOND,
            end=2 * SECOND,
            name="look",
            call_id="call_0",
            event_name="execute_tool look",
        )
        for number in range(3)
    ]
    assert interpret(calls).totals.tools == 3


def test_a_span_around_several_calls_of_its_kind_is_none_itself():
    outer = telling(id="o", kind="model", span_id="o", start=0, end=100, tokens=Tokens(input=30), event_name="generate")
    inner = [
        telling(
            id=f"i{number}",
            kind="model",
            span_id=f"i{number}",
            parent_span_id="o",
            start=10 * number,
            end=10 * number + 5,
            tokens=Tokens(input=10),
        )
        for number in range(3)
    ]
    run = interpret([outer, *inner])
    assert (run.totals.models, run.totals.input_tokens) == (3, 30)


def test_one_failure_told_on_the_way_up_is_one():
    failure = Failure("TimeoutError", "no answer from ledger")
    spans = [
        telling(id="a", kind="agent", span_id="a", start=0, end=9, name="clerk", failed=True, failure=failure),
        telling(id="w", kind="none", span_id="w", parent_span_id="a", start=1, end=8, failed=True, failure=failure),
        telling(
            id="t",
            kind="tool",
            span_id="t",
            parent_span_id="w",
            start=2,
            end=7,
            name="ledger",
            failed=True,
            failure=failure,
        ),
    ]
    notes = [
        telling(
            id=f"{span.id}e",
            kind="error",
            signal="span_event",
            parent_span_id=span.id,
            start=3,
            end=3,
            failed=True,
            failure=failure,
        )
        for span in spans
    ]
    log = telling(id="log", kind="error", signal="log", start=9, end=9, failed=True, failure=failure)
    run = interpret([*spans, *notes, log])
    assert run.totals.errors == 1
    assert [call.kind for call in run.calls if call.fails_first] == ["tool"]


def test_another_failure_further_up_is_another():
    tool = telling(
        id="t",
        kind="tool",
        span_id="t",
        parent_span_id="a",
        start=2,
        end=3,
        name="look",
        failed=True,
        failure=Failure("KeyError", "no such city"),
    )
    agent = telling(
        id="a",
        kind="agent",
        span_id="a",
        start=0,
        end=9,
        name="clerk",
        failed=True,
        failure=Failure("BudgetError", "out of money"),
    )
    assert interpret([tool, agent]).totals.errors == 2


def test_two_logs_take_two_spans_one_to_one():
    spans = [
        telling(
            id=f"s{number}",
            kind="model",
            span_id=f"s{number}",
            start=number * SECOND,
            end=number * SECOND + 10,
            name="m",
            tokens=Tokens(input=7, output=3),
        )
        for number in range(2)
    ]
    logs = [
        telling(
            id=f"l{number}",
            kind="model",
            signal="log",
            trace_id="other",
            start=number * SECOND + 10,
            end=number * SECOND + 10,
            name="m",
            tokens=Tokens(input=7, output=3),
            event_name="api_response",
        )
        for number in range(3)
    ]
    run = interpret([*spans, *logs])
    assert [call.told_by for call in run.calls] == [["s0", "l0"], ["s1", "l1"], ["l2"]]


def told_under_two_names(start, **fields):
    """Return what Gemini CLI logs of each call: a record of its own, and the conventions' a millisecond later."""
    return [
        telling(
            id=f"{name}{start}",
            kind="model",
            signal="log",
            scope="gemini-cli",
            start=start,
            end=start + number,
            name="m",
            event_name=name,
            **{"tokens": Tokens(input=7, output=3), **fields},
        )
        for number, name in enumerate(["api_response", "operation.details"])
    ]


def test_a_call_that_two_records_of_a_program_tell_of_is_one_without_a_span_too():
    run = interpret([*told_under_two_names(0), *told_under_two_names(SECOND)])
    assert [call.told_by for call in run.calls] == [
        ["api_response0", "operation.details0"],
        [f"api_response{SECOND}", f"operation.details{SECOND}"],
    ]
    assert (run.totals.models, run.totals.input_tokens) == (2, 14)


def test_records_of_two_answers_are_two_calls_though_they_cost_the_same():
    first, second = told_under_two_names(0)
    first.response_id, second.response_id = "r1", "r2"
    assert interpret([first, second]).totals.models == 2
    first, _ = told_under_two_names(0)
    _, second = told_under_two_names(10 * SECOND)
    assert interpret([first, second]).totals.models == 2


def test_a_span_that_tells_no_tokens_is_its_records_call_by_the_answer():
    said = [{"role": "assistant", "parts": [{"type": "text", "text": "I look."}]}]
    span = telling(id="s", kind="model", span_id="s", start=0, end=9, name="m", answered=said)
    assert interpret([span, *told_under_two_names(5, answered=said)]).totals.models == 1
    other = [{"role": "assistant", "parts": [{"type": "text", "text": "Nothing."}]}]
    assert interpret([span, *told_under_two_names(5, answered=other)]).totals.models == 2


def test_where_the_spans_between_are_missing_the_agent_at_work_is_the_call_s():
    agent = telling(id="a", kind="agent", span_id="a", start=0, end=100, name="clerk")
    model = telling(id="m", kind="model", span_id="m", parent_span_id="lost", start=10, end=20)
    assert {call.agent for call in interpret([agent, model]).calls} == {"clerk"}


def test_what_fails_within_a_tool_that_went_well_is_its_own_business():
    tool = telling(id="t", kind="tool", span_id="t", start=0, end=9, name="look")
    hook = telling(
        id="h",
        kind="none",
        span_id="h",
        parent_span_id="t",
        start=1,
        end=2,
        failed=True,
        failure=Failure("hook_error", "no output"),
    )
    assert interpret([tool, hook]).totals.errors == 0


def test_an_agent_s_sum_stands_before_a_loop_that_knows_its_last_call():
    agent = telling(
        id="a", kind="agent", span_id="a", start=0, end=9, name="clerk", tokens=Tokens(input=3006, output=66)
    )
    loop = telling(
        id="m",
        kind="model",
        span_id="m",
        parent_span_id="a",
        start=1,
        end=8,
        tokens=Tokens(input=1003, output=23),
        partial=True,
    )
    assert interpret([agent, loop]).totals.input_tokens == 3006
    assert interpret([loop]).totals.input_tokens == 1003


def test_what_a_model_is_asked_for_below_a_missing_span_counts_one_failure():
    root = telling(id="r", kind="none", span_id="r", start=0, end=100, failed=True)
    tool = telling(
        id="t",
        kind="tool",
        span_id="t",
        parent_span_id="lost",
        start=10,
        end=20,
        name="look",
        failed=True,
        failure=Failure("LookupError", "no city"),
    )
    assert interpret([root, tool]).totals.errors == 1


def test_a_failure_s_type_and_words_are_of_one_who_told_it():
    def told_by(*notes):
        tool = telling(id="t", kind="tool", span_id="t", start=0, end=9, name="pay", failed=True)
        tool.failure = Failure(None, "disk full")
        (call,) = interpret([tool, *notes]).calls
        return call.failure

    def note(signal, at, failure):
        return telling(
            id=f"{signal}{at}", kind="error", signal=signal, parent_span_id="t", start=at, end=at, failed=True,
            failure=failure,
        )  # fmt: skip # a note a line

    raised = note("span_event", 8, Failure("DiskFullError", "disk full"))
    said = note("log", 7, Failure(None, "could not send the mail to Bob"))
    assert told_by(raised, said) == Failure("DiskFullError", "disk full")
    assert told_by(said).message == "could not send the mail to Bob"  # it says more than the span
    assert told_by(note("log", 6, Failure("DiskFullError", "disk full")), said).type == "DiskFullError"
    assert told_by(raised, note("log", 7, Failure(None, "paying: disk full"))) == Failure("DiskFullError", "disk full")
