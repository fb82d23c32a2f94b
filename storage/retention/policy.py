"""The retention policy: traces older than some days, or beyond a number of events, are deleted continuously."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from msgspec import UNSET, UnsetType

from mapping.errors import Problem
from mapping.times import NS
from storage.retention.prune import Pruner, Selection
from storage.surreal.errors import ConflictError, StatementRefusedError

log = logging.getLogger(__name__)

_DAY = 86_400 * NS
# Seconds between two checks for something to delete.
EVERY = 10.0
# After a check it waits at least so many times as long as the check took: counting a million events takes 0.6 s.
_LOOK_SHARE = 50
# The share of the engine's time for deleting; deleting an event takes twice as long as storing it. If a tenth was not
# enough for a minute, a third is used.
_SHARE, _SHARE_BEHIND = 0.1, 0.3
_SOON = 60.0


async def keep_to(
    pruner: Pruner,
    days: float,
    max_events: int,
    *,
    days_of: Sequence[tuple[str, float]] = (),
    every: float = EVERY,
    look_share: float = _LOOK_SHARE,
    is_due: Callable[[], bool] = lambda: True,
) -> None:
    """Prune until cancelled. 0 days or events mean no such limit; `days_of` are those of projects with others.

    It checks every `every` seconds for something to delete, or, if a check takes long, after `look_share` times as
    long; and for nothing unless `is_due`, because another receiver does it.
    """
    while True:
        if not is_due():
            await asyncio.sleep(every)
            continue
        began = time.monotonic()
        deleted = 0
        try:
            for which in await _too_old(pruner, days, days_of):
                deleted += await _all(pruner, which)
            if max_events:
                deleted += await _all(pruner, Selection(max_events=max_events))
        except Problem:
            pass  # `storage.stores` logs that the store is away
        except (ConflictError, StatementRefusedError) as error:
            log.warning("retention: nothing can be deleted now: %s", error)
        took = 0.0 if deleted else time.monotonic() - began
        await asyncio.sleep(max(every, took * look_share))


async def _too_old(pruner: Pruner, days: float, days_of: Sequence[tuple[str, float]]) -> list[Selection]:
    """Return what is older than it may be: of all, or of each project and of what is in none."""
    now = time.time_ns()
    limits: dict[str | UnsetType | None, float] = {UNSET: days}
    if days_of:
        limits = dict.fromkeys([None, *(await pruner.projects() if days else [])], days)
        limits.update(days_of)
    return [Selection(before=now - int(most * _DAY), project=project) for project, most in limits.items() if most]


async def _all(pruner: Pruner, which: Selection) -> int:
    """Prune until there is nothing left to delete, and return the number of events deleted."""
    share = _SHARE
    traces = events = 0
    while True:
        pruned = await pruner.prune(which, share=share, seconds=_SOON)
        traces, events = traces + pruned.traces, events + pruned.events
        if pruned.done:
            break
        share = _SHARE_BEHIND
    if events:
        log.info("retention: %s events of %s traces deleted", events, traces)
    return events
