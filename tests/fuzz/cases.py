"""Cases: what is written to a connection, and what may come back. Case N of a seed is always the same bytes."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote

import cramjam
import mutations
import samples
import wire
import zstandard

JSON, PROTOBUF = "application/json", "application/x-protobuf"


class Case(NamedTuple):
    """`framed`: it is one whole HTTP request, so that one whole answer must come, and the connection go on."""

    number: int
    kind: str
    method: str
    path: str
    wire: bytes
    framed: bool


class _Body(NamedTuple):
    path: str
    content_type: str
    data: bytes


def make(seed: int, number: int, fresh: int = 0) -> Case:
    """Make a case. Another `fresh` gives its ids other values: the same work again, not a duplicate."""
    random = Random(f"{seed}/{number}")
    ids = Random(f"{seed}/{number}/{fresh}")
    kind = random.choices(list(_KINDS), [weight for weight, _ in _KINDS.values()])[0]
    return _KINDS[kind][1](kind, number, random, ids)


def _request(random: Random, ids: Random) -> dict[str, Any]:
    return random.choice((samples.spans, samples.logs))(ids)


def _path_of(request: dict[str, Any]) -> str:
    return "/v1/traces" if "resourceSpans" in request else "/v1/logs"


def _protobuf_fields(random: Random, ids: Random) -> _Body:
    request = _request(random, ids)
    fields = wire.mutate(wire.read(samples.protobuf(request)), random)
    return _Body(_path_of(request), PROTOBUF, wire.write(fields))


def _protobuf_bytes(random: Random, ids: Random) -> _Body:
    request = _request(random, ids)
    other = samples.protobuf(_request(random, ids))
    return _Body(_path_of(request), PROTOBUF, mutations.mutate_bytes(samples.protobuf(request), random, other))


def _otlp_json(random: Random, ids: Random) -> _Body:
    request = _request(random, ids)
    return _Body(_path_of(request), JSON, _mutated_json(request, random))


def _otlp_json_bytes(random: Random, ids: Random) -> _Body:
    request = _request(random, ids)
    other = json.dumps(_request(random, ids)).encode()
    return _Body(_path_of(request), JSON, mutations.mutate_bytes(json.dumps(request).encode(), random, other))


def _event(random: Random, ids: Random) -> _Body:
    return _Body("/api/v1/events", JSON, _mutated_json(samples.event(ids), random))


def _batch(random: Random, ids: Random) -> _Body:
    return _Body("/api/v1/events/batch", JSON, _mutated_json(samples.batch(ids), random))


def _batch_bytes(random: Random, ids: Random) -> _Body:
    data = json.dumps(samples.batch(ids), ensure_ascii=False).encode()
    return _Body("/api/v1/events/batch", JSON, mutations.mutate_bytes(data, random))


def _mutated_json(request: dict[str, Any], random: Random) -> bytes:
    tree = mutations.mutate_json(mutations.read_json(json.dumps(request)), random)
    # Surrogates as such are no UTF-8; escaped they are JSON.
    return mutations.write_json(tree, ascii_only=random.random() < 0.7).encode(errors="surrogatepass")


def _noise(random: Random, ids: Random) -> _Body:
    path = random.choice(("/v1/traces", "/v1/logs", "/api/v1/events", "/api/v1/events/batch"))
    data = random.choice(
        (
            random.randbytes(random.choice((0, 1, 7, 300, 20_000))),
            mutations.write_json(mutations.value(random)).encode(errors="surrogatepass"),
            wire.write([wire.any_field(random) for _ in range(random.randrange(30))]),
            samples.protobuf(samples.logs(ids)),
            json.dumps(samples.spans(ids)).encode(),
        )
    )
    return _Body(path, random.choice((JSON, PROTOBUF)), data)


_BODIES: tuple[Callable[[Random, Random], _Body], ...] = (
    _protobuf_fields,
    _protobuf_bytes,
    _otlp_json,
    _otlp_json_bytes,
    _event,
    _batch,
)

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
_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, 1),
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "snappy": lambda data: bytes(cramjam.snappy.compress_raw(data)),
    "x-snappy-framed": lambda data: bytes(cramjam.snappy.compress(data)),
    "lz4": lambda data: bytes(cramjam.lz4.compress(data)),
    "identity": bytes,
}
_ENCODING_NAMES = ("GZIP", "x-gzip", "br", "gzip, gzip", "gzip,identity", "zlib", "", " ", "none", "zstd;q=1", "\xe9")
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


def _compressed(body: bytes, name: str, random: Random) -> bytes:
    data = _COMPRESS.get(name.lower(), bytes)(body)
    match random.randrange(8):
        case 0:
            return mutations.mutate_bytes(data, random, data)
        case 1:
            return data[: random.randint(0, len(data))]
        case 2:
            return data + random.choice((b"\0", data, random.randbytes(9), data * 70))
        case 3:
            return _COMPRESS.get(name.lower(), bytes)(b"\0" * random.choice((10**5, 3 * 10**6)))
        case 4:
            return body
    return data


def _post(kind: str, number: int, random: Random, ids: Random, make_body: Callable[[Random, Random], _Body]) -> Case:
    path, content_type, data = make_body(random, ids)
    return _whole(kind, number, "POST", path, [f"Content-Type: {content_type}"], data, random)


def _with_body(make_body: Callable[[Random, Random], _Body]) -> Callable[[str, int, Random, Random], Case]:
    return lambda kind, number, random, ids: _post(kind, number, random, ids, make_body)


def _mixed_headers(kind: str, number: int, random: Random, ids: Random) -> Case:
    path, content_type, data = random.choice(_BODIES)(random, ids)
    if random.random() < 0.3:
        content_type = random.choice(_CONTENT_TYPES)
    headers = [f"Content-Type: {content_type}"] if random.random() < 0.95 else []
    if random.random() < 0.7:
        name = random.choice(tuple(_COMPRESS)) if random.random() < 0.8 else random.choice(_ENCODING_NAMES)
        data = _compressed(data, name, random)
        headers += [f"Content-Encoding: {name}"] * random.choice((1, 1, 1, 2))
    headers += random.sample(_HEADERS, random.choice((0, 0, 1, 3)))
    random.shuffle(headers)
    method = "POST" if random.random() < 0.9 else random.choice(("GET", "PUT", "PATCH", "HEAD", "OPTIONS", "DELETE"))
    if random.random() < 0.1:
        path = random.choice(
            ("/v1/metrics", "/v1development/profiles", "/v1/traces/", "//v1/logs", "/", "/v1/%74races")
        )
    return _whole(kind, number, method, path, headers, data, random)


def _whole(kind: str, number: int, method: str, path: str, headers: list[str], data: bytes, random: Random) -> Case:
    if random.random() < 0.15:
        headers = [*headers, "Transfer-Encoding: chunked"]
        framing = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in _parts(data, random)) + b"0\r\n\r\n"
    else:
        headers = [*headers, f"Content-Length: {len(data)}"]
        framing = data
    return Case(number, kind, method, path, _head(method, path, headers) + framing, framed=True)


def _parts(data: bytes, random: Random) -> list[bytes]:
    size = random.choice((1, 100, 5_000)) if len(data) < 3_000 else 5_000
    return [data[at : at + size] for at in range(0, len(data), size)]


def _head(method: str, path: str, headers: list[str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n"


def _broken_http(kind: str, number: int, random: Random, ids: Random) -> Case:
    """Bytes that break HTTP's own rules, or break off. An answer may come or not."""
    path, content_type, data = random.choice(_BODIES)(random, ids)
    whole = _head("POST", path, [f"Content-Type: {content_type}", f"Content-Length: {len(data)}"]) + data
    chunked = _head("POST", path, [f"Content-Type: {content_type}", "Transfer-Encoding: chunked"])
    broken = (
        lambda: random.randbytes(random.choice((1, 50, 3_000))),
        lambda: mutations.mutate_bytes(whole[:400], random, chunked),
        lambda: whole[: random.randint(0, len(whole))],
        lambda: (
            chunked + random.choice((b"zz\r\n", b"5\r\nab", b"-1\r\n", b"ffffffffffffffffff\r\n", b"1\r\naX0\r\n\r\n"))
        ),
        lambda: chunked + b"5;x=" + b"y" * 20_000 + b"\r\nabcde\r\n0\r\n\r\n",
        lambda: _head(
            "POST", path, ["Content-Length: " + random.choice(("-1", "1e3", "99999999999999999999", "1, 2", ""))]
        ),
        lambda: _head("POST", path, ["Content-Length: 5", "Transfer-Encoding: chunked"]) + b"0\r\n\r\n",
        lambda: _head("POST", path, [f"X-{at}: {'v' * 50}" for at in range(random.choice((300, 3_000)))]),
        lambda: _head("POST", path, ["X: " + "v" * 100_000]),
        lambda: _head(random.choice(("PO ST", "\xe9", "post", "CONNECT", "TRACE", "P" * 500)), path, []),
        lambda: _head("POST", random.choice(("*", "http://[::1", "//", "/%", "/\x00", "/" + "a" * 9_000, "?", "")), []),
        lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        lambda: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(200),  # TLS to a port without
    )
    return Case(number, kind, "POST", path, random.choice(broken)(), framed=False)


