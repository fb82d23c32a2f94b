"""Checks of the stores: an embedded one can be opened, a server answers and accepts the credentials."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from mapping.errors import Problem
from receiver.cli.checks.finding import Finding, Setup

if TYPE_CHECKING:
    from storage.config import StorageConfig
    from storage.surreal.database import Database

_TIMEOUT = 5.0
# SurrealDB's server may have much to do, and signing in alone takes it long.
_SURREALDB_WITHIN = 20.0
_TOO_LONG = "does not answer within"
# By what the error says.
_CURES = {
    "ermission denied": "give this user the right to write there",
    "o space left": "make room on this disk; nothing is lost",
    "later version": "start with the version that wrote it, or a later one",
}
_RESTORE = "restore data_dir from a backup, or move it away and start with an empty one"
_TESTED = "surrealdb-3.2.4"
_SIGN_IN = "check storage.surrealdb.user, .password and .auth_level, or .token"
_RIGHTS = (
    "give the user the role EDITOR in this database, or OWNER; start the server without --deny-all, --deny-funcs and "
    "--deny-rpc"
)
# By a part of what SurrealDB or the connection says.
_ADVICE = {
    _TOO_LONG: "see whether it hangs or has too much to do, or correct storage.surrealdb.url",
    "not allowed": _RIGHTS,
    "Not enough permissions": _RIGHTS,
    "SURREAL_TRANSACTION_MAX_WRITE_KEYS": "start the server with a higher limit, or without it",
    "SSL_CERT_FILE": "set SSL_CERT_FILE, or let a known authority sign the server's certificate",
}


def surrealdb(setup: Setup) -> Finding:
    url = setup.settings.storage.surrealdb_url
    if url.startswith(("ws://", "wss://")):
        return asyncio.run(_surrealdb_server(setup))
    if url == "mem://":
        return Finding(
            "warn", "in memory: what is stored is gone when the receiver stops", "leave out the url to keep it"
        )
    folder = Path(url.removeprefix("surrealkv://"))
    if setup.in_use:
        return Finding("ok", "embedded, open in the running receiver")
    if not folder.exists():
        return Finding("ok", f"embedded, will be created in {folder}")
    return asyncio.run(_surrealdb_embedded(setup))


async def _surrealdb_embedded(setup: Setup) -> Finding:
    """Open the store. The engine then replays and removes its log, as at every start; nothing else happens."""
    from storage.surreal.errors import InUseError, OpenError  # noqa: PLC0415 - as in `_opened`

    try:
        version = await _version(setup)
    except InUseError as error:
        return Finding("warn", str(error))
    except (OpenError, Problem) as error:
        return Finding(
            "problem",
            str(error),
            next((cure for words, cure in _CURES.items() if words in str(error)), _RESTORE),
        )
    return Finding("ok", f"embedded, opens ({version})")


async def _surrealdb_server(setup: Setup) -> Finding:
    settings = setup.settings.storage.surrealdb
    from receiver.server import storage_config  # noqa: PLC0415 - as in `_opened`
    from storage.surreal.errors import AccessError  # noqa: PLC0415 - as in `_opened`

    config = storage_config(setup.settings)
    try:
        async with asyncio.timeout(_SURREALDB_WITHIN):
            version, differs = await _server_of(setup, config)
    except AccessError as error:
        return Finding("problem", str(error), _SIGN_IN)
    except (Problem, TimeoutError) as error:
        text = str(error) or f"SurrealDB at {settings.url} {_TOO_LONG} {_SURREALDB_WITHIN:.0f} s"
        for words, advice in _ADVICE.items():
            if words in text:
                return Finding("problem", text, advice)
        return Finding("problem", text, "start the server, or correct storage.surrealdb.url")
    who = "with a token" if settings.token else f"as {settings.user}"
    signed_in = f"signed in {who}" if settings.token or settings.user else "without signing in"
    text = f"{settings.url} answers, {signed_in} ({version})"
    if version != _TESTED:
        return Finding("warn", f"{text}, which was not tested", f"the version that was tested is {_TESTED}")
    if differs:
        return Finding("warn", differs, "until then this one stores and interprets, and does not search")
    return Finding("ok", text)


async def _server_of(setup: Setup, config: StorageConfig) -> tuple[str, str]:
    """Check the rights. Return the version, and how the index differs from that of the receivers that are there."""
    from storage.membership import Member, how_it_differs, members_of, other_index  # noqa: PLC0415 - as above
    from storage.surreal import schema  # noqa: PLC0415 - as above

    async with _opened(setup) as database:
        await schema.check_rights(database.query)
        members: list[Member] = []
        with contextlib.suppress(Problem):  # there is no schema yet, and so nobody
            members = await members_of(database)
        me = Member("", 0, config.version, config.model, config.index_place)
        other = other_index(me, members)
        return await database.version(), how_it_differs(me, other) if other else ""


async def _version(setup: Setup) -> str:
    async with _opened(setup) as database:
        return await database.version()


@contextlib.asynccontextmanager
async def _opened(setup: Setup) -> AsyncIterator[Database]:
    """Open the store as a receiver does. Raises OpenError, Problem."""
    from storage.surreal.database import Database  # noqa: PLC0415 - half a second, which no other command need wait for

    storage = setup.settings.storage
    database = Database(
        storage.surrealdb_url,
        namespace=storage.surrealdb.namespace,
        database=storage.surrealdb.database,
        user=storage.surrealdb.user,
        password=storage.surrealdb.password,
        auth_level=storage.surrealdb.auth_level,
        token=storage.surrealdb.token,
        patience=0,
    )
    try:
        await database.open()
        yield database
    finally:
        await database.close()


def qdrant(setup: Setup) -> Finding:
    settings = setup.settings.storage
    if setup.settings.embedding.model == "off":
        return Finding("ok", "not used: embedding.model is off")
    if settings.qdrant.url:
        return _qdrant_server(setup)
    folder = settings.data_dir / "qdrant"
    if setup.in_use:
        return Finding("ok", "embedded, open in the running receiver")
    if not folder.exists():
        return Finding("ok", f"embedded, will be created in {folder}")
    return _qdrant_embedded(setup)


def _qdrant_server(setup: Setup) -> Finding:
    """List the collections. This shows whether the server answers and accepts the key, and which ones are ours."""
    settings = setup.settings.storage.qdrant
    request = urllib.request.Request(  # noqa: S310 - the setting takes http and https only
        f"{settings.url}/collections",
        headers={"api-key": settings.api_key} if settings.api_key else {},
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - as above
            names = [collection["name"] for collection in json.loads(answer.read())["result"]["collections"]]
    except urllib.error.HTTPError as error:
        with error:
            return _qdrant_refuses(setup, error.code)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        return Finding(
            "problem", f"{settings.url} does not answer ({reason})", "start the server, or correct storage.qdrant.url"
        )
    except (ValueError, LookupError, TypeError):
        return Finding("problem", f"{settings.url} does not answer as Qdrant does", "correct storage.qdrant.url")
    ours = sorted(name for name in names if name.startswith(f"{settings.collection}-"))
    return Finding("ok", f"{settings.url} answers, has {', '.join(ours) or f'no {settings.collection}-… yet'}")


def _qdrant_refuses(setup: Setup, status: int) -> Finding:
    settings = setup.settings.storage.qdrant
    if status in {401, 403}:
        return Finding("problem", f"{settings.url} wants another API key", "set storage.qdrant.api_key")
    return Finding("problem", f"{settings.url} answers HTTP {status}", "look into the server's log")


def _qdrant_embedded(setup: Setup) -> Finding:
    """Read Edge's file in each index, because loading an index would write to it. A damaged index is rebuilt."""
    folder = setup.settings.storage.data_dir / "qdrant"
    indexes = []
    for file in sorted(folder.glob("*/edge_config.json")):
        try:
            vectors = json.loads(file.read_bytes())["vectors"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            return Finding(
                "warn", f"{file} cannot be read ({error})", "nothing to do: the next start builds the index anew"
            )
        dimensions = (vectors or {}).get("dense", {}).get("size")
        indexes.append(f"{file.parent.name}, {dimensions} dimensions")
    return Finding("ok", f"embedded: {'; '.join(indexes)}" if indexes else "embedded, empty")
