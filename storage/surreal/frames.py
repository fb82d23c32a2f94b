"""The frames between the engine's process and the receiver: a head, then bytes (CBOR, or an error message)."""

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
