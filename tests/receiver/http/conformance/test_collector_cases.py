"""What the Collector's own receiver is tested for (v0.159.0: otlpreceiver, confighttp), case by case.

| its case | here |
|---|---|
| uncompressed, gzip, zlib, zstd, snappy, lz4 x JSON, protobuf x success, permanent error, retryable error | below |
| no content type with a bad encoding | below |
| upper-case and charset content types; PATCH and GET | `test_requests.py`: TestContentType, TestMethod |
| `1234` as JSON; Retry-After on 503 and not on 400 and 500 | `test_errors.py`: TestBadData, TestErrors |
| encoding header over a plain body; truncated and empty gzip; limit = length, length - 1 | `test_bodies.py` |
| bombs in each codec | `../test_bombs.py` |
| mTLS: missing and wrong certificate | `../test_tls.py` |
| preflight | `../test_cors.py` |
| wrong key in either header | `../test_auth.py` |
| port already used; shutdown under load | `../../test_server.py` |
| a fuzzer over the handlers | `tests/fuzz` |
"""

import gzip
import zlib

import cramjam
import pytest
import zstandard

from mapping.errors import Code, Problem
from receiver.http.statuses import STATUSES

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPRESS = {
    None: bytes,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zstd": zstandard.compress,
    "snappy": lambda data: bytes(cramjam.snappy.compress_raw(data)),
    "x-snappy-framed": lambda data: bytes(cramjam.snappy.compress(data)),
    "lz4": lambda data: bytes(cramjam.lz4.compress(data)),
}
OUTCOMES = {
    "success": (None, 200, None),
    "permanent error": (Problem(Code.INVALID_ARGUMENT, "never"), 400, None),
    "retryable error": (Problem(Code.UNAVAILABLE, "later", retry_after=3), 503, "3"),
}


@pytest.mark.parametrize("encoding", COMPRESS)
@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_each_encoding_carries_each_outcome(receiver, sender, monkeypatch, encoding, outcome):
    error, status, retry_after = OUTCOMES[outcome]

    async def fail(_events):
        raise error

    if error is not None:
        monkeypatch.setattr(receiver.storage.writer, "write", fail)
    body = COMPRESS[encoding](sender.body(sender.item()))
    answer = await receiver.post(sender.path, body, sender.content_type, content_encoding=encoding)
    assert (answer.status, answer.headers.get("Retry-After")) == (status, retry_after)
    assert answer.headers["Content-Type"] == sender.content_type
    if error is None:
        assert sender.rejected(sender.parse(answer.body)) == 0
    else:
        told = sender.parse_status(answer.body)
        assert (told.code, told.message) == (STATUSES[error.code].grpc, error.message)


async def test_without_a_content_type_the_encoding_is_not_looked_at(receiver, sender):
    answer = await receiver.post(sender.path, sender.body(), None, content_encoding="odd")
    assert (answer.status, answer.headers["Content-Type"]) == (415, "application/json")
