"""The guide's Python runs as it is written."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.vectadb_receiver_client.conftest import KEY, filled, serve_shared  # noqa: F401 - fixtures

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "python.md"
FIRST, AWAITED, FRAMES = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)


@pytest.fixture(autouse=True)
def _where(filled, monkeypatch):  # noqa: F811 - the fixture
    monkeypatch.setenv("VECTADB_URL", filled.url)
    monkeypatch.setenv("VECTADB_API_KEY", KEY)


def test_it_asks_and_makes_data_frames(filled):  # noqa: F811
    program = FIRST.replace("http://localhost:8080", filled.url)
    frames = FRAMES.replace("calls =", "client = Client()\ncalls =", 1)
    names = {}
    exec(compile(program + frames + "client.close()\n", GUIDE, "exec"), names)  # noqa: S102 - it is ours
    assert list(names["calls"].columns)[:2] == ["id", "kind"]


def test_it_awaits():
    body = "".join(f"    {line}\n" for line in AWAITED.splitlines())
    names = {}
    exec(compile(f"async def run():\n{body}    return stats\n", GUIDE, "exec"), names)  # noqa: S102 - it is ours
    assert asyncio.run(names["run"]())["events"] > 0
