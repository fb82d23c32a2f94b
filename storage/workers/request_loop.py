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
    """Yield the stream for a child process's answers, which is its standard output."""
    # A terminal's Ctrl-C and a supervisor's SIGTERM or SIGHUP reach this process, too, but the receiver decides when it
    # ends.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # so that text which a library prints is not read as an answer
    # A broken pipe means that the receiver was killed; closing the stream raises it again.
    with contextlib.suppress(BrokenPipeError), stream:
        yield stream


def serve(handlers: Mapping[type[msgspec.Struct], Callable[[Any], Any]]) -> None:
    """Answer each request with the handler of its type, until the input ends, as it does whenever the receiver ends."""
    with answers() as stream:
        answer_all(stream, handlers)


def answer_all(stream: IO[bytes], handlers: Mapping[type[msgspec.Struct], Callable[[Any], Any]]) -> None:
    """Do as `serve` with the stream of `answers`, to which a handler may write replies about its steps, too."""
    decoder: msgspec.msgpack.Decoder[msgspec.Struct] = msgspec.msgpack.Decoder(_union(handlers))
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
    except ValueError as error:  # for example a point's id that is not a UUID
        return Reply("invalid", str(error))
    except IndexUnusable as error:
        return Reply("unusable", str(error))
    except IndexUnavailable as error:
        return Reply("unavailable", str(error))
    except Exception as error:  # noqa: BLE001 - Edge raises nothing more precise; a full disk, for example, may pass
        return Reply("unavailable", f"it failed: {error}")
