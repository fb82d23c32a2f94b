"""What the cases have stored is read back: every page of every list, and what it names, in each of its views."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from target import Connection

# What is listed is read by itself, too; some hundreds show what thousands would.
RECORDS = 500
# The lists, and the views of what they list.
VIEWS: dict[str, tuple[str, ...]] = {
    "events": ("", "/links", "/messages", "/explain"),
    "traces": ("", "/outline", "/conversation", "/conversation?from=start"),
    "sessions": ("", "/conversation", "/conversation?from=start"),
    "calls": ("", "/explain"),
}


async def read_all(port: int) -> tuple[int, dict[str, str]]:
    """Return how many pages and records were read, and what went wrong, by sort."""
    reader = _Reader(port)
    for kind, views in VIEWS.items():
        begun = reader.count
        cursor: str | None = ""
        while cursor is not None:
            page = await reader.get(kind, f"/api/v1/{kind}?limit=200&cursor={quote(cursor, safe='')}")
            if page is None:
                break
            for record in page[kind][:: max(1, 200 * (reader.count - begun) // RECORDS)]:
                for view in views:
                    await reader.read_view(
                        f"one of {kind}{view}", f"/api/v1/{kind}/{quote(_id(record), safe='')}{view}"
                    )
            cursor = page["next_cursor"]
    return reader.count, reader.faults


def _id(record: dict[str, Any]) -> bytes:
    return str(record.get("id") or record["session_id"]).encode(errors="surrogatepass")


class _Reader:
    def __init__(self, port: int) -> None:
        self.count = 0
        self.faults: dict[str, str] = {}
        self._connection = Connection(port)

    async def read_view(self, what: str, path: str) -> None:
        """Read a view, and its next page where it has one."""
        told = await self.get(what, path)
        if told is not None and (cursor := told.get("next_cursor")):
            await self.get(
                f"{what}, second page", f"{path}{'&' if '?' in path else '?'}cursor={quote(cursor, safe='')}"
            )

    async def get(self, what: str, path: str) -> Any:
        self.count += 1
        answer = await self._connection.exchange("GET", f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        if answer.status == 200:
            try:
                return json.loads(answer.body)
            except ValueError as error:
                self.faults.setdefault(f"reading {what}: no JSON", f"{path}: {error}; {answer.body[:300]!r}")
                return None
        self.faults.setdefault(f"reading {what}: {answer.status}", f"{path}: {answer.body[:300]!r}")
        return None
