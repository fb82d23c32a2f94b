"""What both clients share: addresses, parameters, and errors."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

_URL, _KEY = "VECTADB_URL", "VECTADB_API_KEY"
_HERE = "http://127.0.0.1:8080"
_LINES = "application/x-ndjson"


class ClientError(Exception):
    """The base of the client's errors."""


class AwayError(ClientError):
    """No receiver answers at the address, or not in time."""


class ApiError(ClientError):
    """The receiver refuses a request. `status` is HTTP's; `code` and the message are the API's."""

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class NotReadyError(ApiError):
    """The receiver asks to try again in `retry_after` seconds (503)."""

    def __init__(self, message: str, status: int, code: str, retry_after: float) -> None:
        super().__init__(message, status, code)
        self.retry_after = retry_after


def options(url: str | None, key: str | None, timeout: float) -> dict[str, Any]:
    """Return what an HTTP client is made with; the environment says what is not given. Raises ValueError."""
    url = (url or os.environ.get(_URL) or _HERE).rstrip("/")
    key = key or os.environ.get(_KEY)
    if key and not (key.isascii() and key.isprintable()):
        raise ValueError(f"key: expected printable ASCII; {_KEY} may end in a line break")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"url: expected an address such as {_HERE}; got {url!r}")
    return {
        "base_url": url,
        "headers": {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {}),
        "timeout": timeout,
        "follow_redirects": False,  # the key belongs to this address
        "trust_env": not _is_loopback(parts.hostname),  # to a proxy, this machine is another
    }


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def segment(given: str) -> str:
    """Return an id as a segment of a path. Raises ValueError for an empty one, which would ask for a list."""
    if not given:
        raise ValueError("expected an id; got ''")
    return quote(given, safe="") if given.strip(".") else given.replace(".", "%2E")  # clients take ".." out of paths


def query(given: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as texts; those that are None are left out.

    Raises ValueError for a time without its zone, and for what is no single value.
    """
    return {name.rstrip("_"): _text(name, value) for name, value in given.items() if value is not None}


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name}: expected a time with its zone, such as datetime.now(UTC); got {value!r}")
        return value.isoformat()
    if not isinstance(value, str | int | float):
        raise ValueError(f"{name}: expected a text, a number, a truth value or a datetime; got {value!r}")  # noqa: TRY004 - the same error as for its value
    return str(value)


def read(answer: httpx2.Response) -> Any:
    """Return the JSON of an answer that is no refusal. Raises ApiError for one that a receiver would not give."""
    try:
        told = answer.json()
    except ValueError:
        raise error(answer) from None
    if not isinstance(told, dict):
        raise error(answer)
    return told


def check_lines(answer: httpx2.Response) -> None:
    """Raise ApiError for an answer that is no export, before its body is read."""
    if not answer.headers.get("Content-Type", "").startswith(_LINES):
        raise _of_another(answer)


def error(answer: httpx2.Response) -> ApiError:
    """Return the error that an answer, which has been read, is."""
    try:
        told = answer.json()
        message, code = str(told["message"]), str(told["error"])
    except (ValueError, LookupError, TypeError):
        return _of_another(answer)
    if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
        after = answer.headers.get("Retry-After", "")
        return NotReadyError(message, answer.status_code, code, float(after) if after.isdecimal() else 1.0)
    return ApiError(message, answer.status_code, code)


def _of_another(answer: httpx2.Response) -> ApiError:
    message = f"HTTP {answer.status_code}, which is not how a vectadb-receiver answers: is this one?"
    return ApiError(message, answer.status_code, "")


def away(url: httpx2.URL, why: httpx2.RequestError) -> AwayError:
    told = str(why) or type(why).__name__
    return AwayError(f"no receiver answers at {url} ({told}): is it running, and {_URL} right?")
