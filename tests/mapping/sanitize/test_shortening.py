import base64
import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.messages.display import messages_of
from mapping.messages.extraction import messages_in
from mapping.model import Event
from mapping.sanitize.changes import Changes
from mapping.sanitize.limits import Limits
from mapping.sanitize.redaction import Redaction
from mapping.sanitize.sanitizer import Sanitizer
from mapping.sanitize.shortening import shortened, shortened_text
from mapping.values import DROPPED

LIMIT = 10_000
SANITIZER = Sanitizer(Limits(value_length=LIMIT), Redaction())


def kept_of(value, sanitizer=SANITIZER):
    """What is kept of an attribute's value, and the counts."""
    event = Event(id="e", timestamp=1, kind="json", properties={"k": value})
    changes = sanitizer.clean([event])
    return event.properties["k"], changes


def as_text(value):
    return json.dumps(value), json.loads


def as_it_is(value):
    return value, lambda kept: kept


FORMS = pytest.mark.parametrize("form", [as_text, as_it_is])


def picture(size):
    return base64.b64encode(random.Random(0).randbytes(size)).decode()  # noqa: S311 - no secret


@FORMS
@pytest.mark.parametrize("start", ["", "data:image/png;base64,"])
def test_a_picture_is_cut_and_the_last_question_stays(form, start):
    question = {"role": "user", "content": "Which bird is this? " * 100}
    shown = {"type": "image_url", "image_url": {"url": start + picture(30_000)}}
    sent, read = form([{"role": "system", "content": "Be brief."}, {"role": "user", "content": [shown]}, question])
    kept, changes = kept_of(sent)
    system, asked, last = read(kept)
    assert (system, last) == ({"role": "system", "content": "Be brief."}, question)
    url = asked["content"][0]["image_url"]["url"]
    assert url.startswith(start + picture(30_000)[:1_000])
    assert url.endswith("characters]")
    assert (changes.cut, changes.dropped) == (1, 0)


@FORMS
def test_pictures_are_cut_before_any_text_is(form):
    text = "what was said at length " * 200
    sent, read = form({"a": text, "b": [picture(2_000)] * 5, "c": picture(90_000)})
    kept, _ = kept_of(sent)
    assert read(kept)["a"] == text
    assert len(read(kept)["b"]) == 5


@FORMS
def test_the_longest_texts_are_cut_first(form):
    sent, read = form({"short": "s" * 40, "middle": "some words " * 300, "long": "more words " * 3_000})
    kept, changes = kept_of(sent)
    value = read(kept)
    assert (value["short"], value["middle"]) == ("s" * 40, "some words " * 300)
    assert value["long"].startswith("more words " * 400)
    assert changes.cut == 1


@FORMS
@pytest.mark.parametrize("around", [lambda messages: messages, lambda messages: {"model": "m", "messages": messages}])
def test_many_messages_lose_their_middle_and_keep_the_system_prompt_and_the_last_turns(form, around):
    turns = [{"role": ("user", "assistant")[number % 2], "content": f"turn {number}"} for number in range(2_000)]
    messages = [{"role": "system", "content": "Be brief. " * 50}, *turns]
    sent, read = form(around(messages))
    kept, changes = kept_of(sent)
    value = read(kept)
    left = value["messages"] if isinstance(value, dict) else value
    assert (left[0], left[-50:]) == (messages[0], messages[-50:])
    (cut,) = [item for item in left if isinstance(item, str)]
    assert cut == f"… [cut, {len(messages) - len(left) + 1} more]"
    assert changes.dropped == len(messages) - len(left) + 1
    assert LIMIT * 0.9 < len(json.dumps(value, separators=(",", ":"), ensure_ascii=False)) <= LIMIT
    shown = messages_of(messages_in(left))
    assert len(shown) == len(left)
    assert [message for message in shown if message["role"] == "cut"] == [
        {"role": "cut", "parts": [{"type": "text", "text": cut}]}
    ]


def test_a_list_of_too_many_entries_keeps_its_beginning_and_its_end():
    kept, changes = kept_of(list(range(100)), Sanitizer(Limits(attributes=8)))
    assert kept == [0, 1, "… [cut, 92 more]", 94, 95, 96, 97, 98, 99]
    assert changes.dropped == 92


