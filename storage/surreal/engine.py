"""The process SurrealDB's embedded engine runs in: `python -m storage.surreal.engine URL`, started by `Embedded`.

Of the package's two ways in (surrealdb-embedded 3.0.0b10), `AsyncEmbeddedDB` opens the store on a runtime that it
drops: what the engine does in the background, writing its memory to tables and merging these, never happens. Its log
and its memory grow, and once two of its memory tables are full (540,000 events on a machine of 24 GB, 36,000 on one of
less than 1) it takes no more writes, and does not say so. `SyncEmbeddedDB` keeps its runtime, but holds Python's global
lock in every call, for seconds while it replays a log. In a process of its own that stops nobody, and should the engine
abort, the receiver stays and starts it again.

Requests come on standard input, answers go to standard output, one at a time; the process ends with its input, so with
the receiver, however that ends. `storage.surreal.frames` is the form of both.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from select import select
from typing import IO

from surrealdb_embedded import SyncEmbeddedDB

from storage.surreal.frames import ANSWER, FAILED, OPENED, OPENING, REFUSED, REQUEST, SUCCEEDED

_SURREALKV = "surrealkv://"
# Bytes that the engine needs to open its files and be of use.
_ROOM = 16 * 1024 * 1024
# Reads overtake writes, a write takes 0.1 s; but no more than so many of them one after the other.
_OVERTAKING = 16
_READ_AT_ONCE = 1 << 20
# Merging tables takes and frees memory in small pieces, which glibc keeps: asked to give them back, which takes 2-11
# ms, it held 200 MB after 250,000 events, and 660 otherwise.
_TRIM_EVERY = 5.0


class _Requests:
    """The requests that are not yet answered, in the order in which they will be."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._buffer = bytearray()
        self._reads: deque[tuple[int, bytes]] = deque()
        self._writes: deque[tuple[int, bytes]] = deque()
        self._overtaken = 0

    def next(self) -> tuple[int, bytes] | None:
        """Return the next request's number and bytes, or None at the end of the input, when the rest is dropped."""
        while select([self._source], [], [], 0 if self._reads or self._writes else None)[0]:
            data = os.read(self._source, _READ_AT_ONCE)
            if not data:
                return None
            self._buffer += data
            self._take_apart()
        if self._reads and (not self._writes or self._overtaken < _OVERTAKING):
            self._overtaken += 1
            return self._reads.popleft()
        self._overtaken = 0
        return self._writes.popleft()

    def _take_apart(self) -> None:
        start = 0
        while len(self._buffer) - start >= REQUEST.size:
            length, number, writes = REQUEST.unpack_from(self._buffer, start)
            end = start + REQUEST.size + length
            if len(self._buffer) < end:
                break
            request = bytes(self._buffer[start + REQUEST.size : end])
            (self._writes if writes else self._reads).append((number, request))
            start = end
        del self._buffer[:start]


def _open(url: str, answers: IO[bytes]) -> SyncEmbeddedDB:
    """Open the store, and report slow steps. Raises OSError, RuntimeError or ValueError.

    Never go on writing to a log that was left behind. Where its end is torn, the engine (3.2.4) puts a repaired copy in
    its place, and goes on in the file that it has replaced; an end of zeros it takes for written, and reads no further
    the next time. Both lose what comes after. Closing, it keeps what it has read in its tables, and removes the log.
    """
    if not _left_log(url):
        return _start(url)
    _answer(answers, OPENED, OPENING, b"replaying the log that a stop left behind")
    engine = _start(url)
    _answer(answers, OPENED, OPENING, b"moving the log that a stop left behind into the tables")
    engine.close()
    if _left_log(url):
        raise OSError("what its log holds could not be written to its tables")
    return _start(url)


def _left_log(url: str) -> bool:
    """Return whether the folder holds a log; a store that was closed properly has none."""
    if not url.startswith(_SURREALKV):
        return False
    return any(file.stat().st_size for file in Path(url.removeprefix(_SURREALKV), "wal").glob("*"))


def _start(url: str) -> SyncEmbeddedDB:
    """Start the engine. Raises OSError beforehand if the disk is full: a failed start would keep the lock."""
    folder = Path(url.removeprefix(_SURREALKV))
    if url.startswith(_SURREALKV) and folder.is_dir():
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_ROOM))
    return SyncEmbeddedDB(url)


def _answer(answers: IO[bytes], number: int, outcome: int, body: bytes) -> None:
    answers.write(ANSWER.pack(len(body), number, outcome) + body)
    answers.flush()


def _serve(engine: SyncEmbeddedDB, answers: IO[bytes]) -> None:
    requests = _Requests(sys.stdin.fileno())
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    trimmed = time.monotonic()
    while (request := requests.next()) is not None:
        number, body = request
        try:
            answer = engine.execute(body)
        except ValueError as error:  # CBOR that the engine cannot read
            _answer(answers, number, REFUSED, str(error).encode())
        except RuntimeError as error:
            _answer(answers, number, FAILED, str(error).encode())
        else:
            _answer(answers, number, SUCCEEDED, answer)
        if trim is not None and time.monotonic() - trimmed > _TRIM_EVERY:
            trim(0)
            trimmed = time.monotonic()


def main() -> None:
    # A terminal's Ctrl-C and a supervisor's SIGTERM reach this process too: the receiver decides when it ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # should the engine ever print, it is not taken for an answer
    with contextlib.suppress(BrokenPipeError), answers:  # the receiver was killed, and nobody reads the answer
        try:
            engine = _open(sys.argv[1], answers)
        except (OSError, RuntimeError, ValueError) as error:
            _answer(answers, OPENED, FAILED, str(error).encode())
            return
        try:
            _answer(answers, OPENED, SUCCEEDED, b"")
            _serve(engine, answers)
        finally:
            engine.close()


if __name__ == "__main__":
    main()
