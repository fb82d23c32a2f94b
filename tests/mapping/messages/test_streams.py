"""Responses that were logged in pieces, and what is none, or was sent to break its reader."""

import pytest

from mapping.calls.answers import answer_in
from mapping.messages.streams import whole_of


def anthropic(*deltas, **message):
    return [
        {"type": "message_start", "message": {"role": "assistant", "content": [], **message}},
        *({"type": "content_block_delta", "index": place, "delta": delta} for place, delta in deltas),
        {"type": "message_stop"},
    ]


def converse(*deltas):
    pieces = [{"contentBlockDelta": {"delta": delta, "contentBlockIndex": place}} for place, delta in deltas]
    return [{"messageStart": {"role": "assistant"}}, *pieces, {"messageStop": {"stopReason": "end_turn"}}]


def begun(place, **block):
    return {"type": "content_block_start", "index": place, "content_block": block}


def test_anthropic_s_events_make_its_message():
    start, *rest = anthropic(
        (0, {"type": "thinking_delta", "thinking": "They mean "}),
        (0, {"type": "thinking_delta", "thinking": "the Ebro."}),
        (0, {"type": "signature_delta", "signature": "x"}),
        (2, {"type": "input_json_delta", "partial_json": '{"at": "Tor'}),
        (1, {"type": "text_delta", "text": "I look."}),
        (2, {"type": "input_json_delta", "partial_json": 'tosa"}'}),
        id="msg_1",
    )
    blocks = [begun(0, type="thinking", thinking=""), begun(1, type="text", text="")]
    blocks.append(begun(2, type="tool_use", id="toolu_1", name="tide", input={}))
    whole = whole_of([start, *blocks, *rest])
    assert whole == {
        "role": "assistant",
        "id": "msg_1",
        "content": [
            {"type": "thinking", "thinking": "They mean the Ebro."},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "tide", "input": '{"at": "Tortosa"}'},
        ],
    }
    (message,) = answer_in([start, *blocks, *rest])
    assert [part["type"] for part in message["parts"]] == ["reasoning", "text", "tool_call"]
    assert message["parts"][2]["arguments"] == {"at": "Tortosa"}


def test_converse_s_events_make_its_response():
    pieces = converse(
        (0, {"reasoningContent": {"text": "Easy."}}),
        (1, {"text": "The "}),
        (1, {"text": "Douro."}),
        (2, {"toolUse": {"input": '{"river"'}}),
        (2, {"toolUse": {"input": ': "Douro"}'}}),
    )
    start = {"start": {"toolUse": {"toolUseId": "t1", "name": "depth"}}, "contentBlockIndex": 2}
    (message,) = answer_in([*pieces[:4], {"contentBlockStart": start}, *pieces[4:]])
    assert message == {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "text": "Easy."},
            {"type": "text", "text": "The Douro."},
            {"type": "tool_call", "id": "t1", "name": "depth", "arguments": {"river": "Douro"}},
        ],
    }


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([{"generation": "Khar"}, {"generation": "toum."}], "Khartoum."),
        ([{"outputText": "The Black "}, {"outputText": "Sea."}], "The Black Sea."),
        ([{"outputs": [{"text": "Lake "}]}, {"outputs": [{"text": "Garda."}]}], "Lake Garda."),
    ],
)
def test_texts_make_one(pieces, text):
    assert answer_in(pieces) == [{"role": "assistant", "parts": [{"type": "text", "text": text}]}]


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [7],
        [{"type": "message_start"}, None],
        [{"generation": "a"}, {"other": "b"}],
        [{"outputs": ["a"]}],
        [{"role": "user", "content": "hi"}],
    ],
)
def test_other_lists_are_no_streams(pieces):
    assert whole_of(pieces) is None


@pytest.mark.parametrize(
    "pieces",
    [
        [{"type": "message_start", "message": 7}, {"type": "content_block_delta", "index": [], "delta": {"text": 7}}],
        [{"type": "message_start"}, {"type": "content_block_start", "content_block": "x"}],
        [{"type": "message_start"}, begun("0", type="text", text=7), *anthropic((None, {"text": "a"}))[1:]],
        [{"contentBlockDelta": 7}, {"contentBlockStart": {"start": {"toolUse": "x"}}}],
        [{"contentBlockDelta": {"delta": {"text": "a", "toolUse": 7, "reasoningContent": []}}}],
    ],
)
def test_pieces_of_no_shape_are_read_as_far_as_they_have_one(pieces):
    assert isinstance(whole_of(pieces), dict)
