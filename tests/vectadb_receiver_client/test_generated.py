"""The client's types and operations are those of the API: where it has a new field, they must be written anew."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import generate


@pytest.mark.parametrize("name", ["types.py", "operations.py"])
def test_is_what_the_description_says(name):
    assert (generate.FOLDER / name).read_text() == generate.files()[name], (
        "run tests/vectadb_receiver_client/generate.py"
    )
