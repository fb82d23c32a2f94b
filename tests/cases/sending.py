"""A case as clients send it: what a program really sent, with ids of its own, in any order.

`data/` holds one small request (or two) a file, cut from what the program in its name sent to a stand-in model, or
written after a public report (`report-...`). Names, texts and paths are made up. Each key of a file is a request by
itself: `resourceSpans`, `resourceLogs`, `events`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).parent / "data"

ROUTES = {"resourceSpans": "/v1/traces", "resourceLogs": "/v1/logs", "events": "/api/v1/events/batch"}
INNER = {"resourceSpans": ("scopeSpans", "spans"), "resourceLogs": ("scopeLogs", "logRecords")}

# A signal of a file, by its key, and its items: resources with scopes with spans or records, or JSON events.
Part = tuple[str, list[Any]]


class Request(NamedTuple):
    path: str
    body: bytes
    content_type: str = "application/json"


class FreshIds:
    """Other trace, span and session ids for a case, so that cases of one program do not meet in one receiver.

    `of` puts them into a text, wherever they stand in it; `back` puts the file's own ids into an answer.
    """

    def __init__(self, name: str, text: str, sessions: Iterable[str]) -> None:
        written = re.findall(r'"(?:traceId|spanId|parentSpanId)": ?"([0-9a-f]{32}|[0-9a-f]{16})"', text)
        fresh = {one: hashlib.sha256(f"{name} {one}".encode()).hexdigest()[: len(one)] for one in written}
        # The session's own name stays readable, at the length of a UUID's last group.
        fresh |= {one: f"{one}-{hashlib.sha256(name.encode()).hexdigest()[:12]}" for one in sessions}
        self._fresh, self._own = fresh, {new: own for own, new in fresh.items()}

    def of(self, text: str) -> str:
        return _replaced(text, self._fresh)

    def back(self, text: str) -> str:
        return _replaced(text, self._own)


def _replaced(text: str, by: dict[str, str]) -> str:
    if not by:
        return text
    longest_first = sorted(by, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: by[found[0]], text)


def written(*files: str) -> str:
    """Give the files of a case as one JSON list."""
    return "[" + ",".join((DATA / f"{file}.json").read_text() for file in files) + "]"


def trace_ids(parts: list[Part]) -> list[str]:
    """Give the well-formed ids of the traces that spans and records say they belong to."""
    alone = (item for key, items in _split(parts) for item in items if key in INNER)
    found = {_leaf(item).get("traceId", "") for item in alone}
    return sorted(one for one in found if re.fullmatch("[0-9a-f]{32}", one))


def _leaf(resource: Any) -> Any:
    """Give the one span or record of a resource that has no other."""
    (scope,) = resource.get("scopeSpans") or resource["scopeLogs"]
    (leaf,) = scope.get("spans") or scope["logRecords"]
    return leaf


def parts_of(text: str) -> list[Part]:
    files = json.loads(text)
    return [(key, items) for one in files for key, items in one.items() if key in ROUTES]


def _as_sent(parts: list[Part]) -> list[Part]:
    return parts


def _logs_first(parts: list[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: part[0] != "resourceLogs")


def _twice(parts: list[Part]) -> list[Part]:
    return [*parts, *parts]


def _reversed(parts: list[Part]) -> list[Part]:
    """Turn around requests, resources, scopes, and spans or records."""
    return [(key, _turned(items, *INNER.get(key, ()))) for key, items in reversed(parts)]


def _turned(items: list[Any], *inner: str) -> list[Any]:
    if not inner:
        return items[::-1]
    return [item | {inner[0]: _turned(item[inner[0]], *inner[1:])} for item in reversed(items)]


def _split(parts: list[Part]) -> list[Part]:
    """Make a request of each span, record or JSON event."""
    return [(key, [item]) for key, items in parts for item in _alone(items, *INNER.get(key, ()))]


def _alone(items: list[Any], *inner: str) -> Iterable[Any]:
    for item in items:
        if not inner:
            yield item
            continue
        for one in _alone(item[inner[0]], *inner[1:]):
            yield item | {inner[0]: [one]}


ORDERS: dict[str, Callable[[list[Part]], list[Part]]] = {
    "as sent": _as_sent,
    "logs first": _logs_first,
    "reversed": _reversed,
    "split": _split,
    "twice": _twice,
}


def requests(parts: list[Part]) -> list[Request]:
    return [Request(ROUTES[key], json.dumps({key: items}).encode()) for key, items in parts]
