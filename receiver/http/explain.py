"""Why an event stands where it does (contract, section 3): the rule, and the keys that gave session, agent, type."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from mapping import ids
from mapping.semantics.explain import explain
from receiver.http import answers, shown
from receiver.http.context import json_answer, stores
from receiver.http.operation import operation
from receiver.http.reads import missing


def routes() -> list[web.RouteDef]:
    return [web.get("/api/v1/events/{id}/explain", _explain)]


@operation(
    "Why the event stands where it does: the rule, and the keys that gave session, agent and type", answers.Explanation
)
async def _explain(request: web.Request, _given: dict[str, Any]) -> web.Response:
    given = request.match_info["id"]
    stored = await stores(request).reader.event_and_trace(ids.event_id(given))
    if stored is None:
        raise missing("event", given)
    return json_answer(shown.explanation(explain(*stored)))
