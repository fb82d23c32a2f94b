import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.errors import Code, Problem
from mapping.json.decoding import decode

anything = msgspec.json.Decoder(Any)
text_with_halves = st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\\ud8"))


class Thing(msgspec.Struct):
    name: str
    sizes: list[int] = []


things = msgspec.json.Decoder(list[Thing])


@given(text_with_halves)
def test_half_a_surrogate_pair_becomes_the_replacement_character_and_all_else_is_kept(text):
    # Python writes a pair as one character where its halves stand side by side, as JavaScript does.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    sent = json.dumps({text: text}).encode()
    expected = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    assert decode(anything, sent, "text") == {expected: expected}


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "-1e" + "9" * 30])
def test_a_number_that_is_not_finite_is_named_where_a_number_is_expected(number):
    with pytest.raises(Problem) as raised:
        decode(things, f'[{{"name": "a", "sizes": [1, {number}]}}]'.encode(), "things")
    assert raised.value.message == (
        f"[0].sizes[1]: expected `int`, got `str`; {number[:20]} is no finite number, and was read as text"
    )


def test_a_text_where_a_number_is_expected_is_a_text():
    with pytest.raises(Problem) as raised:
        decode(things, b'[{"name": "NaN", "sizes": ["NaN"]}]', "things")
    assert raised.value.message == "[0].sizes[0]: expected `int`, got `str`"


def test_half_a_pair_in_a_batch_does_not_spoil_what_stands_beside_it():
    batch = msgspec.json.Decoder(list[msgspec.Raw])
    raws = decode(batch, rb'["good", "cut \ud83d", "\ud83d\ude00"]', "a list")
    assert [decode(anything, raw, "text") for raw in raws] == ["good", "cut \ufffd", "\U0001f600"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'[{"name": "a"}, {"name": 1}]', "[1].name: expected `str`, got `int`"),
        (b'[{"name": "a", "sizes": [1, "x"]}]', "[0].sizes[1]: expected `int`, got `str`"),
        (b"[{}]", "[0]: object missing required field `name`"),
        (b"1234", "body: expected things; expected `array`, got `int`"),
        (b"", "body: expected things, got nothing"),
        (b"[", "body: expected things; Input data was truncated"),
        (b"[NaN]", "[0]: expected `object`, got `str`"),
        (b"[nan]", "body: expected things; JSON is malformed"),
        (b'[{"name": "\\ud800", "sizes": 1}]', "[0].sizes: expected `array`, got `int`"),
        (b"[" * 100_000, "[0]: expected `object`, got `array`"),
        (b'[{"name": "a", "x": ' + b"[" * 2**20 + b"]" * 2**20 + b"}]", "body: expected things; it is nested"),
    ],
)
def test_a_body_that_is_wrong_is_refused_naming_the_field_and_what_was_expected(body, message):
    with pytest.raises(Problem) as caught:
        decode(things, body, "things")
    assert caught.value.message.startswith(message)
    assert caught.value.code is Code.INVALID_ARGUMENT


@given(st.binary())
def test_any_bytes_are_what_is_expected_or_a_problem(body):
    decoded = []
    with contextlib.suppress(Problem):
        decoded = decode(things, body, "things")
    assert all(isinstance(thing, Thing) for thing in decoded)


def test_of_a_key_that_comes_twice_the_last_counts():
    assert decode(anything, b'{"a": 1, "a": 2}', "an object") == {"a": 2}
