"""A prompt that a program has written by Llama's template, as the messages that it was written from."""

from __future__ import annotations

import re

# Where a turn begins: `<|start_header_id|>user<|end_header_id|>`.
TURN = "<|start_header_id|>"
_TURNS = re.compile(r"<\|start_header_id\|>\s*(\w{1,40})\s*<\|end_header_id\|>")
_ENDS = re.compile(r"<\|(?:eot_id|eom_id|end_of_text|begin_of_text)\|>")


def turns_in(prompt: str) -> list[dict[str, str]]:
    """Return the messages of a prompt, without the empty one at its end, where the model is to go on."""
    _, *parts = _TURNS.split(prompt)
    turns = zip(parts[::2], parts[1::2], strict=True)
    return [{"role": role, "content": text} for role, said in turns if (text := _ENDS.sub("", said).strip())]
