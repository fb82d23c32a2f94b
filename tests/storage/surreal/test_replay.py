"""What is said of the log while an engine reads it. The engine itself: tests/receiver/test_replay.py."""

import os
import sys

import pytest

from storage.surreal.replay import Replay

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows where a process reads a file")
NOBODY = 2**31 - 1


@pytest.fixture
def log(tmp_path):
    """Two files of 3 and 5 MB, and the words for them."""
    folder = tmp_path / "wal"
    folder.mkdir()
    for number, size in enumerate((3, 5)):
        (folder / f"{number:020d}.wal").write_bytes(bytes(size * 1_000_000))
    return folder, Replay(f"surrealkv://{tmp_path}")


def test_a_log_that_nobody_reads_is_said_by_its_size(log):
    _, replay = log
    assert replay.progress(os.getpid()) == replay.progress(NOBODY) == ": 8 MB"


@linux
@pytest.mark.parametrize(("number", "position", "words"), [(0, 0, "0 of 8"), (0, 2, "2 of 8"), (1, 1, "4 of 8")])
def test_it_is_read_file_after_file(log, number, position, words):
    folder, replay = log
    with (folder / f"{number:020d}.wal").open("rb") as reading:
        reading.seek(position * 1_000_000)
        assert replay.progress(os.getpid()) == f": {words} MB"


@linux
def test_a_file_that_is_open_to_be_written_is_not_read(log):
    folder, replay = log
    with (folder / f"{0:020d}.wal").open("ab"):
        assert replay.progress(os.getpid()) == ": 8 MB"


def test_without_a_log_there_is_nothing_to_say_of_it(tmp_path):
    assert Replay(f"surrealkv://{tmp_path}").progress(os.getpid()) == ": 0 MB"
