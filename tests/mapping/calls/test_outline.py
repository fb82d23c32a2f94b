"""An outline of a telling lacks what was said, and comes to the same calls and sums."""

import msgspec
import pytest
from histories import histories, telling
from hypothesis import given
from recorded import NAMES, tellings_of

from mapping.calls.interpret import interpret
from mapping.calls.outline import outline_of

SAID = {"system": [], "sent": [], "answered": [], "arguments": None, "result": None, "given_by": {}}


def without_words(run):
    calls = [msgspec.structs.replace(call, **SAID) for call in run.calls]
    return calls, run.totals, run.by_trace, run.by_session, run.agent_of, run.call_of


@pytest.mark.parametrize("name", NAMES)
def test_what_a_real_program_sent_comes_to_the_same(name):
    whole = tellings_of(name)
    assert without_words(interpret(map(outline_of, whole))) == without_words(interpret(whole))


@given(histories())
def test_any_history_comes_to_the_same(history):
    whole = history.tellings + history.redundant
    assert without_words(interpret(map(outline_of, whole))) == without_words(interpret(whole))


def test_an_outline_is_small_and_its_own_outline():
    message = {"role": "user", "parts": [{"type": "text", "text": "why? " * 10_000}]}
    long = telling(
        id="m",
        kind="model",
        start=0,
        end=1,
        system=[{"type": "text", "text": "be brief" * 10_000}],
        sent=[message] * 500,
        answered=[message],
        arguments={"text": "long " * 10_000},
        result="long " * 10_000,
    )
    outline = outline_of(long)
    assert len(msgspec.json.encode(outline)) < 3_000
    assert outline_of(outline) == outline


def test_large_values_that_are_equal_stay_equal_however_they_are_written():
    value = {"text": "long " * 1_000, "n": 1}
    written = msgspec.json.encode(value).decode()
    one, other = (outline_of(telling(id="t", kind="tool", start=0, end=1, arguments=each)) for each in (value, written))
    assert one.arguments == other.arguments
    assert (
        outline_of(telling(id="t", kind="tool", start=0, end=1, arguments=value | {"n": 2})).arguments != one.arguments
    )
