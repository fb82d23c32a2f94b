"""What was changed of events before they are stored."""

from __future__ import annotations

import msgspec


class Changes(msgspec.Struct):
    """Counts: values masked, values cut, attributes dropped, values that nested too deeply and became text."""

    redacted: int = 0
    cut: int = 0
    dropped: int = 0
    flattened: int = 0
