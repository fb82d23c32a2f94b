"""What the mapping asks of a decoder."""

from __future__ import annotations

from typing import Any, Protocol

from mapping.errors import Problem, invalid

# Values nested deeper are kept as JSON text: SurrealDB refuses rows that nest past 100.
MAX_DEPTH = 32

# int64 is what SurrealDB and OTLP store; JSON can write more.
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


class Wire(Protocol):
    """One encoding of OTLP."""

    def traces(self, body: bytes) -> Any:
        """Decode an ExportTraceServiceRequest. Raises Problem (INVALID_ARGUMENT)."""

    def logs(self, body: bytes) -> Any:
        """Decode an ExportLogsServiceRequest. Raises Problem (INVALID_ARGUMENT)."""

    def hex_id(self, value: Any, digits: int, field: str) -> str:
        """Give an id as lower-case hex digits, "" where it is empty or all zero. Raises Problem for a wrong length."""

    def attributes(self, key_values: Any) -> dict[str, Any]:
        """Give a list of KeyValue as a dict of plain values."""

    def value(self, any_value: Any) -> Any:
        """Give an AnyValue as a plain value."""


def wrong_id(field: str, digits: int, got: object) -> Problem:
    return invalid(f"{field}: expected {digits} hex digits ({digits // 2} bytes) or nothing, got {str(got)[:80]!r}")
