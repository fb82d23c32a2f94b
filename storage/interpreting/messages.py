"""What the interpreter and its process say to each other: the process says what is to be done next, step by step."""

from __future__ import annotations

from typing import Any

import msgspec

from storage.interpreting.queries import Reading


class Record(msgspec.Struct):
    """A record of the queue: traces that have changed, and their new events; none where events were deleted."""

    name: str
    traces: dict[str, list[str]]

    @property
    def size(self) -> int:
        """How many events it has; where some were deleted of a trace, that counts as one."""
        return sum(max(len(event_ids), 1) for event_ids in self.traces.values())


class Load(msgspec.Struct, tag=True):
    """Get ready. `prices` are one's own, as `mapping.calls.pricing.own_prices` takes them; None for none.

    `shared` says whether other receivers may be on the same stores, and `is_first` whether this process makes anew what
    others have made, for all of them. `alert_after` is how long (seconds) a run that failed is left to what still
    comes, until alerts look at it; None where nobody is told.
    """

    prices: dict[str, Any] | None = None
    shared: bool = False
    is_first: bool = True
    alert_after: float | None = None


class Begin(msgspec.Struct, tag=True):
    """Say what is to be done first."""


class Read(msgspec.Struct, tag=True):
    """Read this from the store; `variables` are encoded in CBOR. Answered with `ReadAnswer`."""

    what: Reading
    variables: dict[str, bytes]


class Write(msgspec.Struct, tag=True):
    """Begin to write what traces came to (`queries.write`). Answered with `WriteBegun`, at once.

    `done` are the records of the queue that end with it. One is written at a time, and settled before the next.
    """

    variables: dict[str, bytes]
    done: list[str]


class Settle(msgspec.Struct, tag=True):
    """Wait for the end of the `Write` that was begun. Answered with `WriteOutcome`."""


class ModelCall(msgspec.Struct, frozen=True):
    """A call of a model that was found for the first time."""

    provider: str | None
    model: str | None
    failed: bool
    duration_ns: int
    input_tokens: int | None
    output_tokens: int | None


class Idle(msgspec.Struct, tag=True):
    """There is nothing to do for so many seconds, unless more has come. Answered with `NewRecords`.

    `not_understood` counts events since the last time, by the scope that sent them; `model_calls` were written since.
    """

    seconds: float
    rebuilding: bool
    not_understood: dict[str, int]
    model_calls: list[ModelCall] = []


class ReadAnswer(msgspec.Struct, tag=True):
    """The store's answer to a `Read`, undecoded."""

    answer: bytes


class WriteBegun(msgspec.Struct, tag=True):
    """What was given is being written."""


class WriteOutcome(msgspec.Struct, tag=True):
    """Return whether a `Write` was taken. `refused` says why the database does not take what is in it."""

    conflict: bool = False
    refused: str | None = None


class NewRecords(msgspec.Struct, tag=True):
    """Records that were taken from the queue, and the store's answers to `queries.EVENTS` for their events.

    `is_first` is as in `Load`. `behind` says that events have waited for so long that commits wait for what is made of
    them.
    """

    records: list[Record]
    answers: list[bytes]
    is_first: bool = True
    behind: bool = False


Step = Read | Write | Settle | Idle
Given = ReadAnswer | WriteBegun | WriteOutcome | NewRecords
