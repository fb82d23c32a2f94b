"""The kinds of values of settings: how each is read from text, shown, and described in error messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from mapping.values import MAX_DEPTH

T = TypeVar("T")

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_MOST_CONNECTIONS = 256
LOG_LEVELS = ("debug", "info", "warning", "error")


class Secret(str):
    """Text that is hidden in its repr, and so in log lines and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'" if self else "''"


NO_SECRET = Secret()


class Expected(ValueError):  # noqa: N818 - its message begins so
    """A value is not allowed, and its message says why better than the `allowed` of its kind does."""


@dataclass(frozen=True)
class SettingKind(Generic[T]):
    """A kind of value. `parse` takes text (or a list of texts or maps, from a file) and raises ValueError.

    `allowed` says what is allowed, after the word "expected" in messages.
    """

    name: str
    allowed: str
    parse: Callable[[Any], T]
    show: Callable[[Any], str] = str
    secret: bool = False


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError
    return value


def _path(value: Any) -> Path:
    return Path(_text(value)).expanduser()


def _file(value: Any) -> Path | None:
    return _path(value) if value else None


def _whole(value: Any, most: int = 2**53) -> int:
    text = _text(value)
    if not (text.isascii() and text.isdecimal()) or len(text) > 16 or int(text) > most:
        raise ValueError
    return int(text)


def _limit(value: Any, most: int = 2**53) -> int:
    number = _whole(value, most)
    if number == 0:
        raise ValueError
    return number


def _number(value: Any) -> float:
    text = _text(value)
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        raise ValueError
    return float(text)


def _port(value: Any) -> int:
    return _whole(value, 65535)


def _port_or_off(value: Any) -> int | None:
    return None if _text(value).lower() == "off" else _port(value)


def _flag(value: Any) -> bool:
    try:
        return _WORDS[_text(value).lower()]
    except KeyError:
        raise ValueError from None


def _size(value: Any) -> int:
    match = re.fullmatch(r"(\d{1,15}) ?(B|KiB|MiB|GiB)?", _text(value), re.ASCII)
    if match is None or int(match[1]) == 0:
        raise ValueError
    return int(match[1]) * _SIZES[match[2] or ""]


def show_size(value: int) -> str:
    """Return a number of bytes in the largest unit that divides it: `20MiB`."""
    for unit in ("GiB", "MiB", "KiB"):
        if value and value % _SIZES[unit] == 0:
            return f"{value // _SIZES[unit]}{unit}"
    return str(value)


def parse_duration(value: Any) -> float:
    """Return the seconds of `90s`, `30m`, `1h` or `1h30m`. Raises ValueError."""
    text = _text(value)
    if not re.fullmatch(r"(\d{1,9}(ms|s|m|h|d))+", text, re.ASCII):
        raise ValueError
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|s|m|h|d)", text))


def _timeout(value: Any) -> float:
    seconds = parse_duration(value)
    if seconds == 0:
        raise ValueError
    return seconds


def _show_duration(seconds: float) -> str:
    unit = next(unit for unit in ("d", "h", "m", "s", "ms") if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0)
    return f"{seconds / _UNITS[unit]:.0f}{unit}"


