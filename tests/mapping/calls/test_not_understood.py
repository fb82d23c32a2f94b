"""Events that look like an agent's and say nothing that is known are told by who sent them."""

import pytest
from events import log, span

from mapping.calls.not_understood import not_understood
from mapping.calls.reading import tell


@pytest.mark.parametrize(
    ("event", "sender"),
    [
        (span({"acme.llm.in": 5, "acme.llm.out": 7}, scope="acme-agents"), "acme-agents"),
        (log({"agent.thought": "hm"}, scope=None), "svc"),
        (span({"http.method": "GET"}, scope="http"), None),
        (span({"gen_ai.operation.name": "chat"}, scope="genai"), None),
        # A wrapper of a known program.
        (span({"ai.settings.maxRetries": 2}, scope="ai"), None),
    ],
)
def test_only_what_no_table_knows_is_counted(event, sender):
    assert not_understood(event, tell(event)) == sender
