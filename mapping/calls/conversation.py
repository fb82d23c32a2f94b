"""A run as one conversation: each message once, in the order in which things were said, under the agent that said it.

Every call of a model repeats the conversation so far, and a tool's result stands in its own call and in the next call
of the model. So what is said is counted (`mapping.messages.deduplication`), and shown where it is said for the first
time. A call speaks when it begins (what was sent) and when it ends (the answer, or what went wrong).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from mapping.calls.model import Call, Failure, Message, Part, Run, Telling
from mapping.messages.deduplication import CountedParts, SeenMessages
from mapping.times import format_rfc3339

# A turn: `{event_id, call_id?, timestamp, status, role, parts, name?, agent_id?, depth}`. `depth` is 0 for what the
# outermost agent says, 1 for an agent that it called, ...; what an agent tells one that it calls has the role `agent`.
Turn = dict[str, Any]

# What ends at a moment comes before what is said by itself, and that before what begins.
_ENDS, _SAID, _BEGINS, _ENDS_AT_ONCE = 0, 1, 2, 3


def turns_of(run: Run) -> list[Turn]:
    """Return the turns of a run, in the order of time."""
    return _Conversation(run).turns()


class _Conversation:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._calls = {call.id: call for call in run.calls}
        self._models = [call for call in run.calls if call.kind == "model"]
        self._heard = SeenMessages()
        self._turns: list[Turn] = []
        self._agents = {call.id: [one for one in self._above(call) if one.kind == "agent"] for call in run.calls}
        # Agents that have called a model: what is said to agents below them from then on, they say.
        self._spoke: set[str] = set()
        told = [call for call in run.calls if call.kind != "tool"]
        self._sent_below = self._asked_below()
        self._answered_below = {above.id for call in told if call.answered for above in self._above(call)}
        # What waits for a person says so once, where it was met.
        self._waits_below = {above.id for call in run.calls if call.waits for above in self._above(call)}
        # Models that are answering, and answers that are records of their own, by the response that they are of.
        self._answering: dict[str, Call] = {}
        self._stated_in: dict[str, list[Telling]] = defaultdict(list)
        for telling in run.statements:
            if telling.response_id is not None and telling.answered:
                self._stated_in[telling.response_id].append(telling)
        self._said: set[str] = set()

    def turns(self) -> list[Turn]:
        moments: list[tuple[int, int, int, Call | Telling]] = []
        for number, call in enumerate(self._run.calls):
            moments.append((call.start, _BEGINS, number, call))
            # Of calls that end at once, the inner one ends first.
            moments.append((call.end, _ENDS_AT_ONCE if call.end == call.start else _ENDS, -number, call))
        for place, telling in enumerate((*self._run.statements, *self._run.errors, *self._run.waiting)):
            moments.append((self._prompted(telling), _SAID, place, telling))
        for at, what, _, one in sorted(moments, key=lambda moment: moment[:3]):
            if isinstance(one, Telling):
                self._stated(one, at)
            elif what == _BEGINS:
                self._began(one, at)
            else:
                self._ended(one, at)
        return self._turns

    def _asked_below(self) -> set[str]:
        """Return the agents that need not say what they were asked: a call of a model below does, before any tool."""
        first: dict[str, bool] = {}
        for call in self._run.calls:
            if call.kind == "tool" or call.sent:
                for above in self._above(call):
                    first.setdefault(above.id, call.kind != "tool")
        return {call_id for call_id, by_model in first.items() if by_model}

    def _prompted(self, telling: Telling) -> int:
        """Return when a record is said: a system prompt with the call of a model whose prompt it is."""
        if not telling.system or telling.sent or telling.answered:
            return telling.start
        begun = bisect_right(self._models, telling.start, key=lambda call: call.start)
        model = self._models[begun - 1] if begun else None
        return model.start if model is not None and telling.start <= model.end else telling.start

    def _above(self, call: Call) -> Iterator[Call]:
        seen = {call.id}
        while call.parent_id is not None and call.parent_id not in seen:
            seen.add(call.parent_id)
            call = self._calls[call.parent_id]
            yield call

    def _began(self, call: Call, at: int) -> None:
        if call.kind == "tool":
            self._speaks_before(call, at)
            part = _present(type="tool_call", id=call.tool_call_id, name=call.name, arguments=call.arguments)
            if self._heard.called(call.id, part):
                self._add(call, at, "assistant", [part])
            return
        if call.kind == "agent" and call.id in self._sent_below:
            return
        if call.system and self._heard.system(call.system):
            self._add(call, at, "system", call.system)
        for message, units in zip(call.sent, self._heard.sent(call.sent), strict=True):
            self._say(call, at, message, units)
        if call.kind == "model":
            self._answering[call.id] = call
            if self._agents[call.id]:
                self._spoke.add(self._agents[call.id][0].id)

    def _speaks_before(self, tool: Call, at: int) -> None:
        """Add the answer that calls for a tool: a tool may start while its last words are being written."""
        for model in list(self._answering.values()):
            calls = {part.get("id") for message in model.answered for part in message["parts"]} - {None}
            is_beside = model.parent_id == tool.parent_id and model.end < tool.end
            if tool.tool_call_id in calls or (is_beside and not calls):
                self._answered(model, at)
        for telling in self._stated_in.get(tool.response_id or "", ()):
            self._stated(telling, at)

    def _answered(self, call: Call, at: int) -> None:
        if call.id not in self._said:
            self._said.add(call.id)
            for message in call.answered:
                self._say(call, at, message, self._heard.answered(message))

    def _ended(self, call: Call, at: int) -> None:
        if call.kind == "tool":
            self._returned(call, at)
            return
        self._answering.pop(call.id, None)
        if call.kind == "model" or call.id not in self._answered_below:
            self._answered(call, at)
        if call.waits and call.id not in self._waits_below:
            self._waits(call, at)
        elif call.fails_first:
            self._add(call, at, "error", [_text(call.failure, call.name)], call.name, failed=True)

    def _returned(self, call: Call, at: int) -> None:
        failed = call.status == "error"
        told = call.result not in (None, "")
        error = failure_line(call.failure) if failed else None
        result = call.result if told else error or (f"{call.name or 'the tool'} failed" if failed else None)
        if call.waits and call.id not in self._waits_below:
            self._waits(call, at)
        if result is None:
            return
        call_id = self._heard.call_id(call.id) or call.tool_call_id
        part = _present(type="tool_result", id=call_id, name=call.name, result=result, failed=True if failed else None)
        parts: list[Part] = [part] if self._heard.returned(part) else []
        message = call.failure.message if failed and call.failure is not None else None
        if message is not None:
            self._heard.gave_back(message)
        if message is not None and message not in str(result):
            parts.append({"type": "text", "text": str(error)})
        if parts:
            self._add(call, at, "tool", parts, call.name, failed=failed)

    def _waits(self, call: Call, at: int) -> None:
        """Add what a person is asked, unless what stands beside the call has just said so."""
        asked = [_asked(call.failure, call.name)]
        if not self._turns or (self._turns[-1]["role"], self._turns[-1]["parts"]) != ("waiting", asked):
            self._add(call, at, "waiting", asked, call.name)

    def _stated(self, telling: Telling, at: int) -> None:
        if telling.kind != "statement":
            name = telling.name or telling.event_name
            if telling.waits:
                self._add(telling, at, "waiting", [_asked(telling.failure, name)], name)
            else:
                self._add(telling, at, "error", [_text(telling.failure, name)], name, failed=True)
            return
        if telling.id in self._said:
            return
        self._said.add(telling.id)
        if telling.system and self._heard.system(telling.system):
            self._add(telling, at, "system", telling.system)
        for message in (*telling.sent, *telling.answered):
            self._say(telling, at, message, self._heard.stated(message))

    def _say(self, one: Call | Telling, at: int, message: Message, units: Iterable[CountedParts]) -> None:
        new = [part for unit in units for part in unit.parts]
        if not new:
            return
        role, name = message["role"], None
        if role == "user" and isinstance(one, Call):
            # An agent that has begun to speak says what those below it are told.
            caller = next((agent for agent in self._agents[one.id][1:] if agent.id in self._spoke), None)
            if caller is not None:
                role, name = "agent", caller.name
        self._add(one, at, role, new, name)

    def _add(
        self,
        one: Call | Telling,
        at: int,
        role: str,
        parts: list[Part],
        name: str | None = None,
        *,
        failed: bool = False,
    ) -> None:
        call = one if isinstance(one, Call) else self._calls.get(self._run.call_of.get(one.id, ""))
        agents = [] if call is None else [*self._agents[call.id], *([call] if call.kind == "agent" else [])]
        turn: Turn = {
            "event_id": one.id,
            "timestamp": format_rfc3339(at),
            # The messages sent to a failed call have not failed themselves.
            "status": "error" if failed else "ok" if call is not None and call.status == "ok" else "unset",
            "role": role,
            "parts": parts,
            "depth": max(len(agents) - 1, 0),
        }
        agent = call.agent if call is not None else self._run.agent_of.get(one.id)
        self._turns.append(turn | _present(name=name, agent_id=agent, call_id=None if call is None else call.id))


def failure_line(failure: Failure | None) -> str | None:
    """Return what went wrong in a line, its type first; None where nothing says it."""
    if failure is None:
        return None
    if failure.message is None or failure.type is None:
        return failure.message or failure.type
    return failure.message if failure.type in failure.message else f"{failure.type}: {failure.message}"


def _asked(failure: Failure | None, name: str | None) -> Part:
    """Return what a person is asked."""
    return {"type": "text", "text": (failure and failure.message) or f"{name or 'it'} waits for a person"}


def _text(failure: Failure | None, name: str | None) -> Part:
    return {"type": "text", "text": failure_line(failure) or f"{name or 'it'} failed"}


def _present(**fields: Any) -> dict[str, Any]:
    return {field: value for field, value in fields.items() if value is not None}
