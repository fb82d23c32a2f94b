"""`GET /api/v1/events/{id}/picture`: the bytes of a picture that stands in an event's messages."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from mapping.messages.pictures import type_of_picture
from receiver.http.context import event_id_of, stores
from receiver.http.operation import missing, operation
from receiver.http.parameters import PICTURE
from storage.read.pictures import picture

# Whoever opens it by itself gets a picture and nothing that runs, whatever its bytes are.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
    "Cache-Control": "private, max-age=3600",
}


def routes() -> list[web.RouteDef]:
    return [web.get("/api/v1/events/{id}/picture", _picture)]


@operation("A picture in an event's messages: PNG, JPEG, GIF or WebP", Any, query=(PICTURE,), media_type="image/*")
async def _picture(request: web.Request, given: dict[str, Any]) -> web.Response:
    found = await picture(stores(request).reader, event_id_of(request), given["picture"])
    media_type = None if found is None else type_of_picture(found)
    if media_type is None:
        raise missing("picture", given["picture"])
    return web.Response(body=found, headers={**_HEADERS, "Content-Type": media_type})
