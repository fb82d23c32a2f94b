"""Sends alerts to the webhooks of the settings, as Standard Webhooks has it: signed, and to no other address.

Redirects are not followed, no proxy is asked, and of the answer its status counts. Texts in a message come from those
who send events: they are strings in JSON, cut to a length, and links are made of ids alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import msgspec

from mapping.times import format_rfc3339
from receiver.settings import Settings, Webhook
from receiver.version import VERSION
from storage.alerts.delivery import TIMEOUT, Outcome

# Alerts that a message of several has in full, and bytes of an answer that are read for its reason.
_IN_FULL, _ANSWER = 10, 300
_GONE = 410
_ABOUT = ("trace_id", "session_id", "agent_id", "service", "project", "name", "where", "error")
# Alerts of a kind: one, and several.
_WORDS = {
    "failed_run": ("failed run", "failed runs"),
    "new_error": ("new error", "new errors"),
    "cost": ("cost that was reached", "costs that were reached"),
    "failure_rate": ("failure rate that was reached", "failure rates that were reached"),
}


class Webhooks:
    """Sends to these webhooks. `port` is the one of the web page, once it is listened on."""

    def __init__(self, settings: Settings, port: Callable[[], int]) -> None:
        self._webhooks = {webhook.name: webhook for webhook in settings.alerts.webhooks}
        self._settings = settings
        self._port = port

    async def post(self, webhook: str, message: str, alerts: Sequence[dict[str, Any]]) -> Outcome:
        """Send alerts to a webhook, as one message of this id."""
        to = self._webhooks[webhook]
        body = msgspec.json.encode(self.body(message, alerts))
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT), auto_decompress=False) as client,
                client.post(to.url, data=body, headers=_headers(to, message, body), allow_redirects=False) as answer,
            ):
                said = b"" if answer.ok else await answer.content.read(_ANSWER)
                return _outcome(answer, said)
        except TimeoutError:
            return Outcome(f"no answer within {TIMEOUT:.0f} s")
        except aiohttp.ClientConnectionError as error:
            return Outcome(f"no connection: {error}"[:_ANSWER])
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(type(error).__name__)  # what it says may have the address in it

    def body(self, message: str, alerts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return what is sent."""
        if len(alerts) == 1:
            return self._told(alerts[0])
        newest_first = sorted(alerts, key=lambda alert: (alert["newest"], alert["id"]))
        counts = Counter(alert["kind"] for alert in alerts)
        parts = (f"{count:,} {_WORDS[kind][count > 1]}" for kind, count in counts.most_common())
        return {
            "type": "several",
            "timestamp": format_rfc3339(-newest_first[0]["newest"]),
            "data": {
                "id": _id(message),
                "text": f"{len(alerts):,} alerts: {', '.join(parts)}",
                "url": f"{self._page}/#/overview",
                "count": len(alerts),
                "counts": dict(counts),
                "alerts": [self._told(alert) for alert in newest_first[:_IN_FULL]],
            },
        }

    def _told(self, alert: dict[str, Any]) -> dict[str, Any]:
        about = {field: alert[field] for field in _ABOUT if alert.get(field) is not None}
        if "since" in alert:
            about |= {field: format_rfc3339(alert[field]) for field in ("since", "until")}
        return {
            "type": alert["kind"],
            "timestamp": format_rfc3339(-alert["newest"]),
            "data": {"id": _id(alert["id"]), "text": alert["text"], "url": f"{self._page}/{_route(about)}", **about},
        }

    @property
    def _page(self) -> str:
        server, url = self._settings.server, self._settings.alerts.page_url
        host = socket.gethostname() if server.host in {"0.0.0.0", "::"} else server.host  # noqa: S104 - compared
        scheme = "https" if server.tls.cert_file else "http"
        return url or f"{scheme}://{f'[{host}]' if ':' in host else host}:{self._port()}"


def _route(about: dict[str, Any]) -> str:
    if "trace_id" in about:
        return f"#/traces/{quote(about['trace_id'], safe='')}"
    return f"#/overview?{urlencode({name: about[name] for name in ('since', 'until')})}"


def _id(message: str) -> str:
    return f"alert_{message}"


def _headers(webhook: Webhook, message: str, body: bytes) -> dict[str, str]:
    sent = str(int(time.time()))
    signed = b".".join((_id(message).encode(), sent.encode(), body))
    signature = base64.b64encode(hmac.new(webhook.key_bytes, signed, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": f"vectadb-receiver/{VERSION}",
        "webhook-id": _id(message),
        "webhook-timestamp": sent,
        "webhook-signature": f"v1,{signature}",
    }


def _outcome(answer: aiohttp.ClientResponse, said: bytes) -> Outcome:
    if 200 <= answer.status < 300:
        return Outcome()
    if 300 <= answer.status < 400:
        return Outcome(f"it answered {answer.status}: redirects are not followed")
    words = " ".join(said.decode("utf-8", "replace").split())
    words = "".join(character for character in words if character.isprintable())
    return Outcome(
        f"it answered {answer.status}" + (f": {words}" if words else ""),
        _seconds(answer.headers.get("Retry-After", "")),
        gone=answer.status == _GONE,
    )


def _seconds(retry_after: str) -> float:
    """Return the seconds of a Retry-After, which has them or a moment; 0 where it is neither."""
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
