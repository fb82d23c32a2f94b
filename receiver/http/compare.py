"""The routes that compare: two traces or sessions step by step, and two calls word by word."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from mapping import ids
from mapping.calls.model import CallKind
from mapping.comparing.steps import SAID, Difference, Said, SaidField, Step, differences
from mapping.comparing.texts import MOST_CHARACTERS, Change, changes
from mapping.errors import invalid
from mapping.model import Status
from mapping.times import format_rfc3339
from receiver.http import shown
from receiver.http.answers import Answer, Count, Moment, TraceId
from receiver.http.call_answers import Call, CallId, Tokens
from receiver.http.calls import shown as shown_call
from receiver.http.context import event_id_of, json_answer, project_of, stores
from receiver.http.operation import missing, operation
from receiver.http.parameters import PROJECT, WITH_CALL, WITH_SESSION, WITH_TRACE
from receiver.http.trace_answers import Session, Trace
from storage.read import comparison

_NANO = 10**9
# Of a longer text that both have, so many characters are given at its beginning and end.
_AROUND = 300


class ComparedCall(Answer, kw_only=True):
    id: CallId
    trace_id: TraceId
    name: str | None
    agent_id: str | None
    depth: Annotated[int, msgspec.Meta(ge=0, description="how many calls are around it")]
    start_time: Moment
    duration_ns: Count
    status: Status
    error: str | None
    input_tokens: Tokens
    output_tokens: Tokens
    cost_usd: float | None


class ComparedStep(Answer):
    """A call of both runs, or of one of them; the other is null then."""

    kind: CallKind
    a: ComparedCall | None
    b: ComparedCall | None
    differs: Annotated[
        list[Difference],
        msgspec.Meta(
            description="what differs: of a prompt what is new in it; durations, tokens and costs where one is a "
            "quarter more, and by 100 ms, 20 tokens, 0.0001 US dollars at least"
        ),
    ]
    said: Annotated[
        bool, msgspec.Meta(description="false where what was said in them was too much to read, and may differ, too")
    ]


class Comparison(Answer):
    """Two traces, and their steps in order; `truncated` if one has more than the 2,000 calls that are compared."""

    a: Trace
    b: Trace
    steps: list[ComparedStep]
    truncated: bool


class SessionComparison(Answer):
    """Two sessions, and their steps in order, as those of two traces."""

    a: Session
    b: Session
    steps: list[ComparedStep]
    truncated: bool


class TextChange(Answer):
    """A piece of two texts: of both, or of one."""

    whose: Literal["both", "a", "b"]
    text: str
    left_out: Annotated[int, msgspec.Meta(ge=0, description="characters of both that follow, and are not given")]


class ComparedText(Answer):
    """What was said in two calls; `truncated` if it is longer than the 100,000 characters that are compared."""

    field: SaidField
    differs: bool
    changes: list[TextChange]
    truncated: bool


class CallComparison(Answer):
    """Two calls, and what was said in them: all of their prompts."""

    a: Call
    b: Call
    texts: list[ComparedText]


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/traces/{id}/compare", _compare_traces),
        web.get("/api/v1/sessions/{id}/compare", _compare_sessions),
        web.get("/api/v1/calls/{id}/compare", _compare_calls),
    ]


@operation("A trace beside another: their steps aligned, and what differs", Comparison, query=(WITH_TRACE,))
async def _compare_traces(request: web.Request, given: dict[str, Any]) -> web.Response:
    a, b = ids.trace_id(request.match_info["id"]), given["with"]
    found, lacking = await comparison.of_traces(stores(request).reader, a, b)
    if found is None:
        raise missing("trace", lacking or a)
    if a == b:
        raise invalid("with: expected another trace than the one that it is compared with")
    steps = await asyncio.to_thread(_steps, found.steps)
    return json_answer(Comparison(shown.trace(found.a), shown.trace(found.b), steps, found.truncated))


@operation(
    "A session beside another: their steps aligned, and what differs", SessionComparison, query=(WITH_SESSION, PROJECT)
)
async def _compare_sessions(request: web.Request, given: dict[str, Any]) -> web.Response:
    a, b = request.match_info["id"], given["with"]
    found, lacking = await comparison.of_sessions(stores(request).reader, a, b, project=given["project"])
    if found is None:
        raise missing("session", lacking or a)
    if a == b:
        raise invalid("with: expected another session than the one that it is compared with")
    steps = await asyncio.to_thread(_steps, found.steps)
    return json_answer(SessionComparison(shown.session(found.a), shown.session(found.b), steps, found.truncated))


@operation("A call beside another, of any trace: what was said in both, and in one", CallComparison, query=(WITH_CALL,))
async def _compare_calls(request: web.Request, given: dict[str, Any]) -> web.Response:
    a, b = event_id_of(request), ids.event_id(given["with"], project_of(request))
    found, lacking = await comparison.of_calls(stores(request).reader, a, b)
    if found is None:
        raise missing("call", lacking or a)
    texts = await asyncio.to_thread(_texts, *found.said)
    return json_answer(CallComparison(shown_call(found.a), shown_call(found.b), texts))


def _steps(found: list[comparison.Pair]) -> list[ComparedStep]:
    return [_step(pair.a, pair.b) for pair in found]


def _step(a: Step | None, b: Step | None) -> ComparedStep:
    both = [step for step in (a, b) if step is not None]
    return ComparedStep(
        kind=both[0].kind,
        a=None if a is None else _call(a),
        b=None if b is None else _call(b),
        differs=[] if a is None or b is None else differences(a, b),
        said=all(step.said is not None for step in both),
    )


def _call(step: Step) -> ComparedCall:
    return ComparedCall(
        id=step.id,
        trace_id=step.trace_id,
        name=step.name,
        agent_id=step.agent,
        depth=step.depth,
        start_time=format_rfc3339(step.start),
        duration_ns=step.end - step.start,
        status=step.status,
        error=step.error,
        input_tokens=step.input_tokens,
        output_tokens=step.output_tokens,
        cost_usd=None if step.cost is None else step.cost / _NANO,
    )


def _texts(a: Said, b: Said) -> list[ComparedText]:
    return [_text(field, a.get(field, ""), b.get(field, "")) for field in SAID if a.get(field) or b.get(field)]


def _text(field: SaidField, a: str, b: str) -> ComparedText:
    found = changes(a[:MOST_CHARACTERS], b[:MOST_CHARACTERS])
    pieces = [piece for one in found for piece in _pieces(one)]
    return ComparedText(field, a != b, pieces, max(len(a), len(b)) > MOST_CHARACTERS)


def _pieces(change: Change) -> list[TextChange]:
    """Return a change, of a long text of both its beginning and its end."""
    left_out = len(change.text) - 2 * _AROUND if change.whose == "both" else 0
    if left_out <= 0:
        return [TextChange(change.whose, change.text, 0)]
    return [TextChange("both", change.text[:_AROUND], left_out), TextChange("both", change.text[-_AROUND:], 0)]
