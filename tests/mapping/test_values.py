import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.values import INT64_MAX, INT64_MIN, MAX_DEPTH, TEXT_DEPTH, TOO_DEEP, double, json_text, storable

ordinary = st.recursive(
    st.none() | st.booleans() | st.integers(INT64_MIN, INT64_MAX) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def nest(depth, leaf):
    for _ in range(depth):
        leaf = [{"a": leaf}] if isinstance(leaf, list) else [leaf]
    return leaf


@given(ordinary)
def test_ordinary_values_stay_as_they_are(value):
    assert storable(value) == value


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 10**100])
def test_integers_past_64_bits_become_their_digits(number):
    assert storable({"a": [number]}) == {"a": [str(number)]}
    assert storable(INT64_MAX) == INT64_MAX
    assert storable(INT64_MIN) == INT64_MIN
    assert storable(value=True) is True


@given(st.integers(MAX_DEPTH + 1, MAX_DEPTH + TEXT_DEPTH))
def test_what_nests_past_the_limit_is_kept_as_json_text(depth):
    value = "leaf"
    for _ in range(depth):
        value = {"k": value}
    stored = storable(value)
    for _ in range(MAX_DEPTH):
        value, stored = value["k"], stored["k"]
    assert isinstance(stored, str)
    assert json.loads(stored) == value


@pytest.mark.parametrize("depth", [MAX_DEPTH + TEXT_DEPTH + 1, 500])
def test_what_nests_too_deeply_even_for_text_is_cut_and_says_so(depth):
    value = "leaf"
    for _ in range(depth):
        value = [value]
    stored, levels = storable(value), 0
    while stored != TOO_DEEP:
        stored = (json.loads(stored) if isinstance(stored, str) else stored)[0]
        levels += 1
    assert levels == MAX_DEPTH + TEXT_DEPTH


@pytest.mark.parametrize(
    "number, kept", [(0.5, 0.5), (-0.0, -0.0), ("nan", "NaN"), ("inf", "Infinity"), ("-inf", "-Infinity")]
)
def test_doubles_without_a_json_number_are_kept_by_name(number, kept):
    assert double(float(number)) == kept


def test_json_text_keeps_bytes_and_large_numbers():
    text = json_text({"b": b"\0\xff", "l": 10**30, "é": "\0"})
    assert text == '{"b":"AP8=","l":1000000000000000000000000000000,"é":"\\u0000"}'
