"""The application: middlewares from the outermost in, and every route."""

from __future__ import annotations

import asyncio
import dataclasses
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from mapping.sanitize.limits import Limits
from mapping.sanitize.redaction import Redaction
from mapping.sanitize.sanitizer import Sanitizer
from mapping.semantics.projects import ProjectRule
from receiver.http import (
    alerts,
    calls,
    compare,
    events,
    explain,
    export,
    health,
    langfuse,
    live,
    openapi,
    otlp,
    overview,
    page,
    pictures,
    prune,
    reads,
    reindex,
    scores,
    trace_views,
)
from receiver.http.active_requests import UNDER_WAY, UnderWay, under_way
from receiver.http.admission import ADMISSION, Admission
from receiver.http.auth import auth
from receiver.http.context import (
    CLEANING,
    EQUAL_REQUESTS,
    KEYS,
    LIMITS,
    METRICS,
    PORTS,
    PROJECTS,
    READING,
    SETTINGS,
    STORAGE,
    TIMES,
    Keys,
    Ports,
    Times,
)
from receiver.http.cors import allow_origin, preflights
from receiver.http.equal_requests import EqualRequests
from receiver.http.errors import errors
from receiver.http.metrics import Metrics
from receiver.http.notices import NOTICES, Notices
from receiver.settings import Auth, Settings
from receiver.settings.rules_file import read_rules_file
from receiver.webhooks import Webhooks
from storage.stores import Stores


def application(settings: Settings, storage: Stores) -> web.Application:
    """Return the application. The stores need not be open yet: routes that use them answer 503 until they are."""
    app = web.Application(middlewares=[under_way, _measured, errors, preflights, auth])
    app.on_response_prepare.append(allow_origin)
    app[SETTINGS] = settings
    app[STORAGE] = storage
    app[TIMES] = Times()
    app[PORTS] = Ports()
    app[NOTICES] = Notices()
    app[UNDER_WAY] = UnderWay()
    app[ADMISSION] = Admission(settings.server.max_in_flight_bytes)
    storage.events_come = lambda: app[ADMISSION].bytes > 0
    storage.post = Webhooks(settings, lambda: app[PORTS].http).post
    app[METRICS] = Metrics(storage, app[ADMISSION], app[UNDER_WAY], settings.telemetry)
    app.on_cleanup.append(_close_metrics)
    app[KEYS] = Keys()
    use_keys(app, settings.auth)
    app[METRICS].webhooks([webhook.name for webhook in settings.alerts.webhooks])
    app[LIMITS] = Limits(**dataclasses.asdict(settings.limits))
    masked = settings.redaction
    redaction = Redaction(masked.keys, masked.values, masked.keep) if masked.enabled else None
    app[CLEANING] = Sanitizer(app[LIMITS], redaction)
    app[READING] = read_rules_file(settings.mapping.rules_file)
    app[PROJECTS] = ProjectRule(settings.mapping.project_attributes)
    app[EQUAL_REQUESTS] = EqualRequests()
    app[export.EXPORTS] = export.exports()
    for part in (
        otlp,
        events,
        reads,
        overview,
        alerts,
        trace_views,
        pictures,
        calls,
        compare,
        live,
        explain,
        export,
        prune,
        reindex,
        scores,
        langfuse,
        openapi,
        health,
        page,
    ):
        app.router.add_routes(_with_any_id(route) for route in part.routes())
    openapi.add_description(app)
    return app


def _with_any_id(route: web.RouteDef) -> web.RouteDef:
    """Return the route for ids of any characters: aiohttp's `{id}` takes none with braces."""
    return web.RouteDef(route.method, route.path.replace("{id}", "{id:[^/]+}"), route.handler, route.kwargs)


def use_keys(app: web.Application, auth: Auth) -> None:
    """Take these keys from now on, and no others. What is being answered already goes on."""
    app[KEYS].in_force = auth.in_force
    app[METRICS].keys([key.name for key in auth.in_force])


@web.middleware
async def _measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    began = time.perf_counter()
    answer = await handler(request)
    if answer.prepared:
        return answer  # the end of a stream: the time a client has listened is not the duration of an answer
    resource = request.match_info.route.resource
    route = resource.canonical if resource else None
    request.app[METRICS].answered(time.perf_counter() - began, request.method, request.scheme, route, answer.status)
    return answer


async def _close_metrics(app: web.Application) -> None:
    await asyncio.to_thread(app[METRICS].close)
