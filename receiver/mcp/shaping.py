"""The API's answers as rows for a model: few fields, short times, JSON as text."""

from __future__ import annotations

import json
from typing import Any

from msgspec import UNSET, UnsetType

from mapping.search_text.text import text_of
from receiver.mcp.answers import ComparedStep, Figures, Hit, Part, Run, Step, Told, Turn

_MILLISECONDS = len("2026-01-07T19:00:00.000")
_NS_PER_MS = 1_000_000


def run(told: dict[str, Any]) -> Run:
    """Return a row of a trace or a session."""
    slowest, repeated = told["slowest"], told["repeated"]
    return Run(
        id=told["id"],
        name=_or_unset(told.get("name")),
        service=_or_unset(told.get("service")),
        project=_or_unset(told.get("project")),
        session_id=_or_unset(told.get("session_id")),
        agents=_or_unset(told["agent_ids"]),
        status=_or_unset(told.get("status")),
        start=_moment(told.get("start_time") or told["first_event_at"]),
        duration_ms=_ms(told["duration_ns"]),
        traces=_or_unset(told.get("trace_count")),
        events=told["event_count"],
        model_calls=told["calls"],
        tool_calls=told["tools"],
        errors=_or_unset(told["error_count"]),
        input_tokens=_or_unset(told["input_tokens"]),
        output_tokens=_or_unset(told["output_tokens"]),
        cost_usd=_or_unset(told["cost_usd"]),
        unpriced_calls=_or_unset(told["unpriced_calls"]),
        models=_or_unset(told["models"]),
        tools=_or_unset(told["tool_names"]),
        first_question=_or_unset(told["first_question"]),
        last_answer=_or_unset(told["last_answer"]),
        first_error=_or_unset(told["first_error"]),
        slowest=UNSET if slowest is None else f"{slowest['name']}, {_ms(slowest['duration_ns'])} ms",
        repeated=UNSET if repeated is None else f"{repeated['name']}, {repeated['times']} times",
        scores=_or_unset([f"{each['name']}: {_score_sum(each)}" for each in told["score_sums"]]),
    )


def call(told: dict[str, Any], depth: int | UnsetType = UNSET, *, in_trace: bool = False) -> Step:
    """Return a row of a call; `in_trace` leaves out what the trace around it says."""
    return Step(
        id=told["id"],
        kind=told.get("kind", "call"),
        name=_or_unset(told["name"]),
        agent=_or_unset(told["agent_id"]),
        depth=told.get("depth", depth),
        trace_id=UNSET if in_trace else told["trace_id"],
        session_id=UNSET if in_trace else _or_unset(told.get("session_id")),
        start=_moment(told["start_time"]),
        duration_ms=_ms(told["duration_ns"]),
        status=told["status"],
        error=_or_unset(told["error"]),
        input_tokens=_or_unset(told["input_tokens"]),
        output_tokens=_or_unset(told["output_tokens"]),
        cost_usd=_or_unset(told["cost_usd"]),
        scores=_or_unset([_score(each) for each in told.get("scores", ())]),  # none in a comparison
    )


def calls_in_order(calls: list[dict[str, Any]]) -> list[Step]:
    """Return the rows of a trace's calls in the order of time, each with its depth."""
    parents = {told["id"]: told["parent_id"] for told in calls}
    depths: dict[str, int] = {}
    for each in parents:
        trail, at = [], each
        while at in parents and at not in depths:
            depths[at] = 0  # until it is known: should calls ever be around each other, this ends, too
            trail.append(at)
            at = parents[at]
        depths |= {child: depth for depth, child in enumerate(reversed(trail), depths.get(at, -1) + 1)}
    ordered = sorted(calls, key=lambda told: (told["start_time"], depths[told["id"]]))
    return [call(told, depths[told["id"]], in_trace=True) for told in ordered]


def outlined(told: dict[str, Any]) -> Step:
    """Return a row of an event in an outline."""
    return Step(
        id=told["id"],
        kind=told.get("event_type", told["kind"]),
        name=told.get("name", told.get("call_name", UNSET)),
        agent=told.get("agent_id", UNSET),
        call_id=told.get("call_id", UNSET),
        start=_moment(told["timestamp"]),
        duration_ms=_ms(told["duration_ns"]) if "duration_ns" in told else UNSET,
        status=told["status"],
        input_tokens=told.get("input_tokens", UNSET),
        output_tokens=told.get("output_tokens", UNSET),
    )


def event(told: dict[str, Any]) -> Step:
    """Return a row of an event that tells of no call."""
    return Step(
        id=told["id"],
        kind=told["event_type"] or told["kind"],
        name=_or_unset(told["name"]),
        agent=_or_unset(told["agent_id"]),
        trace_id=told["trace_id"],
        session_id=_or_unset(told["session_id"]),
        start=_moment(told["timestamp"]),
        duration_ms=UNSET if told["duration_ns"] is None else _ms(told["duration_ns"]),
        status=told["status"],
        scores=_or_unset([_score(each) for each in told["scores"]]),
    )


