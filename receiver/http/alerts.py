"""The route of alerts: what webhooks are told, and how far that is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from mapping.times import format_rfc3339
from receiver.http.answers import Answer, Count, Moment, NextCursor, TraceId
from receiver.http.context import json_answer, stores
from receiver.http.operation import operation
from receiver.http.parameters import PAGE, PROJECT
from storage.alerts.model import Kind
from storage.read import alerts as reading


def _said(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description)


class Alert(Answer):
    """What a webhook is told, as `webhook` names it in the settings. Several alerts may be sent as one message.

    `since` and `until` are the span of time whose cost or failure rate it is about; the other ids are those of a run.
    """

    id: str
    timestamp: Moment
    kind: Kind
    text: str
    webhook: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: Count
    message_id: Annotated[str, _said("the webhook-id that it is sent under")]
    next_attempt_at: Annotated[Moment | None, _said("while it waits")]
    delivered_at: Moment | None
    last_error: Annotated[str | None, _said("what came of the last attempt that failed")]
    trace_id: TraceId | None
    session_id: str | None
    agent_id: str | None
    service: str | None
    project: str | None
    since: Moment | None
    until: Moment | None


class Alerts(Answer):
    alerts: list[Alert]
    next_cursor: NextCursor


def routes() -> list[web.RouteDef]:
    return [web.get("/api/v1/alerts", _alerts)]


@operation("Alerts, newest first, and whether webhooks took them", Alerts, query=(PROJECT, *PAGE))
async def _alerts(request: web.Request, given: dict[str, Any]) -> web.Response:
    database = stores(request).reader.database
    found, cursor = await reading.alerts(database, given["limit"], given["cursor"], given["project"])
    return json_answer(Alerts([_shown(row) for row in found], cursor))


def _shown(row: dict[str, Any]) -> Alert:
    return Alert(
        id=f"alert_{row['id']}",
        timestamp=format_rfc3339(-row["newest"]),
        kind=row["kind"],
        text=row["text"],
        webhook=row["webhook"],
        state=row["state"],
        attempts=row["attempts"],
        message_id=f"alert_{row['message']}",
        next_attempt_at=format_rfc3339(row["next_at"]) if row["state"] == "waiting" else None,
        delivered_at=_moment(row.get("delivered_at")),
        last_error=row.get("last_error"),
        trace_id=row.get("trace_id"),
        session_id=row.get("session_id"),
        agent_id=row.get("agent_id"),
        service=row.get("service"),
        project=row.get("project"),
        since=_moment(row.get("since")),
        until=_moment(row.get("until")),
    )


def _moment(at: int | None) -> str | None:
    return None if at is None else format_rfc3339(at)
