"""What a database says that its statements took. Apart from `database`, whose SDK those who only count would load."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

_SECONDS: ContextVar[list[float] | None] = ContextVar("seconds", default=None)
_UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


@contextlib.contextmanager
def timed() -> Iterator[list[float]]:
    """Yield a list that gets the seconds that the database takes for each statement, without the time spent waiting."""
    seconds: list[float] = []
    token = _SECONDS.set(seconds)
    try:
        yield seconds
    finally:
        _SECONDS.reset(token)


def took(durations: Iterable[str]) -> None:
    """Note what statements took, in the database's form (1.5ms), where that is `timed`."""
    if (seconds := _SECONDS.get()) is not None:
        seconds += [_seconds(duration) for duration in durations]


def _seconds(duration: str) -> float:
    """Return the seconds of a duration in the database's form: 1.5ms."""
    number = duration.rstrip("nµms")
    return float(number) * _UNITS[duration.removeprefix(number)]
