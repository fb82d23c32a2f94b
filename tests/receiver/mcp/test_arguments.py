"""Bad arguments: the model is told which one, and what was expected."""

import pytest

from receiver.mcp.tools import TOOLS
from tests.receiver.mcp.conftest import FAILED, ask, over_http, refusal

pytestmark = pytest.mark.asyncio(loop_scope="module")

BAD = [
    ("search", {"limit": 0}, "limit: expected a whole number from 1 to 200; got '0'"),
    ("search", {"limit": 2.5}, "limit: expected a whole number from 1 to 200; got 2.5"),
    (
        "search",
        {"q": ["news"]},
        'q: expected the text to search for; without it events are listed, newest first; got ["news"]',
    ),
    ("search", {"mode": "magic"}, "mode: expected one of hybrid, semantic, keyword; got 'magic'"),
    ("search", {"since": "yesterday"}, "since: expected how long ago, such as 90s, 15m, 2h or 7d, or a moment"),
    ("search", {"since": "999999999d"}, "since: expected how long ago"),
    ("list_traces", {"max_tokens": 30_001}, "max_tokens: expected a whole number from 500 to 30000"),
    ("list_traces", {"max_tokens": True}, "max_tokens: expected a whole number from 500 to 30000"),
    ("list_traces", {"filter": "cost>cheap"}, "filter: column 6: expected US dollars, such as 0.1; got 'cheap'"),
    ("list_traces", {"cursor": "next"}, "cursor: expected the next_cursor of the answer before; got 'next'"),
    ("list_traces", {"cursor": "0.next"}, "cursor: "),
    (
        "list_traces",
        {"sort": None, "colour": "red"},
        "colour: unknown argument; allowed: session_id, agent_id, service",
    ),
    ("get_trace", {}, "trace_id: expected a trace id"),
    ("get_trace", {"trace_id": "..", "events": "maybe"}, "events: expected true: every stored event"),
    ("get_trace", {"trace_id": ".."}, "no trace has the id '..'"),
    ("get_trace", {"trace_id": "a/b?c#d%2F"}, "no trace has the id 'a/b?c#d%2F'"),
    ("get_conversation", {}, "trace_id: expected a trace id, or session_id: a session id"),
    ("get_call", {"id": ""}, "id: expected the id of a call, or of an event"),
    ("get_call", {"id": "none"}, "no event has the id 'none'"),
    ("list_errors", {"status": "ok"}, "status: unknown argument"),
    (
        "breakdown",
        {"by": "colour"},
        "by: expected one of agent, service, project, model, tool, error, score; got 'colour'",
    ),
    (
        "compare_traces",
        {"a": FAILED, "b": FAILED.upper()},
        "b: expected another trace than a",
    ),
    ("explain", {"id": {"id": 1}}, 'id: expected the id of a call, or of an event; got {"id": 1}'),
]


async def test_a_bad_argument_is_named_with_what_was_expected(filled):
    async with over_http(filled.port) as client:
        for name, arguments, message in BAD:
            assert (await refusal(client, name, **arguments)).startswith(message), (name, arguments)


async def test_it_is_the_same_over_stdio_and_for_a_tool_that_there_is_not(filled, connect):
    async with connect(filled.port) as client:
        assert await refusal(client, "get_trace", trace_id="..") == "no trace has the id '..'"
        assert await refusal(client, "search", limit=0) == "limit: expected a whole number from 1 to 200; got '0'"
        assert (await refusal(client, "delete_all")).startswith(
            "there is no tool 'delete_all'; there are search, list_traces"
        )


async def test_what_is_absent_or_empty_is_as_by_default(filled):
    async with over_http(filled.port) as client:
        plain = await ask(client, "list_traces")
        assert await ask(client, "list_traces", status=None, agent_id="", sort="", limit="10") == plain


async def test_a_time_may_be_how_long_ago(filled):
    async with over_http(filled.port) as client:
        assert (await ask(client, "list_traces", until="2000d"))["untrusted_data"] == {"traces": []}
        assert (await ask(client, "list_traces", since="20000d"))["untrusted_data"]["traces"]


async def test_the_schema_says_of_each_argument_what_it_may_be():
    for tool in TOOLS:
        for name, described in tool.input_schema["properties"].items():
            assert described["type"] in {"string", "integer", "boolean"}, name
            assert described["description"], name
