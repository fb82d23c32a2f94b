"""Filling the search index anew from the store: `POST /api/v1/reindex`, while the present one serves.

With a body in JSON, `{}`, as for what is deleted: no web page can send one without asking first (CORS).
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from mapping.json.decoding import decode
from receiver.http import answers
from receiver.http.bodies import read_body
from receiver.http.context import json_answer, stores
from receiver.http.operation import operation
from storage.indexing.indexer import Indexer
from storage.search.index_access import asking


class ReindexRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing can be chosen: it is the whole index, with the model that is set."""


_decoder = msgspec.json.Decoder(ReindexRequest)


def routes() -> list[web.RouteDef]:
    return [web.post("/api/v1/reindex", _reindex)]


@operation("Fill the search index anew, while the present one serves", answers.Indexing, bodies=(ReindexRequest,))
async def _reindex(request: web.Request, _given: dict[str, Any]) -> web.Response:
    decode(_decoder, await read_body(request), "an empty object")
    indexer = stores(request).indexer
    with asking(indexer):
        indexer.reindex()
    return json_answer(index_state(indexer))


def index_state(indexer: Indexer) -> dict[str, Any]:
    """Say what the index does, how far that is (0 to 1), and how many events are not found yet."""
    return {
        "index_state": indexer.state,
        "index_progress": round(indexer.progress, 4),
        "index_pending": indexer.pending,
    }
