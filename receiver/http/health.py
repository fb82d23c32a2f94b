"""The state of the process: for probes and for Prometheus."""

from __future__ import annotations

from aiohttp import web

from receiver.http.context import METRICS, STORAGE, json_answer, stores
from receiver.version import VERSION


def routes() -> list[web.RouteDef]:
    return [
        web.get("/healthz", _alive),
        web.get("/readyz", _ready),
        web.get("/health", _health),
        web.get("/metrics", _metrics),
    ]


async def _alive(_request: web.Request) -> web.Response:
    return json_answer({"status": "ok"})


async def _ready(request: web.Request) -> web.Response:
    """Answer 200 while the store accepts writes. The index may be unavailable: it catches up."""
    await stores(request).check()
    await stores(request).count_pending()
    indexer = stores(request).indexer
    return json_answer({"status": "ready", "index": {"state": indexer.state, "pending": indexer.pending}})


async def _health(request: web.Request) -> web.Response:
    return json_answer(
        {
            "status": "healthy" if request.app[STORAGE].ready else "starting",
            "version": VERSION,
            "ontology_loaded": False,
            "ontology_namespace": None,
            "ontology_version": None,
        }
    )


async def _metrics(request: web.Request) -> web.Response:
    if (storage := request.app[STORAGE]).ready:
        await storage.count_pending()
    body, content_type = request.app[METRICS].text()
    return web.Response(body=body, headers={"Content-Type": content_type})
