"""Rows within a budget: texts are cut first, then rows are left out."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.mcp.budget import BYTES_PER_TOKEN, as_recorded, fit, visible

texts = st.text(st.characters(), max_size=600)
values = st.recursive(texts | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=20), max_leaves=30)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), values), max_size=30), st.integers(500, 3_000))
def test_rows_fit_into_a_budget_and_the_first_is_always_there(rows, tokens):
    head, kept, _ = fit({"head": "short"}, rows, tokens)
    size = len(msgspec.json.encode([head, *kept]))
    assert size <= tokens * BYTES_PER_TOKEN or len(kept) == 1
    assert len(kept) >= min(len(rows), 1)
    assert [set(row) for row in kept] == [set(row) for row in rows[: len(kept)]]


@pytest.mark.parametrize("length", range(100, 104))
def test_the_last_row_that_fits_takes_its_comma_and_the_list_its_brackets(length):
    rows = ["x" * length] * 30
    sizes = [len(msgspec.json.encode(["h", *rows[:number]])) for number in range(30)]
    for tokens in range(500, 600):
        _, kept, _ = fit("h", rows, tokens)
        assert len(kept) == max(number for number, size in enumerate(sizes) if size <= tokens * BYTES_PER_TOKEN)


def test_texts_are_cut_before_rows_are_left_out():
    head, kept, cut = fit({}, [{"text": "word " * 1_000} for _ in range(10)], 1_000)
    assert (head, len(kept), cut) == ({}, 10, True)
    assert all(row["text"].startswith("word word") and row["text"].endswith(" characters)") for row in kept)


@pytest.mark.parametrize("rows", [[], [{"text": "short"}]], ids=["no rows", "a row"])
def test_what_stands_before_the_rows_is_within_the_budget_too(rows):
    head, kept, cut = fit({"arguments": "word " * 10_000, "result": "word " * 10_000}, rows, 500)
    assert len(msgspec.json.encode([head, *kept])) <= 500 * BYTES_PER_TOKEN
    assert (len(kept), cut) == (len(rows), True)


def test_ids_are_whole_as_other_tools_take_them():
    _, kept, _ = fit({}, [{"session_id": "s" * 1_000, "text": "word " * 1_000} for _ in range(10)], 2_000)
    assert {row["session_id"] for row in kept} == {"s" * 1_000}
    assert len(kept) < 10


def test_what_fits_is_as_it_was():
    rows = [{"text": "Σ\n\tshort", "number": 1, "yes": True, "nothing": None, "list": ["a"]}]
    assert fit({"a": "b"}, rows, 500) == ({"a": "b"}, rows, False)


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),  # writes backwards
        ("a\u200bb", "a\\u200bb"),
        ("\U000e0049\U000e0067", "\\U000e0049\\U000e0067"),  # tags: letters that nobody sees
        ("a\U000e0101", "a\\U000e0101"),
        ("\x1b[2J", "\\x1b[2J"),
        ("line\n\ttab é 漢 🙂", "line\n\ttab é 漢 🙂"),
    ],
)
def test_what_nobody_would_see_stands_as_its_escape(hidden, shown):
    assert visible(hidden) == shown
    assert as_recorded(shown) == hidden


@pytest.mark.parametrize("text", [r"C:\x41.txt", r"\u00e9", r"\U00110000", r"a\n", "\\"])
def test_what_only_looks_like_an_escape_stays(text):
    assert as_recorded(visible(text)) == text
