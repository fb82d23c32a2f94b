"""The client of a running receiver: its address, its key, and its errors as messages for the user."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from http.client import HTTPException, HTTPMessage, RemoteDisconnected
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # it has stubs, but does not say so (py.typed)

from receiver.cli.errors import CommandError
from receiver.cli.program import program
from receiver.cli.terminal import Progress
from receiver.settings import ADMIN, INGEST, READ, Key, Settings, add_config_flag, is_loopback, load
from receiver.settings.kinds import HTTP_URL

URL_VARIABLE, KEY_VARIABLE = "VECTADB_URL", "VECTADB_API_KEY"

_PROTOBUF = "application/x-protobuf"
_TIMEOUT = 60.0
_PATIENCE = 120.0
_LARGEST_PAGE = 200

# Addresses that mean "every address of this machine" to a server; a client cannot connect to them.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


class AwayError(CommandError):
    """No receiver answers at the address."""


class NotReadyError(CommandError):
    """The receiver asks to retry later (503)."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RequestRefusedError(CommandError):
    """The receiver refuses the request; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ReceiverAddress(NamedTuple):
    """The receiver's URL without a trailing slash, and its key. `flags` are for commands that messages propose.

    `certificate` is that of a receiver on this machine, from its settings; it is trusted without an authority.
    """

    url: str
    key: str
    flags: str = ""
    certificate: Path | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags for the receiver's address and key. `connection` reads them."""
    group = parser.add_argument_group("the receiver to ask")
    group.add_argument(
        "--url",
        help=f"where it is ({URL_VARIABLE}; default: this machine, at the server.port of the environment or --config)",
    )
    group.add_argument("--api-key", metavar="KEY", help=f"its API key ({KEY_VARIABLE} is seen by fewer)")
    add_config_flag(group)


def connection(args: argparse.Namespace) -> ReceiverAddress:
    """Return the address and key from the flags, the environment, or the settings of a receiver on this machine.

    Raises SettingsError, and CommandError for an invalid address or key.
    """
    url, key = args.url or os.environ.get(URL_VARIABLE), args.api_key or os.environ.get(KEY_VARIABLE)
    if key and not (key.isascii() and key.isprintable()):
        raise CommandError("--api-key: expected printable ASCII", exit_code=2)
    if url:
        try:
            url = HTTP_URL.parse(url)
        except ValueError:
            raise CommandError(f"--url: expected {HTTP_URL.allowed}; got {url!r}", exit_code=2) from None
        return ReceiverAddress(url, key or "", f" --url {url}" if args.url else "")
    settings = load(args, os.environ)
    if settings.server.port == 0:
        raise CommandError("server.port is 0, any that is free: say with --url which it became", exit_code=2)
    here = local(settings)
    return here._replace(key=key or here.key)


def local(settings: Settings, port: int | None = None) -> ReceiverAddress:
    """Return the address at which this machine reaches a receiver with these settings."""
    server, keys = settings.server, settings.auth.in_force
    host = _ANY.get(server.host, server.host)
    scheme = "https" if server.tls.cert_file else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port or server.port}"
    return ReceiverAddress(url, _widest(keys), certificate=server.tls.cert_file)


def _widest(keys: Sequence[Key]) -> str:
    """Return the key that may do most: commands read, and some delete."""
    return max(keys, key=lambda key: [key.may(scope) for scope in (ADMIN, READ, INGEST)]).key if keys else ""


def path(*parts: str) -> str:
    """Return a path under /api/v1, with ids percent-encoded. Raises CommandError for an empty one."""
    if not all(parts):
        raise CommandError("expected an id; got ''")
    return "/".join(["/api/v1", *(quote(part, safe="") for part in parts)])


