"""A case: what is sent, to which port, and what may come back."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

JSON, PROTOBUF = "application/json", "application/x-protobuf"


class How(StrEnum):
    """REQUEST and CALL are whole: one whole answer must come. To BROKEN bytes an answer may come or not."""

    REQUEST = "HTTP"
    CALL = "gRPC"
    BROKEN = "bytes"


class Case(NamedTuple):
    """`wire` is what is written to the connection; of a CALL what its DATA frames hold, after these `headers`."""

    how: How
    method: str
    path: str
    wire: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    port: Literal["http", "grpc"] = "http"
    number: int = 0
    kind: str = ""
