"""What handlers share: the application's settings, stores and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from mapping import ids
from mapping.sanitize.limits import Limits
from mapping.sanitize.sanitizer import Sanitizer
from mapping.semantics.log_parsing import LogParsing
from mapping.semantics.projects import ProjectRule
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
PROJECTS = web.AppKey("projects", ProjectRule)
# The API key of a request, where one is asked for.
KEY = web.RequestKey("key", Key)


def stores(request: web.Request) -> Stores:
    """Return the stores. Until they are open, using them raises Problem (UNAVAILABLE, with the progress)."""
    return request.app[STORAGE]


def may_go_on(request: web.Request) -> bool:
    """Return whether the request's key is still one of those that are taken, as it was when it came."""
    keys = request.app[KEYS].in_force
    return not keys or request.get(KEY) in keys


def project_of(request: web.Request) -> str | None:
    """Return the project that the request's key is confined to, None if it is to none."""
    return _project_of(request.get(KEY))


def _project_of(key: Key | None) -> str | None:
    return (key.project or None) if key is not None else None


def rule_of(app: web.Application, key: Key | None) -> ProjectRule:
    """Return how it is told which project the events belong to that are sent with a key."""
    return app[PROJECTS]._replace(of_key=_project_of(key))


def event_id_of(request: web.Request) -> str:
    """Return the event id in a request's path, which a client may have chosen."""
    return ids.event_id(request.match_info["id"], project_of(request))


def json_answer(value: msgspec.Struct | dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, headers={"Content-Type": "application/json"})
