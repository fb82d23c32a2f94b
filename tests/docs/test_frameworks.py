"""The lines for frameworks are those of programs that were recorded."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "emitters" / "record"
GUIDE = (ROOT / "docs" / "guides" / "frameworks.md").read_text()
BLOCKS = re.findall(r"<!-- of (.*?) -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize(("files", "block"), BLOCKS, ids=[files for files, _ in BLOCKS])
def test_each_line_is_one_of_the_recorded_program(files, block):
    program = {
        line.strip() for name in files.split() for line in (RECORDED / name).read_text().splitlines() if line.strip()
    }
    lines = [line.strip() for line in block.splitlines() if line.strip() and not re.match(r"(#|//) (pip|npm) ", line)]
    assert lines
    assert [line for line in lines if line not in program] == []


def test_each_framework_that_is_asked_for_is_there():
    headings = set(re.findall(r"(?m)^## (.*)", GUIDE))
    assert headings >= {
        "LangGraph", "OpenAI Agents SDK", "CrewAI", "Google's ADK", "Vercel AI SDK", "Spring AI", "Claude Code", "Codex"
    }  # fmt: skip
