"""`POST /api/v1/scores`: how good a trace, a call or an event was, as a person, a program or a model says.

A score is stored as an event, like those that OpenTelemetry sends (`gen_ai.evaluation.result`), and is durable, found,
exported and deleted as events are. What it is about is found when it is interpreted, and may come later.
"""

from __future__ import annotations

import re
import time
from typing import Annotated, Any, Literal, get_args
from uuid import uuid4

import msgspec
from aiohttp import web

from mapping import ids
from mapping.calls import scores
from mapping.calls.model import ScoreSource
from mapping.errors import Problem, invalid
from mapping.json.decoding import decode
from mapping.model import Event
from mapping.sanitize.changes import Changes
from mapping.semantics.event_types import SCORE
from mapping.semantics.projects import ProjectRule
from mapping.times import parse_rfc3339
from receiver.http import answers
from receiver.http.bodies import decoded, read_body
from receiver.http.context import CLEANING, KEY, METRICS, json_answer, project_of, rule_of, stores
from receiver.http.ingest import store
from receiver.http.operation import operation
from receiver.http.parameters import IDEMPOTENCY_KEY
from storage.read.scores import trace_of_event
from storage.write.commit import Outcome

_SIGNAL = "events"
_SPAN_ID = re.compile(r"[0-9a-fA-F]{16}")
_MOST_NAME = 200
_SOURCES = get_args(ScoreSource)


def _said(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description)


_TEXT = Annotated[str, msgspec.Meta(max_length=_MOST_NAME)]


class ScoreRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A score. A misspelt field is an error: ignoring it would store a score that says something else."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=_MOST_NAME, description="what is judged: helpfulness")]
    value: Annotated[
        float | None,
        msgspec.Meta(
            description="a number; a label may do, or a remark alone",
            extra_json_schema={"minimum": -scores.MOST_VALUE, "maximum": scores.MOST_VALUE},
        ),
    ] = None
    label: Annotated[_TEXT | None, _said("a word, such as pass")] = None
    explanation: Annotated[str | None, _said("why, or a remark")] = None
    source: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(_SOURCES)})] | None = None
    author: Annotated[_TEXT | None, _said("who gave it: a person, an evaluator")] = None
    trace_id: Annotated[str | None, _said("what it is about: a trace, or with the ids below something in it")] = None
    span_id: Annotated[str | None, _said("a span of the trace, 16 hex digits; it may come later")] = None
    call_id: Annotated[str | None, _said("a call; without trace_id one that is stored")] = None
    event_id: Annotated[str | None, _said("an event; without trace_id one that is stored")] = None
    session_id: Annotated[str | None, _said("a session, instead of a trace")] = None
    project: Annotated[_TEXT | None, _said("the project of the session; a trace has its own")] = None
    timestamp: Annotated[
        str | None,
        msgspec.Meta(description="RFC 3339 with its zone; else now", extra_json_schema={"format": "date-time"}),
    ] = None
    withdraw: Annotated[bool, _said("take back what the same author said under this name of the same thing")] = False
    key: Annotated[str | None, _said("your own id, which makes it safe to send the score again")] = None


class ScoreAccepted(answers.Answer):
    """The score is stored: on disk. With a key that was sent before it is the score that it was then."""

    score_id: answers.EventId
    trace_id: answers.TraceId
    duplicate: bool
    status: Literal["accepted"]


_decoder = msgspec.json.Decoder(ScoreRequest)
_EXAMPLES = {
    "of a trace": {
        "trace_id": "5b8efff798038103d269b633813fc60c",
        "name": "helpfulness",
        "value": 0.5,
        "explanation": "it answered, late",
        "source": "person",
        "author": "Ada",
        "key": "review-12-helpfulness",
    }
}


def routes() -> list[web.RouteDef]:
    return [web.post("/api/v1/scores", _send_score)]


@operation(
    "Store a score of a trace, a call, an event or a session",
    ScoreAccepted,
    query=None,
    headers=(IDEMPOTENCY_KEY,),
    bodies=(ScoreRequest,),
    examples=_EXAMPLES,
)
async def _send_score(request: web.Request, _given: dict[str, Any]) -> web.Response:
    stores(request).writer  # noqa: B018 - raises until open, before the body is read in vain
    body = await read_body(request)
    asked = await decoded(body, lambda body: decode(_decoder, body, "a score as a JSON object"))
    check(asked)
    trace_id = await _trace_of(request, asked)
    key, projects = request.headers.get(IDEMPOTENCY_KEY.name), rule_of(request.app, request.get(KEY))
    event = score_event(asked, trace_id, key, time.time_ns(), projects)
    (stored,) = await store_scores(request, [event])
    if isinstance(stored, Problem):
        raise stored
    return json_answer(ScoreAccepted(stored.event_id, stored.trace_id, stored.duplicate, "accepted"))


