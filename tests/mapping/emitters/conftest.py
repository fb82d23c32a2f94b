"""The tests share the reading of fixtures with the command that writes the golden files."""

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("regenerate", Path(__file__).parent / "regenerate.py")
_regenerate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_regenerate)


@pytest.fixture(scope="session")
def emitters():
    return _regenerate


def pytest_generate_tests(metafunc):
    if "each_emitter" in metafunc.fixturenames:
        metafunc.parametrize("each_emitter", _regenerate.NAMES)
