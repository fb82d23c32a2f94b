"""`serve`: ports, stores and signals, from start to stop.

The ports are bound before the stores are opened: after a kill the engine replays its log, and meanwhile requests are
answered with the progress.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import gc
import logging
import os
import resource
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from aiohttp import web
from uvloop import new_event_loop

from receiver import service_manager
from receiver.grpc.relay import EXPECTED_GRPC
from receiver.grpc.server import GrpcServer
from receiver.http.active_requests import UNDER_WAY
from receiver.http.app import application, use_keys
from receiver.http.connection import Connection, Site
from receiver.http.context import METRICS, PORTS
from receiver.http.notices import NOTICES
from receiver.http.tls import server_context
from receiver.mcp.http import Mcp
from receiver.settings import Settings, SettingsError, check, unknown_variables
from receiver.settings.data_home import passed_by
from receiver.settings.prices_file import read_prices_file
from receiver.version import VERSION
from storage.config import StorageConfig
from storage.stores import DataDirError, Stores
from storage.surreal.errors import AccessError, OpenError

log = logging.getLogger("receiver")

# A stop takes 10 s at most: requests have these, the stores need the rest.
_FINISH_REQUESTS = 4.0
_CLOSE_CONNECTIONS = 1.0
# Seconds to find out who has a port.
_ASK_PORT = 1.0


# Advice for a store that cannot be opened, which names the settings.
_ADVICE: dict[type[Exception], str] = {
    DataDirError: "; or pass another --data-dir",
    AccessError: ". Check storage.surrealdb.user, .password, .auth_level, .namespace and .database, or .token",
}


class ServerError(Exception):
    """The receiver cannot start. The message is for the person who started it."""


def run(settings: Settings, load_again: Callable[[], Settings]) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit code: 0 after a stop, 1 if it could not start.

    On SIGHUP the API keys are those that `load_again` returns; it raises SettingsError.
    """
    _log_to_stderr(settings.log.level)
    for line in unknown_variables(os.environ):
        log.warning("%s", line)
    try:
        check(settings)
        _allow_open_files()
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(settings, load_again))
    except (SettingsError, ServerError, OpenError) as error:
        log.error("%s%s", error, _ADVICE.get(type(error), ""))  # noqa: TRY400 - the message says it; a traceback would hide it
        return 1
    return 0


async def listen(app: web.Application, settings: Settings) -> web.AppRunner:
    """Bind the ports. The caller closes them with `cleanup()`.

    Raises ServerError naming the address and the flag, SettingsError for certificates that cannot be used.
    """
    limits, ports = settings.server, app[PORTS]
    context = server_context(limits.tls)
    grpc = GrpcServer(app)
    app.cleanup_ctx.extend((grpc.serving, Mcp(app).serving))
    runner = web.AppRunner(app, shutdown_timeout=_CLOSE_CONNECTIONS)
    await runner.setup()

    def unless_full(connect: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol | None]:
        def connection() -> asyncio.Protocol | None:
            if len(_http(runner).connections) + len(grpc.relays.open) < limits.max_connections:
                return connect()
            app[METRICS].connection_refused()
            return None

        return connection

    async def listen_on(port: int, connect: Callable[[], asyncio.Protocol], hint: str) -> int:
        site = Site(runner, limits, port, context, unless_full(connect))
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            in_use = error.errno == errno.EADDRINUSE
            by = await asyncio.to_thread(_who_listens, limits.host, port) if in_use else ""
            raise ServerError(_cannot_listen(limits.host, port, error, hint, by)) from None
        return site.bound

    def http() -> asyncio.Protocol:
        return Connection(_http(runner), limits, app[NOTICES], grpc.relays.take_over)

    ports.http = await listen_on(limits.port, http, "pass --port to choose another")
    if limits.otlp_port is not None:
        ports.otlp = await listen_on(limits.otlp_port, http, "pass --otlp-port to choose another, or --otlp-port off")
    if limits.grpc_port is not None:
        ports.grpc = await listen_on(
            limits.grpc_port, grpc.relays.new, "pass --grpc-port to choose another, or --grpc-port off"
        )
    return runner


def _http(runner: web.AppRunner) -> web.Server:
    assert runner.server is not None  # noqa: S101 - for mypy: it has been set up
    return runner.server


def storage_config(settings: Settings) -> StorageConfig:
    """Return the part of the settings that storage needs; storage knows neither flags nor settings files."""
    storage, surrealdb, qdrant = settings.storage, settings.storage.surrealdb, settings.storage.qdrant
    return StorageConfig(
        data_dir=storage.data_dir,
        surrealdb_url=storage.surrealdb_url,
        surrealdb_namespace=surrealdb.namespace,
        surrealdb_database=surrealdb.database,
        surrealdb_user=surrealdb.user,
        surrealdb_password=surrealdb.password,
        surrealdb_auth_level=surrealdb.auth_level,
        surrealdb_token=surrealdb.token,
        surrealdb_pool_size=surrealdb.pool_size,
        qdrant_url=qdrant.url,
        qdrant_api_key=qdrant.api_key,
        qdrant_collection=qdrant.collection,
        qdrant_shards=qdrant.shard_number,
        model=settings.embedding.model,
        threads=settings.embedding.threads,
        rerank_ms=settings.search.rerank_ms,
        agent_window=settings.mapping.agent_window,
        conversation_window=settings.mapping.conversation_window,
        idle_close=settings.mapping.idle_close,
        prices=read_prices_file(settings.prices.file),
        retention_days=settings.retention.days,
        retention_max_events=settings.retention.max_events,
        retention_days_of=settings.retention.projects,
        webhooks=[webhook.rules for webhook in settings.alerts.webhooks],
        version=VERSION,
    )


