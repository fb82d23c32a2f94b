"""Ports for the programs that tests start."""

import contextlib
import os
import random
import socket

# The kernel takes the ports of outgoing connections from above (32768 on Linux, 49152 elsewhere): one of those may be
# somebody's before the program that was told to listen there does. Processes that test at once take theirs from parts
# of their own, and each gives out none twice.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = list(range(10_000, 32_768))[_WORKER :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
random.SystemRandom().shuffle(_PORTS)


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on, each for the first time."""
    ports: list[int] = []
    while len(ports) < count:
        port = _PORTS.pop()
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.append(port)
    return ports
