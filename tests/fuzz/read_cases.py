"""Cases that read: every route, with parameters of every kind."""

from __future__ import annotations

import base64
from random import Random
from urllib.parse import quote

import mutations
from case import Case, How
from http_cases import head

_PAGE = ("limit", "cursor")
_SEARCH = ("session_id", "agent_id", "trace_id", "event_type", "service", "status", "since", "until", "limit")
_TRACES = ("session_id", "agent_id", "status", "since", "until", "runs", "name", "model")
_ROUTES: dict[str, tuple[str, ...]] = {
    "traces": (*_TRACES, *_PAGE),
    "traces/{}": _PAGE,
    "traces/{}/outline": (),
    "traces/{}/conversation": ("from", "cursor", "session_id", "session"),
    "events": (*_SEARCH, "cursor"),
    "events/{}": (),
    "events/{}/explain": (),
    "events/{}/links": (),
    "events/{}/messages": (),
    "events/{}/similar": (*_SEARCH, "group_by"),
    "sessions": _PAGE,
    "sessions/{}": (),
    "sessions/{}/conversation": ("from", "cursor"),
    "calls": ("kind", "name", "model", "min_duration", "sort", *_SEARCH, "cursor"),
    "calls/{}": (),
    "calls/{}/explain": (),
    "search": ("q", "q", "mode", "group_by", "parts", *_SEARCH),
    "facets": _SEARCH,
    "activity": (*_TRACES, "buckets"),
    "stats": (),
    "openapi.json": (),
    "nothing": _PAGE,
}


def _cursor(content: str) -> str:
    return base64.urlsafe_b64encode(content.encode()).decode()


_IDS = (*(f"{number:032x}" for number in range(1, 21)), *(f"event-{number}" for number in range(1, 21)), "session-1")
_CURSORS = tuple(
    _cursor(content)
    for content in (
        '[-1767812400000000000,"00000000000000000000000000000001"]',
        '[1767812400000000000,"6f1d3a52-6a4c-5b0f-9f52-0e4d7f6a9b11"]',
        *('[0,""]', '[9223372036854775808,"x"]', '[-9223372036854775808,"x"]', '[1,["a","b"]]', "[1]", "null", "{}"),
    )
)
_DATES = ("2026-01-07T00:00:00Z", "2030-01-01T00:00:00Z", "2026-01-07T19:00:00%2B02:00", "0001-01-01T00:00:00Z")
_VALUES: dict[str, tuple[str, ...]] = {
    "limit": ("1", "2", "200", "0", "201"),
    "cursor": _CURSORS,
    "session_id": ("session-1", "conversation-1"),
    "session": ("session-1", "conversation-1"),
    "agent_id": ("agent-1", "researcher"),
    "trace_id": _IDS,
    "event_type": ("tool_call", "log"),
    "status": ("ok", "error", "running", "unset"),
    "since": _DATES,
    "until": _DATES,
    "q": ("travel", "seat asked", "Zürich", "東京", "a:b"),
    "mode": ("hybrid", "keyword", "semantic"),
    "group_by": ("trace", "session"),
    "parts": ("true", "false"),
    "runs": ("true", "false"),
    "from": ("end", "start"),
    "sort": ("start", "duration", "tokens", "cost"),
    "kind": ("model", "tool", "agent"),
    "min_duration": ("500ms", "2s", "1m30s", "999999999d"),
    "buckets": ("1", "200"),
}


def read(random: Random, _ids: Random) -> Case:
    route = random.choice(list(_ROUTES))
    names = _ROUTES[route] if random.random() < 0.9 else tuple(_VALUES)
    chosen = random.sample(names, min(len(names), random.choice((0, 1, 1, 2, 3))))
    query = "&".join(f"{name}={_value(name, random)}" for name in chosen)
    path = "/api/v1/" + route.format(_value("trace_id", random) or "x")
    method = "GET" if random.random() < 0.95 else random.choice(("HEAD", "POST", "DELETE", "OPTIONS"))
    return Case(How.REQUEST, method, path, head(method, f"{path}?{query}", ["Content-Length: 0"]))


def _value(name: str, random: Random) -> str:
    given = random.choice(_VALUES.get(name, _IDS)) if random.random() < 0.7 else mutations.text(random)[:200]
    raw = given.encode(errors="surrogatepass")
    return quote(mutations.mutate_bytes(raw, random) if random.random() < 0.2 else raw, safe="")
