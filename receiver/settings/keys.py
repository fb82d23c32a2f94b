"""`auth.keys`: API keys with a name and what they may do."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from receiver.settings.kinds import Expected, Secret, SettingKind
from receiver.settings.yaml_file import Texts

INGEST, READ, ADMIN = SCOPES = ("ingest", "read", "admin")

_SECRET = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Key:
    """An API key. `admin` includes the other scopes. `service` is the only one it may send for; "" is any."""

    name: str
    key: Secret
    scopes: frozenset[str]
    service: str = ""

    def may(self, scope: str) -> bool:
        return scope in self.scopes or ADMIN in self.scopes


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    scopes: list[str]
    key: str | None = None
    key_file: str | None = None
    service: str | None = None


def _keys(value: Any) -> tuple[Key, ...]:
    """Return the keys of a list from a file, or of the same list as text, in YAML or JSON."""
    if isinstance(value, str):
        try:
            value = yaml.load(value, Texts)  # noqa: S506 - a SafeLoader
        except (yaml.YAMLError, ValueError, RecursionError):
            raise ValueError from None
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004 - one error type
    keys = tuple(_key(row, f"key {number}") for number, row in enumerate(value, 1))
    for what, given in (("name", [key.name for key in keys]), ("key", [key.key for key in keys])):
        (_, times), *_ = Counter(given).most_common(1) or [("", 1)]
        if times > 1:
            twice = [key.name for key in keys if given.count(getattr(key, what)) > 1]
            raise Expected(f"expected each {what} once; {' and '.join(twice)} have the same")
    return keys


def _key(value: Any, where: str) -> Key:
    if isinstance(value, dict) and isinstance(value.get("scopes"), str):
        value = value | {"scopes": [scope.strip() for scope in value["scopes"].split(",")]}
    try:
        row = msgspec.convert(value, _Row)
    except msgspec.ValidationError as error:
        # msgspec says `Expected X, got Y - at `$.field``, and never the value itself, which may be the key.
        text, _, path = str(error).replace("Expected", "expected").replace("Object", "object").partition(" - at `$")
        raise Expected(f"{where}: {path.strip('.`')}{': ' if path.strip('.`') else ''}{text}") from None
    where = f"{where} ({row.name})"
    if not row.scopes or not set(row.scopes) <= set(SCOPES):
        raise Expected(f"{where}: scopes: expected one or more of {', '.join(SCOPES)}; got {', '.join(row.scopes)!r}")
    if (row.key is None) == (row.key_file is None):
        raise Expected(f"{where}: expected either key or key_file")
    secret = row.key.strip() if row.key is not None else _read(Path(row.key_file or "").expanduser(), where)
    if not _SECRET.fullmatch(secret):
        raise Expected(f"{where}: expected a key of printable ASCII without spaces")
    return Key(row.name, Secret(secret), frozenset(row.scopes), row.service or "")


def _read(path: Path, where: str) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise Expected(f"{where}: key_file: cannot read {path}: {reason}") from None


KEYS: SettingKind[tuple[Key, ...]] = SettingKind(
    "keys",
    "a list of {name, key or key_file, scopes, service}, the scopes of " + ", ".join(SCOPES),
    _keys,
    lambda keys: ",".join(key.name for key in keys),
    secret=True,
)
