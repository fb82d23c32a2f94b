"""A word is found inside a sentence whose script has no spaces, and what touches it stands apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.qdrant.bm25 import document_vector, exact_things, query_vector, things
from storage.qdrant.unspaced import apart, grams_in, has_unspaced


@pytest.mark.parametrize(
    "word, sentence",
    [
        ("退款", "客户的订单还没有发货,请检查退款状态"),
        ("退款状态", "客户的订单还没有发货,请检查退款状态"),
        ("猫", "我的猫不见了"),
        ("会議", "明日の会議は何時からですか"),
        ("パスワード", "パスワードを忘れたので再設定したい"),
        ("환불", "환불은 언제 처리되나요"),
        ("회의실", "내일 회의실을 예약해 주세요"),
        ("คืนเงิน", "ขอคืนเงินสำหรับคำสั่งซื้อนี้"),
        ("ເງິນ", "ຂໍຄືນເງິນ"),
        ("order-9981", "查询order-9981的物流"),
        ("E1042", "错误码E1042出现在支付页面"),
        ("get_user", "调用get_user失败"),
        ("12345", "订单12345号"),
    ],
)
def test_a_word_is_found_inside_a_sentence(word, sentence):
    wanted, in_sentence = set(query_vector(word).indices), set(document_vector(sentence).indices)
    # Its grams; the word as a whole stands in no sentence.
    assert len(wanted - in_sentence) <= 1
    assert wanted & in_sentence
    assert not wanted & set(document_vector("今天天气很好 อากาศดี 날씨가 좋다 plain words").indices)


@pytest.mark.parametrize("thing", ["order-9981", "E1042", "ERR_4032"])
def test_an_exact_thing_may_touch_such_letters(thing):
    sentence = f"请看{thing}的状态"
    assert exact_things(sentence) == [thing.lower()]
    assert thing.lower() in things(sentence)


TOUCHING = ["order-9981", "E1042", "get_user", "10.0.0.1", "getUsers", "/srv/app/x.py", "claude-sonnet-4-5", "req_8f3a"]
AROUND = [
    "查询{}的物流",
    "エラー{}が出た",
    "カタカナ{}ー",
    "오류{}가 났다",
    "หมายเลข{}ถูกยกเลิก",
    "ລະຫັດ{}ຜິດ",
    "\uff08{}\uff09",
    "「{}」。",
    "\U00020000{}\U0002a6d6",
    "✅{}🙂",
]


@pytest.mark.parametrize("thing", TOUCHING)
@pytest.mark.parametrize("around", AROUND)
def test_an_exact_thing_is_found_whatever_touches_it(around, thing):
    document = set(document_vector(around.format(thing)).indices)
    assert set(query_vector(thing).indices) <= document
    assert thing.strip("/").lower() in things(around.format(thing))
    assert not set(query_vector("order-9982 E1043").indices) <= document


@given(
    before=st.text(alphabet="的退款の会議カ환불คืนເງ\U00020000、。「", max_size=6),
    after=st.text(alphabet="的退款の会議カ환불คืนເງ\U00020000、。「", max_size=6),
    thing=st.from_regex(r"[a-z]{2,8}[-_][0-9]{2,8}", fullmatch=True),
)
def test_any_identifier_between_any_such_letters_is_found(before, after, thing):
    assert set(query_vector(thing).indices) <= set(document_vector(f"{before}{thing}{after}").indices)


@pytest.mark.parametrize("text", ["Größe \u2013 “so”, 🙂 it\u2019s café…", "Привет, Ελλάδα", "עברית العربية हिन्दी"])
def test_a_text_without_such_a_script_is_left(text):
    assert apart(text) is text
    assert not has_unspaced(text)


@pytest.mark.parametrize("letter", ["的", "の", "カ", "환", "ค", "ເ", "က", "ក", "\U00020000", "\U0002a6d6"])
def test_a_letter_of_such_a_script_is_noticed_anywhere(letter):
    assert has_unspaced(f"plain words 🙂 {letter}")


def test_latin_text_has_no_grams():
    assert list(grams_in("The refund of the order")) == list(grams_in("Größe, café, Привет")) == []
    assert apart("Größe") == "Größe"


def test_grams_overlap_and_say_where_they_stand():
    assert [(gram.start, gram.text) for gram in grams_in("a 退款状", singles=False)] == [(2, "退款"), (3, "款状")]
    assert [gram.text for gram in grams_in("เงิน", singles=False)] == ["เงิ", "งิน"]
    assert [gram.text for gram in grams_in("猫 x")] == ["猫"]