def turn(told: dict[str, Any]) -> Turn:
    """Return a row of a message, with what a conversation says of it."""
    return Turn(
        role=told["role"],
        name=told.get("name", UNSET),
        agent=told.get("agent_id", UNSET),
        call_id=told.get("call_id", UNSET),
        at=_moment(told["timestamp"]) if "timestamp" in told else UNSET,
        depth=_or_unset(told.get("depth")),
        status=UNSET if told.get("status", "unset") in {"ok", "unset"} else told["status"],
        parts=[part(each) for each in told["parts"]],
    )


def part(told: dict[str, Any]) -> Part:
    return Part(
        type=told["type"],
        text=told.get("text", UNSET),
        name=told.get("name", UNSET),
        arguments=as_text(told.get("arguments")),
        result=as_text(told.get("result")),
        failed=told.get("failed", UNSET),
        media_type=told.get("media_type", UNSET),
        url=told.get("url", UNSET),
    )


def hit(told: dict[str, Any]) -> Hit:
    """Return a row of a search's result: where there are no passages, with the event's own text."""
    found, same = told["event"], told.get("occurrences") or {"events": 1}
    return Hit(
        score=round(told["score"], 3),
        id=found["id"],
        trace_id=found["trace_id"],
        session_id=_or_unset(found["session_id"]),
        at=_moment(found["timestamp"]),
        type=_or_unset(found["event_type"]),
        name=_or_unset(found["name"]),
        agent=_or_unset(found["agent_id"]),
        status=found["status"],
        more=_or_unset(told.get("more")),
        same=UNSET if same["events"] == 1 else f"{same['events']} events in {same['traces']} traces",
        excerpts=[each["text"] for each in told["highlights"]] or [text_of(None, found["properties"])],
    )


def figures(told: dict[str, Any]) -> Figures:
    return Figures(
        name=told["name"],
        count=told["count"],
        failed=told["failed"],
        calls=told["calls"],
        input_tokens=told["input_tokens"],
        output_tokens=told["output_tokens"],
        cost_usd=told["cost_usd"],
        unpriced_calls=_or_unset(told["unpriced_calls"]),
        p50_duration_ms=UNSET if told["p50_duration_ns"] is None else _ms(told["p50_duration_ns"]),
        p95_duration_ms=UNSET if told["p95_duration_ns"] is None else _ms(told["p95_duration_ns"]),
    )


def failures(told: dict[str, Any]) -> Figures:
    return Figures(
        name=told["name"],
        where=told["where"],
        agents=_or_unset(told["agent_ids"]),
        count=told["count"],
        first_seen=_moment(told["first_seen"]),
        last_seen=_moment(told["last_seen"]),
        new=told["new"],
    )


def scores(told: dict[str, Any]) -> Figures:
    return Figures(name=told["name"], count=told["count"], scores=_score_sum(told))


def _score_sum(told: dict[str, Any]) -> str:
    mean = [] if told["mean"] is None else [f"mean {told['mean']:g} of {told['valued']}"]
    return ", ".join([*mean, *(f"{label}: {count}" for label, count in told["labels"].items())])


def _score(told: dict[str, Any]) -> str:
    value = None if told["value"] is None else f"{told['value']:g}"
    by = ", ".join(word for word in (told["author"], told["source"]) if word)
    words = (f"{told['name']}:", value, told["label"], f"by {by}" if by else None, told["explanation"])
    return " ".join(word for word in words if word)


def compared(told: dict[str, Any]) -> ComparedStep:
    a, b = (
        (UNSET if each is None else call(each | {"kind": told["kind"]}, in_trace=True))
        for each in (told["a"], told["b"])
    )
    return ComparedStep(kind=told["kind"], differs=told["differs"], a=a, b=b)


def explained(told: dict[str, Any]) -> list[Told]:
    """Return where an event's session, agent and type come from."""
    return [
        Told(
            what=field,
            value=_or_unset(told[field]["value"]),
            origin=told[field]["from"],
            key=_or_unset(told[field]["key"]),
        )
        for field in ("session_id", "agent_id", "event_type")
    ]


def explained_call(told: dict[str, Any]) -> list[Told]:
    """Return which event gave a call its fields, and why each event tells of it."""
    return [
        *(
            Told(what=f"call.{field}", event_id=of["event_id"], origin=_or_unset(of["from"]), key=_or_unset(of["key"]))
            for field, of in told["fields"].items()
        ),
        *(Told(what="told_by", event_id=teller["event_id"], rule=teller["rule"]) for teller in told["told_by"]),
    ]


def as_text(value: Any) -> str | UnsetType:
    """Return a value that may be any JSON as text."""
    if value is None:
        return UNSET
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _or_unset(value: Any) -> Any:
    return value or UNSET


def _moment(text: str) -> str:
    return f"{text[:_MILLISECONDS]}Z"


def _ms(nanoseconds: int) -> int:
    return round(nanoseconds / _NS_PER_MS)
