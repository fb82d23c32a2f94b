"""A word is found inside a sentence whose script has no spaces, and what touches it stands apart."""

import pytest

from storage.qdrant.bm25 import document_vector, exact_things, query_vector, things
from storage.qdrant.unspaced import apart, grams_in


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


def test_latin_text_has_no_grams():
    assert list(grams_in("The refund of the order")) == list(grams_in("Größe, café, Привет")) == []
    assert apart("Größe") == "Größe"


def test_grams_overlap_and_say_where_they_stand():
    assert [(gram.start, gram.text) for gram in grams_in("a 退款状", singles=False)] == [(2, "退款"), (3, "款状")]
    assert [gram.text for gram in grams_in("เงิน", singles=False)] == ["เงิ", "งิน"]
    assert [gram.text for gram in grams_in("猫 x")] == ["猫"]
