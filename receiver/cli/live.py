"""Events as they are stored, from `GET /api/v1/live`. A thread reads them: so Ctrl-C and a closed pipe are noticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from queue import Empty, Queue
from threading import Thread
from typing import Any, NamedTuple

from receiver.cli import api
from receiver.cli.errors import CommandError

# The maximum number of messages that are received and not shown yet. If there are more, the receiver drops events.
_AHEAD = 1_000
# Seconds of silence: the receiver sends a comment every 15.
_SILENCE = 60.0


class LiveMessage(NamedTuple):
    """`what` is `connected`, `event`, `dropped` or `ended`; `data` is the event, the number dropped, or the reason."""

    what: str
    data: Any = None


class Live:
    """One connection. `ended` is its last message."""

    def __init__(self, receiver: api.Receiver, which: dict[str, Any]) -> None:
        self._messages: Queue[LiveMessage] = Queue(_AHEAD)
        Thread(target=self._read, args=(receiver, which), daemon=True).start()

    def take(self, seconds: float) -> list[LiveMessage]:
        """Return the waiting messages; if there are none, wait at most so many seconds for the first."""
        try:
            messages = [self._messages.get(timeout=seconds)]
        except Empty:
            return []
        while len(messages) < _AHEAD:
            try:
                messages.append(self._messages.get_nowait())
            except Empty:
                break
        return messages

    def _read(self, receiver: api.Receiver, which: dict[str, Any]) -> None:
        try:
            for message in read(receiver.lines(api.path("live"), _SILENCE, **which)):
                self._messages.put(message)
        except CommandError as error:
            self._messages.put(LiveMessage("ended", error))
        except (ValueError, LookupError, TypeError):
            self._messages.put(
                LiveMessage("ended", CommandError("what is at the URL does not answer as a vectadb-receiver does"))
            )
        else:
            self._messages.put(LiveMessage("ended"))


def read(lines: Iterator[bytes]) -> Iterator[LiveMessage]:
    """Yield the messages of server-sent events; those of the receiver have one line of data each."""
    name = ""
    for line in lines:
        field, _, value = line.rstrip(b"\r\n").partition(b": ")
        if not line:
            yield LiveMessage("connected")
        elif field == b"event":
            name = value.decode()
        elif field == b"data":
            data = json.loads(value)
            yield LiveMessage(name, data["count"]) if name == "dropped" else LiveMessage(name, {**data})
