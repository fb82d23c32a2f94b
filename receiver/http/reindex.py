"""Rebuilding the search index from the store: `POST /api/v1/reindex`, while the present one serves.

The request has a JSON body, `{}`, because no web page can send one without a preflight request (CORS).
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
    """There are no options: the whole index is rebuilt, with the model in the settings."""


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
    """Return the index's state, its progress (0 to 1), and how many events are not searchable yet."""
    return {
        "index_state": indexer.state,
        "index_progress": round(indexer.progress, 4),
        "index_pending": indexer.pending,
    }
