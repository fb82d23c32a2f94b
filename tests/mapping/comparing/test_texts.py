"""What differs between two texts: put together it is both of them, and words are seen within lines."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.comparing.texts import changes

TEXTS = st.lists(st.sampled_from(["the ", "cat ", "dog", "\n", "é\u2028", ", ", "\ud83d", "{}"]), max_size=30).map(
    "".join
)


def of(whose, found):
    return "".join(change.text for change in found if change.whose in ("both", whose))


@given(TEXTS, TEXTS)
def test_the_pieces_are_both_texts(one, other):
    found = changes(one, other)
    assert (of("a", found), of("b", found)) == (one, other)
    assert all(change.text for change in found)


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text):
    assert [change.whose for change in changes(text, text)] in ([], ["both"])


@given(TEXTS, TEXTS)
def test_swapped_texts_differ_in_the_same(one, other):
    of_one = "".join(change.text for change in changes(one, other) if change.whose == "a")
    assert of_one == "".join(change.text for change in changes(other, one) if change.whose == "b")


def test_changed_words_are_found_in_their_lines():
    one = "The price is 640 euros.\nIt leaves at nine.\n"
    other = "The price is 598 euros.\nIt leaves at nine.\n"
    assert changes(one, other) == [
        ("both", "The price is "),
        ("a", "640"),
        ("b", "598"),
        ("both", " euros.\n"),
        ("both", "It leaves at nine.\n"),
    ]


def test_json_without_spaces_is_compared_value_by_value():
    found = changes('{"order":1,"amount":64.9}', '{"order":2,"amount":64.9}')
    assert [change for change in found if change.whose != "both"] == [("a", "1"), ("b", "2")]


def test_words_that_have_nothing_in_common_but_spaces_are_replaced_as_a_whole():
    assert changes("one fine day", "no rain here") == [("a", "one fine day"), ("b", "no rain here")]


@pytest.mark.parametrize("text", ["a ", "a b c ", "line\n", "{"])
def test_long_texts_take_no_time(text):
    one, other = (text * 100_000)[:99_000], ("z" + text * 2 + "y") * 20_000
    began = time.process_time()
    found = changes(one, other[:99_000])
    assert time.process_time() - began < 5
    assert of("a", found) == one
