"""The process in which SurrealDB's embedded engine runs: `python -m storage.surreal.engine URL`, started by `Embedded`.

The package (surrealdb-embedded 3.0.0b10) has two classes. `AsyncEmbeddedDB` opens the store on a runtime that it drops,
so that the engine's background work, writing its memory to tables and merging these, never happens. Its log and its
memory grow, and once two of its memory tables are full (540,000 events on a machine of 24 GB, 36,000 on one of less
than 1 GB) it accepts no more writes, without an error. `SyncEmbeddedDB` keeps its runtime, but holds Python's global
lock in every call, for seconds while it replays a log. In a process of its own this blocks nobody, and if the engine
aborts, the receiver starts it again.

Requests come on standard input, answers go to standard output, one at a time (`storage.workers.messages`). The process
ends with its input, and so with the receiver, however that ends.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from select import select
from typing import IO

import msgspec
from surrealdb_embedded import SyncEmbeddedDB

from storage.surreal.messages import OPENED, Execute
from storage.workers import messages
from storage.workers.memory import give_back
from storage.workers.messages import Reply
from storage.workers.request_loop import answers

_SURREALKV = "surrealkv://"
# Free bytes on the disk that the engine needs to open its files and work.
_ROOM = 16 * 1024 * 1024
# Reads overtake writes, which take 0.1 s, but at most so many reads one after the other.
_OVERTAKING = 16
_READ_AT_ONCE = 1 << 20
_REQUEST = msgspec.msgpack.Decoder(Execute)
# Merging tables allocates and frees memory in small pieces, which glibc keeps. If it is asked to return them, which
# takes 2-11 ms, the process has 200 MB after 250,000 events, otherwise 660 MB.
_TRIM_EVERY = 5.0


class _Requests:
    """The requests that are not answered yet, in the order in which they will be."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._buffer = bytearray()
        self._reads: deque[Execute] = deque()
        self._writes: deque[Execute] = deque()
        self._overtaken = 0

    def next(self) -> Execute | None:
        """Return the next request, or None at the end of the input; then the remaining requests are dropped."""
        while select([self._source], [], [], 0 if self._reads or self._writes else None)[0]:
            data = os.read(self._source, _READ_AT_ONCE)
            if not data:
                return None
            self._buffer += data
            for message in messages.taken_from(self._buffer):
                request = _REQUEST.decode(message)
                (self._writes if request.writes else self._reads).append(request)
        if self._reads and (not self._writes or self._overtaken < _OVERTAKING):
            self._overtaken += 1
            return self._reads.popleft()
        self._overtaken = 0
        return self._writes.popleft()


def _open(url: str, stream: IO[bytes]) -> SyncEmbeddedDB:
    """Open the store, and report slow steps. Raises OSError, RuntimeError or ValueError.

    A log that a stop left behind must not be written to. If its end is torn, the engine (3.2.4) replaces it by a
    repaired copy, but goes on writing to the replaced file; if it ends with zeros, the engine writes after these, and
    does not read past them the next time. In both cases later writes are lost. So the engine is closed after the
    replay, which moves what it has read into its tables and removes the log, and is opened again.
    """
    if not _left_log(url):
        return _start(url)
    messages.write(stream, Reply("working", "replaying the log that a stop left behind", OPENED))
    engine = _start(url)
    messages.write(stream, Reply("working", "moving the log that a stop left behind into the tables", OPENED))
    engine.close()
    if _left_log(url):
        raise OSError("what its log holds could not be written to its tables")
    return _start(url)


def _left_log(url: str) -> bool:
    """Return whether the store has a log; one that was closed properly has none."""
    if not url.startswith(_SURREALKV):
        return False
    return any(file.stat().st_size for file in Path(url.removeprefix(_SURREALKV), "wal").glob("*"))


def _start(url: str) -> SyncEmbeddedDB:
    """Start the engine. If the disk is full, raise OSError before, because a failed start would keep the lock."""
    folder = Path(url.removeprefix(_SURREALKV))
    if url.startswith(_SURREALKV) and folder.is_dir():
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_ROOM))
    return SyncEmbeddedDB(url)


def _serve(engine: SyncEmbeddedDB, stream: IO[bytes]) -> None:
    requests = _Requests(sys.stdin.fileno())
    trimmed = time.monotonic()
    while (request := requests.next()) is not None:
        messages.write(stream, _reply(engine, request))
        if time.monotonic() - trimmed > _TRIM_EVERY:
            give_back()
            trimmed = time.monotonic()


def _reply(engine: SyncEmbeddedDB, request: Execute) -> Reply:
    try:
        return Reply("done", engine.execute(request.body), request.number)
    except ValueError as error:  # CBOR that the engine cannot read
        return Reply("invalid", str(error), request.number)
    except RuntimeError as error:
        return Reply("unavailable", str(error), request.number)


def main() -> None:
    with answers() as stream:
        try:
            engine = _open(sys.argv[1], stream)
        except (OSError, RuntimeError, ValueError) as error:
            messages.write(stream, Reply("unavailable", str(error), OPENED))
            return
        try:
            messages.write(stream, Reply("done", number=OPENED))
            _serve(engine, stream)
        finally:
            engine.close()


if __name__ == "__main__":
    main()