async def _serve(settings: Settings, load_again: Callable[[], Settings]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    storage = Stores(storage_config(settings))
    app = application(settings, storage)
    in_terminal = sys.stderr.isatty()

    def hung_up() -> None:
        if in_terminal and not sys.stderr.isatty():
            stop.set()  # its terminal was closed, and nobody would see that it runs on
        else:
            _renew_keys(app, settings, load_again)

    loop.add_signal_handler(signal.SIGHUP, hung_up)
    runner = await listen(app, settings)
    log.info(
        "vectadb-receiver %s listens on %s",
        VERSION,
        _addresses(runner, "https" if settings.server.tls.cert_file else "http", app[PORTS].grpc),
    )
    log.info("data is in %s", settings.storage.data_dir.absolute())
    for folder in passed_by(settings.storage.data_dir, Path.cwd()):
        log.warning("there is data in %s, too, which is not used: --data-dir %s would use it", folder, folder)
    opening = asyncio.create_task(_open(storage))
    stopping = asyncio.create_task(stop.wait())
    alive = asyncio.create_task(service_manager.keep_alive())
    try:
        await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            await stopping
        log.info("stopping: finishing what was accepted")
    finally:
        service_manager.notify(service_manager.STOPPING)
        for task in (opening, stopping, alive):
            task.cancel()
        await asyncio.gather(opening, stopping, alive, return_exceptions=True)
        for site in list(runner.sites):
            await site.stop()
        await app[UNDER_WAY].finish(_FINISH_REQUESTS)
        await runner.cleanup()
        await storage.close()
    log.info("stopped")


def _renew_keys(app: web.Application, settings: Settings, load_again: Callable[[], Settings]) -> None:
    """Take the API keys of the settings as they are now. If those are invalid, the log says so, and nothing changes."""
    try:
        loaded = load_again()
        check(loaded)
    except SettingsError as error:
        log.error("SIGHUP: the API keys stay as they are: %s", error)  # noqa: TRY400 - the message says it
        return
    use_keys(app, loaded.auth)
    log.info("SIGHUP: the API keys are now: %s", ", ".join(key.name for key in loaded.auth.in_force) or "none")
    if dataclasses.replace(loaded, auth=settings.auth) != settings:
        log.warning("SIGHUP: other settings have changed, too; they count from the next start")


async def _open(storage: Stores) -> None:
    began = time.perf_counter()
    await storage.open()
    # What is there by now stays. To look at all of it for garbage takes 0.1 s, in which nobody is answered.
    gc.collect()
    gc.freeze()
    service_manager.notify(service_manager.READY)
    log.info("ready to ingest after %.1f s", time.perf_counter() - began)


def _addresses(runner: web.AppRunner, scheme: str, grpc_port: int | None) -> str:
    """Return the bound addresses as text, with the actual port where 0 was given."""
    http: list[str] = []
    grpc: list[str] = []
    for host, port, *_ in runner.addresses:
        url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        (grpc if port == grpc_port else http).append(url)
    return ", ".join(http) + (f"; for gRPC on {', '.join(grpc)}" if grpc else "")


def _cannot_listen(host: str, port: int, error: OSError, hint: str, by: str) -> str:
    if by:
        return f"port {port} on {host} is in use by {by}: {hint}"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} needs more rights than this user has: {hint}"
    return f"cannot listen on {host}, port {port} ({error.strerror or error}): check --host and the port"


def _who_listens(host: str, port: int) -> str:
    """Return who has a port that is in use. A receiver is known by its answers, also to HTTP on its gRPC port."""
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/health"
    answer = b""
    try:
        with urllib.request.urlopen(url, timeout=_ASK_PORT) as response:
            answer = response.read(1024)
    except urllib.error.HTTPError as error:
        with error, contextlib.suppress(OSError):
            answer = error.read(1024)
    except (OSError, ValueError, HTTPException):
        return "another program"
    if b'"ontology_loaded"' in answer:
        return "a vectadb-receiver that runs already (`vectadb-receiver doctor` says which)"
    if EXPECTED_GRPC.encode() in answer:
        return "the gRPC port of a vectadb-receiver that runs already"
    return "another program"


def _allow_open_files() -> None:
    """Raise the limit of open files as far as allowed: each connection is one, and the engine has hundreds.

    The usual 1,024 would be used up by the connections that `server.max_connections` allows.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS says "unlimited" and takes less
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)-7s %(message)s", force=True
    )
    for name in ("httpx", "mcp"):  # at info, a line for every request to Qdrant, and for every tool call
        logging.getLogger(name).setLevel(logging.WARNING)
