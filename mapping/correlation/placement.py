"""Decides which trace an event belongs to. The first rule that applies is stored as the event's `correlation`.

1. `trace_id`: the event carries one. It belongs to the project of that trace, whatever project it names.
2. `session`: the most recent trace (by start) of the event's session.
3. `conversation`: neither, but the messages of a model call: the trace of the list of messages that this one continues
   (`message_chain.py`). If the call has no messages, because it was refused, for example, but a caller: the trace of
   the caller's last conversation, within the agent window.
4. `agent`: no session, but an agent: the agent's most recent trace that no root span has ended and that was active
   within the agent window around the event's own time.
5. `created`: a new trace. Its id is derived from the session, or from the event if it has none, so that several
   receivers that get the same session at the same time make the same trace.

Rules 2 to 5 look at traces of the event's own project alone; to have none is like a project of its own.

The order of arrival does not matter: if events of a session come before the first one with a trace id, they are moved
to that trace (`Placement.join`).
"""

from __future__ import annotations

from collections.abc import Iterable

from mapping.correlation.message_chain import chain_records_of, continued_trace
from mapping.correlation.trace_rollup import absorb, trace_of
from mapping.errors import Code, Problem, invalid
from mapping.ids import made_trace_id
from mapping.model import ChainRecord, Event, Trace
from mapping.times import NS

CONVERSATION_WINDOW = 24 * 3600 * NS
# How far from a trace another one that was made for its session may be, to be moved to it.
NEAR = 300 * NS


