"""Pictures that stand in messages as base64: an id for each, by which its bytes are found in the event again.

Only the types that a browser draws and that cannot hold a script, by how their bytes begin: PNG, JPEG, GIF, WebP.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any

from mapping.messages.extraction import structure
from mapping.messages.parts import MAX_DEPTH, MOST

_BEGINNINGS = re.compile(r"iVBORw0KGg|[/_]9j[/_]|R0lGODdh|R0lGODlh|UklGR")
_URL = re.compile(r"data:[^,]{0,100};base64,")
# Characters; no picture has fewer.
_LEAST = 40
_TYPES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)


def picture_id(text: str) -> str | None:
    """Return the id of a picture in base64, or of one in a `data:` URL; None for any other text."""
    url = _URL.match(text)
    begins = url.end() if url else 0
    if len(text) - begins < _LEAST or not _BEGINNINGS.match(text, begins):
        return None
    return hashlib.blake2b(text[begins:].encode("utf-8", "replace"), digest_size=12).hexdigest()


def find_picture(properties: dict[str, Any], wanted: str) -> bytes | None:
    """Return the bytes of the picture with this id, wherever in an event's properties it stands; None if nowhere."""
    left: list[tuple[Any, int]] = [(properties, 0)]
    seen = 0
    while left and seen < MOST:
        value, depth = left.pop()
        seen += 1
        value = structure(value)
        if isinstance(value, str):
            if picture_id(value) == wanted:
                return _decoded(value)
        elif depth < MAX_DEPTH and isinstance(value, dict | list):
            left += [(inner, depth + 1) for inner in (value.values() if isinstance(value, dict) else value)]
    return None


def _decoded(text: str) -> bytes | None:
    url = _URL.match(text)
    standard = text[url.end() if url else 0 :].translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4))
    except (ValueError, binascii.Error):
        return None


def type_of_picture(data: bytes) -> str | None:
    """Return the media type of a picture that may be shown, None for any other bytes."""
    return next((media_type for sign, media_type in _TYPES if sign.match(data)), None)
