"""What a model's messages know of a tool's call: its id and arguments where the model asked, later its result."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mapping.calls.model import Call, Failure, Part
from mapping.calls.tools import real_name
from mapping.messages.canonical import plain_of

# Of those who asked for a tool, so many are looked at that did so last before a call.
_LAST = 64


class _RequestedCall(NamedTuple):
    """A call of a tool as a model asked for it: when, its place among those of the answer, and the model's call."""

    at: int
    place: int
    part: Part
    model: Call


class _RequestedCalls:
    """What models asked for, in the order in which they began."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._asked: list[_RequestedCall] = []

    def add(self, asked: _RequestedCall) -> None:
        self._starts.append(asked.model.start)
        self._asked.append(asked)

    def before(self, call: Call) -> list[_RequestedCall]:
        """Return the last ones whose model began before a call."""
        place = bisect_right(self._starts, call.start)
        return self._asked[max(place - _LAST, 0) : place]


_NOBODY = _RequestedCalls()


def settle_tools(calls: Sequence[Call]) -> None:
    """Return tools' calls the id, arguments and result that messages know, where their own tellers do not.

    A call without an id is the latest of its name that was asked for before it and that nobody else answers. So is one
    with an id that no model knows, which a framework made up, where its arguments are the same.
    """
    tools = [call for call in calls if call.kind == "tool"]
    if not tools:
        return
    asked = _asked(calls)
    results = _results(calls)
    claimed = {(_place(call), call.tool_call_id or "") for call in tools}
    for call in tools:
        of_name = asked.get((_place(call), call.name), _NOBODY).before(call)
        if call.tool_call_id is None:
            _claim(call, of_name, claimed)
        elif (_place(call), call.tool_call_id) not in asked:
            _claim(call, [one for one in of_name if _same_arguments(call, one.part)], claimed)
        # Some log the value of a tool's only argument, where the model names it.
        if not isinstance(call.arguments, dict | list):
            by_id = asked.get((_place(call), call.tool_call_id), _NOBODY).before(call) if call.tool_call_id else []
            known = _best(call, by_id or [one for one in of_name if "id" not in one.part])
            if known is not None and (call.arguments is None or _same_arguments(call, known.part)):
                call.arguments = known.part.get("arguments")
                call.given_by["arguments"] = known.model.id
        result = results.get((_place(call), call.tool_call_id or ""), ())
        if call.result is None and len(result) == 1:
            model, part = result[0]
            call.result = part.get("result")
            call.given_by["result"] = model.id
            if part.get("failed") and call.status != "error":
                call.status = "error"
                call.failure = Failure(None, call.result if isinstance(call.result, str) else None)


def _place(call: Call) -> str:
    return call.trace_id


def _asked(calls: Iterable[Call]) -> dict[tuple[str, str | None], _RequestedCalls]:
    """Return what models asked for, by trace and tool, and by trace and the call's id."""
    asked: defaultdict[tuple[str, str | None], _RequestedCalls] = defaultdict(_RequestedCalls)
    for call in calls:
        parts = [part for message in call.answered for part in message["parts"] if part["type"] == "tool_call"]
        for place, part in enumerate(parts):
            for key in {real_name(part.get("name")), part.get("id")}:
                asked[_place(call), key].add(_RequestedCall(call.end, place, part, call))
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


def _claim(call: Call, asked: Iterable[_RequestedCall], claimed: set[tuple[str, str]]) -> None:
    free = [one for one in asked if "id" in one.part and (_place(call), one.part["id"]) not in claimed]
    if not free:
        return
    best = min(free, key=lambda one: (not _same_arguments(call, one.part), -one.at, one.place))
    call.tool_call_id = best.part["id"]
    call.given_by["tool_call_id"] = best.model.id
    claimed.add((_place(call), best.part["id"]))


def _same_arguments(call: Call, part: Part) -> bool:
    return call.arguments is not None and _plain(call.arguments) == _plain(part.get("arguments"))


def _plain(arguments: Any) -> Any:
    """Compare `Paris` and `{"city": "Paris"}`: some log the value of a tool's only argument."""
    plain = plain_of(arguments)
    return next(iter(plain.values())) if isinstance(plain, dict) and len(plain) == 1 else plain


def _best(call: Call, asked: Iterable[_RequestedCall]) -> _RequestedCall | None:
    """Return who asked for a call: with its arguments and last, for an id may come again in a later turn."""
    return max(asked, key=lambda one: (_same_arguments(call, one.part), one.at), default=None)