def _url(*schemes: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        url = urlsplit(_text(value))
        # A password in a URL would be shown wherever the URL is.
        if url.scheme not in schemes or not url.hostname or "@" in url.netloc or url.port == 0:
            raise ValueError
        return str(value).rstrip("/")

    return parse


def _surrealdb_url(value: Any) -> str:
    """Return a server's URL, or that of an embedded engine, which has a path instead of a host."""
    text = _text(value)
    if text.startswith("surrealkv://") and text != "surrealkv://":
        return text
    return text if text == "mem://" else _url("ws", "wss")(text)


def _list(value: Any, pattern: str) -> tuple[str, ...]:
    """Return texts from a list, or from one text that separates them by commas."""
    items = _texts_of(value) if isinstance(value, list) else _text(value).split(",")
    texts = tuple(item.strip() for item in items if item.strip())
    if not all(re.fullmatch(pattern, text, re.ASCII) for text in texts):
        raise ValueError
    return texts


def _texts_of(items: list[Any]) -> list[str]:
    if not all(isinstance(item, str) for item in items):
        raise ValueError
    return items


def _origins(value: Any) -> tuple[str, ...]:
    return _list(value, r"\*|[a-z][a-z0-9+.-]*://[A-Za-z0-9.*-]+(:(\d{1,5}|\*))?")


def _header_names(value: Any) -> tuple[str, ...]:
    return _list(value, r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _items(value: Any, separators: str) -> tuple[str, ...]:
    """Return the texts of a list from a file, or of text with separators. Raises ValueError if there are none."""
    items = _texts_of(value) if isinstance(value, list) else re.split(separators, value)
    texts = tuple(item.strip() for item in items if item.strip())
    if not texts:
        raise ValueError
    return texts


def _texts(value: Any) -> tuple[str, ...]:
    return _items(value, r"[,\n]")


def _patterns(value: Any) -> tuple[str, ...]:
    patterns = _items(value, r"\n")
    for pattern in patterns:
        try:
            if re.compile(pattern).search(""):
                raise ValueError  # it matches empty text, and would insert masks everywhere
        except re.error:
            raise ValueError from None
    return patterns


def _secret(value: Any) -> Secret:
    return Secret(_text(value))


def _secrets(value: Any) -> tuple[Secret, ...]:
    """Return keys that are separated by lines or commas. They are ASCII without spaces, because a header has them."""
    items = _texts_of(value) if isinstance(value, list) else re.split(r"[,\n]", value)
    keys = tuple(Secret(item.strip()) for item in items if item.strip())
    if not keys or not all(re.fullmatch(r"[!-~]+", key) for key in keys):
        raise ValueError
    return keys


def _choice(*allowed: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if _text(value).lower() not in allowed:
            raise ValueError
        return str(value).lower()

    return parse


TEXT = SettingKind("text", "text on one line", _text)
PATH = SettingKind("dir", "the path of a folder", _path)
FILE = SettingKind("file", "the path of a file", _file, lambda value: str(value or ""))
COUNT = SettingKind("number", "a whole number, 0 or more", _whole)
NUMBER = SettingKind("number", "a number, 0 or more, such as 30 or 0.5", _number, lambda value: f"{value:g}")
LIMIT = SettingKind("number", "a whole number, 1 or more", _limit)
NESTING = SettingKind("number", f"a whole number from 1 to {MAX_DEPTH}", lambda value: _limit(value, MAX_DEPTH))
POOL_SIZE = SettingKind(
    "number", f"a whole number from 0 to {_MOST_CONNECTIONS}", lambda value: _whole(value, _MOST_CONNECTIONS)
)
PORT = SettingKind("port", "a port from 1 to 65535 (0: any that is free)", _port)
PORT_OR_OFF = SettingKind(
    "port|off",
    "a port from 1 to 65535 (0: any that is free), or off",
    _port_or_off,
    lambda value: "off" if value is None else str(value),
)
FLAG = SettingKind("flag", "true or false", _flag, lambda value: str(value).lower())
SIZE = SettingKind("size", "a number of bytes, or one with KiB, MiB or GiB, such as 20MiB", _size, show_size)
DURATION = SettingKind("duration", "a duration such as 90s, 30m, 1h or 7d", parse_duration, _show_duration)
TIMEOUT = SettingKind("duration", "a duration above 0, such as 500ms, 90s or 2m", _timeout, _show_duration)
SURREALDB_URL = SettingKind(
    "url",
    "a ws:// or wss:// address without user and password (these are settings of their own), surrealkv://PATH or mem://",
    _surrealdb_url,
)
HTTP_URL = SettingKind("url", "an http:// or https:// address without user and password", _url("http", "https"))
ORIGINS = SettingKind(
    "origins", "a list of origins such as https://app.example.com or https://*.example.com, or *", _origins, ",".join
)
HEADER_NAMES = SettingKind("names", "a list of header names, or *", _header_names, ",".join)
ATTRIBUTES = SettingKind("names", "a list of the names of attributes", lambda value: _list(value, "[!-~]+"), ",".join)
TEXTS = SettingKind("names", "a list of names", _texts, ",".join)
PATTERNS = SettingKind(
    "patterns", "a list of regular expressions, none of which fits no text at all", _patterns, ",".join
)
SECRET = SettingKind("secret", "text on one line", _secret, secret=True)
SECRETS = SettingKind("secrets", "a list of keys of printable ASCII without spaces", _secrets, ",".join, secret=True)
METRICS = SettingKind("word", "discard or refuse", _choice("discard", "refuse"))
AUTH_LEVEL = SettingKind("level", "root, namespace or database", _choice("root", "namespace", "database"))
LOG_LEVEL = SettingKind("level", f"one of {', '.join(LOG_LEVELS)}", _choice(*LOG_LEVELS))
