"""The table of tools: what a model may ask, and how an answer is made that fits into its budget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from receiver.http.parameters import (
    BY,
    CALL_FILTERS,
    CALL_SORT,
    FROM,
    GROUP_BY,
    MODE,
    PROJECT,
    QUERY,
    SEARCH_FILTERS,
    SORT,
    TRACE_FILTERS,
    Parameter,
)
from receiver.mcp import answers, finding
from receiver.mcp.arguments import (
    CURSOR,
    FEW,
    MAX_TOKENS,
    SINCE,
    UNTIL,
    ToolError,
    event_or_call,
    read,
    schema,
    some_of,
    switch,
    trace,
)
from receiver.mcp.asking import Ask, Refused
from receiver.mcp.budget import fit
from receiver.mcp.finding import Found

_PAGED = (FEW, CURSOR, MAX_TOKENS)


class Tool(NamedTuple):
    """`data` is the type of what is answered, and `rows` its field whose rows come in pages."""

    name: str
    title: str
    description: str
    arguments: tuple[Parameter, ...]
    data: Any
    rows: str
    find: Callable[[Ask, dict[str, Any]], Awaitable[Found]]

    @property
    def input_schema(self) -> dict[str, Any]:
        return schema(self.arguments)


TOOLS = (
    Tool(
        "search",
        "Search events",
        "Find events of agents' runs by meaning and by words, best first; without q the newest that pass the filters. "
        "get_call has all of a result, get_trace what is around it.",
        (
            QUERY,
            MODE,
            GROUP_BY,
            *some_of(SEARCH_FILTERS, "trace_id session_id agent_id event_type status service project since until"),
            *_PAGED,
        ),
        answers.Hits,
        "results",
        finding.search,
    ),
    Tool(
        "list_traces",
        "List runs",
        "List runs of agents, each a trace, the newest first or sorted: what was asked, answered, went wrong, cost.",
        (*some_of(TRACE_FILTERS, "session_id agent_id service project status since until filter"), SORT, *_PAGED),
        answers.Runs,
        "traces",
        finding.list_traces,
    ),
    Tool(
        "get_trace",
        "Outline a run",
        "Outline a run: its sums, then its calls of models, tools and agents in order, without what was said. "
        "get_call has the content of a step, get_conversation all that was said.",
        (trace(), switch("events", "every stored event in place of calls"), CURSOR, MAX_TOKENS),
        answers.Outline,
        "steps",
        finding.get_trace,
    ),
    Tool(
        "get_conversation",
        "Read a conversation",
        "Read what was said in a run (trace_id) or a session (session_id), with tools' arguments and results; "
        "the latest first, or from the start.",
        (
            trace()._replace(required=False),
            *some_of(SEARCH_FILTERS, "session_id project"),
            FROM,
            CURSOR,
            MAX_TOKENS,
        ),
        answers.Conversation,
        "turns",
        finding.get_conversation,
    ),
    Tool(
        "get_call",
        "Read a call",
        "Read one call of a model, a tool or an agent, or an event: arguments and result, or messages: first what was "
        "answered, then what was sent, the last first, then the instructions. Texts too long for max_tokens are cut.",
        (event_or_call(), CURSOR, MAX_TOKENS),
        answers.CallDetail,
        "messages",
        finding.get_call,
    ),
    Tool(
        "list_errors",
        "List failures",
        "List calls that failed, with what went wrong, the newest first. What called them fails, too, as a rule. "
        "breakdown by error groups failures that are alike.",
        (
            *some_of(
                CALL_FILTERS, "trace_id session_id agent_id project name model kind since until min_duration filter"
            ),
            CALL_SORT,
            *_PAGED,
        ),
        answers.Errors,
        "calls",
        finding.list_errors,
    ),
    Tool(
        "breakdown",
        "Count by name",
        "Count runs, calls, failures or scores by agent, service, project, model, tool, error or score: how many, "
        "tokens, cost, duration.",
        (BY, SINCE, UNTIL, PROJECT, *_PAGED),
        answers.Breakdown,
        "rows",
        finding.breakdown,
    ),
    Tool(
        "compare_traces",
        "Compare two runs",
        "Compare two runs step by step: what they came to, and the steps that differ or that only one has. "
        "get_call has what was said in either.",
        (trace("a"), trace("b"), switch("all", "the steps that are alike, too"), CURSOR, MAX_TOKENS),
        answers.Comparison,
        "steps",
        finding.compare_traces,
    ),
    Tool(
        "explain",
        "Explain an event",
        "Explain why an event stands in its trace, which attributes gave its session, agent and type, and why events "
        "are one call.",
        (event_or_call(), CURSOR, MAX_TOKENS),
        answers.Explanation,
        "told",
        finding.explain,
    ),
)


async def answer(tool: Tool, ask: Ask, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool's answer as JSON that fits into its budget. Raises ToolError."""
    given = read(tool.arguments, arguments)
    tokens, (answered, page) = given.pop("max_tokens"), given.pop("cursor")
    if "limit" in given or tool.name == "get_conversation":
        given["cursor"] = page or None
    try:
        found = await tool.find(ask, given)
    except Refused as refused:
        raise ToolError(str(refused)) from None
    return await asyncio.to_thread(_fitted, tool, found, tokens, answered, page)


def _fitted(tool: Tool, found: Found, tokens: int, answered: int, page: str) -> dict[str, Any]:
    rows = msgspec.to_builtins(found.rows[answered:])
    whole = {name: value for name, value in found.head.items() if value is not msgspec.UNSET}
    head, kept, cut = fit(msgspec.to_builtins(whole), rows, tokens)
    told: dict[str, Any] = {"untrusted_data": {**head, tool.rows: kept}}
    if len(kept) < len(rows):
        told["next_cursor"] = f"{answered + len(kept)}.{page}"
    elif found.next_page is not None:
        told["next_cursor"] = f"0.{found.next_page}"
    notes = [*found.notes, *(["texts or lists are cut: ask for fewer rows, or more max_tokens"] if cut else [])]
    return told | ({"notes": notes} if notes else {})
