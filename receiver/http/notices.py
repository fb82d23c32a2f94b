"""What the log is told of requests. SDKs hide the answers that they get, so whoever runs the receiver reads them here.

Clients send again what was refused, for ever. So a line comes once a minute at most for each kind and client.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from aiohttp import web

from mapping.errors import Problem
from receiver.http.statuses import STATUSES

log = logging.getLogger(__name__)

# Of so many kinds and clients it is known when they had their last line.
_MOST = 1_000
_LONGEST = 500


@dataclass
class _Line:
    at: float
    left_out: int = 0


class Notices:
    # Seconds between two lines of a kind and client.
    pause = 60.0

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str, str], _Line] = {}
        self._said: set[str] = set()

    def refused(self, client: str, kind: str, request: str, problem: Problem, status: str = "") -> None:
        """Log a request that was refused for a fault of its own. Of `kind` there are few, whatever clients send.

        `status` is what the answer says, unless it is that of HTTP.
        """
        code = STATUSES[problem.code].http
        if not 400 <= code < 500:
            return  # the store's fault, or ours
        key, now = (client, kind, problem.code), time.monotonic()
        line = self._lines.get(key)
        if line is not None and now - line.at < self.pause:
            line.left_out += 1
            return
        more = f" ({line.left_out} more like it since the last line)" if line is not None and line.left_out else ""
        self._lines.pop(key, None)
        if len(self._lines) >= _MOST:
            del self._lines[next(iter(self._lines))]  # the oldest
        self._lines[key] = _Line(now)
        log.warning(
            "%s from %s refused: %s [%s]%s", _line(request), client, _line(problem.message), status or int(code), more
        )

    def once(self, text: str) -> None:
        """Log something that is said once, however often it happens."""
        if text not in self._said:
            self._said.add(text)
            log.warning("%s", text)


def _line(text: str) -> str:
    """Return text as a part of one line: it quotes what was sent."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in shown)


NOTICES = web.AppKey("notices", Notices)
