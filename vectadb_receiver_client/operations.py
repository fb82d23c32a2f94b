"""The operations of the API, plain and awaited.

Written by tests/vectadb_receiver_client/generate.py of the OpenAPI description.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Literal, Unpack, cast

from vectadb_receiver_client import types as t
from vectadb_receiver_client.asking import segment


class Operations:
    """What `Client` asks by."""

    def _json(
        self,
        method: str,
        path: str,
        given: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        raise NotImplementedError

    def _bytes(self, path: str, given: Mapping[str, Any]) -> bytes:
        raise NotImplementedError

    def _lines(self, path: str, given: Mapping[str, Any]) -> Iterator[bytes]:
        raise NotImplementedError

    def _rows(self, path: str, field: str, given: Mapping[str, Any]) -> Iterator[Any]:
        raise NotImplementedError

    def send_event(self, body: t.EventRequest, idempotency_key: str | None = None) -> t.EventAccepted:
        """Store an event."""
        return cast(
            "t.EventAccepted",
            self._json(
                "POST",
                "/api/v1/events",
                {},
                body,
                None if idempotency_key is None else {"Idempotency-Key": idempotency_key},
            ),
        )

    def events(self, **given: Unpack[t.EventsParameters]) -> t.Events:
        """Events, newest first."""
        return cast("t.Events", self._json("GET", "/api/v1/events", given))

    def iter_events(self, **given: Unpack[t.EventsParameters]) -> Iterator[t.Event]:
        """Events, newest first: all of them, page by page of `limit`."""
        return self._rows("/api/v1/events", "events", given)

    def send_batch(self, body: t.BatchRequestOfEventRequest | t.BatchRequestOfEventAsRead) -> t.BatchAccepted:
        """Store a batch of events."""
        return cast("t.BatchAccepted", self._json("POST", "/api/v1/events/batch", {}, body))

    def traces(self, **given: Unpack[t.TracesParameters]) -> t.Traces:
        """Traces, newest first or sorted."""
        return cast("t.Traces", self._json("GET", "/api/v1/traces", given))

    def iter_traces(self, **given: Unpack[t.TracesParameters]) -> Iterator[t.Trace]:
        """Traces, newest first or sorted: all of them, page by page of `limit`."""
        return self._rows("/api/v1/traces", "traces", given)

    def trace(self, trace_id: str, **given: Unpack[t.TraceParameters]) -> t.TraceWithEvents:
        """A trace with its events, in the order of time."""
        return cast("t.TraceWithEvents", self._json("GET", f"/api/v1/traces/{segment(trace_id)}", given))

    def iter_trace(self, trace_id: str, **given: Unpack[t.TraceParameters]) -> Iterator[t.Event]:
        """A trace with its events, in the order of time: all of them, page by page of `limit`."""
        return self._rows(f"/api/v1/traces/{segment(trace_id)}", "events", given)

    def event(self, event_id: str) -> t.EventWithScores:
        """An event, and the scores that are about it."""
        return cast("t.EventWithScores", self._json("GET", f"/api/v1/events/{segment(event_id)}", {}))

    def similar(self, event_id: str, **given: Unpack[t.SimilarParameters]) -> t.Similar:
        """The events nearest to it in meaning."""
        return cast("t.Similar", self._json("GET", f"/api/v1/events/{segment(event_id)}/similar", given))

    def links(self, event_id: str, **given: Unpack[t.LinksParameters]) -> t.Links:
        """The spans that a span links to, and those that link to it."""
        return cast("t.Links", self._json("GET", f"/api/v1/events/{segment(event_id)}/links", given))

    def sessions(self, **given: Unpack[t.SessionsParameters]) -> t.Sessions:
        """Sessions, the one whose latest trace started last first, or sorted."""
        return cast("t.Sessions", self._json("GET", "/api/v1/sessions", given))

    def iter_sessions(self, **given: Unpack[t.SessionsParameters]) -> Iterator[t.Session]:
        """Sessions, the one whose latest trace started last first, or sorted: all of them, page by page of `limit`."""
        return self._rows("/api/v1/sessions", "sessions", given)

    def session(self, session_id: str, **given: Unpack[t.SessionParameters]) -> t.SessionWithTraces:
        """A session with its traces, newest first."""
        return cast("t.SessionWithTraces", self._json("GET", f"/api/v1/sessions/{segment(session_id)}", given))

    def search(self, **given: Unpack[t.SearchParameters]) -> t.SearchResults:
        """Events by meaning and words, best first."""
        return cast("t.SearchResults", self._json("GET", "/api/v1/search", given))

    def iter_search(self, **given: Unpack[t.SearchParameters]) -> Iterator[t.Result]:
        """Events by meaning and words, best first: all of them, page by page of `limit`."""
        return self._rows("/api/v1/search", "results", given)

    def facets(self, **given: Unpack[t.FacetsParameters]) -> t.Facets:
        """How many events there are of each type, agent, service, project and status."""
        return cast("t.Facets", self._json("GET", "/api/v1/facets", given))

    def stats(self, **given: Unpack[t.StatsParameters]) -> t.Stats:
        """How much is stored, and how far the search index is."""
        return cast("t.Stats", self._json("GET", "/api/v1/stats", given))

    def overview(self, **given: Unpack[t.OverviewParameters]) -> t.Overview:
        """Runs in a span of time, all together and over time."""
        return cast("t.Overview", self._json("GET", "/api/v1/overview", given))

    def breakdown(
        self,
        by: Literal["agent", "service", "project", "model", "tool", "error", "score"],
        **given: Unpack[t.BreakdownParameters],
    ) -> t.Breakdown:
        """Figures by agent, service, project, model, tool, error or score, in a span of time."""
        return cast("t.Breakdown", self._json("GET", "/api/v1/breakdown", {**given, "by": by}))

    def alerts(self, **given: Unpack[t.AlertsParameters]) -> t.Alerts:
        """Alerts, newest first, and whether webhooks took them."""
        return cast("t.Alerts", self._json("GET", "/api/v1/alerts", given))

    def iter_alerts(self, **given: Unpack[t.AlertsParameters]) -> Iterator[t.Alert]:
        """Alerts, newest first, and whether webhooks took them: all of them, page by page of `limit`."""
        return self._rows("/api/v1/alerts", "alerts", given)

    def activity(self, **given: Unpack[t.ActivityParameters]) -> t.Activity:
        """How many traces began in each of equal spans of time."""
        return cast("t.Activity", self._json("GET", "/api/v1/activity", given))

    def messages(self, event_id: str) -> t.Messages:
        """What an event says: a model's messages, a tool's call, what went wrong."""
        return cast("t.Messages", self._json("GET", f"/api/v1/events/{segment(event_id)}/messages", {}))

    def session_conversation(self, session_id: str, **given: Unpack[t.SessionConversationParameters]) -> t.Conversation:
        """A session as one conversation, each message once, from its beginning or its end."""
        return cast("t.Conversation", self._json("GET", f"/api/v1/sessions/{segment(session_id)}/conversation", given))

    def iter_session_conversation(
        self, session_id: str, **given: Unpack[t.SessionConversationParameters]
    ) -> Iterator[t.Turn]:
        """A session as one conversation, each message once, from its beginning or its end: all of them, page by page of
        `limit`.
        """
        return self._rows(f"/api/v1/sessions/{segment(session_id)}/conversation", "turns", given)

    def conversation(self, trace_id: str, **given: Unpack[t.ConversationParameters]) -> t.Conversation:
        """A trace as one conversation, each message once, from its beginning or its end."""
        return cast("t.Conversation", self._json("GET", f"/api/v1/traces/{segment(trace_id)}/conversation", given))

    def iter_conversation(self, trace_id: str, **given: Unpack[t.ConversationParameters]) -> Iterator[t.Turn]:
        """A trace as one conversation, each message once, from its beginning or its end: all of them, page by page of
        `limit`.
        """
        return self._rows(f"/api/v1/traces/{segment(trace_id)}/conversation", "turns", given)

    def outline(self, trace_id: str) -> t.Outline:
        """A trace with all of its events as a waterfall shows them."""
        return cast("t.Outline", self._json("GET", f"/api/v1/traces/{segment(trace_id)}/outline", {}))

    def picture(self, event_id: str, picture: str) -> bytes:
        """A picture in an event's messages: PNG, JPEG, GIF or WebP."""
        return self._bytes(f"/api/v1/events/{segment(event_id)}/picture", {"picture": picture})

    def calls(self, **given: Unpack[t.CallsParameters]) -> t.Calls:
        """Calls of models, tools and agents."""
        return cast("t.Calls", self._json("GET", "/api/v1/calls", given))

    def iter_calls(self, **given: Unpack[t.CallsParameters]) -> Iterator[t.Call]:
        """Calls of models, tools and agents: all of them, page by page of `limit`."""
        return self._rows("/api/v1/calls", "calls", given)

    def call(self, call_id: str) -> t.CallWithMessages:
        """A call, by its id or that of an event that tells of it, with what was said."""
        return cast("t.CallWithMessages", self._json("GET", f"/api/v1/calls/{segment(call_id)}", {}))

    def explain_call(self, call_id: str) -> t.CallExplanation:
        """Why these events are one call: which rule joined which event, and which key gave each field."""
        return cast("t.CallExplanation", self._json("GET", f"/api/v1/calls/{segment(call_id)}/explain", {}))

    def compare_traces(self, trace_id: str, with_: str) -> t.Comparison:
        """A trace beside another: their steps aligned, and what differs."""
        return cast("t.Comparison", self._json("GET", f"/api/v1/traces/{segment(trace_id)}/compare", {"with": with_}))

    def compare_sessions(
        self, session_id: str, with_: str, **given: Unpack[t.CompareSessionsParameters]
    ) -> t.SessionComparison:
        """A session beside another: their steps aligned, and what differs."""
        return cast(
            "t.SessionComparison",
            self._json("GET", f"/api/v1/sessions/{segment(session_id)}/compare", {**given, "with": with_}),
        )

    def compare_calls(self, call_id: str, with_: str) -> t.CallComparison:
        """A call beside another, of any trace: what was said in both, and in one."""
        return cast("t.CallComparison", self._json("GET", f"/api/v1/calls/{segment(call_id)}/compare", {"with": with_}))

    def explain(self, event_id: str) -> t.Explanation:
        """Why the event stands where it does: the rule, and the keys that gave session, agent and type."""
        return cast("t.Explanation", self._json("GET", f"/api/v1/events/{segment(event_id)}/explain", {}))

    def export_events(self, **given: Unpack[t.ExportEventsParameters]) -> Iterator[bytes]:
        """Events as lines, newest first."""
        return self._lines("/api/v1/export/events", given)

    def export_traces(self, **given: Unpack[t.ExportTracesParameters]) -> Iterator[bytes]:
        """The events of traces as lines, trace by trace."""
        return self._lines("/api/v1/export/traces", given)

    def export_sessions(self, **given: Unpack[t.ExportSessionsParameters]) -> Iterator[bytes]:
        """The events of sessions as lines, session by session."""
        return self._lines("/api/v1/export/sessions", given)

    def export_calls(self, **given: Unpack[t.ExportCallsParameters]) -> Iterator[bytes]:
        """The events that tell of calls as lines, newest first."""
        return self._lines("/api/v1/export/calls", given)

    def export_search(self, **given: Unpack[t.ExportSearchParameters]) -> Iterator[bytes]:
        """The events that a search finds as lines, best first; without words the newest."""
        return self._lines("/api/v1/export/search", given)

    def prune(self, body: t.PruneRequest) -> t.Pruned:
        """Delete traces, for two seconds."""
        return cast("t.Pruned", self._json("POST", "/api/v1/prune", {}, body))

    def reindex(self, body: t.ReindexRequest) -> t.Indexing:
        """Fill the search index anew, while the present one serves."""
        return cast("t.Indexing", self._json("POST", "/api/v1/reindex", {}, body))

    def send_score(self, body: t.ScoreRequest, idempotency_key: str | None = None) -> t.ScoreAccepted:
        """Store a score of a trace, a call, an event or a session."""
        return cast(
            "t.ScoreAccepted",
            self._json(
                "POST",
                "/api/v1/scores",
                {},
                body,
                None if idempotency_key is None else {"Idempotency-Key": idempotency_key},
            ),
        )