class Receiver:
    """A receiver's routes.

    Raises AwayError, NotReadyError (503), RequestRefusedError for other refusals, and CommandError if the answer is not
    a receiver's.
    """

    def __init__(self, where: ReceiverAddress) -> None:
        self.url = where.url
        self._headers = {"Accept": "application/json"}
        if where.key:
            self._headers["Authorization"] = f"Bearer {where.key}"
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if is_loopback(urlsplit(where.url).hostname or ""):
            handlers.append(urllib.request.ProxyHandler({}))  # for a proxy, "localhost" is another machine
        if where.certificate:
            handlers.append(urllib.request.HTTPSHandler(context=_trusting(where.certificate)))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, route: str, timeout: float = _TIMEOUT, **parameters: Any) -> Any:
        """Return the JSON at a route. Parameters that are None are left out."""
        return self._ask(_with(route, parameters), None, timeout)

    def get_bytes(self, route: str, timeout: float = _TIMEOUT, **parameters: Any) -> bytes:
        """Return the undecoded JSON at a route."""
        with self._open(_with(route, parameters), None, timeout) as answer:
            return bytes(answer.read())

    def lines(self, route: str, timeout: float = _TIMEOUT, **parameters: Any) -> Iterator[bytes]:
        """Yield an empty line once the route answers, then its lines as they arrive. `timeout` is in seconds a line."""
        with self._open(_with(route, parameters), None, timeout) as answer:
            yield b""
            yield from answer

    def post(self, route: str, body: dict[str, Any] | bytes, timeout: float = _TIMEOUT) -> Any:
        """Send JSON (a value, or already encoded bytes) to a route, and return the decoded answer."""
        return self._ask(route, body if isinstance(body, bytes) else json.dumps(body).encode(), timeout)

    def post_protobuf(self, route: str, body: bytes, timeout: float = _TIMEOUT) -> bytes:
        """Send protobuf to a route, and return the answer, which is protobuf too."""
        with self._open(route, body, timeout, _PROTOBUF) as answer:
            return bytes(answer.read())

    def _ask(self, route: str, body: bytes | None, timeout: float) -> Any:
        with self._open(route, body, timeout) as answer:
            return json.loads(answer.read())

    @contextlib.contextmanager
    def _open(
        self, route: str, body: bytes | None, timeout: float, content_type: str = "application/json"
    ) -> Iterator[IO[bytes]]:
        headers = self._headers if body is None else {**self._headers, "Content-Type": content_type}
        request = urllib.request.Request(f"{self.url}{route}", body, headers)  # noqa: S310 - `connection` took http and https only
        try:
            with self._opener.open(request, timeout=timeout) as answer:
                yield answer
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from None
        except (urllib.error.URLError, OSError, HTTPException) as error:
            raise self._away(error) from None
        except ValueError:
            raise CommandError(f"{self.url}{route} does not answer as a vectadb-receiver does") from None

    def get_patiently(self, route: str, **parameters: Any) -> Any:
        """Return the JSON at a route, waiting while the receiver is not ready and makes progress.

        Raises NotReadyError once search has failed, or the receiver has given the same reason for two minutes.
        """
        progress, message, since = Progress(), "", time.monotonic()
        try:
            while True:
                try:
                    return self.get(route, **parameters)
                except NotReadyError as error:
                    if str(error) != message:
                        message, since = str(error), time.monotonic()
                    if time.monotonic() - since > _PATIENCE or self._has_failed():
                        raise
                    progress.show(f"waiting: {error}")
                    time.sleep(min(error.retry_after, 2.0))
        finally:
            progress.clear()

    def pages(self, route: str, field: str, limit: int, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield at most `limit` items of a route with pages."""
        cursor = None
        while limit > 0:
            page = self.get_patiently(route, limit=min(limit, _LARGEST_PAGE), cursor=cursor, **parameters)
            yield from page[field]
            limit -= len(page[field])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _has_failed(self) -> bool:
        """Return whether search has failed for good. False while the stores are being opened."""
        try:
            return bool(self.get(path("stats"))["index_state"] == "failed")
        except NotReadyError:
            return False

    def _refused(self, error: urllib.error.HTTPError) -> CommandError:
        message = _message(error)
        if error.code == 401:
            message += f". Pass --api-key KEY, or set {KEY_VARIABLE}=KEY"
        if error.code == 503:
            retry_after = error.headers.get("Retry-After", "")
            return NotReadyError(f"{self.url}: {message}", float(retry_after) if retry_after.isdecimal() else 2.0)
        return RequestRefusedError(f"{self.url}: {message}", error.code)

    def _away(self, error: Exception) -> AwayError:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, ssl.SSLCertVerificationError):
            return AwayError(
                f"{self.url} has a certificate that is not trusted here ({reason.verify_message}). "
                "SSL_CERT_FILE=FILE names the authorities to trust"
            )
        if isinstance(reason, ssl.SSLError):
            return AwayError(
                f"{self.url} does not answer as HTTPS does here ({reason.reason or reason}). "
                "A receiver without server.tls is at http://"
            )
        return AwayError(
            f"no receiver answers at {self.url} ({getattr(reason, 'strerror', None) or reason}). "
            f"Start one: {program()} serve; or say where it is: --url URL, or {URL_VARIABLE}=URL"
            # The ways an HTTPS server reacts to plain HTTP.
            + ("; with server.tls it is at https://" if isinstance(reason, RemoteDisconnected) else "")
        )


def _with(route: str, parameters: dict[str, Any]) -> str:
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{route}{'?' if query else ''}{query}"


def _trusting(certificate: Path) -> ssl.SSLContext:
    """Return a TLS context that trusts this certificate for any host name: the address is this machine's."""
    try:
        context = ssl.create_default_context(cafile=str(certificate))
    except OSError as error:
        raise CommandError(f"server.tls.cert_file: cannot read {certificate}: {error.strerror or error}") from None
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return context


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as an error: the API key must not be sent to another address."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None: ...


def _message(error: urllib.error.HTTPError) -> str:
    """Return the receiver's error message, or only the status if the server is not a receiver."""
    try:
        body = error.read(100_000)
        if error.headers.get("Content-Type") == _PROTOBUF:
            return str(Status.FromString(body).message)
        return str(json.loads(body)["message"])
    except (ValueError, LookupError, TypeError, OSError, HTTPException, DecodeError):
        return f"HTTP {error.code}, which is not how a vectadb-receiver answers: is this one?"
