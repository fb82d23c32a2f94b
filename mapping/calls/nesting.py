"""What stands around what: the call around a call, and the agent whose call or event it is."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from mapping.calls.model import Call, Telling
from mapping.calls.spans import SpanTree

# Agents looked at for one that was at work at a moment.
_MOST_AT_WORK = 64


class Nesting:
    """Places calls within each other and under their agents. Calls are given a `parent_id` and an `agent`."""

    def __init__(self, tellings: Sequence[Telling], calls: Sequence[Call], tree: SpanTree) -> None:
        self._tree = tree
        self._telling = {telling.id: telling for telling in tellings}
        self.call_by_event = {event_id: call for call in calls for event_id in call.told_by}
        self._by_id = {call.id: call for call in calls}
        self._at_work: defaultdict[tuple[str, str], list[Call]] = defaultdict(list)
        for call in calls:
            if call.kind == "agent":
                self._at_work["trace", call.trace_id].append(call)
                if call.session_id is not None:
                    self._at_work["session", call.session_id].append(call)
        self._starts = {key: [call.start for call in agents] for key, agents in self._at_work.items()}
        for call in calls:
            around = self._around(self._telling[call.id], call)
            if around is not None and call.kind != "agent" and call.agent not in (None, around.name):
                around = self._beside(call, around) or around
            call.parent_id = None if around is None else around.id
        self._names: dict[str, str | None] = {}

    def telling(self, event_id: str) -> Telling:
        return self._telling[event_id]

    def around(self, telling: Telling) -> Call | None:
        """Return the call that an event tells of, or the nearest one around it."""
        return self.call_by_event.get(telling.id) or self._around(telling, None)

    def parents(self, call: Call) -> Iterable[Call]:
        """Iterate over the calls around a call, the nearest first."""
        seen = {call.id}
        while call.parent_id is not None and call.parent_id not in seen:
            seen.add(call.parent_id)
            call = self._by_id[call.parent_id]
            yield call

    def _around(self, telling: Telling, own: Call | None) -> Call | None:
        """Return the nearest call around a telling: by its spans, else the agent that was at work at its moment."""
        for span in self._tree.above(telling):
            call = self.call_by_event.get(span.id)
            if call is not None and call is not own:
                return call
        if self._tree.is_cut_off(telling):
            return self._working(telling, own)
        return None

    def _working(self, telling: Telling, own: Call | None) -> Call | None:
        """Return the innermost agent of the trace, else of the session, that was at work while this happened."""
        keys = [("trace", telling.trace_id)]
        if telling.signal != "span" and telling.session_id is not None:
            keys.append(("session", telling.session_id))
        for key in keys:
            agents = self._at_work.get(key, [])
            place = bisect_right(self._starts.get(key, []), telling.start)
            for agent in reversed(agents[max(place - _MOST_AT_WORK, 0) : place]):
                if (
                    agent is not own
                    and agent.end >= telling.end
                    and (agent.start, agent.end) != (telling.start, telling.end)
                ):
                    return agent
        return None

    def _beside(self, call: Call, around: Call) -> Call | None:
        """Return the agent that a call names, whose span stands beside the call's within the nearest one around it.

        OpenLLMetry's for LangGraph.
        """
        agents = self._at_work.get(("trace", call.trace_id), [])
        place = bisect_right(self._starts.get(("trace", call.trace_id), []), call.start)
        for agent in reversed(agents[max(place - _MOST_AT_WORK, 0) : place]):
            if agent.name == call.agent and around.start <= agent.start and call.end <= agent.end <= around.end:
                return agent
        return None

    def agent_name(self, call: Call) -> str | None:
        """Return the name of the agent whose call it is: an agent's own, else that of the nearest agent around it.

        None where no agent around it has a name; what the call itself says counts then.
        """
        if call.id not in self._names:
            own = call.name if call.kind == "agent" else None
            self._names[call.id] = own or next(
                (around.name for around in self.parents(call) if around.kind == "agent" and around.name), None
            )
        return self._names[call.id]


def trace_agents(calls: Iterable[Call]) -> dict[str, str]:
    """Return for each trace the name of its first agent, where one has a name."""
    first: dict[str, str] = {}
    for call in sorted(calls, key=lambda call: (call.start, -call.end, call.id)):
        if call.kind == "agent" and call.name:
            first.setdefault(call.trace_id, call.name)
    return first
