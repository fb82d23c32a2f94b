"""Loaded by the Python programs at their start (PYTHONPATH): they connect to the addresses in INSIDE and to no other.

An emitter swallows the errors of its own telemetry: what it tried is added to the file that OUTSIDE names.
"""

import os
import sys
from pathlib import Path

INSIDE = os.environ["INSIDE"].split(",")


def refuse(event, arguments):
    if event == "socket.getaddrinfo":
        host, port = arguments[:2]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        host, port = arguments[1][:2]
    else:
        return
    address = f"{host.decode() if isinstance(host, bytes) else host}:{port}"
    if address not in INSIDE:
        with Path(os.environ["OUTSIDE"]).open("a") as outside:
            outside.write(f"{address}\n")
        raise OSError(f"{address} is outside")


sys.addaudithook(refuse)
