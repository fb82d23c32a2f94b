"""The two encodings of OTLP/HTTP. Handlers ask for one by content type and never look at the type again."""

from __future__ import annotations

from typing import Protocol

from aiohttp import web
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from mapping.errors import Code, Problem
from mapping.otlp.json import JsonWire
from mapping.otlp.protobuf import ProtobufWire
from mapping.otlp.wire import Wire


class Codec(Protocol):
    """`content_type` is sent without parameters: the Collector's exporter compares the whole header."""

    content_type: str
    wire: Wire

    def encode(self, message: Message) -> bytes: ...


class _Protobuf:
    content_type = "application/x-protobuf"
    wire: Wire = ProtobufWire()

    def encode(self, message: Message) -> bytes:
        return message.SerializeToString()


class _Json:
    content_type = "application/json"
    wire: Wire = JsonWire()

    def encode(self, message: Message) -> bytes:
        return MessageToJson(message, indent=None).encode()


PROTOBUF: Codec = _Protobuf()
JSON: Codec = _Json()
CODECS = {codec.content_type: codec for codec in (PROTOBUF, JSON)}


def media_type(request: web.BaseRequest) -> str:
    """Return the content type in lower case and without its parameters, "" where there is none."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def expect_json(request: web.BaseRequest) -> None:
    """Raise Problem (UNSUPPORTED_MEDIA_TYPE) unless the body is said to be JSON."""
    if media_type(request) != JSON.content_type:
        raise Problem(
            Code.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type: expected application/json; got {media_type(request)[:80] or 'none'!r}",
        )
