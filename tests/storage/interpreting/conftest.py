import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from interpreted import running

from storage.interpreting import interpreter as interpreter_module


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(interpreter_module, "_RETRY_AFTER", 0.01)
    monkeypatch.setattr(interpreter_module, "_LINGER", 0.01)


@pytest.fixture
async def store(database):
    async with running(database) as it:
        yield it
