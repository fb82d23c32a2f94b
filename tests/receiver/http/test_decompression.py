import gzip
import resource
import zlib

import pytest
import zstandard

from mapping.errors import Code, Problem
from receiver.http.decompression import ENCODINGS, inflate

COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstandard.compress}
LIMIT = 1000


def test_every_encoding_is_tested():
    assert set(COMPRESS) == set(ENCODINGS)


@pytest.fixture(params=sorted(COMPRESS))
def encoding(request):
    return request.param


def test_inflating_takes_concatenated_members_as_one_body(encoding):
    compress = COMPRESS[encoding]
    assert inflate(encoding, compress(b"one, ") + compress(b"") + compress(b"two"), LIMIT) == b"one, two"


def test_inflating_takes_a_body_as_long_as_the_limit_and_no_longer(encoding):
    assert inflate(encoding, COMPRESS[encoding](b"x" * LIMIT), LIMIT) == b"x" * LIMIT
    with pytest.raises(Problem, match="expected at most 1000 once decompressed") as error:
        inflate(encoding, COMPRESS[encoding](b"x" * (LIMIT + 1)), LIMIT)
    assert error.value.code is Code.RESOURCE_EXHAUSTED


def test_inflating_counts_all_members_together(encoding):
    with pytest.raises(Problem, match="at most 1000"):
        inflate(encoding, COMPRESS[encoding](b"x" * 600) * 2, LIMIT)


def test_inflating_refuses_members_without_end(encoding):
    with pytest.raises(Problem, match="at most 64 concatenated"):
        inflate(encoding, COMPRESS[encoding](b"") * 65, LIMIT)


def test_inflating_never_makes_more_of_a_bomb_than_the_limit(encoding):
    bomb = COMPRESS[encoding](bytes(256 * 1024**2))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Problem, match="at most 1MiB"):
        inflate(encoding, bomb, 1024**2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024  # KiB


def test_a_zstd_frame_that_wants_a_large_window_is_refused():
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = compressor.compress(b"x" * LIMIT) + compressor.flush()
    with pytest.raises(Problem, match="too much memory"):
        inflate("zstd", frame, LIMIT)
