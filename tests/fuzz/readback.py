"""What the cases have stored is read back: every page of every list, and the traces and sessions it names."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from target import Connection

# A trace and a session each are read by themselves; some hundreds show what thousands would.
RECORDS = 500


async def read_all(port: int) -> tuple[int, dict[str, str]]:
    """Return how many pages and records were read, and what went wrong, by sort."""
    reader = _Reader(port)
    for kind in ("events", "traces", "sessions"):
        cursor: str | None = ""
        while cursor is not None:
            page = await reader.get(kind, f"/api/v1/{kind}?limit=200&cursor={quote(cursor, safe='')}")
            if page is None:
                break
            for record in page[kind][:: max(1, 200 * reader.count // RECORDS)]:
                await reader.get(f"one of {kind}", f"/api/v1/{kind}/{quote(_id(record), safe='')}")
            cursor = page["next_cursor"]
    return reader.count, reader.faults


def _id(record: dict[str, Any]) -> bytes:
    return str(record.get("id") or record["session_id"]).encode(errors="surrogatepass")


class _Reader:
    def __init__(self, port: int) -> None:
        self.count = 0
        self.faults: dict[str, str] = {}
        self._connection = Connection(port)

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
