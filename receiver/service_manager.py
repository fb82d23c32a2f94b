"""What systemd is told (sd_notify(3)): ready, alive, stopping. Without its variables nothing is told.

A unit with `Type=notify` counts as started once the receiver is ready; one with `WatchdogSec` is killed and started
again when the event loop has not turned for that long.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


def notify(state: str) -> None:
    """Send systemd a state. Never fails: a service manager that does not listen must not stop the receiver."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # in the abstract namespace
        address = f"\0{address[1:]}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(state.encode(), address)


async def keep_alive() -> None:
    """Send systemd a sign again and again that the event loop turns, twice in the time that its watchdog waits."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        notify(ALIVE)
        await asyncio.sleep(int(microseconds) / 2_000_000)
