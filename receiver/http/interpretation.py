"""How far the interpretation is behind the store, as it is answered."""

from __future__ import annotations

import time
from typing import Any

from mapping.times import NS
from storage.interpreting.interpreter import Interpreter


def interpretation_state(interpreter: Interpreter) -> dict[str, Any]:
    """Say what the interpreter does, how many events are not interpreted yet, and how long the first has waited."""
    oldest = interpreter.oldest
    return {
        "interpretation_state": interpreter.state,
        "interpretation_pending": interpreter.pending,
        "interpretation_lag_seconds": 0.0 if oldest is None else round(max(time.time_ns() - oldest, 0) / NS, 3),
    }
