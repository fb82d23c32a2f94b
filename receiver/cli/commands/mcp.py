"""`mcp`: a server of the Model Context Protocol on standard input and output, for coding agents."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from typing import Any, cast

from receiver.cli import api
from receiver.cli.errors import CommandError
from receiver.mcp import NOT_INSTALLED
from receiver.mcp.asking import Ask, Refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    api.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    ask = asking(
        api.Receiver(api.connection(args))
    )  # before a client waits: what is wrong with the address is said now
    try:
        from mcp.server.stdio import stdio_server  # noqa: PLC0415 - a second, which other commands need not wait

        from receiver.mcp.server import server  # noqa: PLC0415
    except ModuleNotFoundError:
        raise CommandError(NOT_INSTALLED) from None
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s")
    # Clients end it by closing its input, or by a signal; a request that is under way is of no use to anybody then.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    async def serve() -> None:
        serving = server(lambda _context: ask)
        async with stdio_server() as (read, write):
            await serving.run(read, write, serving.create_initialization_options())

    asyncio.run(serve())
    return 0


def asking(receiver: api.Receiver) -> Ask:
    """Return what asks a receiver over HTTP, each request in a thread."""

    async def ask(*parts: str, **parameters: str | None) -> Any:
        try:
            return await asyncio.to_thread(lambda: receiver.get(api.path(*parts), **cast("Any", parameters)))
        except api.RequestRefusedError as refused:
            raise Refused(str(refused).removeprefix(f"{receiver.url}: "), refused.status) from None
        except CommandError as error:
            raise Refused(str(error), 503) from None

    return ask
