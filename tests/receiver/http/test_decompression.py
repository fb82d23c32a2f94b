import contextlib
import gzip
import resource
import tracemalloc
import zlib

import cramjam
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mapping.errors import Code, Problem
from receiver.http.decompression import ENCODINGS, inflate

COMPRESS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zlib": zlib.compress,
    "zstd": zstandard.compress,
    "snappy": lambda data: bytes(cramjam.snappy.compress_raw(data)),
    "x-snappy-framed": lambda data: bytes(cramjam.snappy.compress(data)),
    "lz4": lambda data: bytes(cramjam.lz4.compress(data)),
}
LIMIT = 1000
WITHOUT_MEMBERS = {"snappy"}  # a block, which ends with its body
MEMBERS_AT_ONCE = {"x-snappy-framed", "lz4"}  # any number of them costs as much as one


def test_every_encoding_is_tested():
    assert set(COMPRESS) == set(ENCODINGS)


@pytest.fixture(params=sorted(COMPRESS))
def encoding(request):
    return request.param


@pytest.mark.parametrize("encoding", sorted(COMPRESS.keys() - WITHOUT_MEMBERS))
def test_inflating_takes_concatenated_members_as_one_body(encoding):
    compress = COMPRESS[encoding]
    assert inflate(encoding, compress(b"one, ") + compress(b"") + compress(b"two"), LIMIT) == b"one, two"


def test_inflating_takes_a_body_as_long_as_the_limit_and_no_longer(encoding):
    assert inflate(encoding, COMPRESS[encoding](b"x" * LIMIT), LIMIT) == b"x" * LIMIT
    with pytest.raises(Problem, match="expected at most 1000 once decompressed") as error:
        inflate(encoding, COMPRESS[encoding](b"x" * (LIMIT + 1)), LIMIT)
    assert error.value.code is Code.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("encoding", sorted(COMPRESS.keys() - WITHOUT_MEMBERS))
def test_inflating_counts_all_members_together(encoding):
    with pytest.raises(Problem, match="at most 1000"):
        inflate(encoding, COMPRESS[encoding](b"x" * 600) * 2, LIMIT)


@pytest.mark.parametrize("encoding", sorted(COMPRESS.keys() - WITHOUT_MEMBERS - MEMBERS_AT_ONCE))
def test_inflating_refuses_members_without_end(encoding):
    with pytest.raises(Problem, match="at most 64 concatenated"):
        inflate(encoding, COMPRESS[encoding](b"") * 65, LIMIT)


def test_inflating_never_makes_more_of_a_bomb_than_the_limit(encoding):
    bomb = COMPRESS[encoding](bytes(256 * 1024**2))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Problem, match="at most 1MiB"):
        inflate(encoding, bomb, 1024**2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024  # KiB


@pytest.mark.parametrize("encoding", COMPRESS)
@given(data=st.binary(min_size=1, max_size=3_000) | st.builds(bytes, st.integers(1, 300_000)))
def test_whatever_was_compressed_is_there_again(encoding, data):
    assert inflate(encoding, COMPRESS[encoding](data), 300_000) == data


@pytest.mark.parametrize("encoding", COMPRESS)
@given(body=st.binary(max_size=200), start=st.sampled_from(["", "ff060000734e61507059", "04224d18"]))
def test_what_is_no_compressed_data_fails_as_a_problem_only(encoding, body, start):
    with contextlib.suppress(Problem):
        assert len(inflate(encoding, bytes.fromhex(start) + body, LIMIT)) <= LIMIT


def test_a_snappy_block_that_claims_more_than_it_can_hold_costs_no_memory():
    claim = b"\x80\x80\x80\x08"  # 16 MiB, as a varint
    tracemalloc.start()
    with pytest.raises(Problem, match="expected snappy data"):
        inflate("snappy", claim + b"xyz", 20 * 1024**2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_framed_snappy_under_the_name_of_older_collectors_is_read_too():
    assert inflate("snappy", COMPRESS["x-snappy-framed"](b"x" * LIMIT), LIMIT) == b"x" * LIMIT
    with pytest.raises(Problem, match="at most 1000"):
        inflate("snappy", COMPRESS["x-snappy-framed"](b"x" * (LIMIT + 1)), LIMIT)


def test_a_zstd_frame_that_wants_a_large_window_is_refused():
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = compressor.compress(b"x" * LIMIT) + compressor.flush()
    with pytest.raises(Problem, match="too much memory"):
        inflate("zstd", frame, LIMIT)
