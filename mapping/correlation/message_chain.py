"""Which conversation a call of a model goes on with, told by the messages that it repeats.

Language models remember nothing: each call sends the whole conversation so far. So lists of messages are compared, by
hashes in a chain: of the first message, of the first two, ... of all of them, of all of them and the answer. A call
leaves its hashes behind (`Heard`), and one whose list begins with such a list, within a window, goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from mapping.messages.canonical import Message, call_of
from mapping.model import Conversation, Event, Heard
from mapping.times import NS

# Where no answer is part of the match: two strangers that say "hi" on different days stay apart.
UNANSWERED_WINDOW = 3600 * NS
# Of a longer list the end is compared: a hash is looked for in the store, and who knows all but so many messages knows
# the conversation.
MAX_LISTS = 512

_encode = msgspec.json.Encoder(order="deterministic").encode


def conversation_of(event: Event, levels: Sequence[dict[str, Any]]) -> Conversation | None:
    """Give the conversation whose messages stand in an event's attributes (`levels`), None where no list of them does.

    Only the same system prompt and the same service (else the same source) can make it the same conversation. What a
    call brought back that has failed is no answer.
    """
    call = call_of(levels)
    if call is None:
        return None
    service = (event.resource or {}).get("service.name") or (event.source or {}).get("system") or ""
    answered = call.answered if event.status != "error" else []
    scope = _hash(b"", ["scope", str(service), call.system])
    lists = list(_chain(scope, call.sent))
    first_answer = next((place for place, message in enumerate(call.sent) if message[0] == "assistant"), len(lists))
    kept = lists[-MAX_LISTS:]
    return Conversation(
        root=lists[0].hex(),
        lists=[digest.hex() for digest in kept],
        unanswered=max(0, first_answer - (len(lists) - len(kept))),
        answer=[*_chain(lists[-1], answered)][-1].hex() if answered else None,
    )


def _chain(digest: bytes, messages: Iterable[Message]) -> Iterator[bytes]:
    for message in messages:
        digest = _hash(digest, message)
        yield digest


def _hash(before: bytes, said: object) -> bytes:
    return blake2b(before + _encode(said), digest_size=16).digest()


def hashes_of(conversation: Conversation) -> list[str]:
    """Give every hash that says where the call belongs."""
    answer = [] if conversation.answer is None else [conversation.answer]
    return [*conversation.lists, *answer]


def trace_heard(event: Event, conversation: Conversation, heard: Mapping[str, Heard], window: int) -> str | None:
    """Give the trace of the longest list heard that the event's call goes on with, or repeats after a failure.

    `window` is for lists that the model has a part in, in nanoseconds.
    """
    if conversation.answer is not None:
        known = heard.get(conversation.answer)
        if known is not None and known.state == "expected" and 0 <= known.at - event.timestamp <= window:
            return known.trace
    whole = conversation.lists[-1]
    for place in reversed(range(len(conversation.lists))):
        known = heard.get(conversation.lists[place])
        if known is not None:
            limit = min(UNANSWERED_WINDOW, window) if place < conversation.unanswered else window
            age = event.timestamp - known.at
            if abs(age) <= limit and _continues(known, age, event, conversation, known.id == whole):
                return known.trace
    return None


def _continues(known: Heard, age: int, event: Event, conversation: Conversation, is_whole: bool) -> bool:
    """Say whether a call goes on with a list that was heard this long before it (0 and less: after it)."""
    if known.state == "open":
        return is_whole or age >= 0
    if known.state == "answered":
        return is_whole and event.status == "error"
    return is_whole and conversation.answer is None and age <= 0


def leave(conversation: Conversation, trace: str, at: int, heard: Mapping[str, Heard], window: int) -> Iterator[Heard]:
    """Give what a call leaves behind once its trace is known: what is new to `heard`, or takes an earlier one's place.

    Its own list and the answer are always among it: two calls that know nothing of each other then write the same
    record, and the store lets the second one look again.
    """
    *before, whole = conversation.lists
    known = heard.get(whole)
    yield _later(
        known, Heard(id=whole, trace=trace, at=at, state="open" if conversation.answer is None else "answered")
    )
    if conversation.answer is not None:
        yield _later(heard.get(conversation.answer), Heard(id=conversation.answer, trace=trace, at=at, state="open"))
    for list_id in before:
        known = heard.get(list_id)
        # The call came before any that repeats it; and what was left long ago waits for nothing any more.
        if known is None or (
            known.state == "expected" and ((known.trace == trace and at < known.at) or abs(at - known.at) > window)
        ):
            yield Heard(id=list_id, trace=trace, at=at, state="expected")


def _later(known: Heard | None, new: Heard) -> Heard:
    """Give what is to be kept of a list heard twice: where it was heard last."""
    if known is None or known.state == "expected":
        return new
    if known.trace != new.trace:
        return new if new.at >= known.at else known
    answered = "answered" in (known.state, new.state)
    return Heard(id=new.id, trace=new.trace, at=max(known.at, new.at), state="answered" if answered else "open")
