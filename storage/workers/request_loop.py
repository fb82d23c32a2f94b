"""The main loop of a child process: requests come on standard input, answers go to standard output, in order."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import msgspec

from storage.errors import IndexUnavailable, IndexUnusable
from storage.workers import messages
from storage.workers.messages import Reply


@contextlib.contextmanager
def answers() -> Iterator[IO[bytes]]:
    """Open what a child process answers to, for as long as the receiver reads it."""
    # A terminal's Ctrl-C and a supervisor's SIGTERM reach this process too: the receiver decides when it ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # should a library ever print, it is not taken for an answer
    # A broken pipe: the receiver was killed, and nobody reads the answer. Closing the stream says so once more.
    with contextlib.suppress(BrokenPipeError), stream:
        yield stream


def serve(handlers: Mapping[type[msgspec.Struct], Callable[[Any], Any]]) -> None:
    """Answer each request with its type's handler until the input ends, which happens however the receiver ends."""
    decoder: msgspec.msgpack.Decoder[msgspec.Struct] = msgspec.msgpack.Decoder(_union(handlers))
    with answers() as stream:
        while (body := messages.read(sys.stdin.buffer)) is not None:
            messages.write(stream, _answer(handlers, decoder.decode(body)))


def _union(handlers: Mapping[type[msgspec.Struct], Callable[[Any], Any]]) -> Any:
    first, *others = handlers
    union: Any = first
    for other in others:
        union = union | other
    return union


def _answer(handlers: Mapping[type[msgspec.Struct], Callable[[Any], Any]], request: msgspec.Struct) -> Reply:
    try:
        return Reply("done", handlers[type(request)](request))
    except ValueError as error:  # a point's id that is no UUID
        return Reply("invalid", str(error))
    except IndexUnusable as error:
        return Reply("unusable", str(error))
    except IndexUnavailable as error:
        return Reply("unavailable", str(error))
    except Exception as error:  # noqa: BLE001 - Edge raises nothing more precise; a full disk, say, may pass
        return Reply("unavailable", f"it failed: {error}")