_READS = ("traces", "events", "sessions", "search", "stats", "traces/{}", "events/{}", "sessions/{}", "nothing")
_PARAMETERS = (
    *("limit", "cursor", "session_id", "agent_id", "trace_id", "event_type", "status", "since", "until", "q", "mode"),
    *("group_by", "service", "other"),
)
_PARAMETER_VALUES = (
    *(
        "1",
        "200",
        "running",
        "ok",
        "error",
        "hybrid",
        "keyword",
        "semantic",
        "trace",
        "session",
        "session-1",
        "agent-1",
    ),
    *("2026-01-07T00:00:00Z", "2030-01-01T00:00:00Z", "travel", f"{1:032x}", "tool_call", "WyIxIl0", "bnVsbA", "e30"),
)


def _read(kind: str, number: int, random: Random, ids: Random) -> Case:
    def value() -> str:
        given = random.choice(_PARAMETER_VALUES) if random.random() < 0.7 else mutations.text(random)[:200]
        raw = given.encode(errors="surrogatepass")
        return quote(mutations.mutate_bytes(raw, random) if random.random() < 0.2 else raw, safe="")

    path = "/api/v1/" + random.choice(_READS).format(value() or "x")
    names = random.sample(_PARAMETERS, random.choice((0, 1, 1, 2, 3)))
    query = "&".join(f"{name}={value()}" for name in names)
    method = "GET" if random.random() < 0.95 else random.choice(("HEAD", "POST", "DELETE", "OPTIONS"))
    return Case(number, kind, method, path, _head(method, f"{path}?{query}", ["Content-Length: 0"]), framed=True)


_KINDS: dict[str, tuple[int, Callable[[str, int, Random, Random], Case]]] = {
    "protobuf, fields mutated": (20, _with_body(_protobuf_fields)),
    "protobuf, bytes mutated": (13, _with_body(_protobuf_bytes)),
    "OTLP/JSON, structure mutated": (18, _with_body(_otlp_json)),
    "OTLP/JSON, bytes mutated": (8, _with_body(_otlp_json_bytes)),
    "JSON event, structure mutated": (8, _with_body(_event)),
    "JSON batch, structure mutated": (8, _with_body(_batch)),
    "JSON batch, bytes mutated": (4, _with_body(_batch_bytes)),
    "bytes at random": (3, _with_body(_noise)),
    "headers and encodings mixed": (13, _mixed_headers),
    "HTTP broken": (4, _broken_http),
    "reads, parameters mutated": (4, _read),
}
