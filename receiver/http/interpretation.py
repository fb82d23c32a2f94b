"""The state of the interpretation in answers: how far it is behind the store."""

from __future__ import annotations

import time
from typing import Any

from mapping.times import NS
from storage.interpreting.interpreter import Interpreter


def interpretation_state(interpreter: Interpreter) -> dict[str, Any]:
    """Return the interpreter's state, how many events are not interpreted yet, and how long the first has waited."""
    oldest = interpreter.oldest
    return {
        "interpretation_state": interpreter.state,
        "interpretation_pending": interpreter.pending,
        "interpretation_lag_seconds": 0.0 if oldest is None else round(max(time.time_ns() - oldest, 0) / NS, 3),
    }
