"""Which conversation a model call continues, by the messages that it repeats.

Language models remember nothing: each call sends the whole conversation so far. So lists of messages are compared by a
chain of hashes: of the first message, of the first two, ... of all of them, of all of them and the answer. The hashes
of each call are stored (`ChainRecord`). A later call whose list begins with a stored one continues it, within a window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from mapping.ids import within
from mapping.messages.canonical import Message, call_of
from mapping.model import ChainRecord, Event, MessageHashes
from mapping.times import NS

# The window if no answer is part of the match, so that two users who say "hi" on different days are kept apart.
UNANSWERED_WINDOW = 3600 * NS
# Only the last lists of a longer conversation are looked up in the store: a list of all but this many messages is
# enough to find it.
MAX_LISTS = 512

_encode = msgspec.json.Encoder(order="deterministic").encode


def conversation_of(event: Event, levels: Sequence[dict[str, Any]]) -> MessageHashes | None:
    """Return the hashes of the messages in an event's attributes (`levels`), or None if they hold no list of messages.

    Calls with different system prompts, projects or services (or sources, where no service is known) are never the
    same conversation. The output of a failed call is not an answer.
    """
    call = call_of(levels)
    if call is None:
        return None
    service = (event.resource or {}).get("service.name") or (event.source or {}).get("system") or ""
    answered = call.answered if event.status != "error" else []
    scope = _hash(b"", ["scope", str(service), call.system, *within(event.project)])
    lists = list(_chain(scope, call.sent))
    first_answer = next((place for place, message in enumerate(call.sent) if message[0] == "assistant"), len(lists))
    last = lists[-MAX_LISTS:]
    return MessageHashes(
        root=lists[0].hex(),
        lists=[digest.hex() for digest in last],
        unanswered=max(0, first_answer - (len(lists) - len(last))),
        answer=[*_chain(lists[-1], answered)][-1].hex() if answered else None,
    )


def _chain(digest: bytes, messages: Iterable[Message]) -> Iterator[bytes]:
    for message in messages:
        digest = _hash(digest, message)
        yield digest


def _hash(before: bytes, value: object) -> bytes:
    return blake2b(before + _encode(value), digest_size=16).digest()


def hashes_of(conversation: MessageHashes) -> list[str]:
    """Return all hashes by which the call's trace can be found."""
    answer = [] if conversation.answer is None else [conversation.answer]
    return [*conversation.lists, *answer]


def continued_trace(
    event: Event, conversation: MessageHashes, stored: Mapping[str, ChainRecord], window: int
) -> str | None:
    """Return the trace of the longest stored list that the event's call continues, or repeats after a failure.

    `window` is in nanoseconds and applies to lists that contain a message of the model.
    """
    if conversation.answer is not None:
        known = stored.get(conversation.answer)
        if known is not None and known.state == "expected" and 0 <= known.at - event.timestamp <= window:
            return known.trace
    whole = conversation.lists[-1]
    for place in reversed(range(len(conversation.lists))):
        known = stored.get(conversation.lists[place])
        if known is not None:
            limit = min(UNANSWERED_WINDOW, window) if place < conversation.unanswered else window
            age = event.timestamp - known.at
            if abs(age) <= limit and _continues(known, age, event, conversation, known.id == whole):
                return known.trace
    return None


def _continues(known: ChainRecord, age: int, event: Event, conversation: MessageHashes, is_whole: bool) -> bool:
    """Return whether a call may continue a list that is `age` nanoseconds older than it (negative: newer)."""
    if known.state == "open":
        return is_whole or age >= 0
    if known.state == "answered":
        return is_whole and event.status == "error"
    return is_whole and conversation.answer is None and age <= 0


def chain_records_of(
    conversation: MessageHashes, trace: str, at: int, stored: Mapping[str, ChainRecord], window: int
) -> Iterator[ChainRecord]:
    """Yield the records to write once a call's trace is known: new ones, and those that replace `stored` ones.

    The call's own list and its answer are always included. So two concurrent calls with the same list write the same
    record; the second transaction conflicts, and looks the records up again.
    """
    *before, whole = conversation.lists
    known = stored.get(whole)
    yield _later(
        known, ChainRecord(id=whole, trace=trace, at=at, state="open" if conversation.answer is None else "answered")
    )
    if conversation.answer is not None:
        yield _later(
            stored.get(conversation.answer), ChainRecord(id=conversation.answer, trace=trace, at=at, state="open")
        )
    for list_id in before:
        known = stored.get(list_id)
        # The call came before any call that repeats it. Expectations outside the window are obsolete.
        if known is None or (
            known.state == "expected" and ((known.trace == trace and at < known.at) or abs(at - known.at) > window)
        ):
            yield ChainRecord(id=list_id, trace=trace, at=at, state="expected")


def _later(known: ChainRecord | None, new: ChainRecord) -> ChainRecord:
    """Return the later one of two records of the same list."""
    if known is None or known.state == "expected":
        return new
    if known.trace != new.trace:
        return new if new.at >= known.at else known
    answered = "answered" in (known.state, new.state)
    return ChainRecord(id=new.id, trace=new.trace, at=max(known.at, new.at), state="answered" if answered else "open")