def test_what_is_cut_twice_says_how_many_there_were():
    sent = [{"role": "user", "content": f"turn {number}"} for number in range(3_000)]
    kept, _ = kept_of(sent, Sanitizer(Limits(attributes=1_000, value_length=LIMIT)))
    (cut,) = [item for item in kept if isinstance(item, str)]
    assert cut == f"… [cut, {len(sent) - len(kept) + 1} more]"
    again, _ = kept_of(json.dumps(kept), Sanitizer(Limits(value_length=LIMIT // 2)))
    again = json.loads(again)
    assert f"… [cut, {len(sent) - len(again) + 1} more]" in again


def test_json_text_within_json_stays_json_too():
    inner = {"messages": [{"role": "user", "content": 'the "long" one ' * 2_000}, {"role": "user", "content": "last"}]}
    kept, _ = kept_of(json.dumps({"request": json.dumps(inner), "id": 7}))
    value = json.loads(kept)
    assert value["id"] == 7
    assert json.loads(value["request"])["messages"][1] == {"role": "user", "content": "last"}


def test_a_text_in_quotes_keeps_both():
    kept, _ = kept_of(json.dumps("He said: \n" * 2_000))
    assert json.loads(kept).startswith("He said: \nHe said: ")


def test_what_is_only_written_at_length_is_not_cut():
    value = [{"role": "user", "content": "日本語" * 900}] * 3
    sent = json.dumps(value, indent=8)
    assert len(sent) > 4 * LIMIT
    kept, changes = kept_of(sent)
    assert json.loads(kept) == value
    assert changes == Changes()


def test_an_object_of_too_many_keys_loses_its_last_and_says_how_many():
    kept, changes = kept_of(json.dumps({f"key {number}": f"value {number}" for number in range(5_000)}))
    value = json.loads(kept)
    assert value["key 0"] == "value 0"
    assert value[DROPPED] == changes.dropped == 5_000 - len(value) + 1


@pytest.mark.parametrize("given", ["x", True, None, [1]])
def test_a_key_of_ours_that_was_sent_harms_nothing(given):
    kept, _ = kept_of(json.dumps({DROPPED: given} | {f"key {number}": "v" for number in range(5_000)}))
    assert isinstance(json.loads(kept)[DROPPED], int)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "[" * 50_000 + "]" * 50_000,
        '{"a":' * 20_000 + "1" + "}" * 20_000,
        "[INFO] " + "a b " * 9_000,
        '"He" said ' * 9_000,
    ],
    ids=["brackets", "nested lists", "nested objects", "a log's line", "speech"],
)
def test_what_is_no_json_or_nests_too_deeply_is_cut_where_it_is_too_long(text):
    kept, changes = kept_of(text)
    assert kept == f"{text[:LIMIT]}… [cut, {len(text)} characters]"
    assert changes.cut == 1


def test_half_a_surrogate_pair_becomes_a_replacement_character():
    kept, _ = kept_of('["\\ud83d", "' + "a b " * 9_000 + '"]')
    assert json.loads(kept)[0] == "\ufffd"


def test_a_secret_at_the_place_of_the_cut_is_masked():
    for before in range(9_700, 9_990):
        sent = json.dumps(["x " * (before // 2) + "AKIA" + "IOSFODNN7EXAMPLE" + " y" * 2_000])
        kept, _ = kept_of(sent)
        assert "AKIAIOSF" not in kept
        json.loads(kept)


def test_a_masked_value_that_is_longer_stays_json():
    sent = json.dumps([{"password": "x"}] * 580, separators=(",", ":"))
    assert len(sent) < LIMIT
    kept, changes = kept_of(sent)
    assert {"password": "[REDACTED]"} in json.loads(kept)
    assert changes.dropped > 0


@pytest.mark.parametrize("empty", [[], {}])
def test_where_names_alone_take_all_the_room_what_is_empty_stays(empty):
    sent = ["x" * 2_000, {"k" * 300: empty}, {"k" * 300: {"q" * 300: empty, "r" * 300: empty}}]
    assert shortened_text(json.dumps(sent), 500, Changes()) is None  # its names alone are longer
    ((inner,),) = (last.values() for last in shortened(sent, 500, Changes())[-1:])
    assert inner == {"q" * 300: empty, DROPPED: 1}


LEAVES = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=300) | st.builds(lambda text, times: text * times, st.text(max_size=9), st.integers(0, 900))
VALUES = st.recursive(
    LEAVES | TEXTS, lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=9), inner, max_size=9)
)


@given(value=VALUES.filter(lambda value: isinstance(value, list | dict)), limit=st.integers(500, 3_000))
def test_whatever_it_is_it_stays_json_within_the_limit(value, limit):
    text = json.dumps(value)
    kept = shortened_text(text, limit, Changes())
    if kept is not None:  # of some, of many levels say, the rest alone is longer
        assert len(kept) <= limit
        assert type(json.loads(kept)) is type(value)
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) <= limit:
        assert json.loads(kept) == value


@given(value=st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": TEXTS}), min_size=1, max_size=60))
def test_messages_always_fit(value):
    kept = json.loads(shortened_text(json.dumps(value), 2_000, Changes()))
    assert kept[0]["role"] == kept[-1]["role"] == "user"


def test_what_is_short_enough_is_the_very_same():
    value = {"a": ["x" * 100]}
    assert shortened(value, 200, Changes()) is value


@pytest.mark.parametrize(
    "make",
    [
        lambda size: json.dumps([{"role": "user", "content": "words " * 20}] * (size // 150)),
        lambda size: json.dumps([picture(9_000)] * (size // 12_000)),
        lambda size: json.dumps({"a": json.dumps({"b": json.dumps(['"' * (size // 20)])})}),
        lambda size: json.dumps({f"k{number}": {"v": [number]} for number in range(size // 20)}),
        lambda size: "[" * size,
        lambda size: '[{"' * size,
    ],
    ids=["messages", "pictures", "quotes within quotes", "objects", "brackets", "broken"],
)
def test_the_time_grows_with_the_length(make):
    def seconds(text):
        began = time.process_time()
        kept_of(text, Sanitizer(Limits(value_length=100_000), Redaction()))
        return time.process_time() - began

    small, large = make(500_000), make(4_000_000)
    assert seconds(large) < 3 * len(large) / len(small) * max(seconds(small), 0.02)
