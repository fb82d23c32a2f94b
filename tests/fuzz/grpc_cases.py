"""Cases over gRPC: calls with wrong messages, framing and metadata, and bytes that break HTTP/2 or break off."""

from __future__ import annotations

from random import Random

import bodies
import mutations
from case import Case, How
from http2 import METHODS, data_frame, opening, request_headers, reset_frame

Headers = tuple[tuple[bytes, bytes], ...]

# Headers without which nothing is gRPC.
_NO_GRPC: Headers = (
    *(
        (b"content-type", value)
        for value in (b"application/json", b"text/plain", b"", b"application/grpc-web", b"\xff")
    ),
    *((b"te", value) for value in (b"gzip", b"", b"Trailers")),
    *((b":method", value) for value in (b"GET", b"PUT", b"", b"post")),
    *((b":scheme", b""), (b":scheme", b"ftp"), (b":authority", b""), (b":path", b""), (b":path", b"*")),
    *((b":path", b"\xff"), (b":path", b"/a\xc3"), (b":path", b"/\xed\xa0\x80"), (b":status", b"200")),
)

_UNKNOWN = (
    *(b"/opentelemetry.proto.collector.trace.v1.TraceService/Import", b"/a.B/C", b"/", b"//", b"/v1/traces"),
    *(
        b"/grpc.health.v1.Health/Check",
        b"/grpc.health.v1.Health/List",
        b"/" + b"a" * 5_000,
        b"/a/b/c",
        b"/%00/\xc3\xa9",
    ),
    b"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
)
_METADATA: Headers = (
    *((b"content-type", b"application/grpc" + more) for more in (b"+proto", b"+json", b"+x", b";x=y")),
    *((b"grpc-timeout", value) for value in (b"1n", b"1u", b"99999999H", b"0S", b"-1S", b"1", b"x", b"", b"9" * 40)),
    *((b"grpc-encoding", value) for value in (b"gzip", b"deflate", b"identity", b"snappy", b"zstd", b"x", b"")),
    *((b"grpc-accept-encoding", value) for value in (b"gzip", b"x,y,,", b"")),
    *((b"authorization", value) for value in (b"Bearer x", b"", b"\xff\xfe", b"a" * 9_000)),
    *((b"x-api-key", value) for value in (b"x", b"\xc3\xa9")),
    *((b"x-bin", value) for value in (b"AAEC/w==", b"no base64!", b"A", b"\xff", b"AA,BB")),
    *((b"grpc-status-details-bin", value) for value in (b"AAEC", b"\0")),
    *((b"user-agent", value) for value in (b"", b"\xff" * 300, b"grpc-x/1")),
    *((b"x-long", b"y" * 7_000), (b"content-length", b"3"), (b"grpc-status", b"13")),
    *((b"traceparent", b"00-0-0-00"), (b"grpc-trace-bin", b"AA"), (b"lb-cost-bin", b"AA"), (b"host", b"x")),
)


def framed(message: bytes, flag: int = 0) -> bytes:
    """Put gRPC's prefix before a message: whether it is compressed, and its length."""
    return bytes([flag]) + len(message).to_bytes(4, "big") + message


def _message(random: Random, ids: Random) -> tuple[bytes, bytes]:
    """Return the method of a mutated message, and the message."""
    path, _, data = random.choice(bodies.PROTOBUF_BODIES)(random, ids)
    return METHODS[path.rstrip("/")], data


def _call(method: bytes, headers: Headers, stream: bytes) -> Case:
    return Case(How.CALL, "POST", method.decode("latin-1"), stream, request_headers(method) + headers, "grpc")


def message_mutated(random: Random, ids: Random) -> Case:
    method, message = _message(random, ids)
    if random.random() < 0.7:
        return _call(method, (), framed(message))
    message = bodies.compressed(message, "gzip", random)
    return _call(method, ((b"grpc-encoding", b"gzip"),), framed(message, 1))


