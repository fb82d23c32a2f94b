"""What real programs sent is what they did: calls of models and tools, tokens, agents, sessions, words and failures.

`not_sent.py` holds what a program does not send, with what is seen instead; everything else must be as it was.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from aspects import ASPECTS
from not_sent import NOT_SENT
from recorded import NAMES, recording, table

DOCUMENT = Path(__file__).parents[3] / "docs" / "emitters.md"
PAIRS = [(name, aspect) for name in NAMES for aspect in ASPECTS]


@pytest.mark.parametrize(("name", "aspect"), [pair for pair in PAIRS if pair[1] not in NOT_SENT.get(pair[0], {})])
def test_what_a_program_sends_is_understood(name, aspect):
    ASPECTS[aspect](recording(name))


@pytest.mark.parametrize(("name", "aspect"), [(name, aspect) for name, row in NOT_SENT.items() for aspect in row])
def test_what_a_program_does_not_send_is_not_made_up(name, aspect):
    """One that has learned to send something, or is understood now, is taken off the list."""
    with pytest.raises(AssertionError):
        ASPECTS[aspect](recording(name))


def test_the_documents_table_says_what_these_tests_check():
    """`python tests/mapping/calls/document.py` writes it anew."""
    assert DOCUMENT.read_text() == table()
