"""Alerts, beside all else: finds what there is to tell, and tells it, on one of the receivers that share the stores."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from mapping.errors import Problem
from mapping.times import NS
from storage.alerts.delivery import PAUSES, Delivery, Post, Told, give_up
from storage.alerts.model import Rules
from storage.alerts.noticing import Noticing
from storage.surreal import cbor
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError, StatementRefusedError

log = logging.getLogger(__name__)

# Seconds between two looks; and where there is more to look at, so that commits do not wait for it.
EVERY, _PAUSE = 2.0, 0.1
# Days that an alert is kept; seconds between two looks for older ones, and how many are deleted at a time.
_KEPT_DAYS, _FORGET_EVERY, _AT_ONCE = 30, 3600.0, 500

_FORGET = """
LET $old = (SELECT VALUE id FROM alert WHERE listed = true AND newest > $before LIMIT $most);
DELETE $old RETURN NONE;
RETURN array::len($old);
"""


async def keep_alerting(
    database: Database,
    rules: Sequence[Rules],
    post: Post,
    told: Told = lambda _webhook, _became: None,
    *,
    is_due: Callable[[], bool] = lambda: True,
    every: float = EVERY,
    pauses: Sequence[float] = PAUSES,
) -> None:
    """Find and send alerts until cancelled, where this receiver is to. A webhook that is slow delays no other."""
    noticing = Noticing(database, rules)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_again(lambda: noticing.look(time.time_ns()), is_due, every))
        tasks.create_task(_again(lambda: _forget(database, {rule.webhook for rule in rules}), is_due, _FORGET_EVERY))
        for rule in rules:
            delivery = Delivery(database, rule, post, told, pauses=pauses)
            tasks.create_task(_again(delivery.send_due, is_due, every))


async def _again(do: Callable[[], Awaitable[bool | None]], is_due: Callable[[], bool], every: float) -> None:
    """Do it again and again, where this receiver is to; soon where there is more, or it did not come to it."""
    while True:
        pause = min(every, EVERY)
        try:
            if is_due():
                pause = _PAUSE if await do() else every
        except (Problem, ConflictError):
            pass  # `storage.stores` logs that the store is away; another receiver has done it
        except StatementRefusedError as error:
            log.warning("alerts wait: %s", error)
        except Exception:  # what cannot be told must not stop what can
            log.exception("alerts wait")
        await asyncio.sleep(pause)


async def _forget(database: Database, webhooks: set[str]) -> None:
    """Delete what is old, and give up what waits for webhooks that the settings do not name any more."""
    before = cbor.int64(_KEPT_DAYS * 86400 * NS - time.time_ns())
    left = _AT_ONCE
    while left == _AT_ONCE:
        *_, left = await database.query(_FORGET, before=before, most=_AT_ONCE)
    (waiting,) = await database.query("SELECT VALUE webhook FROM alert WHERE state = 'waiting' GROUP BY webhook")
    for webhook in {*waiting} - webhooks:
        await give_up(database, webhook, "not sent: the settings do not name this webhook any more")