class Placement:
    """Traces, and how they change while events are placed one after the other.

    At first, `traces` has every stored trace that could matter: those of the events' trace ids, sessions and agents,
    and of their chain records (`chain_records`). After `place` it has the traces as they are to be stored; `touched`
    has the ids of those that changed. The same holds for `chain_records` and `touched_chain_records`.
    """

    def __init__(
        self,
        traces: Iterable[Trace],
        chain_records: Iterable[ChainRecord] = (),
        *,
        agent_window: int,
        conversation_window: int = CONVERSATION_WINDOW,
    ) -> None:
        self.traces = {trace.id: trace for trace in traces}
        self.touched: set[str] = set()
        # A record of a deleted trace is ignored.
        self.chain_records = {record.id: record for record in chain_records if record.trace in self.traces}
        self.touched_chain_records: set[str] = set()
        self._agent_window = agent_window
        self._conversation_window = conversation_window
        self._by_session: dict[str, set[str]] = {}
        self._by_agent: dict[str, set[str]] = {}
        # Traces of events that name both, by session and project.
        self._named: dict[tuple[str, str | None], set[str]] = {}
        for trace in self.traces.values():
            self._remember(trace)

    def place(self, event: Event, now: int, *, counted: bool = True) -> Problem | None:
        """Decide the event's trace and add the event to it. `now` becomes the trace's time of update.

        A later version of an event that the trace has already is not `counted` again.
        Returns the Problem if no rule decides and the event may not make a trace of its own, or if the trace belongs to
        another project, which the event may not have. Else None.
        """
        if (problem := self._decide(event)) is not None:
            return problem
        trace_id = str(event.trace_id)
        known = self.traces.get(trace_id)
        addition = trace_of(event, trace_id, now)
        addition.event_count = int(counted)
        self.traces[trace_id] = trace = addition if known is None else absorb(known, addition)
        self.touched.add(trace.id)
        self._remember(trace)
        if event.correlation == "trace_id" and event.session_id is not None:
            self._named.setdefault((event.session_id, event.project), set()).add(trace.id)
        if event.correlation == "created" and event.session_id is None and event.agent_id is not None:
            # The record is never read. But two receivers that make a trace for the agent at the same time both write
            # it, so that the second one conflicts and looks again.
            self._record([ChainRecord(id=run_mark(event.agent_id), trace=trace.id, at=event.timestamp, state="open")])
        if event.conversation is not None:
            self._record(
                chain_records_of(
                    event.conversation, trace.id, event.timestamp, self.chain_records, self._conversation_window
                )
            )
        if event.caller is not None and event.correlation in {"conversation", "created"}:
            self._record([self._last_of_caller(event, trace.id)])
        return None

    def _decide(self, event: Event) -> Problem | None:
        """Set the event's trace, the rule that decided, and the project; the Problem if that cannot be."""
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
        known = self.traces.get(event.trace_id)
        if known is not None and known.project != event.project:
            if event.is_confined or event.correlation != "trace_id":
                # A client may have used the id that is made for a session of another project.
                text = f"trace_id: {event.trace_id[:80]!r} is a trace of another project; this one is {event.project!r}"
                return Problem(Code.PERMISSION_DENIED, text)
            event.project = known.project
        return None

    def made_for_named(self) -> list[Trace]:
        """Return the traces that were made for a session of which placed events also name a trace."""
        traces = (self.traces.get(made_trace_id("session", *named)) for named in self._named)
        return [
            trace
            for trace, (_, project) in zip(traces, self._named, strict=True)
            if trace is not None and trace.origin == "inferred" and trace.project == project
        ]

    def join(self, trace: Trace) -> Trace | None:
        """Join a trace that was made for a session to a near one that events of the session name.

        Returns the joined trace, or None if none is near.
        """
        session = trace.session_id or "", trace.project
        named = (self.traces[trace_id] for trace_id in self._named.get(session, ()))
        near = [
            other
            for other in named
            if other.start_time - NEAR <= trace.start_time and trace.last_event_at <= other.last_event_at + NEAR
        ]
        if not near:
            return None
        home = min(near, key=lambda other: (abs(other.start_time - trace.start_time), other.id))
        self.traces[home.id] = joined = absorb(home, trace)
        del self.traces[trace.id]
        self.touched.discard(trace.id)
        return joined

    def _last_of_caller(self, event: Event, trace_id: str) -> ChainRecord:
        """Return the record of a caller's last conversation: the stored one, or this event's if it is later."""
        mark, at = caller_mark(event), event.timestamp
        known = self.chain_records.get(mark)
        if known is not None and (known.at, known.trace) > (at, trace_id):
            return known
        return ChainRecord(id=mark, trace=trace_id, at=at, state="open")

    def _remember(self, trace: Trace) -> None:
        if trace.session_id is not None:
            self._by_session.setdefault(trace.session_id, set()).add(trace.id)
        if trace.agent_id is not None:
            self._by_agent.setdefault(trace.agent_id, set()).add(trace.id)

    def _record(self, records: Iterable[ChainRecord]) -> None:
        for record in list(records):
            self.chain_records[record.id] = record
            self.touched_chain_records.add(record.id)

    def _of_session(self, event: Event) -> Trace | None:
        if event.session_id is None:
            return None
        ids = self._by_session.get(event.session_id, ())
        return _latest(
            trace
            for trace in map(self.traces.__getitem__, ids)
            if trace.session_id == event.session_id and trace.project == event.project
        )

    def _of_conversation(self, event: Event) -> Trace | None:
        if event.conversation is None or event.session_id is not None:
            return None
        trace_id = continued_trace(event, event.conversation, self.chain_records, self._conversation_window)
        return self._of_project(event, trace_id)

    def _of_caller(self, event: Event) -> Trace | None:
        """Return the trace of the caller's last conversation, if the event has a caller and no messages."""
        if event.caller is None or event.conversation is not None or event.session_id is not None:
            return None
        known = self.chain_records.get(caller_mark(event))
        if known is None or abs(event.timestamp - known.at) > self._agent_window:
            return None
        return self._of_project(event, known.trace)

    def _of_project(self, event: Event, trace_id: str | None) -> Trace | None:
        trace = None if trace_id is None else self.traces[trace_id]
        return trace if trace is not None and trace.project == event.project else None

    def _of_agent(self, event: Event) -> Trace | None:
        if event.agent_id is None or event.session_id is not None:
            return None
        ids = self._by_agent.get(event.agent_id, ())
        return _latest(
            trace
            for trace in map(self.traces.__getitem__, ids)
            if trace.agent_id == event.agent_id
            and trace.project == event.project
            and trace.root_status is None
            # An event that comes late is placed by its own time, which may be before the trace's start.
            and trace.start_time - self._agent_window <= event.timestamp <= trace.last_event_at + self._agent_window
        )


def run_mark(agent_id: str) -> str:
    """Return the id of the chain record for a trace that was made for an agent."""
    return made_trace_id("agent", agent_id)


def caller_mark(event: Event) -> str:
    """Return the id of the chain record for the last conversation of an event's caller."""
    return made_trace_id("caller", str(event.caller), event.project)


def created_trace_id(event: Event) -> str:
    """Return the id of the trace that rule 5 makes for this event."""
    if event.session_id is not None:
        return made_trace_id("session", event.session_id, event.project)
    return made_trace_id("event", event.id)


def _latest(traces: Iterable[Trace]) -> Trace | None:
    # Among traces that started at the same time, the lesser id counts, as in the query for a session's latest trace.
    return min(traces, key=lambda trace: (-trace.start_time, trace.id), default=None)
