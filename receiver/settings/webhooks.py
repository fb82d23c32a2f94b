"""`alerts.webhooks`: addresses that are told when something goes wrong, and of what."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from mapping.times import NS
from receiver.settings.kinds import HTTP_URL, Expected, Secret, SettingKind, parse_duration
from receiver.settings.objects import converted, each_once, numbers_as_text, objects, secret_of
from storage.alerts.model import KINDS, Rules

_PREFIX = "whsec_"
# Bytes of a secret, as Standard Webhooks has them.
_LEAST, _MOST = 24, 64
_HOUR, _LONGEST = 3600, 28 * 86400
_MOST_A_MINUTE = 600


@dataclass(frozen=True)
class Webhook:
    """An address, which may be a secret itself, the key that messages to it are signed with, and what it is told."""

    url: Secret
    key: Secret
    rules: Rules

    @property
    def name(self) -> str:
        return self.rules.webhook

    @property
    def key_bytes(self) -> bytes:
        return base64.b64decode(self.key)


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    url: str
    on: list[str]
    secret: str | None = None
    secret_file: str | None = None
    cost_usd: str | None = None
    failure_percent: str | None = None
    min_runs: str = "10"
    span: str = "1h"
    per_minute: str = "10"


def _webhooks(value: Any) -> tuple[Webhook, ...]:
    webhooks = objects(value, "webhook", _webhook)
    each_once("name", ((webhook.name, webhook.name) for webhook in webhooks))
    return webhooks


def _webhook(value: Any, where: str) -> Webhook:
    value = numbers_as_text(value)
    if isinstance(value, dict) and isinstance(value.get("on"), str):
        value["on"] = [kind.strip() for kind in value["on"].split(",")]
    row = converted(value, _Row, where)
    where = f"{where} ({row.name})"
    if not row.on or not set(row.on) <= set(KINDS):
        raise Expected(f"{where}: on: expected one or more of {', '.join(KINDS)}; got {', '.join(row.on)!r}")
    for kind, name, given in (
        ("cost", "cost_usd", row.cost_usd),
        ("failure_rate", "failure_percent", row.failure_percent),
    ):
        if (kind in row.on) != (given is not None):
            raise Expected(f"{where}: expected {name} where `on` has {kind}, and only there")
    try:
        url = str(row.url)
        HTTP_URL.parse(url)
    except ValueError:
        raise Expected(f"{where}: url: expected {HTTP_URL.allowed}") from None
    return Webhook(
        Secret(url),
        Secret(_key(secret_of(row.secret, row.secret_file, "secret", where), where)),
        Rules(
            webhook=row.name,
            on=frozenset(kind for kind in KINDS if kind in row.on),
            span=_span(row.span, where),
            cost=round(_number(row.cost_usd, "cost_usd", 10**6, where) * NS) if row.cost_usd else 0,
            failure_rate=_number(row.failure_percent, "failure_percent", 100, where) / 100
            if row.failure_percent
            else 1,
            min_runs=_whole(row.min_runs, "min_runs", 10**9, where),
            per_minute=_whole(row.per_minute, "per_minute", _MOST_A_MINUTE, where),
        ),
    )


def _key(secret: str, where: str) -> str:
    """Return the key in base64. Raises Expected where libraries that verify signatures would not take it."""
    text = secret.removeprefix(_PREFIX)
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not _LEAST <= size <= _MOST:
        raise Expected(
            f"{where}: expected a secret of {_LEAST} to {_MOST} bytes in base64, after {_PREFIX} or without it: "
            "`openssl rand -base64 32` makes one"
        )
    return text


def _span(text: str, where: str) -> int:
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0
    if seconds % _HOUR or not 0 < seconds <= _LONGEST:
        raise Expected(f"{where}: span: expected whole hours up to {_LONGEST // 86400}d, such as 1h or 1d")
    return int(seconds) // _HOUR


def _number(text: str, name: str, most: int, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= most:
        raise Expected(f"{where}: {name}: expected a number above 0, up to {most}")
    return number


def _whole(text: str, name: str, most: int, where: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and 0 < int(text) <= most):
        raise Expected(f"{where}: {name}: expected a whole number from 1 to {most}")
    return int(text)


WEBHOOKS: SettingKind[tuple[Webhook, ...]] = SettingKind(
    "webhooks",
    "a list of {name, url, secret or secret_file, on, ...}, `on` some of " + ", ".join(KINDS),
    _webhooks,
    lambda webhooks: ",".join(webhook.name for webhook in webhooks),
    secret=True,
)
