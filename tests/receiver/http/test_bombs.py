"""Compressed bodies of 1 MB that would inflate to gigabytes: 413, and less than 64 MB of the process's memory."""

import http.client
import sys
import zlib
from pathlib import Path

import cramjam
import pytest

MB = 1024 * 1024
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's: it tells a process's peak memory")


def deflated(window_bits):
    """About 1 MB that inflates to 1 GB of zeros. The checksum at its end is wrong, which nobody should live to see."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, window_bits)
    head = compressor.compress(bytes(16 * MB)) + compressor.flush(zlib.Z_FULL_FLUSH)
    piece = compressor.compress(bytes(16 * MB)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return head + piece * (MB // len(piece)) + compressor.flush()


def zstd():
    """1 MB that inflates to 32 GB: a frame (RFC 8878) of blocks of 4 bytes, each of which means 128 KiB of zeros."""
    header = bytes.fromhex("28b52ffd 00 50")
    block = ((128 * 1024) << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    return header + block * (MB // 4)


def framed_snappy():
    """1 MB that inflates to 21 MB: as much as Snappy can make of a byte."""
    return bytes(cramjam.snappy.compress(bytes(22 * MB)))


BOMBS = {
    "gzip": lambda: deflated(16 + zlib.MAX_WBITS),
    "deflate": lambda: deflated(zlib.MAX_WBITS),
    "zstd": zstd,
    "snappy": lambda: bytes(cramjam.snappy.compress_raw(bytes(22 * MB))),
    "x-snappy-framed": framed_snappy,
    "lz4": lambda: bytes(cramjam.lz4.compress(bytes(256 * MB))),
}


class Memory:
    """What a process holds, in bytes: now, and at most since the last `reset`."""

    def __init__(self, process):
        self.folder = Path(f"/proc/{process.pid}")

    def reset(self):
        (self.folder / "clear_refs").write_text("5")

    def __getitem__(self, name):
        (line,) = (line for line in (self.folder / "status").read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024


@pytest.mark.parametrize("content_type", ["application/x-protobuf", "application/json"])
@pytest.mark.parametrize("encoding", BOMBS)
def test_a_bomb_is_413_and_costs_little_memory(serve, encoding, content_type, record_property):
    receiver = serve().started()
    bomb = BOMBS[encoding]()
    assert len(bomb) > 0.9 * MB
    memory = Memory(receiver.process)
    memory.reset()
    before = memory["VmRSS"]
    for path in ("/v1/traces", "/v1/logs"):
        connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=60)
        connection.request("POST", path, bomb, {"Content-Type": content_type, "Content-Encoding": encoding})
        answer = connection.getresponse()
        assert answer.status == 413, answer.read()
        assert b"at most 20MiB once decompressed" in answer.read()
        connection.close()
    cost = memory["VmHWM"] - before
    record_property("peak_mb", round(cost / MB, 1))
    print(f"{encoding}: {cost / MB:.1f} MB for a body of {len(bomb) / MB:.2f} MB")  # noqa: T201 - seen with -s
    assert cost < 64 * MB
