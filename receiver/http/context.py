"""What handlers share: the application's settings, stores and metrics."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from mapping.sanitize.limits import Limits
from mapping.sanitize.sanitizer import Cleaning
from mapping.semantics.log_parsing import Reading
from receiver.http.metrics import Metrics
from receiver.settings import Settings
from storage.stores import Storage

SETTINGS = web.AppKey("settings", Settings)
STORAGE = web.AppKey("storage", Storage)
METRICS = web.AppKey("metrics", Metrics)
LIMITS = web.AppKey("limits", Limits)
CLEANING = web.AppKey("cleaning", Cleaning)
READING = web.AppKey("reading", Reading)


def stores(request: web.Request) -> Storage:
    """Return the stores. Until they are open, using them raises Problem (UNAVAILABLE, with the progress)."""
    return request.app[STORAGE]


def json_answer(value: msgspec.Struct | dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, headers={"Content-Type": "application/json"})
