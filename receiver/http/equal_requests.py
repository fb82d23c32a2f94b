"""Tells equal requests from one that is sent again: those that are under way at the same time are not the same.

JavaScript's SimpleLogRecordProcessor sends each record at once, and counts milliseconds: five equal lines within one
are five requests of the same bytes. A request that is sent again has the same bytes, too. But nobody sends it again who
still waits for its answer. So requests of the same bytes whose senders wait at the same time are numbered, and where
each holds one record of such a clock (`mapping.otlp.logs`), the records are others. One that failed, or whose sender
has hung up, leaves its number to the one that comes for it.

What is equal and comes after the answer is taken for a delivery of the same: that is all that can be known of it.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from hashlib import blake2b

# A record that is sent by itself is smaller; of larger requests no two are equal by chance.
_LARGE = 64 * 1024
# Requests that failed while others of the same bytes were under way, and were not sent again.
_MOST_FAILED = 1_000


class EqualRequests:
    """Numbers requests of the same bytes, from 0."""

    def __init__(self) -> None:
        self._under_way: dict[bytes, dict[int, Callable[[], bool]]] = {}
        self._failed: OrderedDict[bytes, set[int]] = OrderedDict()

    @contextlib.contextmanager
    def numbered(self, body: bytes, is_waited_for: Callable[[], bool]) -> Iterator[int]:
        """Yield a request's number among its equals. `is_waited_for` says whether its sender still waits.

        What is raised inside is a failure.
        """
        if len(body) > _LARGE:
            yield 0
            return
        digest = blake2b(body, digest_size=16).digest()
        number = self._next(digest)
        equals = self._under_way.setdefault(digest, {})
        equals[number] = is_waited_for
        answered = False
        try:
            yield number
            answered = is_waited_for()
        finally:
            # Unless the request that was sent again for this one has its number by now.
            if equals.get(number) is is_waited_for:
                del equals[number]
                if not equals:
                    del self._under_way[digest]
                if not answered and number:
                    self._note_failed(digest, number)

    def _next(self, digest: bytes) -> int:
        if failed := self._failed.get(digest):
            number = min(failed)
            failed.remove(number)
            if not failed:
                del self._failed[digest]
            return number
        waited_for = {number for number, is_waited_for in self._under_way.get(digest, {}).items() if is_waited_for()}
        return next(number for number in range(len(waited_for) + 1) if number not in waited_for)

    def _note_failed(self, digest: bytes, number: int) -> None:
        self._failed.setdefault(digest, set()).add(number)
        if len(self._failed) > _MOST_FAILED:
            self._failed.popitem(last=False)
