"""Deleting traces: `POST /api/v1/prune` with one of `before`, `session_id`, `trace_id` and `max_events`.

A body in JSON, as for events, and not a query: no web page can send one without asking first (CORS).
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from mapping import ids
from mapping.errors import invalid
from mapping.json_decoding import decode
from mapping.times import parse_rfc3339
from receiver.http.bodies import read_body
from receiver.http.context import json_answer, stores
from receiver.http.otlp_codec import expect_json
from receiver.http.parameters import read_query
from storage.prune import Selection

# Seconds of one request, and the share of the engine's time meanwhile: who asks waits for it, and asks again for the
# rest.
_SECONDS, _SHARE = 2.0, 0.5
_ONE_OF = ("before", "session_id", "trace_id", "max_events")


class PruneRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be deleted. A field that is misspelt is an error here: it would have said what is not."""

    before: str | None = None
    session_id: str | None = None
    trace_id: str | None = None
    max_events: Annotated[int, msgspec.Meta(ge=1)] | None = None
    dry_run: bool = False


_decoder = msgspec.json.Decoder(PruneRequest)


def routes() -> list[web.RouteDef]:
    return [web.post("/api/v1/prune", _prune)]


async def _prune(request: web.Request) -> web.Response:
    read_query(request)
    expect_json(request)
    pruner = stores(request).pruner
    asked = decode(_decoder, await read_body(request), f"an object with one of {', '.join(_ONE_OF)}")
    which = _selection(asked)
    pruned = await pruner.measure(which) if asked.dry_run else await pruner.prune(which, share=_SHARE, seconds=_SECONDS)
    return json_answer({"dry_run": asked.dry_run, **pruned._asdict()})


def _selection(asked: PruneRequest) -> Selection:
    given = {name: value for name in _ONE_OF if (value := getattr(asked, name)) not in (None, "")}
    if len(given) != 1:
        raise invalid(f"body: expected one of {', '.join(_ONE_OF)}; got {', '.join(given) or 'none of them'}")
    if "before" in given:
        try:
            given["before"] = parse_rfc3339(given["before"])
        except ValueError as error:
            raise invalid(f"before: {error}") from None
    if "trace_id" in given:
        given["trace_id"] = ids.trace_id(given["trace_id"])
    return Selection(**given)
