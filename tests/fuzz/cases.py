"""Cases of every kind. Case N of a seed is always the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import bodies
import grpc_cases
import http_cases
import read_cases
from case import Case
from http_cases import with_body


def make(seed: int, number: int, fresh: int = 0) -> Case:
    """Make a case. Another `fresh` gives its ids other values: the same work again, not a duplicate."""
    random = Random(f"{seed}/{number}")
    ids = Random(f"{seed}/{number}/{fresh}")
    kind = random.choices(list(_KINDS), _WEIGHTS)[0]
    return _KINDS[kind][1](random, ids)._replace(number=number, kind=kind)


_KINDS: dict[str, tuple[int, Callable[[Random, Random], Case]]] = {
    "protobuf, fields mutated": (15, with_body(bodies.protobuf_fields)),
    "protobuf, bytes mutated": (10, with_body(bodies.protobuf_bytes)),
    "OTLP/JSON, structure mutated": (16, with_body(bodies.otlp_json)),
    "OTLP/JSON, bytes mutated": (6, with_body(bodies.otlp_json_bytes)),
    "JSON event, structure mutated": (6, with_body(bodies.event)),
    "JSON batch, structure mutated": (6, with_body(bodies.batch)),
    "JSON batch, bytes mutated": (3, with_body(bodies.batch_bytes)),
    "bytes at random": (3, with_body(bodies.noise)),
    "headers and encodings mixed": (12, http_cases.mixed_headers),
    "HTTP broken": (4, http_cases.broken),
    "HTTP to gRPC's port": (1, http_cases.request_to_grpc),
    "reads, parameters mutated": (6, read_cases.read),
    "gRPC, message mutated": (8, grpc_cases.message_mutated),
    "gRPC, framing wrong": (3, grpc_cases.framing_wrong),
    "gRPC, metadata mixed": (3, grpc_cases.metadata_mixed),
    "gRPC to HTTP's port": (1, grpc_cases.call_to_http),
    "HTTP/2 broken": (3, grpc_cases.broken),
}
_WEIGHTS = [weight for weight, _ in _KINDS.values()]
