"""What a model's messages know of a tool's call: its id and arguments where the model asked, later its result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mapping.calls.model import Call, Part
from mapping.messages.canonical import plain_of


class _Asked(NamedTuple):
    """A call of a tool as a model asked for it: when, its place among those of the answer, and the model's call."""

    at: int
    place: int
    part: Part
    model: Call


def settle_tools(calls: Sequence[Call]) -> None:
    """Give tools' calls the id, arguments and result that messages know, where their own tellers do not.

    A call without an id is the latest of its name that was asked for before it and that nobody else answers.
    """
    tools = [call for call in calls if call.kind == "tool"]
    if not tools:
        return
    asked = _asked(calls)
    results = _results(calls)
    claimed = {(_place(call), call.tool_call_id or "") for call in tools}
    for call in tools:
        of_name = asked.get((_place(call), call.name), ())
        if call.tool_call_id is None:
            _claim(call, of_name, claimed)
        known = _before(call, (one for one in of_name if one.part.get("id", call.tool_call_id) == call.tool_call_id))
        # Some log the value of a tool's only argument, where the model names it.
        if known is not None and (call.arguments is None or _is_named(call, known.part)):
            call.arguments = known.part.get("arguments")
            call.given_by["arguments"] = known.model.id
        result = results.get((_place(call), call.tool_call_id or ""), ())
        if call.result is None and len(result) == 1:
            model, part = result[0]
            call.result = part.get("result")
            call.given_by["result"] = model.id


def _place(call: Call) -> str:
    return call.trace_id


def _asked(calls: Iterable[Call]) -> dict[tuple[str, str | None], list[_Asked]]:
    """Return what models asked for, by trace and tool; what a list of messages repeats is not asked again."""
    asked: defaultdict[tuple[str, str | None], list[_Asked]] = defaultdict(list)
    for call in calls:
        parts = [part for message in call.answered for part in message["parts"] if part["type"] == "tool_call"]
        for place, part in enumerate(parts):
            asked[_place(call), part.get("name")].append(_Asked(call.end, place, part, call))
    return asked


def _results(calls: Iterable[Call]) -> dict[tuple[str, str], list[tuple[Call, Part]]]:
    """Return results that were sent to models, by trace and the call's id, each once."""
    results: defaultdict[tuple[str, str], list[tuple[Call, Part]]] = defaultdict(list)
    for call in calls:
        for message in call.sent:
            for part in message["parts"]:
                if part["type"] != "tool_result" or "id" not in part or part.get("result") is None:
                    continue
                known = results[_place(call), part["id"]]
                if all(plain_of(part["result"]) != plain_of(other["result"]) for _, other in known):
                    known.append((call, part))
    return results


def _claim(call: Call, asked: Iterable[_Asked], claimed: set[tuple[str, str]]) -> None:
    free = [
        one
        for one in asked
        if one.model.start <= call.start and "id" in one.part and (_place(call), one.part["id"]) not in claimed
    ]
    if not free:
        return
    best = min(free, key=lambda one: (not _same_arguments(call, one.part), -one.at, one.place))
    call.tool_call_id = best.part["id"]
    call.given_by["tool_call_id"] = best.model.id
    claimed.add((_place(call), best.part["id"]))


def _is_named(call: Call, part: Part) -> bool:
    """Say whether the model names the argument whose value is all that the call has."""
    return not isinstance(call.arguments, dict | list) and _same_arguments(call, part)


def _same_arguments(call: Call, part: Part) -> bool:
    return call.arguments is not None and _plain(call.arguments) == _plain(part.get("arguments"))


def _plain(arguments: Any) -> Any:
    """Compare `Paris` and `{"city": "Paris"}`: some log the value of a tool's only argument."""
    plain = plain_of(arguments)
    return next(iter(plain.values())) if isinstance(plain, dict) and len(plain) == 1 else plain


def _before(call: Call, asked: Iterable[_Asked]) -> _Asked | None:
    """Return who asked for a call: with its arguments and last, for an id may come again in a later turn."""
    before = (one for one in asked if one.model.start <= call.start)
    return max(before, key=lambda one: (_same_arguments(call, one.part), one.at), default=None)
