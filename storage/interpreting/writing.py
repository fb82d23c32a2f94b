"""What is written together, and the steps that write it."""

from __future__ import annotations

from collections.abc import Generator

from storage.interpreting.changes import TraceChanges, Transaction
from storage.interpreting.messages import Given, Settle, Step, Write, WriteBegun, WriteOutcome
from storage.interpreting.queries import CHECKED, WRITTEN
from storage.interpreting.results import Key
from storage.surreal import cbor

Steps = Generator[Step, Given, None]


class Writing:
    """What is written together: what traces came to, those of them that were due, and rows of traces that are gone."""

    def __init__(self) -> None:
        self.changes: list[TraceChanges] = []
        self.due: list[str] = []
        self.left: list[Key] = []
        self.rows = 0

    def add(self, change: TraceChanges, *, is_due: bool) -> None:
        self.changes.append(change)
        self.due += [change.trace.id] if is_due else []
        self.rows += change.rows


def begun(transaction: Transaction) -> Generator[Step, Given, WriteOutcome | None]:
    """Begin to write a transaction. Returns None, or what came of it where it cannot be begun."""
    try:
        variables = {
            name: cbor.encode(transaction.lists[name])
            for name in (*CHECKED, *WRITTEN)
            if name in CHECKED or transaction.lists[name]
        }
    except ValueError as error:
        return WriteOutcome(refused=str(error))
    taken = yield Write(variables, transaction.names)
    assert isinstance(taken, WriteBegun)  # noqa: S101 - for mypy: what a Write is answered with
    return None


def settled() -> Generator[Step, Given, WriteOutcome]:
    written = yield Settle()
    assert isinstance(written, WriteOutcome)  # noqa: S101 - for mypy: what a Settle is answered with
    return written
