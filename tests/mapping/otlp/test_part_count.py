"""Requests of millions of empty parts are refused before they are decoded; real ones of any size are not."""

import pytest

from mapping.errors import Code, Problem
from mapping.otlp.json import JsonWire
from mapping.otlp.part_count import MOST_PARTS
from mapping.otlp.protobuf import ProtobufWire
from mapping.sanitize.changes import Changes


def message(number, content):
    """A field that holds a message: its tag, its length, and what is in it."""
    length, head = len(content), b""
    while length > 127:
        head += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | 2]) + head + bytes([length]) + content


MANY = MOST_PARTS + 1
SPANS = message(1, message(2, message(2, b"") * MANY))
LINKS = message(1, message(2, message(2, message(13, b"") * MANY)))
ATTRIBUTES_OF_EVENTS = message(1, message(2, message(2, message(11, message(3, b"") * 1_000) * (MANY // 1_000 + 1))))
RESOURCES = message(1, b"") * MANY
LOG_ATTRIBUTES = message(1, message(2, message(2, message(6, b"") * MANY)))


@pytest.mark.parametrize(
    "signal, body",
    [
        ("traces", SPANS),
        ("traces", LINKS),
        ("traces", ATTRIBUTES_OF_EVENTS),
        ("traces", RESOURCES),
        ("logs", SPANS),
        ("logs", LOG_ATTRIBUTES),
    ],
)
def test_millions_of_empty_parts_are_refused_before_they_are_decoded(signal, body):
    with pytest.raises(Problem) as raised:
        getattr(ProtobufWire(), signal)(body, Changes())
    assert raised.value.code is Code.RESOURCE_EXHAUSTED
    assert str(MOST_PARTS) in raised.value.message


@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_millions_of_empty_objects_are_refused(signal):
    with pytest.raises(Problem) as raised:
        getattr(JsonWire(), signal)(b'{"resourceSpans": [' + b"{}," * (2 * MOST_PARTS + 1) + b"{}]}", Changes())
    assert raised.value.code is Code.RESOURCE_EXHAUSTED


def test_a_large_request_of_real_parts_is_decoded():
    span = message(1, b"t" * 16) + message(2, b"s" * 8) + message(9, message(1, b"key") + message(2, b"\x0a\x01v")) * 20
    request = ProtobufWire().traces(message(1, message(2, message(2, span) * 20_000)), Changes())
    assert len(request.resource_spans[0].scope_spans[0].spans) == 20_000


def test_what_does_not_decode_is_said_by_the_decoder():
    with pytest.raises(Problem) as raised:
        ProtobufWire().traces(b"\xff" * 300_000, Changes())
    assert raised.value.code is Code.INVALID_ARGUMENT
