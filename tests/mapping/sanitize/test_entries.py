"""Of a map with too many entries the first stay, of a list that is written out key by key the first and last items."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.reading import tell
from mapping.model import Event
from mapping.sanitize.entries import kept_keys
from mapping.sanitize.limits import Limits
from mapping.sanitize.sanitizer import Sanitizer
from mapping.values import DROPPED
from tests.mapping.export.shown import shown

FIELDS = ("role", "content", "tool_calls.0.tool_call.function.name", "tool_calls.0.tool_call.function.arguments")
SHAPES = st.sampled_from(("llm.input_messages.{}.message.{}", "gen_ai.prompt.{}.{}", "{}.{}", "a.b.{}.{}"))


@st.composite
def written_out(draw):
    """The keys of some lists' items, and a limit; the keys of each item by its list and place."""
    lists = {}
    for shape in draw(st.lists(SHAPES, min_size=1, max_size=3, unique=True)):
        count = draw(st.integers(1, 200))
        lists[shape] = [[shape.format(place, field) for field in FIELDS[: 1 + place % 4]] for place in range(count)]
    return lists, draw(st.integers(60, 1_000))


@given(written_out(), st.randoms(use_true_random=False), st.lists(st.text("xyz", min_size=1), max_size=5, unique=True))
def test_each_list_keeps_its_first_item_and_its_last_ones_whole(sent, random, others):
    lists, most = sent
    keys = [*others, *(key for items in lists.values() for item in items for key in item)]
    random.shuffle(keys)
    kept = kept_keys(keys, most)

    assert len(kept) == len(set(kept)) <= most
    assert kept == [key for key in keys if key in set(kept)]
    assert len(keys) > most or kept == keys
    assert set(others) <= set(kept)
    for items in lists.values():
        whole = [set(item) <= set(kept) for item in items]
        assert not any(set(item) & set(kept) for item, is_whole in zip(items, whole, strict=True) if not is_whole)
        assert whole[0]
        assert whole[-1]
        # One gap at most.
        assert sum(before and not here for before, here in pairwise(whole)) <= 1
        assert sum(whole[len(whole) // 2 :]) >= sum(whole[: len(whole) // 2]) - 1


@given(st.lists(st.from_regex(r"[a-c.0-9]{0,8}"), unique=True), st.integers(0, 30))
def test_any_keys_are_kept_up_to_as_many(keys, most):
    kept = kept_keys(keys, most)
    assert len(kept) == len(set(kept)) == min(len(keys), most) or len(kept) < most < len(keys)
    assert kept == [key for key in keys if key in set(kept)]


def test_one_item_with_too_many_keys_keeps_the_first():
    keys = [f"llm.input_messages.0.message.contents.{place}.text" for place in range(100)]
    assert kept_keys(keys, 40) == keys[:40]


def test_many_lists_that_share_the_room_keep_the_first_keys():
    keys = [f"list{number}.{place}" for number in range(100) for place in range(2)]
    assert kept_keys(keys, 50) == keys[:50]


def conversation(turns):
    """The attributes of a call as OpenInference writes them, in the order in which it does."""
    said = {"llm.model_name": "gpt-4o"}
    for place in range(turns):
        role = "system" if place == 0 else ("assistant", "user")[place % 2]
        said[f"llm.input_messages.{place}.message.role"] = role
        said[f"llm.input_messages.{place}.message.content"] = f"turn {place}"
    return said | {
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "the answer",
        "llm.token_count.prompt": 7,
        "openinference.span.kind": "LLM",
        "note": "set last",
    }


def test_a_conversation_over_the_limit_is_shown_with_its_system_prompt_and_its_last_turns():
    event = Event(id="e", timestamp=1, kind="internal", name="chat", properties=conversation(6_000))
    changes = Sanitizer(Limits()).clean([event])
    kept = event.properties
    assert len(kept) <= 10_000 + 1
    assert kept[DROPPED] == changes.dropped == 12_000 + 6 - (len(kept) - 1)
    assert (kept["llm.token_count.prompt"], kept["note"]) == (7, "set last")

    telling = tell(shown(event))
    said = [part["text"] for message in ({"parts": telling.system}, *telling.sent) for part in message["parts"]]
    (at,) = [place for place, text in enumerate(said) if text.startswith("… [cut")]
    left = 6_000 - (len(said) - 1)
    assert said[:at] == [f"turn {place}" for place in range(at)]
    assert said[at] == f"… [cut, {left} more]"
    assert said[at + 1 :] == [f"turn {place}" for place in range(at + left, 6_000)]
    assert at > 1_000
    assert len(said) - at > 3_000
    assert [part["text"] for message in telling.answered for part in message["parts"]] == ["the answer"]
