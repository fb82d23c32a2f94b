"""Cases over HTTP: whole requests, with headers and encodings of every kind, and bytes that break HTTP."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import bodies
import mutations
from bodies import COMPRESS, MakeBody
from case import Case, How

_CONTENT_TYPES = (
    *("application/x-protobuf; charset=utf-8", "APPLICATION/JSON", "application/json;q=1;charset=", "text/plain"),
    *(
        "application/protobuf",
        "application/grpc",
        "multipart/form-data; boundary=x",
        "",
        ";",
        "application/json, text/xml",
    ),
    *("application/x-www-form-urlencoded", "\xff\xfe", "a" * 2_000),
)
_ENCODING_NAMES = ("GZIP", "br", "gzip, gzip", "gzip,identity", "lz4;x", "", " ", "none", "zstd;q=1", "\xe9")
_HEADERS = (
    *("Idempotency-Key: a", "Idempotency-Key: " + "k" * 3_000, "Idempotency-Key: \xff\xfe", "Idempotency-Key:"),
    *("Authorization: Bearer x", "Authorization: \xff", "Authorization:", "X-API-Key: \xe9", "Cookie: a=b; c"),
    *(
        "Accept: application/x-protobuf",
        "Accept-Encoding: gzip",
        "Connection: close",
        "Origin: null",
        "X: " + "y" * 7_000,
    ),
    *("traceparent: 00-0-0-00", "User-Agent:", "Range: bytes=0-1", "Expect: 100-continue", "Expect: x"),
)


def with_body(make_body: MakeBody) -> Callable[[Random, Random], Case]:
    """Return a maker of requests that differ from valid ones in their bodies alone."""

    def make(random: Random, ids: Random) -> Case:
        path, content_type, data = make_body(random, ids)
        return _whole("POST", path, [f"Content-Type: {content_type}"], data, random)

    return make


def mixed_headers(random: Random, ids: Random) -> Case:
    path, content_type, data = random.choice(bodies.BODIES)(random, ids)
    if random.random() < 0.3:
        content_type = random.choice(_CONTENT_TYPES)
    headers = [f"Content-Type: {content_type}"] if random.random() < 0.95 else []
    if random.random() < 0.7:
        name = random.choice(tuple(COMPRESS)) if random.random() < 0.8 else random.choice(_ENCODING_NAMES)
        data = bodies.compressed(data, name, random)
        headers += [f"Content-Encoding: {name}"] * random.choice((1, 1, 1, 2))
    headers += random.sample(_HEADERS, random.choice((0, 0, 1, 3)))
    random.shuffle(headers)
    method = "POST" if random.random() < 0.9 else random.choice(("GET", "PUT", "PATCH", "HEAD", "OPTIONS", "DELETE"))
    if random.random() < 0.1:
        path = random.choice(
            ("/v1/traces//", "//v1/logs", "/", "/v1/%74races", "/v1/profiles", "/v1/logs%2F", "/V1/logs")
        )
    return _whole(method, path, headers, data, random)


def _whole(method: str, path: str, headers: list[str], data: bytes, random: Random) -> Case:
    if random.random() < 0.15:
        headers = [*headers, "Transfer-Encoding: chunked"]
        framing = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in _parts(data, random)) + b"0\r\n\r\n"
    else:
        headers = [*headers, f"Content-Length: {len(data)}"]
        framing = data
    return Case(How.REQUEST, method, path, head(method, path, headers) + framing)


def _parts(data: bytes, random: Random) -> list[bytes]:
    size = random.choice((1, 100, 5_000)) if len(data) < 3_000 else 5_000
    return [data[at : at + size] for at in range(0, len(data), size)]


def head(method: str, path: str, headers: list[str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n"


def request_to_grpc(random: Random, ids: Random) -> Case:
    """Make a whole HTTP request to gRPC's port, which answers it, and then hangs up."""
    whole = with_body(random.choice(bodies.BODIES))(random, ids)
    return whole._replace(how=How.BROKEN, port="grpc", wire=whole.wire[: random.choice((3, 40, None))])


def broken(random: Random, ids: Random) -> Case:
    path, content_type, data = random.choice(bodies.BODIES)(random, ids)
    whole = head("POST", path, [f"Content-Type: {content_type}", f"Content-Length: {len(data)}"]) + data
    chunked = head("POST", path, [f"Content-Type: {content_type}", "Transfer-Encoding: chunked"])
    ways = (
        lambda: random.randbytes(random.choice((1, 50, 3_000))),
        lambda: mutations.mutate_bytes(whole[:400], random, chunked),
        lambda: whole[: random.randint(0, len(whole))],
        lambda: (
            chunked + random.choice((b"zz\r\n", b"5\r\nab", b"-1\r\n", b"ffffffffffffffffff\r\n", b"1\r\naX0\r\n\r\n"))
        ),
        lambda: chunked + b"5;x=" + b"y" * 20_000 + b"\r\nabcde\r\n0\r\n\r\n",
        lambda: head(
            "POST", path, ["Content-Length: " + random.choice(("-1", "1e3", "99999999999999999999", "1, 2", ""))]
        ),
        lambda: head("POST", path, ["Content-Length: 5", "Transfer-Encoding: chunked"]) + b"0\r\n\r\n",
        lambda: head("POST", path, [f"X-{at}: {'v' * 50}" for at in range(random.choice((300, 3_000)))]),
        lambda: head("POST", path, ["X: " + "v" * 100_000]),
        lambda: head(random.choice(("PO ST", "\xe9", "post", "CONNECT", "TRACE", "P" * 500)), path, []),
        lambda: head("POST", random.choice(("*", "http://[::1", "//", "/%", "/\x00", "/" + "a" * 9_000, "?", "")), []),
        lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(200),  # TLS to a port without
    )
    return Case(How.BROKEN, "POST", path, random.choice(ways)())
