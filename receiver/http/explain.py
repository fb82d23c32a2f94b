"""The explanation of an event's placement: the rule, and the keys that gave its session, agent and type."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from mapping.semantics.explain import Explanation, explain
from receiver.http import answers
from receiver.http.context import event_id_of, json_answer, stores
from receiver.http.operation import missing, operation

_RULES = {
    "trace_id": "rule 1: it carries this trace's id",
    "session": "rule 2: it carries no trace id but a session, {session}, and this was the session's latest trace",
    "conversation": (
        "rule 3: it carries neither trace id nor session, but a list of messages; this is the trace of the longest "
        "list heard before that its own goes on with, or repeats after a failed call"
    ),
    "agent": (
        "rule 4: it carries neither trace id nor session, but an agent, {agent}; this was the agent's latest trace "
        "that no root span had ended, active within mapping.agent_window around the event's time"
    ),
    "created": "rule 5: nothing that it carries led to a trace that was there, so this one was made for {whom}",
}


def routes() -> list[web.RouteDef]:
    return [web.get("/api/v1/events/{id}/explain", _explain)]


@operation(
    "Why the event stands where it does: the rule, and the keys that gave session, agent and type", answers.Explanation
)
async def _explain(request: web.Request, _given: dict[str, Any]) -> web.Response:
    stored = await stores(request).reader.event_and_trace(event_id_of(request))
    if stored is None:
        raise missing("event", request.match_info["id"])
    return json_answer(shown(explain(*stored)))


def shown(explanation: Explanation) -> answers.Explanation:
    return answers.Explanation(
        event_id=explanation.event_id,
        trace_id=explanation.trace_id,
        correlation=explanation.correlation,
        rule=_rule(explanation),
        session_id=answers.ExplainedValue(*explanation.session_id),
        agent_id=answers.ExplainedValue(*explanation.agent_id),
        event_type=answers.ExplainedValue(*explanation.event_type),
    )


def _rule(explanation: Explanation) -> str:
    """Return the rule as a sentence, with the session and agent that the event names itself."""
    session, agent = (
        None if each.value is None or each.place == "trace" else repr(each.value)
        for each in (explanation.session_id, explanation.agent_id)
    )
    whom = f"the session {session}" if session else f"the agent {agent}" if agent else "this event"
    return _RULES[explanation.correlation].format(session=session, agent=agent, whom=whom)