async def store_scores(request: web.Request, events: list[Event]) -> list[Outcome]:
    """Store the events of scores, and return what became of each. Raises Problem as `store` does."""
    changes, metrics = Changes(), request.app[METRICS]
    request.app[CLEANING].clean(events, changes)
    metrics.changed(changes, _SIGNAL)
    outcomes = await store(metrics, stores(request).writer, _SIGNAL, events, len(events), request.get(KEY))
    failed = sum(isinstance(outcome, Problem) for outcome in outcomes)
    metrics.failed(failed, _SIGNAL)
    metrics.accepted(len(outcomes) - failed, _SIGNAL)
    metrics.duplicates(sum(not isinstance(each, Problem) and each.duplicate for each in outcomes), _SIGNAL)
    return outcomes


def check(asked: ScoreRequest) -> None:
    """Raise Problem naming the field, and what was expected, for a score that says nothing, or of nothing."""
    _check_said(asked)
    about = [field for field in ("span_id", "call_id", "event_id") if getattr(asked, field)]
    if asked.session_id and (asked.trace_id or about):
        raise invalid(f"session_id: expected alone, without {', '.join(about) or 'trace_id'}")
    if len(about) > 1:
        raise invalid(f"{about[1]}: expected one of span_id, call_id and event_id; got {' and '.join(about)}")
    if not (asked.session_id or asked.trace_id or about):
        raise invalid("trace_id: expected what the score is about: trace_id, call_id, event_id or session_id")
    if asked.span_id and not (asked.trace_id and _SPAN_ID.fullmatch(asked.span_id)):
        raise invalid("span_id: expected 16 hex digits, with the trace_id of the span")
    if asked.trace_id and (len(asked.trace_id) > ids.MAX_TRACE_ID or not asked.trace_id.strip("0")):
        raise invalid(f"trace_id: expected up to {ids.MAX_TRACE_ID} characters, not all zero")


def _check_said(asked: ScoreRequest) -> None:
    if asked.value is None and not asked.label and not asked.explanation and not asked.withdraw:
        raise invalid("value: expected one, or a label or an explanation")
    if asked.value is not None and not abs(asked.value) <= scores.MOST_VALUE:  # nor NaN
        raise invalid(f"value: expected a number from {-scores.MOST_VALUE} to {scores.MOST_VALUE}; got {asked.value:g}")
    for field, said in (("name", asked.name), ("label", asked.label)):
        if said and not said.strip():
            raise invalid(f"{field}: expected a text that is not blank")
    if asked.source is not None and asked.source not in _SOURCES:
        raise invalid(f"source: expected one of {', '.join(_SOURCES)}; got {asked.source[:80]!r}")


async def _trace_of(request: web.Request, asked: ScoreRequest) -> str | None:
    """Return the trace of a score, None where its session says which. Raises Problem for ids of nothing."""
    if asked.trace_id or asked.session_id:
        return ids.trace_id(asked.trace_id) if asked.trace_id else None
    field, given = ("call_id", asked.call_id) if asked.call_id else ("event_id", asked.event_id or "")
    project = project_of(request)
    trace_id = await trace_of_event(stores(request).reader.database, ids.event_id(given, project), project)
    if trace_id is None:
        raise invalid(f"{field}: nothing with the id {given[:80]!r} is stored; with its trace_id it may come later")
    return trace_id


def score_event(
    asked: ScoreRequest, trace_id: str | None, idempotency_key: str | None, arrived: int, projects: ProjectRule
) -> Event:
    """Return the event of a score; one without a key is new each time. Raises Problem for an invalid timestamp."""
    try:
        timestamp = parse_rfc3339(asked.timestamp) if asked.timestamp else arrived
    except ValueError as error:
        raise invalid(f"timestamp: {error}") from None
    about, key = asked.call_id or asked.event_id, asked.key or idempotency_key
    properties = {
        scores.NAME: asked.name,
        scores.VALUE: asked.value,
        scores.LABEL: asked.label or None,
        scores.EXPLANATION: asked.explanation or None,
        scores.SOURCE: asked.source,
        scores.AUTHOR: asked.author or None,
        scores.WITHDRAWN: asked.withdraw or None,
        scores.EVENT_ID: ids.event_id(about, projects.of_key) if about else None,
        scores.ABOUT: "session" if asked.session_id else None if asked.span_id or about else "trace",
    }
    return Event(
        id=ids.named("score", key, *ids.within(projects.of_key)) if key else str(uuid4()),
        timestamp=timestamp,
        kind="json",
        properties={name: value for name, value in properties.items() if value is not None},
        trace_id=trace_id,
        event_type="evaluation",
        session_id=asked.session_id or None,
        project=projects.project_of(None, asked.project),
        name=SCORE,
        parent_span_id=asked.span_id and asked.span_id.lower(),
    )
