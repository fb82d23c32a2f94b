"""The heads of a client's calls, read as they pass to gRPC's server.

That decodes the path of every call in the loop that takes calls: one that is not UTF-8 ends the loop, and with it gRPC
for everybody until the receiver starts again (grpcio 1.85).
"""

from __future__ import annotations

from hpack import Decoder, HPACKError

from mapping.errors import invalid
from receiver.http.connection import HTTP2_PREFACE
from receiver.settings.kinds import show_size

# Of RFC 9113: the length of a frame's own head, types of frames, and flags.
_FRAME_HEAD = 9
_HEADERS, _CONTINUATION = 1, 9
_END_HEADERS, _PADDED, _PRIORITY = 0x04, 0x08, 0x20
_PRIORITY_LENGTH = 5

# A head over `server.max_header_bytes` is answered by gRPC's server, which says so, but not one of any length.
_TIMES_THE_LIMIT = 8


class Heads:
    """Those of one connection. All that the client sends has to be read, since a head may refer to earlier ones."""

    def __init__(self, max_header_bytes: int) -> None:
        self._most = max_header_bytes * _TIMES_THE_LIMIT
        self._decoder = Decoder(self._most)
        self._skip = len(HTTP2_PREFACE)
        self._frame, self._wanted = bytearray(), _FRAME_HEAD
        self._head: bytearray | None = None

    def read(self, data: bytes) -> None:
        """Read what comes next. Raises Problem (INVALID_ARGUMENT) where it must not be passed on."""
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            part = data[at : at + self._wanted - len(self._frame)]
            self._frame += part
            at += len(part)
            if len(self._frame) == self._wanted:
                self._read_frame()

    def _read_frame(self) -> None:
        """Read what there is of a frame: its head, then the rest if it belongs to the head of a call."""
        frame = self._frame
        size, kind, flags = int.from_bytes(frame[:3], "big"), frame[3], frame[4]
        if (self._head is None) != (kind != _CONTINUATION):
            raise invalid("expected CONTINUATION after HEADERS that do not end the head of a call, and nowhere else")
        if kind not in {_HEADERS, _CONTINUATION}:
            self._skip = size
        elif len(self._head or b"") + size > self._most:
            raise invalid(f"expected the head of a call to have at most {show_size(self._most)}")
        elif len(frame) < _FRAME_HEAD + size:
            self._wanted = _FRAME_HEAD + size
            return
        else:
            self._head = (self._head or bytearray()) + _fragment(kind, flags, frame[_FRAME_HEAD:])
            if flags & _END_HEADERS:
                self._check(bytes(self._head))
                self._head = None
        self._frame, self._wanted = bytearray(), _FRAME_HEAD

    def _check(self, head: bytes) -> None:
        try:
            for name, value in self._decoder.decode(head, raw=True):
                if name == b":path":
                    value.decode()
        except HPACKError as error:
            raise invalid(f"expected the head of a call; it does not decode ({error})") from None
        except UnicodeDecodeError:
            raise invalid("expected the path of a call in UTF-8") from None


def _fragment(kind: int, flags: int, payload: bytearray) -> bytearray:
    """Return the part of a head that a frame holds. Raises Problem."""
    start = padding = 0
    if kind == _HEADERS and flags & _PADDED:
        start, padding = 1, payload[0] if payload else 0
    if kind == _HEADERS and flags & _PRIORITY:
        start += _PRIORITY_LENGTH
    if len(payload) < start + padding:
        raise invalid("expected a HEADERS frame to be longer than its padding")
    return payload[start : len(payload) - padding]
