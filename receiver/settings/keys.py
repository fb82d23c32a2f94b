"""`auth.keys`: API keys with a name and what they may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from receiver.settings.kinds import Expected, Secret, SettingKind
from receiver.settings.objects import converted, each_once, objects, secret_of

INGEST, READ, ADMIN = SCOPES = ("ingest", "read", "admin")

# Characters of a project in the settings.
PROJECT_LENGTH = 200
_SECRET = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Key:
    """An API key. `admin` includes the other scopes.

    `service` is the only one it may send for, `project` the only one it may send for, read and delete; "" is any.
    """

    name: str
    key: Secret
    scopes: frozenset[str]
    service: str = ""
    project: str = ""

    def may(self, scope: str) -> bool:
        return scope in self.scopes or ADMIN in self.scopes


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    scopes: list[str]
    key: str | None = None
    key_file: str | None = None
    service: str | None = None
    project: Annotated[str, msgspec.Meta(min_length=1, max_length=PROJECT_LENGTH)] | None = None


def _keys(value: Any) -> tuple[Key, ...]:
    keys = objects(value, "key", _key)
    each_once("name", ((key.name, key.name) for key in keys))
    each_once("key", ((key.name, key.key) for key in keys))
    return keys


def _key(value: Any, where: str) -> Key:
    if isinstance(value, dict) and isinstance(value.get("scopes"), str):
        value = value | {"scopes": [scope.strip() for scope in value["scopes"].split(",")]}
    row = converted(value, _Row, where)
    where = f"{where} ({row.name})"
    if not row.scopes or not set(row.scopes) <= set(SCOPES):
        raise Expected(f"{where}: scopes: expected one or more of {', '.join(SCOPES)}; got {', '.join(row.scopes)!r}")
    secret = secret_of(row.key, row.key_file, "key", where)
    if not _SECRET.fullmatch(secret):
        raise Expected(f"{where}: expected a key of printable ASCII without spaces")
    project = row.project or ""
    if not project.isprintable() or project != project.strip():
        raise Expected(f"{where}: project: expected text on one line, without spaces around it")
    return Key(row.name, Secret(secret), frozenset(row.scopes), row.service or "", project)


KEYS: SettingKind[tuple[Key, ...]] = SettingKind(
    "keys",
    "a list of {name, key or key_file, scopes, service, project}, the scopes of " + ", ".join(SCOPES),
    _keys,
    lambda keys: ",".join(key.name for key in keys),
    secret=True,
)
