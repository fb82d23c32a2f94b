"""How a key with a project is confined to it: one table, with a row for each route and method that such a key may use.

What has no row is refused to these keys. A test asks each route and method what it tells of another project.
"""

from __future__ import annotations

from typing import Literal

from aiohttp import web

from mapping import ids
from mapping.errors import Code, Problem
from receiver.http.context import stores
from receiver.http.operation import missing
from receiver.http.scopes import route_of
from receiver.settings import Key
from storage.read.projects import project_of_event, project_of_trace

# stores    what is sent belongs to the key's project (`receiver.http.ingest.store`)
# filters   the parameter `project` is the key's, whatever is asked for (`receiver.http.operation`)
# body      the same of the body's field `project`, which the handler sees to
# trace, event, call   what has the id in the path, and the one in `with`, is in the key's project; else there is none
# nothing   it tells and stores nothing of any project
Rule = Literal["stores", "filters", "body", "trace", "event", "call", "nothing"]

CONFINED: dict[str, tuple[Rule, ...]] = {
    "POST /v1/logs": ("stores",),
    "POST /v1/metrics": ("nothing",),
    "POST /v1/traces": ("stores",),
    "POST /v1development/profiles": ("nothing",),
    "POST /api/v1/events": ("stores",),
    "POST /api/v1/events/batch": ("stores",),
    "POST /api/v1/scores": ("stores",),
    "POST /api/public/ingestion": ("stores",),
    "POST /api/public/otel/v1/traces": ("stores",),
    "POST /api/public/scores": ("stores",),
    "GET /api/v1/activity": ("filters",),
    "GET /api/v1/alerts": ("filters",),
    "GET /api/v1/breakdown": ("filters",),
    "GET /api/v1/calls": ("filters",),
    "GET /api/v1/calls/{id}": ("call",),
    "GET /api/v1/calls/{id}/compare": ("call",),
    "GET /api/v1/calls/{id}/explain": ("call",),
    "GET /api/v1/events": ("filters",),
    "GET /api/v1/events/{id}": ("event",),
    "GET /api/v1/events/{id}/explain": ("event",),
    "GET /api/v1/events/{id}/links": ("event", "filters"),
    "GET /api/v1/events/{id}/messages": ("event",),
    "GET /api/v1/events/{id}/picture": ("event",),
    "GET /api/v1/events/{id}/similar": ("event", "filters"),
    "GET /api/v1/export/calls": ("filters",),
    "GET /api/v1/export/events": ("filters",),
    "GET /api/v1/export/search": ("filters",),
    "GET /api/v1/export/sessions": ("filters",),
    "GET /api/v1/export/traces": ("filters",),
    "GET /api/v1/facets": ("filters",),
    "GET /api/v1/live": ("filters",),
    "GET /api/v1/openapi.json": ("nothing",),
    "GET /api/v1/overview": ("filters",),
    "GET /api/v1/search": ("filters",),
    "GET /api/v1/sessions": ("filters",),
    "GET /api/v1/sessions/{id}": ("filters",),
    "GET /api/v1/sessions/{id}/compare": ("filters",),
    "GET /api/v1/sessions/{id}/conversation": ("filters",),
    "GET /api/v1/stats": ("filters",),
    "GET /api/v1/traces": ("filters",),
    "GET /api/v1/traces/{id}": ("trace",),
    "GET /api/v1/traces/{id}/compare": ("trace",),
    "GET /api/v1/traces/{id}/conversation": ("trace",),
    "GET /api/v1/traces/{id}/outline": ("trace",),
    "POST /mcp": ("nothing",),  # its tools ask the routes above, with the key
    "POST /api/v1/prune": ("body",),
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": ("stores",),
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": ("nothing",),
    "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export": ("nothing",),
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": ("stores",),
}


async def confine(request: web.Request, key: Key) -> None:
    """Check that a request stays within the project of its key. Raises Problem.

    It is NOT_FOUND for what another project has, as for what nobody has; PERMISSION_DENIED for what is of all projects.
    """
    for rule in rules_of(str(route_of(request)), key):
        if rule in {"trace", "event", "call"}:
            database = stores(request).reader.database
            for given in (request.match_info["id"], *request.query.getall("with", [])):
                if rule == "trace":
                    project = await project_of_trace(database, ids.trace_id(given))
                else:
                    project = await project_of_event(database, ids.event_id(given, key.project))
                if project != key.project:
                    raise missing(rule, given)


def rules_of(route: str, key: Key) -> tuple[Rule, ...]:
    """Return how a key with a project is confined at a route or method. Raises Problem (PERMISSION_DENIED)."""
    rules = CONFINED.get(route)
    if rules is None:
        text = f"the API key {key.name} is confined to the project {key.project!r}, and this concerns all projects"
        raise Problem(Code.PERMISSION_DENIED, text)
    return rules
