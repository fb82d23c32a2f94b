"""What is right for a case, clause by clause. `tests.cases.shown` says what each clause is and where it is read."""

from typing import Any, NamedTuple


class Case(NamedTuple):
    """`right` has the value of each clause; it is derived from what the file says, by hand.

    `sessions` are the session ids that stand in the file. `files` are other files than that of the case's name; `text`
    is what is sent where there is no file. `keys` are the signals that are sent. `unordered` are the orders of sending
    in which nothing tells who spoke first.
    """

    right: dict[str, Any]
    sessions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    keys: tuple[str, ...] = ("resourceSpans", "resourceLogs", "events")
    unordered: tuple[str, ...] = ()
    text: str = ""


class Has:
    """Equal to every text that has all of these in it, the first one at its beginning."""

    def __init__(self, start: str, *words: str) -> None:
        self._start, self._words = start, words

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(self._start) and all(word in other for word in self._words)

    def __hash__(self) -> int:
        return hash(self._start)

    def __repr__(self) -> str:
        return f"<{self._start}... with {', '.join(self._words)}>"
