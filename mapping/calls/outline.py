"""A telling without what was said: what `interpret` needs to count, join and name calls, and a line of the words.

Calls repeat the conversation so far, so that the messages of a long trace are megabytes. Whoever shows a call reads the
messages of its tellers; whoever counts keeps outlines. Calls, sums and names come out the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from mapping.calls.model import Failure, Message, Part, Telling
from mapping.messages.canonical import plain_of

# Characters of a text, and bytes of JSON of arguments and results, that are kept as they are.
_TEXT, _VALUE = 400, 400
# Characters of what went wrong, by which it is recognised further up.
_DETAIL = 8_000

_encode = msgspec.json.Encoder(enc_hook=str, order="sorted").encode


def outline_of(telling: Telling) -> Telling:
    """Return a telling's outline. The outline of an outline is itself."""
    failure = telling.failure
    if failure is not None and len(failure.detail) > _DETAIL:
        failure = Failure(failure.type, failure.message, failure.detail[:_DETAIL])
    return msgspec.structs.replace(
        telling,
        system=[],
        sent=[*_failed_results(telling.sent), *_last_of_user(telling.sent)],
        answered=[_shortened(message) for message in telling.answered],
        arguments=_short(telling.arguments),
        result=_short(telling.result),
        failure=failure,
    )


def _failed_results(sent: Sequence[Message]) -> list[Message]:
    """Keep what says that a tool failed: its own telling may not."""
    failed = ((message, [part for part in message["parts"] if part.get("failed")]) for message in sent)
    return [_shortened({**message, "parts": parts}) for message, parts in failed if parts]


def _last_of_user(sent: Sequence[Message]) -> list[Message]:
    """Keep the question, which the history of a conversation ends with; else the last message."""
    for message in reversed(sent):
        if message["role"] == "user" and any(part["type"] == "text" for part in message["parts"]):
            return [_shortened(message)]
    return [_shortened(message) for message in sent[-1:] if not any(part.get("failed") for part in message["parts"])]


def _shortened(message: Message) -> Message:
    return {**message, "parts": [_part(part) for part in message["parts"]]}


def _part(part: Part) -> Part:
    return {
        key: value if key in {"type", "id", "name"} else _text(value) if key == "text" else _short(value)
        for key, value in part.items()
    }


def _text(value: Any) -> Any:
    return value[:_TEXT] if isinstance(value, str) else _short(value)


def encoded(value: Any) -> bytes:
    """Return what equal values have in common, however they are written."""
    return _encode(plain_of(value))


def _short(value: Any) -> Any:
    """Put a digest in place of a large value: equal values, however they are written, stay equal."""
    if value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _VALUE):
        return value
    told = encoded(value)
    return value if len(told) <= _VALUE else hashlib.blake2b(told, digest_size=16).hexdigest()
