"""What handlers share: the application's settings, stores and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from mapping.sanitize.limits import Limits
from mapping.sanitize.sanitizer import Sanitizer
from mapping.semantics.log_parsing import LogParsing
from receiver.http.equal_requests import EqualRequests
from receiver.http.metrics import Metrics
from receiver.settings import Key, Settings
from storage.stores import Stores


@dataclass
class Times:
    """How long requests last, in seconds."""

    # Between two looks whether a client that listens to live events is still there.
    live_look: float = 1.0
    # Without an event until it is sent a comment, to show that the connection stands: proxies close silent ones.
    live_comment: float = 15.0
    # That it, or a client that exports, may leave unread what it was sent.
    stalled: float = 60.0
    # Of one request that prunes: who asks waits for it, and asks again for the rest.
    prune: float = 2.0


@dataclass
class Ports:
    """The ports that are listened on, None where there is none: 0 in the settings is one of these here."""

    http: int = 0
    otlp: int | None = None
    grpc: int | None = None


@dataclass
class Keys:
    """The API keys that are taken now; none where none is asked for. They may be replaced while requests come."""

    in_force: tuple[Key, ...] = ()


SETTINGS = web.AppKey("settings", Settings)
STORAGE = web.AppKey("storage", Stores)
KEYS = web.AppKey("keys", Keys)
METRICS = web.AppKey("metrics", Metrics)
LIMITS = web.AppKey("limits", Limits)
CLEANING = web.AppKey("cleaning", Sanitizer)
TIMES = web.AppKey("times", Times)
EQUAL_REQUESTS = web.AppKey("equal_requests", EqualRequests)
PORTS = web.AppKey("ports", Ports)
READING = web.AppKey("reading", LogParsing)


def stores(request: web.Request) -> Stores:
    """Return the stores. Until they are open, using them raises Problem (UNAVAILABLE, with the progress)."""
    return request.app[STORAGE]


def json_answer(value: msgspec.Struct | dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, headers={"Content-Type": "application/json"})
