"""An answer that was logged in pieces, as it was streamed, made the message that it would have been in one.

Pieces are the events of Anthropic's API, those of Amazon Bedrock's Converse, or texts (Llama's, Titan's, Mistral's).
"""

from __future__ import annotations

from typing import Any

# The text of a piece that is no more than that.
_TEXTS = ("generation", "outputText", "completion")
_BEGUN, _WENT_ON = "contentBlockStart", "contentBlockDelta"


def whole_of(pieces: list[Any]) -> dict[str, Any] | None:
    """Return the message that these are the pieces of, None where they are of no kind that is known."""
    if not pieces or not all(isinstance(piece, dict) for piece in pieces):
        return None
    if pieces[0].get("type") == "message_start":
        return _of_anthropic(pieces)
    if any(_WENT_ON in piece or _BEGUN in piece for piece in pieces):
        return _of_converse(pieces)
    texts = [_text_of(piece) for piece in pieces]
    return None if None in texts else {"role": "assistant", "content": "".join(map(str, texts))}


class _Blocks:
    """The blocks of a message by their places; the texts of a block's fields come in pieces."""

    def __init__(self) -> None:
        self._blocks: dict[int, dict[str, Any]] = {}
        self._texts: dict[tuple[int, str], list[str]] = {}

    def begin(self, place: Any, block: dict[str, Any]) -> None:
        self._blocks[_whole(place)] = {**block}

    def go_on(self, place: Any, field: str, text: Any) -> None:
        if isinstance(text, str):
            self._blocks.setdefault(_whole(place), {})
            self._texts.setdefault((_whole(place), field), []).append(text)

    def content(self) -> list[dict[str, Any]]:
        """Return the blocks in the order of their places, with their texts."""
        for (place, field), texts in self._texts.items():
            before = self._blocks[place].get(field)
            self._blocks[place][field] = "".join([before, *texts] if isinstance(before, str) else texts)
        return [block for _, block in sorted(self._blocks.items())]


def _whole(place: Any) -> int:
    return place if isinstance(place, int) else 0


def _of_anthropic(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant"}
    blocks = _Blocks()
    for piece in pieces:
        place, begun, delta = (piece.get(key) for key in ("index", "content_block", "delta"))
        if isinstance(told := piece.get("message"), dict):
            message |= told
        if isinstance(begun, dict):
            blocks.begin(place, begun)
        if isinstance(delta, dict) and piece.get("type") == "content_block_delta":
            for key, field in (("text", "text"), ("thinking", "thinking"), ("partial_json", "input")):
                blocks.go_on(place, field, delta.get(key))
    return {**message, "content": blocks.content()}


def _of_converse(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    blocks = _Blocks()
    for piece in pieces:
        begun, went_on = _inner(piece, _BEGUN), _inner(piece, _WENT_ON)
        if tool := _inner(_inner(begun, "start"), "toolUse"):
            blocks.begin(begun.get("contentBlockIndex"), tool)
        delta, place = _inner(went_on, "delta"), went_on.get("contentBlockIndex")
        blocks.go_on(place, "text", delta.get("text"))
        blocks.go_on(place, "input", _inner(delta, "toolUse").get("input"))
        blocks.go_on(place, "reasoning", _inner(delta, "reasoningContent").get("text"))
    content = [
        {"toolUse": block}
        if "toolUseId" in block
        else {"reasoningContent": {"reasoningText": {"text": block["reasoning"]}}}
        if "reasoning" in block
        else block
        for block in blocks.content()
    ]
    return {"role": "assistant", "content": content}


def _inner(value: dict[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _text_of(piece: dict[str, Any]) -> str | None:
    outputs = piece.get("outputs")
    if isinstance(outputs, list) and outputs and isinstance(outputs[0], dict):
        piece = {"generation": outputs[0].get("text")}
    return next((piece[key] for key in _TEXTS if isinstance(piece.get(key), str)), None)
