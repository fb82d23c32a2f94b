"""Events as they are stored, from `GET /api/v1/live`, read in a thread: so Ctrl-C and a closed pipe come through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from queue import Empty, Queue
from threading import Thread
from typing import Any, NamedTuple

from receiver.cli import api
from receiver.cli.errors import CommandError

# Told but not shown yet. A receiver that cannot send on drops, and says how many.
_AHEAD = 1_000
# Seconds of silence: the receiver sends a comment every 15.
_SILENCE = 60.0


class Told(NamedTuple):
    """`what` is `connected`, `event` (`data` is the event), `dropped` (how many), or `ended` (why, if it is known)."""

    what: str
    data: Any = None


class Live:
    """One connection. It ends with `ended`, and is then of no further use."""

    def __init__(self, receiver: api.Receiver, which: dict[str, Any]) -> None:
        self._told: Queue[Told] = Queue(_AHEAD)
        Thread(target=self._read, args=(receiver, which), daemon=True).start()

    def take(self, seconds: float) -> list[Told]:
        """Give what was told since; where that is nothing, what comes first within so many seconds."""
        try:
            found = [self._told.get(timeout=seconds)]
        except Empty:
            return []
        while len(found) < _AHEAD:
            try:
                found.append(self._told.get_nowait())
            except Empty:
                break
        return found

    def _read(self, receiver: api.Receiver, which: dict[str, Any]) -> None:
        try:
            for told in read(receiver.lines(api.path("live"), _SILENCE, **which)):
                self._told.put(told)
        except CommandError as error:
            self._told.put(Told("ended", error))
        except (ValueError, LookupError, TypeError):
            self._told.put(Told("ended", CommandError("what is at the URL does not answer as a vectadb-receiver does")))
        else:
            self._told.put(Told("ended"))


def read(lines: Iterator[bytes]) -> Iterator[Told]:
    """Read server-sent events, of which the receiver's have one line of data each."""
    name = ""
    for line in lines:
        field, _, value = line.rstrip(b"\r\n").partition(b": ")
        if not line:
            yield Told("connected")
        elif field == b"event":
            name = value.decode()
        elif field == b"data":
            data = json.loads(value)
            yield Told(name, data["count"]) if name == "dropped" else Told(name, {**data})
