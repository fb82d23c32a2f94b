"""Deleting traces: `POST /api/v1/prune` with one of `before`, `session_id`, `trace_id` and `max_events`, in a `project`
or all, or with a `project` alone.

The request has a JSON body rather than a query, because no web page can send one without a preflight request (CORS).
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from aiohttp import web

from mapping import ids
from mapping.errors import invalid
from mapping.json.decoding import decode
from mapping.times import parse_rfc3339
from receiver.http import answers
from receiver.http.bodies import read_body
from receiver.http.context import TIMES, json_answer, project_of, stores
from receiver.http.operation import operation, other_project
from storage.retention.prune import Selection

# A request's share of the engine's time.
_SHARE = 0.5
_ONE_OF = ("before", "session_id", "trace_id", "max_events")

_BEFORE = msgspec.Meta(
    description="traces last active before this moment; empty counts as absent",
    extra_json_schema={"anyOf": [{"format": "date-time"}, {"const": ""}]},
)
_OF_PROJECT = msgspec.Meta(description="of this project alone; by itself, all that is in it")
_FROM_1 = msgspec.Meta(ge=1)


def _given(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"not": {"enum": [None, ""]}}}}


_EXACTLY_ONE = msgspec.Meta(
    extra_json_schema={
        "oneOf": [
            *(_given(name) for name in _ONE_OF),
            {"not": {"anyOf": [_given(name) for name in _ONE_OF]}, **_given("project")},
        ],
        "not": {"allOf": [_given("max_events"), _given("project")]},
    }
)
_EXAMPLES = {"how much it would be": {"before": "2026-01-01T00:00:00Z", "dry_run": True}}


class PruneRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which traces to delete. A misspelt field is an error: ignoring it could delete the wrong traces."""

    before: Annotated[str, _BEFORE] | None = None
    session_id: str | None = None
    trace_id: str | None = None
    # 100.0 is the same number in JSON.
    max_events: Annotated[int, _FROM_1] | Annotated[float, _FROM_1, msgspec.Meta(multiple_of=1)] | None = None
    project: Annotated[str, _OF_PROJECT] | None = None
    dry_run: bool = False


_decoder = msgspec.json.Decoder(PruneRequest)


def routes() -> list[web.RouteDef]:
    return [web.post("/api/v1/prune", _prune)]


@operation(
    "Delete traces, for two seconds",
    answers.Pruned,
    bodies=(Annotated[PruneRequest, _EXACTLY_ONE],),
    examples=_EXAMPLES,
)
async def _prune(request: web.Request, _given: dict[str, Any]) -> web.Response:
    pruner = stores(request).pruner
    asked = decode(_decoder, await read_body(request), f"an object with one of {', '.join(_ONE_OF)}, or project")
    which = _selection(asked, project_of(request))
    if asked.dry_run:
        pruned = await pruner.measure(which)
    else:
        pruned = await pruner.prune(which, share=_SHARE, seconds=request.app[TIMES].prune)
    return json_answer({"dry_run": asked.dry_run, **pruned._asdict()})


def _selection(asked: PruneRequest, confined_to: str | None) -> Selection:
    """Return what is to be deleted. Raises Problem. `confined_to` is the only project that the key may delete from."""
    given = {name: value for name in _ONE_OF if (value := getattr(asked, name)) not in (None, "")}
    if confined_to is not None and asked.project and asked.project != confined_to:
        raise other_project(asked.project, confined_to)
    if len(given) != 1 and (given or not asked.project):
        raise invalid(
            f"body: expected one of {', '.join(_ONE_OF)}, or project; got {', '.join(given) or 'none of them'}"
        )
    if project := asked.project or confined_to:
        if "max_events" in given:
            raise invalid("max_events: expected without a project: the events of all of them are counted")
        given["project"] = project
    if "max_events" in given:
        given["max_events"] = int(given["max_events"])
    if "before" in given:
        try:
            given["before"] = parse_rfc3339(given["before"])
        except ValueError as error:
            raise invalid(f"before: {error}") from None
    if "trace_id" in given:
        given["trace_id"] = ids.trace_id(given["trace_id"])
    return Selection(**given)
