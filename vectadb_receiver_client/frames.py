"""Calls and events as pandas data frames: a column for each field, times as times, whole numbers that may be absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vectadb_receiver_client import types as t

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]  # its stubs are a package of their own

# The columns' types by their fields; the others are as JSON has them.
_TIME, _WHOLE, _REAL = "datetime64[ns, UTC]", "Int64", "Float64"
# Nanoseconds are of the years 1678 to 2261. A clock that was wrong must not cost the others theirs.
_ANY_TIME, _MICROSECONDS = "datetime64[us, UTC]", len("2026-01-07T19:00:00.000000")
_OF_CALLS = {
    "start_time": _TIME,
    "end_time": _TIME,
    "duration_ns": _WHOLE,
    "input_tokens": _WHOLE,
    "output_tokens": _WHOLE,
    "cache_read_tokens": _WHOLE,
    "cache_write_tokens": _WHOLE,
    "reasoning_tokens": _WHOLE,
    "cost_usd": _REAL,
}
_OF_EVENTS = {
    "timestamp": _TIME,
    "observed_timestamp": _TIME,
    "created_at": _TIME,
    "duration_ns": _WHOLE,
    "flags": _WHOLE,
    "order": _WHOLE,
}


def of_calls(calls: Sequence[t.Call]) -> pd.DataFrame:
    """Return a row for each call."""
    return _frame(calls, list(t.Call.__annotations__), _OF_CALLS)


def of_events(events: Sequence[t.Event]) -> pd.DataFrame:
    """Return a row for each event; `properties`, `resource`, `scope` and `source` are dictionaries."""
    return _frame(events, list(t.Event.__annotations__), _OF_EVENTS)


def _frame(rows: Sequence[Mapping[str, Any]], columns: list[str], kinds: Mapping[str, str]) -> pd.DataFrame:
    try:
        import pandas as pd  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ImportError("data frames need pandas: pip install 'vectadb-receiver[pandas]'") from None

    def column(name: str) -> pd.Series:
        values, kind = [row.get(name) for row in rows], kinds.get(name, "object")
        try:
            return pd.Series(values, dtype=kind)
        except pd.errors.OutOfBoundsDatetime:
            return pd.Series([each and f"{each[:_MICROSECONDS]}Z" for each in values], dtype=_ANY_TIME)

    return pd.DataFrame({name: column(name) for name in columns})
