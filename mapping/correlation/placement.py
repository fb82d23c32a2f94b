"""Decides which trace an event belongs to. The first rule that applies is stored as the event's `correlation`.

1. `trace_id`: the event carries one.
2. `session`: the most recent trace (by start) of the event's session.
3. `conversation`: neither, but the messages of a model's call: the trace of the list of messages that this one goes on
   with (`message_chain.py`). A call that tells no messages, as one that was refused, but whose it is: the conversation
   that its caller was in last, within the agent window.
4. `agent`: no session, but an agent: the agent's most recent trace that no root span has ended and that was active
   within the agent window around the event's own time.
5. `created`: a new trace. Its id follows from the session, or from the event where it has none, so that several
   receivers that meet the same session at once make the same trace.

Nothing here depends on when an event arrives: what came before its session had a trace id is moved to the trace that
has one (`Placement.join`).
"""

from __future__ import annotations

from collections.abc import Iterable

from mapping.correlation.message_chain import leave, trace_heard
from mapping.correlation.trace_rollup import absorb, trace_of
from mapping.errors import Problem, invalid
from mapping.ids import made_trace_id
from mapping.model import ChainRecord, Event, Trace
from mapping.times import NS

CONVERSATION_WINDOW = 24 * 3600 * NS
# How far from a trace what was made for its session may lie, to be moved to it.
NEAR = 300 * NS


