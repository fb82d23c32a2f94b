"""Counts of the changes made to events before they are stored."""

from __future__ import annotations

import msgspec


class Changes(msgspec.Struct):
    """Counts: values masked, values cut, attributes dropped, values that nested too deeply and became text.

    `replaced` are texts that were none (no UTF-8, half a surrogate pair) and have U+FFFD there now; `ids` are those
    that were malformed and are left out.
    """

    redacted: int = 0
    cut: int = 0
    dropped: int = 0
    flattened: int = 0
    replaced: int = 0
    ids: int = 0
