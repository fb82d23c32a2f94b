"""Checks of the machine: the data folder is writable, the ports are free, a running receiver answers."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

from receiver.cli import api
from receiver.cli.checks.finding import Finding, Setup
from receiver.cli.errors import CommandError
from receiver.cli.program import program
from receiver.cli.terminal import count

_GIB = 1024**3
# A million events take about 2 GB in both stores.
_LITTLE, _TOO_LITTLE = 2 * _GIB, _GIB // 4
_FULL = {errno.ENOSPC, errno.EDQUOT}
_MAKE_ROOM = "make room, or pass a --data-dir on another disk"
_TIMEOUT = 3.0
# What receiver.grpc.relay tells clients that do not speak gRPC.
_ON_GRPC_PORT = "expected gRPC; OTLP over HTTP goes to port"


def in_use(folder: Path) -> bool:
    """Return whether a running receiver holds the data folder's lock."""
    lock = folder / "lock"
    if not lock.is_file() or not os.access(lock, os.W_OK):
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True


def data_folder(setup: Setup) -> Finding:
    folder = setup.settings.storage.data_dir.absolute()
    advice = "give this user the right to write there, or pass another --data-dir"
    exists = next(place for place in (folder, *folder.parents) if place.exists())
    if not exists.is_dir():
        return Finding("problem", f"{exists} is not a folder", "pass another --data-dir")
    try:
        with tempfile.TemporaryFile(dir=exists) as file:  # without a name where the system can
            file.write(b"\0")
        others = [place for place in exists.iterdir() if not os.access(place, os.W_OK)] if exists == folder else []
    except OSError as error:
        cure = _MAKE_ROOM if error.errno in _FULL else advice
        return Finding("problem", f"{exists} cannot be written to: {error.strerror}", cure)
    if others:
        return Finding("problem", f"{others[0]} cannot be written to (was a receiver run by another user?)", advice)
    free = shutil.disk_usage(exists).free
    state = "" if exists == folder else ", will be created"
    if setup.in_use:
        state = ", in use by a running receiver"
    text = f"{folder}{state}, {free / _GIB:.1f} GiB free"
    if free < _LITTLE:
        return Finding("problem" if free < _TOO_LITTLE else "warn", text, _MAKE_ROOM)
    return Finding("ok", text)


def port(setup: Setup) -> Finding:
    return _port(setup, setup.settings.server.port, "pass --port to choose another")


def otlp_port(setup: Setup) -> Finding:
    number = setup.settings.server.otlp_port
    if number is None:
        return Finding("ok", "off; OTLP is taken at the port above")
    return _port(setup, number, "pass --otlp-port to choose another, or --otlp-port off")


def grpc_port(setup: Setup) -> Finding:
    number = setup.settings.server.grpc_port
    if number is None:
        return Finding("ok", "off; OTLP is taken over HTTP alone")
    return _port(setup, number, "pass --grpc-port to choose another, or --grpc-port off")


def http_api(setup: Setup) -> Finding:
    """Check that a running receiver answers at the address in the settings."""
    settings = setup.settings
    if settings.server.port == 0:
        return Finding("ok", "not asked: the port is any that is free")
    try:
        receiver = api.Receiver(api.local(settings))
        receiver.get("/readyz", timeout=_TIMEOUT)
        stats = receiver.get(api.path("stats"), timeout=_TIMEOUT)
        discarded = _discarded(receiver.get_bytes("/metrics", timeout=_TIMEOUT).decode())
    except api.AwayError:
        if setup.in_use:
            text = f"a receiver runs on the data folder, and none answers at {receiver.url}"
            return Finding("warn", text, "see its log: it hangs, or listens at another --port")
        return Finding("ok", f"no receiver answers at {receiver.url}; start one with: {program()} serve")
    except api.NotReadyError as error:
        return Finding("warn", f"not ready yet: {error}")
    except CommandError as error:
        return Finding("warn", str(error))
    index = f"index {stats['index_state']}"
    if stats["index_pending"] and stats["index_state"] != "off":
        index += f", {stats['index_pending']} to be indexed"
    return Finding("ok", f"{receiver.url} is ready: {count(stats['events'], 'event')}, {index}{discarded}")


def _receiver_at(setup: Setup, number: int) -> str | None:
    """Return which receiver occupies the port: only one answers /health as this one does, or HTTP on gRPC's port."""
    try:
        receiver = api.Receiver(api.local(setup.settings, number)._replace(key=""))
        health = receiver.get("/health", timeout=_TIMEOUT)
    except api.RequestRefusedError as error:
        return "a vectadb-receiver" if _ON_GRPC_PORT in str(error) else None
    except CommandError:
        return None
    if isinstance(health, dict) and "ontology_loaded" in health and "version" in health:
        return f"vectadb-receiver {health['version']}"
    return None


def _discarded(metrics: str) -> str:
    """Return what has come that is not stored, as a clause; "" where nothing has."""
    found = dict(re.findall(r'^vectadb_receiver_discarded_items_total\{signal="(\w+)"\} (\S+)$', metrics, re.MULTILINE))
    items = [
        count(int(float(found.get(signal, 0))), item)
        for signal, item in (("metrics", "metric point"), ("profiles", "profile"))
        if float(found.get(signal, 0))
    ]
    return f"; {' and '.join(items)} came and were discarded (otlp.metrics)" if items else ""


def _port(setup: Setup, number: int, hint: str) -> Finding:
    host = setup.settings.server.host
    if number == 0:
        return Finding("ok", "0: any that is free")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":  # elsewhere the option means another thing
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _taken(setup, number, hint)
        if error.errno == errno.EACCES:
            return Finding("problem", f"{number} on {host} needs more rights than this user has", hint)
        return Finding("problem", f"cannot listen on {host}: {error.strerror or error}", "check --host")
    return Finding("ok", f"{number} on {host} is free")


def _taken(setup: Setup, number: int, hint: str) -> Finding:
    receiver = _receiver_at(setup, number)
    if receiver is None and setup.in_use:
        text = f"{number} is taken by a program that does not answer as a receiver does"
        return Finding(
            "problem", text, f"if it is the one that runs on the data folder, it hangs: see its log; or {hint}"
        )
    if receiver is None:
        return Finding("problem", f"{number} is taken by another program", hint)
    text = f"{number} is taken by {receiver}"
    if setup.in_use:
        return Finding("ok", text)
    return Finding("warn", f"{text}, which uses another data folder", f"to run a second one, {hint}")
