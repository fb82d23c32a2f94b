"""The requests of the receiver to the embedded engine's process."""

from __future__ import annotations

import msgspec

# The number of the first answer, which has no request: the store is open, or why it cannot be opened. If opening takes
# long, replies about its steps come before.
OPENED = 0


class Execute(msgspec.Struct):
    """A request of SurrealDB's RPC in CBOR; its answer is CBOR, too. Requests that do not write may overtake others."""

    number: int
    writes: bool
    body: bytes
