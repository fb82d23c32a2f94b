"""How each tool asks the API, and which rows it makes of the answers."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from mapping import ids
from receiver.mcp import answers, shaping
from receiver.mcp.arguments import ToolError
from receiver.mcp.asking import Ask, Refused

# Of a trace so many calls are outlined, the newest, as many as are compared.
_MOST_CALLS = 2_000
_PAGE = 200
_NOT_FOUND = 404
_PENDING = "not all events are interpreted yet: ask again in a moment"


class Found(NamedTuple):
    """Rows, and what else is answered beside them, with the API's cursor of the next page."""

    rows: list[Any]
    head: dict[str, Any] = {}  # noqa: RUF012 - it is never changed
    next_page: str | None = None
    notes: tuple[str, ...] = ()


async def search(ask: Ask, given: dict[str, Any]) -> Found:
    told = await ask("search", **given)
    pending = told["index"]["pending"]
    notes = _notes((pending, f"{pending} events are stored and not searchable yet"))
    return Found([shaping.hit(each) for each in told["results"]], next_page=told["next_cursor"], notes=notes)


async def list_traces(ask: Ask, given: dict[str, Any]) -> Found:
    told = await ask("traces", **given)
    waiting = sum(not each["interpreted"] for each in told["traces"])
    notes = _notes((waiting, f"of {waiting} of these, not all events are interpreted yet: ask again in a moment"))
    return Found([shaping.run(each) for each in told["traces"]], next_page=told["next_cursor"], notes=notes)


async def get_trace(ask: Ask, given: dict[str, Any]) -> Found:
    found = await ask("traces", given["trace_id"], limit="1")
    head = {"trace": shaping.run(found)}
    calls: list[dict[str, Any]] = []
    cursor = None
    while given["events"] != "true" and len(calls) < _MOST_CALLS:
        page = await ask("calls", trace_id=given["trace_id"], limit=str(_PAGE), cursor=cursor)
        calls += page["calls"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    pending = (not found["interpreted"], _PENDING)
    if not calls:
        outline = await ask("traces", given["trace_id"], "outline")
        events = [shaping.outlined(each) for each in outline["events"]]
        return Found(events, head, notes=_notes((outline["truncated"], "only the newest events are here"), pending))
    notes = _notes((cursor is not None, f"only the newest {len(calls)} calls are here"), pending)
    return Found(shaping.calls_in_order(calls), head, notes=notes)


async def get_conversation(ask: Ask, given: dict[str, Any]) -> Found:
    trace_id, session_id, project = (given.pop(name) for name in ("trace_id", "session_id", "project"))
    if trace_id is None and session_id is None:
        raise ToolError("trace_id: expected a trace id, or session_id: a session id")
    if trace_id is None:
        told = await ask("sessions", session_id, "conversation", project=project, **given)
    else:
        told = await ask("traces", trace_id, "conversation", session_id=session_id, **given)
    turns = [shaping.turn(each) for each in told["turns"]]
    if given["from"] == "end":
        turns.reverse()
    return Found(turns, next_page=told["next_cursor"])


async def get_call(ask: Ask, given: dict[str, Any]) -> Found:
    try:
        told = await ask("calls", given["id"])
    except Refused as refused:
        if refused.status != _NOT_FOUND:
            raise
        event, said = await ask("events", given["id"]), await ask("events", given["id"], "messages")
        tool = said["tool"] or {}
        head = {
            "call": msgspec.structs.replace(
                shaping.event(event), error=said["error"] or tool.get("error") or msgspec.UNSET
            ),
            "arguments": shaping.as_text(tool.get("arguments") or event["properties"]),
            "result": shaping.as_text(tool.get("result")),
        }
        return Found(_messages(said), head, notes=("an event that tells of no call; arguments: its attributes",))
    head = {
        "call": shaping.call(told),
        "arguments": shaping.as_text(told["arguments"]),
        "result": shaping.as_text(told["result"]),
    }
    return Found(_messages(told), head)


def _messages(told: dict[str, Any]) -> list[answers.Turn]:
    said = [*reversed(told["answered"]), *reversed(told["sent"])]
    if told["system"]:
        said.append({"role": "system", "parts": told["system"]})
    return [shaping.turn(each) for each in said]


async def list_errors(ask: Ask, given: dict[str, Any]) -> Found:
    told = await ask("calls", status="error", **given)
    notes = _notes((told["pending"], f"{told['pending']} events are stored and not interpreted yet"))
    return Found([shaping.call(each) for each in told["calls"]], next_page=told["next_cursor"], notes=notes)


async def breakdown(ask: Ask, given: dict[str, Any]) -> Found:
    told = await ask("breakdown", **given)
    rows = [
        *map(shaping.figures, told["rows"]),
        *map(shaping.failures, told["errors"]),
        *map(shaping.scores, told["scores"]),
    ]
    more = told["names"] - len(rows)
    notes = _notes(
        (not told["complete"], "there is more than was counted"), (more > 0, f"{more} others have fewer: raise limit")
    )
    return Found(rows, notes=notes)


async def compare_traces(ask: Ask, given: dict[str, Any]) -> Found:
    if ids.trace_id(given["a"]) == ids.trace_id(given["b"]):
        raise ToolError("b: expected another trace than a")
    told = await ask("traces", given["a"], "compare", **{"with": given["b"]})
    wanted = [
        step for step in told["steps"] if given["all"] == "true" or step["differs"] or None in (step["a"], step["b"])
    ]
    alike = len(told["steps"]) - len(wanted)
    notes = _notes(
        (alike, f"{alike} of {len(told['steps'])} steps are alike, and left out"),
        (told["truncated"], "one has more calls than are compared"),
        (not (told["a"]["interpreted"] and told["b"]["interpreted"]), _PENDING),
    )
    runs = {side: shaping.run(told[side]) for side in ("a", "b")}
    return Found([shaping.compared(step) for step in wanted], runs, notes=notes)


async def explain(ask: Ask, given: dict[str, Any]) -> Found:
    told = await ask("events", given["id"], "explain")
    rows = shaping.explained(told)
    try:
        rows += shaping.explained_call(await ask("calls", given["id"], "explain"))
    except Refused as refused:
        if refused.status != _NOT_FOUND:
            raise
    return Found(rows, {"trace_id": told["trace_id"], "rule": told["rule"]})


def _notes(*each: tuple[object, str]) -> tuple[str, ...]:
    """Return the notes whose condition holds."""
    return tuple(text for holds, text in each if holds)
