import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.errors import Code, Problem
from mapping.storable import INT64_MAX, INT64_MIN, MAX_DEPTH, json_text, storable

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


@given(st.integers(MAX_DEPTH + 1, 200))
def test_what_nests_past_the_limit_is_kept_as_json_text(depth):
    value = "leaf"
    for _ in range(depth):
        value = {"k": value}
    stored = storable(value)
    for _ in range(MAX_DEPTH):
        value, stored = value["k"], stored["k"]
    assert isinstance(stored, str)
    assert json.loads(stored) == value


def test_json_text_keeps_bytes_infinities_nan_and_large_numbers():
    text = json_text({"b": b"\0\xff", "n": math.nan, "i": -math.inf, "l": 10**30, "é": "\0"})
    assert text == '{"b":"AP8=","n":NaN,"i":-Infinity,"l":1000000000000000000000000000000,"é":"\\u0000"}'


def test_what_nests_too_deeply_even_for_text_is_refused():
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(Problem, match="levels of nesting") as caught:
        storable(value)
    assert caught.value.code is Code.INVALID_ARGUMENT