class Placement:
    """Traces as they are known, and as they become while events are placed one after the other.

    `traces` holds what the store knows of every trace that could matter: those of the events' trace ids, sessions and
    agents, and of what was heard of their messages (`heard`). After `place` it holds the traces as they are to be
    stored; `touched` names those that changed. The same of `heard` and `touched_heard`.
    """

    def __init__(
        self,
        traces: Iterable[Trace],
        heard: Iterable[ChainRecord] = (),
        *,
        agent_window: int,
        conversation_window: int = CONVERSATION_WINDOW,
    ) -> None:
        self.traces = {trace.id: trace for trace in traces}
        self.touched: set[str] = set()
        # What is left of a trace that is no more says nothing.
        self.heard = {known.id: known for known in heard if known.trace in self.traces}
        self.touched_heard: set[str] = set()
        self._agent_window = agent_window
        self._conversation_window = conversation_window
        self._by_session: dict[str, set[str]] = {}
        self._by_agent: dict[str, set[str]] = {}
        # Traces of events that name both, by session.
        self._named: dict[str, set[str]] = {}
        for trace in self.traces.values():
            self._remember(trace)

    def place(self, event: Event, now: int, *, counted: bool = True) -> Problem | None:
        """Decide the event's trace and add the event to it. `now` becomes the trace's time of update.

        A later version of an event that the trace has is not `counted` again.
        Returns the reason where no rule decides and the event may not make a trace of its own.
        """
        if event.trace_id is not None:
            event.correlation = "trace_id"
        elif (trace := self._of_session(event)) is not None:
            event.trace_id, event.correlation = trace.id, "session"
        elif (trace := self._of_conversation(event)) is not None or (trace := self._of_caller(event)) is not None:
            event.trace_id, event.correlation = trace.id, "conversation"
        elif (trace := self._of_agent(event)) is not None:
            event.trace_id, event.correlation = trace.id, "agent"
        elif event.creates_trace:
            event.trace_id, event.correlation = created_trace_id(event), "created"
        else:
            return invalid(
                "trace_id, session_id, agent_id: none of them leads to a trace, and auto_create_traces is false; "
                "send a trace_id, or allow traces to be made"
            )
        addition = trace_of(event, event.trace_id, now)
        addition.event_count = int(counted)
        known = self.traces.get(event.trace_id)
        self.traces[event.trace_id] = trace = addition if known is None else absorb(known, addition)
        self.touched.add(trace.id)
        self._remember(trace)
        if event.correlation == "trace_id" and event.session_id is not None:
            self._named.setdefault(event.session_id, set()).add(trace.id)
        if event.correlation == "created" and event.session_id is None and event.agent_id is not None:
            # Nothing is asked of it. But two receivers that start a run of the agent at once both write it, and the
            # second one looks again.
            self._hear([ChainRecord(id=run_mark(event.agent_id), trace=trace.id, at=event.timestamp, state="open")])
        if event.conversation is not None:
            left = leave(event.conversation, trace.id, event.timestamp, self.heard, self._conversation_window)
            self._hear(list(left))
        if event.caller is not None and event.correlation in {"conversation", "created"}:
            self._hear([self._last_of_caller(event.caller, trace.id, event.timestamp)])
        return None

    def made_for_named(self) -> list[Trace]:
        """Return traces that were made for the sessions of events that named a trace, too."""
        made = (self.traces.get(made_trace_id("session", session_id)) for session_id in self._named)
        return [trace for trace in made if trace is not None and trace.origin == "inferred"]

    def join(self, made: Trace) -> Trace | None:
        """Let a trace that was made for a session become part of one that events of the session name, if it is near.

        Returns that trace.
        """
        named = (self.traces[trace_id] for trace_id in self._named.get(made.session_id or "", ()))
        near = [
            trace
            for trace in named
            if trace.start_time - NEAR <= made.start_time and made.last_event_at <= trace.last_event_at + NEAR
        ]
        if not near:
            return None
        home = min(near, key=lambda trace: (abs(trace.start_time - made.start_time), trace.id))
        self.traces[home.id] = joined = absorb(home, made)
        del self.traces[made.id]
        self.touched.discard(made.id)
        return joined

    def _last_of_caller(self, caller: str, trace_id: str, at: int) -> ChainRecord:
        """Return which conversation a caller was in last, now that it was in one at a moment."""
        known = self.heard.get(caller_mark(caller))
        if known is not None and (known.at, known.trace) > (at, trace_id):
            return known
        return ChainRecord(id=caller_mark(caller), trace=trace_id, at=at, state="open")

    def _remember(self, trace: Trace) -> None:
        if trace.session_id is not None:
            self._by_session.setdefault(trace.session_id, set()).add(trace.id)
        if trace.agent_id is not None:
            self._by_agent.setdefault(trace.agent_id, set()).add(trace.id)

    def _hear(self, left: list[ChainRecord]) -> None:
        for known in left:
            self.heard[known.id] = known
            self.touched_heard.add(known.id)

    def _of_session(self, event: Event) -> Trace | None:
        if event.session_id is None:
            return None
        ids = self._by_session.get(event.session_id, ())
        return _latest(trace for trace in map(self.traces.__getitem__, ids) if trace.session_id == event.session_id)

    def _of_conversation(self, event: Event) -> Trace | None:
        if event.conversation is None or event.session_id is not None:
            return None
        trace_id = trace_heard(event, event.conversation, self.heard, self._conversation_window)
        return None if trace_id is None else self.traces[trace_id]

    def _of_caller(self, event: Event) -> Trace | None:
        """Return the trace of the conversation that the event's caller was in, where the event tells no messages."""
        if event.caller is None or event.conversation is not None or event.session_id is not None:
            return None
        known = self.heard.get(caller_mark(event.caller))
        if known is None or abs(event.timestamp - known.at) > self._agent_window:
            return None
        return self.traces[known.trace]

    def _of_agent(self, event: Event) -> Trace | None:
        if event.agent_id is None or event.session_id is not None:
            return None
        ids = self._by_agent.get(event.agent_id, ())
        return _latest(
            trace
            for trace in map(self.traces.__getitem__, ids)
            if trace.agent_id == event.agent_id
            and trace.root_status is None
            # An event that comes late belongs where it would have landed in time: after a start it precedes, too.
            and trace.start_time - self._agent_window <= event.timestamp <= trace.last_event_at + self._agent_window
        )


def run_mark(agent_id: str) -> str:
    """Return the name of the mark that the making of a trace for an agent leaves, beside lists of messages."""
    return made_trace_id("agent", agent_id)


def caller_mark(caller: str) -> str:
    """Return the name of the mark that a conversation of a caller leaves, beside lists of messages."""
    return made_trace_id("caller", caller)


def created_trace_id(event: Event) -> str:
    """Return the trace that rule 5 makes for this event."""
    if event.session_id is not None:
        return made_trace_id("session", event.session_id)
    return made_trace_id("event", event.id)


def _latest(traces: Iterable[Trace]) -> Trace | None:
    # The lesser id settles a tie, as it does where the store looks for a session's latest trace.
    return min(traces, key=lambda trace: (-trace.start_time, trace.id), default=None)
