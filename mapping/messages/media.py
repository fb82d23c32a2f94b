"""Images, audio and files in messages: their type, size and name, whichever emitter logged them; not their bytes."""

from __future__ import annotations

from typing import Any

Part = dict[str, Any]

# What a part or its media type begins with, and what it is shown as.
_KINDS = {
    "image": "image",
    "input_image": "image",
    "audio": "audio",
    "input_audio": "audio",
    "video": "video",
    "input_video": "video",
    "file": "file",
    "input_file": "file",
    "document": "file",
    "media": "file",
    "blob": "file",
    "binary": "file",
    "uri": "file",
}
# Keys under which a part holds its medium; a value that is an object is looked into.
_HOLDERS = (
    "image_url",
    "input_audio",
    "inlineData",
    "inline_data",
    "fileData",
    "file_data",
    "source",
    "image",
    "media",
    "audio",
    "video",
    "document",
    "file",
)
_TYPES = ("media_type", "mime_type", "mimeType", "mediaType", "contentType", "content_type", "format")
_DATA = ("data", "bytes", "base64", "base64_image", "content", "image", "file_data", "blob")
_URLS = ("url", "uri", "fileUri", "file_uri", "image_url", "file_url", "s3Location")
# What a medium is called: by the part itself, whose own name and id are those of the part, and by what it holds.
_OWN_NAMES = ("filename", "fileName", "displayName", "file_id", "fileId")
_NAMES = (*_OWN_NAMES, "name", "title", "id")
_DEPTH = 4


def media_part(part: dict[str, Any]) -> Part | None:
    """Return a part that is a picture, a sound or a file as `{type, media_type?, size?, url?, name?}`, None for others.

    `size` is in bytes, where the medium itself was logged.
    """
    kind = _kind(part.get("type")) or _kind(part.get("modality")) or _kind(part.get("kind"))
    holder = next((key for key in _HOLDERS if isinstance(part.get(key), dict | str) and part[key]), None)
    if kind is None and holder is None:
        return None
    if kind is None and holder not in (
        "inlineData",
        "inline_data",
        "fileData",
        "file_data",
        "image_url",
        "media",
        "image",
    ):
        return None
    found: Part = {}
    _look(part, found, 0)
    if not found:
        return None
    media_type = found.get("media_type")
    if kind in (None, "file"):
        kind = _kind(media_type) or _kind(part.get("modality")) or _kind(holder) or "file"
    if media_type is not None and "/" not in media_type and kind != "file":
        found["media_type"] = f"{kind}/{media_type}"
    return {"type": kind, **found}


def _kind(word: object) -> str | None:
    if not isinstance(word, str) or not word:
        return None
    for beginning, kind in _KINDS.items():
        if word.startswith(beginning):
            return kind
    return None


def _look(value: dict[str, Any], found: Part, depth: int) -> None:
    """Look for the type, the name, the size and the URL of a medium, at most a few levels down."""
    for key in _TYPES:
        _note(found, "media_type", value.get(key))
    for key in _NAMES if depth else _OWN_NAMES:
        _note(found, "name", value.get(key))
    for key in (*_URLS, *_DATA, *_HOLDERS):
        inner = value.get(key)
        if isinstance(inner, dict) and key in _HOLDERS and depth < _DEPTH:
            _look(inner, found, depth + 1)
        elif isinstance(inner, str) and inner:
            if key in _URLS or inner.startswith(("data:", "http:", "https:")):
                _look_at(inner, found)
            elif key in _DATA and (key != "content" or value.get("type") in ("blob", "binary", None)):
                found.setdefault("size", _bytes(inner))


def _note(found: Part, field: str, value: object) -> None:
    if isinstance(value, str) and value:
        found.setdefault(field, value)


def _look_at(text: str, found: Part) -> None:
    """Read a URL: of a `data:` URL its type and size."""
    if not text.startswith("data:"):
        found.setdefault("url", text)
        return
    head, comma, data = text.partition(",")
    if media_type := head.removeprefix("data:").partition(";")[0]:
        found.setdefault("media_type", media_type)
    if comma:
        found.setdefault("size", _bytes(data) if head.endswith(";base64") else len(data))


def _bytes(base64: str) -> int:
    return max(len(base64) * 3 // 4 - base64[-2:].count("="), 0)
