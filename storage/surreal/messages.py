"""What the receiver asks the embedded engine's process for."""

from __future__ import annotations

import msgspec

# The number of the answer that nobody asked for: the store is open, or why not. Before it, where that takes long, comes
# what is being done.
OPENED = 0


class Execute(msgspec.Struct):
    """A request of SurrealDB's RPC in CBOR; so is its answer. One that does not write may overtake those that do."""

    number: int
    writes: bool
    body: bytes
