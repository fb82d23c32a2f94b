"""What the messages of a model know of a tool's call: its id and arguments where the model asked, its result further on."""

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
    claimed = {(_place(call), call.tool_call_id) for call in tools if call.tool_call_id is not None}
    for call in tools:
        if call.tool_call_id is None:
            _claim(call, asked.get((_place(call), call.name), ()), claimed)
    by_id: defaultdict[tuple[str, str], list[_Asked]] = defaultdict(list)
    for (place, _), parts in asked.items():
        for one in parts:
            if "id" in one.part:
                by_id[place, one.part["id"]].append(one)
    for call in tools:
        if call.tool_call_id is None:
            continue
        key = (_place(call), call.tool_call_id)
        if not isinstance(call.arguments, dict | list) and (known := _before(call, by_id.get(key, ()))) is not None:
            # Some log the value of a tool's only argument, where the model names it.
            if call.arguments is None or _same_arguments(call, known.part):
                call.arguments = known.part.get("arguments")
                call.given_by["arguments"] = known.model.id
        if call.result is None and len(results.get(key, ())) == 1:
            model, part = results[key][0]
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


def _claim(call: Call, asked: Iterable[_Asked], claimed: set[tuple[str, str | None]]) -> None:
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
    claimed.add((_place(call), call.tool_call_id))


def _same_arguments(call: Call, part: Part) -> bool:
    return call.arguments is not None and _plain(call.arguments) == _plain(part.get("arguments"))


def _plain(arguments: Any) -> Any:
    """Compare `Paris` and `{"city": "Paris"}`: some log the value of a tool's only argument."""
    plain = plain_of(arguments)
    return next(iter(plain.values())) if isinstance(plain, dict) and len(plain) == 1 else plain


def _before(call: Call, asked: Iterable[_Asked]) -> _Asked | None:
    """Return the latest of those that asked before a call: an id may come again in a later turn."""
    return max((one for one in asked if one.model.start <= call.start), key=lambda one: one.at, default=None)
