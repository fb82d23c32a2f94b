"""What a key must be allowed to do for each route of HTTP and each method of gRPC: one table.

A route that is not in it asks for `admin`; a test says which one is missing.
"""

from __future__ import annotations

from aiohttp import web

from receiver.settings import ADMIN, INGEST, READ

# Probes, and the web page's own files, which ask for a key themselves. They contain no data.
OPEN = ""

SCOPES = {
    "GET /": OPEN,
    "GET /assets/{name}": OPEN,
    "GET /health": OPEN,
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "POST /v1/logs": INGEST,
    "POST /v1/metrics": INGEST,
    "POST /v1/traces": INGEST,
    "POST /v1development/profiles": INGEST,
    "POST /api/v1/events": INGEST,
    "POST /api/v1/events/batch": INGEST,
    "POST /api/v1/scores": INGEST,
    "POST /api/public/ingestion": INGEST,
    "POST /api/public/otel/v1/traces": INGEST,
    "POST /api/public/scores": INGEST,
    "GET /metrics": READ,
    "GET /api/v1/activity": READ,
    "GET /api/v1/alerts": READ,
    "GET /api/v1/breakdown": READ,
    "GET /api/v1/calls": READ,
    "GET /api/v1/calls/{id}": READ,
    "GET /api/v1/calls/{id}/compare": READ,
    "GET /api/v1/calls/{id}/explain": READ,
    "GET /api/v1/events": READ,
    "GET /api/v1/events/{id}": READ,
    "GET /api/v1/events/{id}/explain": READ,
    "GET /api/v1/events/{id}/links": READ,
    "GET /api/v1/events/{id}/messages": READ,
    "GET /api/v1/events/{id}/picture": READ,
    "GET /api/v1/events/{id}/similar": READ,
    "GET /api/v1/export/calls": READ,
    "GET /api/v1/export/events": READ,
    "GET /api/v1/export/search": READ,
    "GET /api/v1/export/sessions": READ,
    "GET /api/v1/export/traces": READ,
    "GET /api/v1/facets": READ,
    "GET /api/v1/live": READ,
    "GET /api/v1/openapi.json": READ,
    "GET /api/v1/overview": READ,
    "GET /api/v1/search": READ,
    "GET /api/v1/sessions": READ,
    "GET /api/v1/sessions/{id}": READ,
    "GET /api/v1/sessions/{id}/compare": READ,
    "GET /api/v1/sessions/{id}/conversation": READ,
    "GET /api/v1/stats": READ,
    "GET /api/v1/traces": READ,
    "GET /api/v1/traces/{id}": READ,
    "GET /api/v1/traces/{id}/compare": READ,
    "GET /api/v1/traces/{id}/conversation": READ,
    "GET /api/v1/traces/{id}/outline": READ,
    "POST /mcp": READ,
    "POST /api/v1/prune": ADMIN,
    "POST /api/v1/reindex": ADMIN,
    "/grpc.health.v1.Health/Check": OPEN,
    "/grpc.health.v1.Health/Watch": OPEN,
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": INGEST,
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": INGEST,
    "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export": INGEST,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": INGEST,
}


def scope_of(request: web.Request) -> str | None:
    """Return the scope that a request needs, None if there is nothing at its path, which any key may be told."""
    route = route_of(request)
    return None if route is None else SCOPES.get(route, ADMIN)


def route_of(request: web.Request) -> str | None:
    """Return the row of a request in tables of routes, None if there is nothing at its path."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    # OTLP's paths may end with a slash.
    return f"{method} {resource.canonical.rstrip('/') or '/'}"
