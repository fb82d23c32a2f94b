"""Bodies of every kind, mutated, and mutations of their encodings."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import cramjam
import mutations
import samples
import wire
import zstandard
from case import JSON, PROTOBUF


class Body(NamedTuple):
    path: str
    content_type: str
    data: bytes


MakeBody = Callable[[Random, Random], Body]


def _request(random: Random, ids: Random) -> tuple[str, dict[str, Any]]:
    """Return a path and a valid request for it. Now and then the path has a slash at its end."""
    path = random.choices(list(samples.OTLP), (45, 45, 6, 4))[0]
    return path + random.choice(("", "", "", "/")), samples.OTLP[path](ids)


def protobuf_fields(random: Random, ids: Random) -> Body:
    path, request = _request(random, ids)
    fields = wire.mutate(wire.read(samples.protobuf(request)), random)
    return Body(path, PROTOBUF, wire.write(fields))


def protobuf_bytes(random: Random, ids: Random) -> Body:
    path, request = _request(random, ids)
    data = samples.protobuf(request)
    return Body(path, PROTOBUF, mutations.mutate_bytes(data, random, data))


def otlp_json(random: Random, ids: Random) -> Body:
    path, request = _request(random, ids)
    return Body(path, JSON, _mutated_json(request, random))


def otlp_json_bytes(random: Random, ids: Random) -> Body:
    path, request = _request(random, ids)
    _, other = _request(random, ids)
    data = mutations.mutate_bytes(json.dumps(request).encode(), random, json.dumps(other).encode())
    return Body(path, JSON, data)


def event(random: Random, ids: Random) -> Body:
    return Body("/api/v1/events", JSON, _mutated_json(samples.event(ids), random))


def batch(random: Random, ids: Random) -> Body:
    return Body("/api/v1/events/batch", JSON, _mutated_json(samples.batch(ids), random))


def score(random: Random, ids: Random) -> Body:
    return Body("/api/v1/scores", JSON, _mutated_json(samples.score(ids), random))


def batch_bytes(random: Random, ids: Random) -> Body:
    data = json.dumps(samples.batch(ids), ensure_ascii=False).encode()
    return Body("/api/v1/events/batch", JSON, mutations.mutate_bytes(data, random))


def _mutated_json(request: dict[str, Any], random: Random) -> bytes:
    tree = mutations.mutate_json(mutations.read_json(json.dumps(request)), random)
    # Surrogates as such are no UTF-8; escaped they are JSON.
    return mutations.write_json(tree, ascii_only=random.random() < 0.7).encode(errors="surrogatepass")


def noise(random: Random, ids: Random) -> Body:
    path = random.choice((*samples.OTLP, "/api/v1/events", "/api/v1/events/batch"))
    data = random.choice(
        (
            random.randbytes(random.choice((0, 1, 7, 300, 20_000))),
            mutations.write_json(mutations.value(random)).encode(errors="surrogatepass"),
            wire.write([wire.any_field(random) for _ in range(random.randrange(30))]),
            samples.protobuf(samples.logs(ids)),
            json.dumps(samples.spans(ids)).encode(),
        )
    )
    return Body(path, random.choice((JSON, PROTOBUF)), data)


PROTOBUF_BODIES: tuple[MakeBody, ...] = (protobuf_fields, protobuf_bytes)
BODIES: tuple[MakeBody, ...] = (*PROTOBUF_BODIES, otlp_json, otlp_json_bytes, event, batch, score)

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, 1),
    "x-gzip": lambda data: gzip.compress(data, 1),
    "deflate": zlib.compress,
    "zlib": zlib.compress,
    "zstd": zstandard.compress,
    "snappy": lambda data: bytes(cramjam.snappy.compress_raw(data)),
    "x-snappy-framed": lambda data: bytes(cramjam.snappy.compress(data)),
    "lz4": lambda data: bytes(cramjam.lz4.compress(data)),
    "identity": bytes,
}


def compressed(body: bytes, name: str, random: Random) -> bytes:
    """Compress, with a fault or as a bomb in half of the cases."""
    compress = COMPRESS.get(name.lower(), bytes)
    match random.randrange(10):
        case 0:
            data = compress(body)
            return mutations.mutate_bytes(data, random, data)
        case 1:
            data = compress(body)
            return data[: random.randint(0, len(data))]
        case 2:
            data = compress(body)
            return data + random.choice((b"\0", data, random.randbytes(9), data * 70))
        case 3:
            return compress(b"\0" * random.choice((10**5, 3 * 10**6)))
        case 4:
            return body if random.random() < 0.5 else COMPRESS[random.choice(tuple(COMPRESS))](body)
    return compress(body)
