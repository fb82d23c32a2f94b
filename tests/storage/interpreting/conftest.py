import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from interpreted import running


@pytest.fixture
async def store(database):
    async with running(database) as it:
        yield it
