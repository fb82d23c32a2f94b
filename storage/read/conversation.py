"""A trace as one conversation (mapping/messages/timeline.py): which events it is made of, and how much of them.

Calls of a model repeat the conversation so far, so that a long one is read as megabytes to be shown as some kilobytes.
What says something is read whole, newest first, in small pieces, until it is enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from mapping.messages.event_messages import said_of
from mapping.messages.timeline import Told, Turn, turns_of
from mapping.semantics.event_types import EVENT_TYPES
from storage.read.outline import outlined
from storage.read.paging import Pace, Row
from storage.read.reader import Reader
from storage.surreal import cbor, rows

# Events that are read at most, and bytes of JSON of them; messages heard; and bytes of JSON of what is given.
MOST_EVENTS = 400
MOST_READ = 16 << 20
MOST_MESSAGES = 20_000
MOST_GIVEN = 4 << 20

# An event of 1 MB takes the engine 5 ms.
_FIRST_PIECE = 8
# What stands around calls repeats what they say: it is read where they say nothing.
_AROUND = ("agent", "workflow")
_SPEAKING = ("model_call", "tool_call", "message")
# What says nothing to anybody, unless it failed. Types of the client's own may.
_SILENT = frozenset({*EVENT_TYPES, "log", "span"} - {*_SPEAKING})

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Conversation(NamedTuple):
    """The turns of a trace; `truncated` says that they are only the end of it."""

    turns: list[Turn]
    truncated: bool


async def conversation(reader: Reader, trace_id: str) -> Conversation | None:
    """Give a trace as one conversation, None where there is none. Raises Problem (UNAVAILABLE)."""
    run = await reader.trace(trace_id)
    if run is None:
        return None
    outline, truncated = await outlined(reader, trace_id)
    turns: list[Turn] = []
    for silent in (_SILENT, _SILENT - {*_AROUND}):
        speaking = [row for row in outline if row["status"] == "error" or row.get("event_type") not in silent]
        told, is_part = await _told(reader, speaking)
        turns, is_end = await asyncio.to_thread(_turns, told, outline, run.trace.agent_id)
        if any(turn["role"] != "error" for turn in turns):
            break
    return Conversation(turns, truncated or is_part or is_end)


async def _told(reader: Reader, speaking: list[Row]) -> tuple[list[Told], bool]:
    """Read what events say, newest first, in the order of time; and whether there is more than was read."""
    pace = Pace(_FIRST_PIECE)
    told: list[Told] = []
    read, size, messages = 0, 0, 0
    while read < min(len(speaking), MOST_EVENTS) and size < MOST_READ and messages < MOST_MESSAGES:
        piece = speaking[read : min(read + pace.rows, MOST_EVENTS)]
        read += len(piece)
        found = await pace.keep(_whole(reader, (row["id"] for row in piece)))
        by_id = {row["id"]: row["properties"] for row in found}
        # What was deleted meanwhile says nothing.
        events = [(row, {**row, "properties": by_id[row["id"]]}) for row in piece if row["id"] in by_id]
        heard, bytes_heard = await asyncio.to_thread(_heard, events)
        told += heard
        size += bytes_heard
        messages += sum(len(one.said.sent) + len(one.said.answered) for one in heard)
    return told[::-1], read < len(speaking)


async def _whole(reader: Reader, event_ids: Iterator[str]) -> list[Row]:
    (found,) = await reader.database.query(
        "SELECT id, properties FROM $events", events=[cbor.record(rows.EVENT, event_id) for event_id in event_ids]
    )
    return list(found)


def _heard(events: Iterable[tuple[Row, Row]]) -> tuple[list[Told], int]:
    told, size = [], 0
    for row, event in events:
        told.append(Told(row, said_of(event)))
        size += len(_encode(event["properties"]))
    return told, size


def _turns(told: list[Told], outline: list[Row], agent_id: str | None) -> tuple[list[Turn], bool]:
    """Give the newest turns, as many as there is room for, and whether there are more."""
    turns = turns_of(told, outline, agent_id)
    room = MOST_GIVEN
    for place, turn in enumerate(reversed(turns)):
        room -= len(_encode(turn))
        if room < 0 and place:
            return turns[-place:], True
    return turns, False
