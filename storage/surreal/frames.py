"""What the engine's process and its user say to each other: a head, then bytes (CBOR, or the message of an error)."""

from __future__ import annotations

import struct

# Length of what follows, the request's number, whether it writes.
REQUEST = struct.Struct(">IQ?")
# Length of what follows, the request's number, the outcome.
ANSWER = struct.Struct(">IQB")

# The number of the first answer, which nobody asked for: the store is open, or why not. Before it, where that takes
# long, come words for what is being done.
OPENED = 0

SUCCEEDED, REFUSED, FAILED, OPENING = range(4)
