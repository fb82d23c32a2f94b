"""Ports for the programs that tests start."""

import contextlib
import os
import random
import socket
import tempfile
import time
from pathlib import Path

# The kernel takes the ports of outgoing connections from above (32768 on Linux, 49152 elsewhere): one of those may be
# somebody's before the program that was told to listen there does.
_PORTS = range(10_000, 32_768)
# Between giving a port and listening there seconds may go by, in which other tests ask for some: each is given once an
# hour, on this machine.
_GIVEN = Path(tempfile.gettempdir()) / "vectadb-test-ports"
_FOR = 3600


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on or was given. All are held until all are known."""
    ports: list[int] = []
    with contextlib.ExitStack() as held:
        while len(ports) < count:
            port = random.SystemRandom().choice(_PORTS)
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                _give(port)
                ports.append(port)
    return ports


def _give(port: int) -> None:
    """Take note that a port is given. Raises FileExistsError if it was within the hour."""
    _GIVEN.mkdir(exist_ok=True)
    note = _GIVEN / str(port)
    with contextlib.suppress(FileNotFoundError):
        if time.time() - note.stat().st_mtime > _FOR:
            note.unlink()
    os.close(os.open(note, os.O_CREAT | os.O_EXCL))
