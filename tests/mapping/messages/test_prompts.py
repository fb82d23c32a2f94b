"""Prompts by Llama's template, as messages."""

import pytest

from mapping.calls.spoken import call_messages
from mapping.messages.prompts import turns_in

PROMPT = (
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nA river?\n\nIn Spain?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n"
)


def test_a_prompt_has_its_turns_without_the_one_that_is_asked_for():
    assert turns_in(PROMPT) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "A river?\n\nIn Spain?"},
    ]


@pytest.mark.parametrize("prompt", ["", "text", "<|start_header_id|>", "<|start_header_id|>user", "a<|eot_id|>b"])
def test_a_prompt_of_no_turns_has_none(prompt):
    assert turns_in(prompt) == []


@pytest.mark.parametrize("sent", [PROMPT, {"prompt": PROMPT, "max_gen_len": 64}])
def test_a_call_is_shown_by_the_turns_of_its_prompt(sent):
    spoken = call_messages([{"input": sent}], of_model=True)
    assert spoken.system == [{"type": "text", "text": "Be brief."}]
    assert spoken.sent == [{"role": "user", "parts": [{"type": "text", "text": "A river?\n\nIn Spain?"}]}]
