"""zstd: Python's own module from 3.14 on, before that the same module as a package."""

import sys
from typing import IO

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError, ZstdFile
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError, ZstdFile

__all__ = ["ZstdError", "decompressor", "opened"]

# The window that a frame may ask a decoder to hold: RFC 9659's 8 MiB in HTTP, 128 MiB in files (zstd's own default).
_HTTP_WINDOW, _FILE_WINDOW = ({int(DecompressionParameter.window_log_max): bits} for bits in (23, 27))


def decompressor() -> ZstdDecompressor:
    """Return a decompressor of one frame of an HTTP body, with zlib's interface."""
    return ZstdDecompressor(options=_HTTP_WINDOW)


def opened(file: IO[bytes]) -> ZstdFile:
    """Return the content of a file of frames. Reading raises ZstdError, or EOFError where the last frame breaks off."""
    return ZstdFile(file, options=_FILE_WINDOW)