class AsyncOperations:
    """What `AsyncClient` asks by."""

    async def _json(
        self,
        method: str,
        path: str,
        given: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        raise NotImplementedError

    async def _bytes(self, path: str, given: Mapping[str, Any]) -> bytes:
        raise NotImplementedError

    def _lines(self, path: str, given: Mapping[str, Any]) -> AsyncIterator[bytes]:
        raise NotImplementedError

    def _rows(self, path: str, field: str, given: Mapping[str, Any]) -> AsyncIterator[Any]:
        raise NotImplementedError

    async def send_event(self, body: t.EventRequest, idempotency_key: str | None = None) -> t.EventAccepted:
        """Store an event."""
        return cast(
            "t.EventAccepted",
            await self._json(
                "POST",
                "/api/v1/events",
                {},
                body,
                None if idempotency_key is None else {"Idempotency-Key": idempotency_key},
            ),
        )

    async def events(self, **given: Unpack[t.EventsParameters]) -> t.Events:
        """Events, newest first."""
        return cast("t.Events", await self._json("GET", "/api/v1/events", given))

    def iter_events(self, **given: Unpack[t.EventsParameters]) -> AsyncIterator[t.Event]:
        """Events, newest first: all of them, page by page of `limit`."""
        return self._rows("/api/v1/events", "events", given)

    async def send_batch(self, body: t.BatchRequestOfEventRequest | t.BatchRequestOfEventAsRead) -> t.BatchAccepted:
        """Store a batch of events."""
        return cast("t.BatchAccepted", await self._json("POST", "/api/v1/events/batch", {}, body))

    async def traces(self, **given: Unpack[t.TracesParameters]) -> t.Traces:
        """Traces, newest first or sorted."""
        return cast("t.Traces", await self._json("GET", "/api/v1/traces", given))

    def iter_traces(self, **given: Unpack[t.TracesParameters]) -> AsyncIterator[t.Trace]:
        """Traces, newest first or sorted: all of them, page by page of `limit`."""
        return self._rows("/api/v1/traces", "traces", given)

    async def trace(self, trace_id: str, **given: Unpack[t.TraceParameters]) -> t.TraceWithEvents:
        """A trace with its events, in the order of time."""
        return cast("t.TraceWithEvents", await self._json("GET", f"/api/v1/traces/{segment(trace_id)}", given))

    def iter_trace(self, trace_id: str, **given: Unpack[t.TraceParameters]) -> AsyncIterator[t.Event]:
        """A trace with its events, in the order of time: all of them, page by page of `limit`."""
        return self._rows(f"/api/v1/traces/{segment(trace_id)}", "events", given)

    async def event(self, event_id: str) -> t.EventWithScores:
        """An event, and the scores that are about it."""
        return cast("t.EventWithScores", await self._json("GET", f"/api/v1/events/{segment(event_id)}", {}))

    async def similar(self, event_id: str, **given: Unpack[t.SimilarParameters]) -> t.Similar:
        """The events nearest to it in meaning."""
        return cast("t.Similar", await self._json("GET", f"/api/v1/events/{segment(event_id)}/similar", given))

    async def links(self, event_id: str, **given: Unpack[t.LinksParameters]) -> t.Links:
        """The spans that a span links to, and those that link to it."""
        return cast("t.Links", await self._json("GET", f"/api/v1/events/{segment(event_id)}/links", given))

    async def sessions(self, **given: Unpack[t.SessionsParameters]) -> t.Sessions:
        """Sessions, the one whose latest trace started last first, or sorted."""
        return cast("t.Sessions", await self._json("GET", "/api/v1/sessions", given))

    def iter_sessions(self, **given: Unpack[t.SessionsParameters]) -> AsyncIterator[t.Session]:
        """Sessions, the one whose latest trace started last first, or sorted: all of them, page by page of `limit`."""
        return self._rows("/api/v1/sessions", "sessions", given)

    async def session(self, session_id: str, **given: Unpack[t.SessionParameters]) -> t.SessionWithTraces:
        """A session with its traces, newest first."""
        return cast("t.SessionWithTraces", await self._json("GET", f"/api/v1/sessions/{segment(session_id)}", given))

    async def search(self, **given: Unpack[t.SearchParameters]) -> t.SearchResults:
        """Events by meaning and words, best first."""
        return cast("t.SearchResults", await self._json("GET", "/api/v1/search", given))

    def iter_search(self, **given: Unpack[t.SearchParameters]) -> AsyncIterator[t.Result]:
        """Events by meaning and words, best first: all of them, page by page of `limit`."""
        return self._rows("/api/v1/search", "results", given)

    async def facets(self, **given: Unpack[t.FacetsParameters]) -> t.Facets:
        """How many events there are of each type, agent, service, project and status."""
        return cast("t.Facets", await self._json("GET", "/api/v1/facets", given))

    async def stats(self, **given: Unpack[t.StatsParameters]) -> t.Stats:
        """How much is stored, and how far the search index is."""
        return cast("t.Stats", await self._json("GET", "/api/v1/stats", given))

    async def overview(self, **given: Unpack[t.OverviewParameters]) -> t.Overview:
        """Runs in a span of time, all together and over time."""
        return cast("t.Overview", await self._json("GET", "/api/v1/overview", given))

    async def breakdown(
        self,
        by: Literal["agent", "service", "project", "model", "tool", "error", "score"],
        **given: Unpack[t.BreakdownParameters],
    ) -> t.Breakdown:
        """Figures by agent, service, project, model, tool, error or score, in a span of time."""
        return cast("t.Breakdown", await self._json("GET", "/api/v1/breakdown", {**given, "by": by}))

    async def alerts(self, **given: Unpack[t.AlertsParameters]) -> t.Alerts:
        """Alerts, newest first, and whether webhooks took them."""
        return cast("t.Alerts", await self._json("GET", "/api/v1/alerts", given))

    def iter_alerts(self, **given: Unpack[t.AlertsParameters]) -> AsyncIterator[t.Alert]:
        """Alerts, newest first, and whether webhooks took them: all of them, page by page of `limit`."""
        return self._rows("/api/v1/alerts", "alerts", given)

    async def activity(self, **given: Unpack[t.ActivityParameters]) -> t.Activity:
        """How many traces began in each of equal spans of time."""
        return cast("t.Activity", await self._json("GET", "/api/v1/activity", given))

    async def messages(self, event_id: str) -> t.Messages:
        """What an event says: a model's messages, a tool's call, what went wrong."""
        return cast("t.Messages", await self._json("GET", f"/api/v1/events/{segment(event_id)}/messages", {}))

    async def session_conversation(
        self, session_id: str, **given: Unpack[t.SessionConversationParameters]
    ) -> t.Conversation:
        """A session as one conversation, each message once, from its beginning or its end."""
        return cast(
            "t.Conversation", await self._json("GET", f"/api/v1/sessions/{segment(session_id)}/conversation", given)
        )

    def iter_session_conversation(
        self, session_id: str, **given: Unpack[t.SessionConversationParameters]
    ) -> AsyncIterator[t.Turn]:
        """A session as one conversation, each message once, from its beginning or its end: all of them, page by page of
        `limit`.
        """
        return self._rows(f"/api/v1/sessions/{segment(session_id)}/conversation", "turns", given)

    async def conversation(self, trace_id: str, **given: Unpack[t.ConversationParameters]) -> t.Conversation:
        """A trace as one conversation, each message once, from its beginning or its end."""
        return cast(
            "t.Conversation", await self._json("GET", f"/api/v1/traces/{segment(trace_id)}/conversation", given)
        )

    def iter_conversation(self, trace_id: str, **given: Unpack[t.ConversationParameters]) -> AsyncIterator[t.Turn]:
        """A trace as one conversation, each message once, from its beginning or its end: all of them, page by page of
        `limit`.
        """
        return self._rows(f"/api/v1/traces/{segment(trace_id)}/conversation", "turns", given)

    async def outline(self, trace_id: str) -> t.Outline:
        """A trace with all of its events as a waterfall shows them."""
        return cast("t.Outline", await self._json("GET", f"/api/v1/traces/{segment(trace_id)}/outline", {}))

    async def picture(self, event_id: str, picture: str) -> bytes:
        """A picture in an event's messages: PNG, JPEG, GIF or WebP."""
        return await self._bytes(f"/api/v1/events/{segment(event_id)}/picture", {"picture": picture})

    async def calls(self, **given: Unpack[t.CallsParameters]) -> t.Calls:
        """Calls of models, tools and agents."""
        return cast("t.Calls", await self._json("GET", "/api/v1/calls", given))

    def iter_calls(self, **given: Unpack[t.CallsParameters]) -> AsyncIterator[t.Call]:
        """Calls of models, tools and agents: all of them, page by page of `limit`."""
        return self._rows("/api/v1/calls", "calls", given)

    async def call(self, call_id: str) -> t.CallWithMessages:
        """A call, by its id or that of an event that tells of it, with what was said."""
        return cast("t.CallWithMessages", await self._json("GET", f"/api/v1/calls/{segment(call_id)}", {}))

    async def explain_call(self, call_id: str) -> t.CallExplanation:
        """Why these events are one call: which rule joined which event, and which key gave each field."""
        return cast("t.CallExplanation", await self._json("GET", f"/api/v1/calls/{segment(call_id)}/explain", {}))

    async def compare_traces(self, trace_id: str, with_: str) -> t.Comparison:
        """A trace beside another: their steps aligned, and what differs."""
        return cast(
            "t.Comparison", await self._json("GET", f"/api/v1/traces/{segment(trace_id)}/compare", {"with": with_})
        )

    async def compare_sessions(
        self, session_id: str, with_: str, **given: Unpack[t.CompareSessionsParameters]
    ) -> t.SessionComparison:
        """A session beside another: their steps aligned, and what differs."""
        return cast(
            "t.SessionComparison",
            await self._json("GET", f"/api/v1/sessions/{segment(session_id)}/compare", {**given, "with": with_}),
        )

    async def compare_calls(self, call_id: str, with_: str) -> t.CallComparison:
        """A call beside another, of any trace: what was said in both, and in one."""
        return cast(
            "t.CallComparison", await self._json("GET", f"/api/v1/calls/{segment(call_id)}/compare", {"with": with_})
        )

    async def explain(self, event_id: str) -> t.Explanation:
        """Why the event stands where it does: the rule, and the keys that gave session, agent and type."""
        return cast("t.Explanation", await self._json("GET", f"/api/v1/events/{segment(event_id)}/explain", {}))

    def export_events(self, **given: Unpack[t.ExportEventsParameters]) -> AsyncIterator[bytes]:
        """Events as lines, newest first."""
        return self._lines("/api/v1/export/events", given)

    def export_traces(self, **given: Unpack[t.ExportTracesParameters]) -> AsyncIterator[bytes]:
        """The events of traces as lines, trace by trace."""
        return self._lines("/api/v1/export/traces", given)

    def export_sessions(self, **given: Unpack[t.ExportSessionsParameters]) -> AsyncIterator[bytes]:
        """The events of sessions as lines, session by session."""
        return self._lines("/api/v1/export/sessions", given)

    def export_calls(self, **given: Unpack[t.ExportCallsParameters]) -> AsyncIterator[bytes]:
        """The events that tell of calls as lines, newest first."""
        return self._lines("/api/v1/export/calls", given)

    def export_search(self, **given: Unpack[t.ExportSearchParameters]) -> AsyncIterator[bytes]:
        """The events that a search finds as lines, best first; without words the newest."""
        return self._lines("/api/v1/export/search", given)

    async def prune(self, body: t.PruneRequest) -> t.Pruned:
        """Delete traces, for two seconds."""
        return cast("t.Pruned", await self._json("POST", "/api/v1/prune", {}, body))

    async def reindex(self, body: t.ReindexRequest) -> t.Indexing:
        """Fill the search index anew, while the present one serves."""
        return cast("t.Indexing", await self._json("POST", "/api/v1/reindex", {}, body))

    async def send_score(self, body: t.ScoreRequest, idempotency_key: str | None = None) -> t.ScoreAccepted:
        """Store a score of a trace, a call, an event or a session."""
        return cast(
            "t.ScoreAccepted",
            await self._json(
                "POST",
                "/api/v1/scores",
                {},
                body,
                None if idempotency_key is None else {"Idempotency-Key": idempotency_key},
            ),
        )