def framing_wrong(random: Random, ids: Random) -> Case:
    method, message = _message(random, ids)
    length = random.choice((0, 1, len(message) + 1, max(0, len(message) - 1), 2**20, 2**20 + 1, 2**31, 2**32 - 1))
    whole = framed(message)
    stream = random.choice(
        (
            bytes([random.choice((0, 1))]) + length.to_bytes(4, "big") + message,
            framed(message, 1),  # it is not
            framed(message, random.choice((2, 3, 127, 255))),
            whole * 2,
            whole + b"\0",
            whole[: random.randint(0, len(whole))],
            message,
            b"",
            framed(b""),
            framed(b"") * 3 + whole,
            mutations.mutate_bytes(whole[:40], random) + whole[40:],
            framed(b"\0" * (2**20 + random.choice((-1, 0, 1)))),
        )
    )
    headers: Headers = ((b"grpc-encoding", b"gzip"),) if random.random() < 0.3 else ()
    return _call(method, headers, stream)


def metadata_mixed(random: Random, ids: Random) -> Case:
    method, message = _message(random, ids)
    if random.random() < 0.3:
        method = random.choice(_UNKNOWN)
    case = _call(method, (), framed(message))
    given = dict(case.headers)
    given |= random.sample(_METADATA, random.choice((0, 1, 1, 2, 4)))
    more = tuple(random.sample(_METADATA, 2)) if random.random() < 0.1 else ()
    return case._replace(headers=(*given.items(), *more))


def call_to_http(random: Random, ids: Random) -> Case:
    """Make a call to a port of HTTP's, which names gRPC's."""
    return random.choice((message_mutated, metadata_mixed))(random, ids)._replace(port="http")


def broken(random: Random, ids: Random) -> Case:
    """Make bytes that begin a call, and break HTTP/2 or break off, at either port."""
    method, message = _message(random, ids)
    stream = framed(message[:30_000])
    begun = opening(request_headers(method))
    whole = begun + data_frame(stream, end=True)
    preface = begun[:24]
    ways = (
        lambda: whole[: random.randint(0, len(whole))],
        lambda: (
            begun + data_frame(stream[: random.randint(0, len(stream))], end=False) + reset_frame(random.choice((0, 8)))
        ),
        lambda: begun + data_frame(stream[: random.randint(0, len(stream))], end=False),
        lambda: begun + data_frame(stream, end=False) + data_frame(stream, end=True),
        lambda: begun[:60] + mutations.mutate_bytes(whole[60:], random, whole),
        lambda: mutations.mutate_bytes(whole, random, whole),
        lambda: preface,
        lambda: preface + random.randbytes(random.choice((1, 9, 300))),
        lambda: preface + b"".join(_any_frame(random) for _ in range(random.choice((1, 3, 40)))),
        lambda: whole + b"".join(_any_frame(random) for _ in range(random.choice((1, 3, 40)))),
        lambda: preface + begun,  # twice
        lambda: begun + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        lambda: opening(request_headers(b"/grpc.health.v1.Health/Watch")) + data_frame(framed(b""), end=True),
        lambda: opening([*request_headers(method), *[(b"x-%d" % at, b"y" * 200) for at in range(300)]]),
        lambda: (
            opening((dict(request_headers(method)) | dict([random.choice(_NO_GRPC)])).items())
            + data_frame(stream, end=True)
        ),
        lambda: opening(random.sample(request_headers(method), 6)) + data_frame(stream, end=True),
        lambda: opening([(b":method", b"POST"), *random.sample(_METADATA, 4)]) + data_frame(stream, end=True),
    )
    port = "grpc" if random.random() < 0.7 else "http"
    return Case(How.BROKEN, "POST", method.decode(), random.choice(ways)(), port=port)


def _any_frame(random: Random) -> bytes:
    """Return a frame of any type, known or not, of which the length is right now and then."""
    payload = random.randbytes(random.choice((0, 1, 4, 5, 6, 8, 40)))
    length = len(payload) if random.random() < 0.8 else random.choice((0, 1, 16_385, 2**24 - 1))
    kind, flags = random.randrange(12), random.choice((0, 1, 4, 5, 8, 255))
    stream = random.choice((0, 0, 1, 1, 2, 3, 2**31 - 1))
    return length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
