"""Ports for the programs that tests start."""

import contextlib
import random
import socket

# The kernel takes the ports of outgoing connections from above (32768 on Linux, 49152 elsewhere): one of those may be
# somebody's before the program that was told to listen there does.
_PORTS = range(10_000, 32_768)


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on. All are held until all are known, so that they differ."""
    ports: list[int] = []
    with contextlib.ExitStack() as held:
        while len(ports) < count:
            port = random.SystemRandom().choice(_PORTS)
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                ports.append(port)
    return ports
