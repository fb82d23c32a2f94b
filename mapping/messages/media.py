"""Images, audio, video and files in messages: their type, size and name, without their bytes."""

from __future__ import annotations

from typing import Any

from mapping.messages.pictures import picture_id

Part = dict[str, Any]

# The beginning of a part's type or media type, and the type under which it is shown.
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
# Keys under which a part has its medium; the value may be an object.
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
# Keys of a medium's name: in the part itself, whose `name` and `id` are the part's own, and in the objects inside.
_OWN_NAMES = ("filename", "fileName", "displayName", "file_id", "fileId")
_NAMES = (*_OWN_NAMES, "name", "title", "id")
_DEPTH = 4


def media_part(part: dict[str, Any]) -> Part | None:
    """Return an image, audio, video or file part as `{type, media_type?, size?, url?, name?, picture?}`, else None.

    `size` is in bytes, and known if the medium itself was logged; `picture` is the id of one that can be shown.
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
    medium: Part = {}
    _add_fields(part, medium, 0)
    if not medium:
        return None
    media_type = medium.get("media_type")
    if kind in (None, "file"):
        kind = _kind(media_type) or _kind(part.get("modality")) or _kind(holder) or "file"
    if media_type is not None and "/" not in media_type and kind != "file":
        medium["media_type"] = f"{kind}/{media_type}"
    if kind != "image":
        medium.pop("picture", None)
    return {"type": kind, **medium}


def _kind(word: object) -> str | None:
    if not isinstance(word, str) or not word:
        return None
    for beginning, kind in _KINDS.items():
        if word.startswith(beginning):
            return kind
    return None


def _add_fields(value: dict[str, Any], medium: Part, depth: int) -> None:
    """Add the type, name, size and URL of a medium to `medium`, from at most `_DEPTH` levels down."""
    for key in _TYPES:
        _add(medium, "media_type", value.get(key))
    for key in _NAMES if depth else _OWN_NAMES:
        _add(medium, "name", value.get(key))
    for key in (*_URLS, *_DATA, *_HOLDERS):
        inner = value.get(key)
        if isinstance(inner, dict) and key in _HOLDERS and depth < _DEPTH:
            _add_fields(inner, medium, depth + 1)
        elif isinstance(inner, str) and inner:
            if key in _URLS or inner.startswith(("data:", "http:", "https:")):
                _add_url(inner, medium)
            elif key in _DATA and (key != "content" or value.get("type") in ("blob", "binary", None)):
                medium.setdefault("size", _bytes(inner))
                _add(medium, "picture", picture_id(inner))


def _add(medium: Part, field: str, value: object) -> None:
    if isinstance(value, str) and value:
        medium.setdefault(field, value)


def _add_url(text: str, medium: Part) -> None:
    """Add a URL to `medium`; of a `data:` URL, its media type and size."""
    if not text.startswith("data:"):
        medium.setdefault("url", text)
        return
    head, comma, data = text.partition(",")
    if media_type := head.removeprefix("data:").partition(";")[0]:
        medium.setdefault("media_type", media_type)
    if comma:
        medium.setdefault("size", _bytes(data) if head.endswith(";base64") else len(data))
        _add(medium, "picture", picture_id(text))


def _bytes(base64: str) -> int:
    return max(len(base64) * 3 // 4 - base64[-2:].count("="), 0)
