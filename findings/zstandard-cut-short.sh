#!/usr/bin/env bash
# python-zstandard reads half of a frame as if it were all: every call that reads piece by piece, `zstandard.open`
# included, ends without an error where the input does, as `gzip` and its own `decompress` do not.
# Guess: they raise, as gzip's readers do (EOFError), since a frame says where it ends.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check zstandard==0.25.0
timeout 100 "$folder/venv/bin/python" - <<'PYTHON'
import gzip
import io
import random
import sys

import zstandard

print("zstandard", zstandard.__version__)
# As lines of a Collector's file exporter, with ids that no compression shortens.
line = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x"}]}]}]}\n'
data = "".join(line % random.Random(number).getrandbits(128) for number in range(20_000)).encode()
whole = zstandard.ZstdCompressor(write_checksum=True, write_content_size=True).compress(data)
half = whole[: len(whole) // 2]


def copied(source):
    target = io.BytesIO()
    zstandard.ZstdDecompressor().copy_stream(source, target)
    return target.getvalue()


def with_object(source):
    reader = zstandard.ZstdDecompressor().decompressobj()
    read = reader.decompress(source.read())
    assert not reader.eof  # the one that says, if it is asked
    return read


readers = {
    "zstandard.open": lambda source: zstandard.open(source).read(),
    "stream_reader": lambda source: zstandard.ZstdDecompressor().stream_reader(source).read(),
    "read_to_iter": lambda source: b"".join(zstandard.ZstdDecompressor().read_to_iter(source)),
    "copy_stream": copied,
    "decompressobj": with_object,
    "decompress": lambda source: zstandard.ZstdDecompressor().decompress(source.read()),
}
silent = set()
for name, read in readers.items():
    try:
        found = read(io.BytesIO(half))
    except zstandard.ZstdError as error:
        print(f"{name} of half a frame: {type(error).__name__}: {error}")
    else:
        assert data.startswith(found)
        assert 0 < len(found) < len(data)
        silent.add(name)
        print(f"{name} of half a frame: {len(found):,} of {len(data):,} bytes, no error")
packed = gzip.compress(data)
try:
    gzip.open(io.BytesIO(packed[: len(packed) // 2])).read()
except EOFError as error:
    print(f"gzip.open of half a file: EOFError: {error}")
else:
    sys.exit("CHANGED: gzip says nothing either")
if silent != set(readers) - {"decompress"}:
    sys.exit("CHANGED: of zstandard's readers only `decompress` says that a frame is cut short")
PYTHON
