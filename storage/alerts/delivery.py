"""Sends what waits for a webhook: each message until it is taken, a little later each time, and not too many a minute.

Before a message is sent it is written down when it would be sent next, so that of two receivers one sends it, and one
that is killed meanwhile sends it again, under the same id.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from mapping.times import NS
from storage.alerts.model import Rules
from storage.surreal import cbor, rows
from storage.surreal.database import Database
from storage.surreal.errors import ConflictError

log = logging.getLogger(__name__)

# Seconds from one attempt to the next; after the last one it is given up.
PAUSES = (5.0, 30.0, 300.0, 1800.0, 2 * 3600.0, 5 * 3600.0, 10 * 3600.0, 24 * 3600.0)
_LONGEST = 24 * 3600.0
# Seconds that an attempt takes at most; then it is tried again.
TIMEOUT, _UNKNOWN = 15.0, 20.0
# Alerts that are sent together at most: their rows are changed in one transaction.
_MOST = 500

_DUE = """
SELECT id, message, attempts, next_at FROM alert
WHERE state = 'waiting' AND webhook = $webhook AND next_at <= $now ORDER BY next_at LIMIT $most
"""
_CLAIM = """
BEGIN;
LET $found = (SELECT VALUE id FROM alert
    WHERE state = 'waiting' AND webhook = $webhook AND message = $message AND attempts = $attempts);
UPDATE $found SET attempts += 1, next_at = $next RETURN AFTER;
COMMIT;
"""
_GIVE_UP = """
LET $waiting = (SELECT VALUE id FROM alert WHERE state = 'waiting' AND webhook = $webhook);
UPDATE $waiting SET state = 'failed', last_error = $error RETURN NONE
"""


class Outcome(NamedTuple):
    """What came of an attempt: `error` is "" where it was taken. `retry_after` is in seconds.

    `gone`: nothing is to be sent there any more.
    """

    error: str = ""
    retry_after: float = 0.0
    gone: bool = False


# Sends alerts to a webhook as one message of this id. Raises nothing.
Post = Callable[[str, str, Sequence[dict[str, Any]]], Awaitable[Outcome]]
# Told of a webhook and what became of a message: `delivered`, `retried` or `failed`.
Told = Callable[[str, str], None]


class _Message(NamedTuple):
    id: str
    attempts: int


class Delivery:
    """Sends to one webhook, where `send_due` is called."""

    def __init__(
        self, database: Database, rules: Rules, post: Post, told: Told, *, pauses: Sequence[float] = PAUSES
    ) -> None:
        self._database = database
        self._webhook, self._per_minute = rules.webhook, rules.per_minute
        self._post, self._told = post, told
        self._pauses = pauses
        self._gone = ""
        self._fails = False
        # When messages were sent, of the last minute.
        self._sent: deque[float] = deque()

    async def send_due(self) -> None:
        """Send what is due, one after the other. Raises what the store raises."""
        if self._gone:
            await give_up(self._database, self._webhook, self._gone)
            return
        now = time.monotonic()
        while self._sent and self._sent[0] <= now - 60:
            self._sent.popleft()
        free = self._per_minute - len(self._sent)
        if free <= 0:
            return
        (due,) = await self._database.query(_DUE, webhook=self._webhook, now=cbor.int64(time.time_ns()), most=_MOST)
        new = [row["id"] for row in due if row["message"] == row["id"] and not row["attempts"]]
        others = dict.fromkeys(_Message(row["message"], row["attempts"]) for row in due if row["id"] not in set(new))
        for message in [*await self._within(new, free), *others][:free]:
            await self._send(message)
            if self._gone:
                return

    async def _within(self, new: list[str], free: int) -> list[_Message]:
        """Return messages of alerts that were not sent yet, so many at most: the last one has all that are too many."""
        alone, together = (new, []) if len(new) <= free else (new[: free - 1], new[free - 1 :])
        messages = [_Message(alert, 0) for alert in alone]
        if together:
            message = secrets.token_hex(16)
            await self._database.query(
                "UPDATE $alerts SET message = $message WHERE state = 'waiting' AND attempts = 0 RETURN NONE",
                alerts=[cbor.record(rows.ALERT, alert) for alert in together],
                message=message,
            )
            messages.append(_Message(message, 0))
        return messages

    async def _send(self, message: _Message) -> None:
        pause = self._pauses[message.attempts] if message.attempts < len(self._pauses) else None
        try:
            *_, alerts, _ = await self._database.query(
                _CLAIM,
                webhook=self._webhook,
                message=message.id,
                attempts=message.attempts,
                next=_in(max(pause or 0.0, _UNKNOWN)),
            )
        except ConflictError:
            return  # another receiver sends it
        if not alerts:
            return
        self._sent.append(time.monotonic())
        outcome = await self._post(self._webhook, message.id, alerts)
        fields: dict[str, Any]
        if not outcome.error:
            fields, became = {"state": "delivered", "delivered_at": cbor.int64(time.time_ns())}, "delivered"
        elif outcome.gone or pause is None:
            fields, became = {"state": "failed", "last_error": outcome.error}, "failed"
        else:
            # A little more or less, so that what failed together does not come together.
            seconds = max(pause * random.uniform(1.0, 1.2), min(outcome.retry_after, _LONGEST))  # noqa: S311
            fields, became = {"last_error": outcome.error, "next_at": _in(seconds)}, "retried"
        await self._database.query(
            "UPDATE $alerts MERGE $fields RETURN NONE",
            alerts=[cbor.record(rows.ALERT, alert["id"]) for alert in alerts],
            fields=fields,
        )
        self._told(self._webhook, became)
        self._log(outcome)
        if outcome.gone:
            self._gone = f"not sent: {outcome.error}"

    def _log(self, outcome: Outcome) -> None:
        """Log once when messages begin to fail, and once when they are taken again."""
        if outcome.gone:
            log.warning("the webhook %s is sent nothing until the next start: %s", self._webhook, outcome.error)
        elif outcome.error and not self._fails:
            log.warning("the webhook %s takes no alerts, which are sent again: %s", self._webhook, outcome.error)
        elif self._fails and not outcome.error:
            log.info("the webhook %s takes alerts again", self._webhook)
        self._fails = bool(outcome.error)


async def give_up(database: Database, webhook: str, why: str) -> None:
    """Send nothing that waits for a webhook. Raises what the store raises."""
    await database.query(_GIVE_UP, webhook=webhook, error=why)


def _in(seconds: float) -> int:
    return cbor.int64(time.time_ns() + int(seconds * NS))
