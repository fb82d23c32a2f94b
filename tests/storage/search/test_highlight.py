"""Passages around the words that were searched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.qdrant.bm25 import telling_tokens, tokens
from storage.search.highlight import Highlighter


def marked(query, text, start=0):
    """Write each passage with its ranges in brackets."""
    written = []
    for passage in Highlighter(query).passages(text, start):
        words, last = "", 0
        for begin, end in passage.ranges:
            words += f"{passage.text[last:begin]}[{passage.text[begin:end]}]"
            last = end
        written.append(words + passage.text[last:])
    return written


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("refunds", "She was refunded.", "She was [refunded]."),
        ("user", "get_user getUser HTTPUserAgent User2 reuse", "get_[user] get[User] HTTP[User]Agent User2 reuse"),
        ("get_user", "def get_user(): get a user", "def [get_user](): [get] a [user]"),
        ("getUser", "getUser", "[getUser]"),
        ("A-1029", "order A-1029, a parcel", "order [A-1029], a parcel"),
        ("/srv/app/x.py", "in /srv/app/x.py:12", "in /[srv/app/x.py]:12"),
        ("10.0.0.1", "connect 10.0.0.1:8080", "connect [10.0.0.1]:8080"),
        ("E_NOT_FOUND", "error E_NOT_FOUND: not there", "error [E_NOT_FOUND]: not there"),
        ("cafe", "a Café by the sea", "a [Café] by the sea"),
        ("日本語", "これは 日本語 です", "これは [日本語] です"),
        ("退款", "请检查退款状态", "请检查[退款]状态"),
        ("猫", "我的猫不见了", "我的[猫]不见了"),
        ("คืนเงิน", "ขอคืนเงินสำหรับ", "ขอ[คืนเงิน]สำหรับ"),
        ("order-9981", "查询order-9981的物流", "查询[order-9981]的物流"),
        ("the card", "the card and the hotel", "the [card] and the hotel"),
        ("what is it", "it is late", "[it] [is] late"),
    ],
)
def test_words_are_found_as_the_index_finds_them(query, text, expected):
    assert marked(query, text) == [expected]


def test_a_text_without_the_words_shows_its_beginning():
    assert marked("refund", "a cat sat") == ["a cat sat"]
    assert marked("refund", "step\nthe forecast " + "says sunshine " * 40, start=5) == [
        "the forecast " + "says sunshine " * 10 + "says"
    ]


def test_nothing_to_show_is_no_passage():
    assert marked("refund", "") == marked("refund", "name", start=5) == []


def test_the_passage_with_most_of_the_words_is_shown():
    text = "a card " + "filler " * 50 + "the bank has refused the card " + "filler " * 50 + "a bank"
    (passage,) = marked("bank refused card", text)
    assert "the [bank] has [refused] the [card] filler" in passage


def test_words_that_stand_apart_have_passages_of_their_own_in_the_order_of_the_text():
    text = "apple " + "filler " * 50 + "pear " + "filler " * 50 + "plum " + "filler " * 50 + "quince"
    passages = marked("plum quince pear apple", text)
    assert [fruit for passage in passages for fruit in ("apple", "pear", "plum") if f"[{fruit}]" in passage] == [
        "apple",
        "pear",
        "plum",
    ]
    assert len(passages) == 3


def test_a_passage_is_of_whole_words():
    (passage,) = marked("refund", "unbelievable " * 30 + "refund " + "understandable " * 30)
    assert passage.startswith("unbelievable ")
    assert passage.endswith(" understandable")


def test_a_text_without_spaces_is_cut():
    ((one,),) = (marked("x", "x" * 5_000 + " x"),)
    assert one.endswith("[x]")
    assert [len(passage.text) for passage in Highlighter("y").passages("x" * 5_000)] == [160]


WORDS = st.sampled_from(
    [
        "refund",
        "Refunded",
        "the",
        "A-1029",
        "get_user",
        "getUser",
        "card",
        "/srv/x.py",
        "a",
        "é",
        "日本",
        "\n",
        "x" * 200,
    ]
)


def check(query, text, start):
    passages = Highlighter(query).passages(text, start)
    assert len(passages) <= 3
    last_place = 0
    for passage in passages:
        assert 0 < len(passage.text) <= 160
        place = text.find(passage.text, last_place)
        assert place >= 0
        last_place = place
        last = 0
        for begin, end in passage.ranges:
            assert last <= begin < end <= len(passage.text)
            last = end
    return passages


@given(st.text(max_size=40), st.text(max_size=600), st.integers(0, 20))
def test_passages_are_parts_of_any_text_and_ranges_lie_within(query, text, start):
    check(query, text, start)


@given(st.lists(WORDS, max_size=5), st.lists(WORDS, max_size=120))
def test_a_text_that_has_a_word_shows_it(query, text):
    query, text = " ".join(query), " ".join(text)
    passages = check(query, text, 0)
    wanted = telling_tokens(query) or tokens(query)
    assert any(passage.ranges for passage in passages) == bool(tokens(text) & wanted)
