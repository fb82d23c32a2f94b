"""Other members of the kinds of which the files are samples, written by hand."""

from tests.cases.right.case import Case, Has
from tests.cases.right.written import log, request, span


def _told(text: str) -> list[dict[str, object]]:
    return [{"role": "user", "parts": [{"type": "text", "content": text}]}]


HELLO = _told("Hello")


def _said(text: str) -> list[dict[str, object]]:
    return [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]


def _agent(name: str, at: float, **given: object):
    return span(f"invoke_agent {name}", at, gen_ai__operation__name="invoke_agent", gen_ai__agent__name=name, **given)


def _model(at: float, tokens: tuple[int, int] = (10, 2), **given: object):
    given = {"called": f"chat at {at}"} | given
    return span(
        "chat m",
        at,
        gen_ai__operation__name="chat",
        gen_ai__request__model="m",
        gen_ai__usage__input_tokens=tokens[0],
        gen_ai__usage__output_tokens=tokens[1],
        **given,
    )


def _tool(name: str, at: float, **given: object):
    given = {"called": f"{name} at {at}"} | given
    return span(f"execute_tool {name}", at, gen_ai__operation__name="execute_tool", gen_ai__tool__name=name, **given)


def _codex(at: float, tokens: tuple[int, int]):
    return log(
        "codex.sse_event",
        at,
        event__kind="response.completed",
        input_token_count=str(tokens[0]),
        output_token_count=str(tokens[1]),
        conversation__id="chat-n",
        model="m",
    )


def _handled(at: float, tokens: tuple[int, int]):
    return span(
        "handle_responses",
        at,
        called=f"handled at {at}",
        gen_ai__usage__input_tokens=tokens[0],
        gen_ai__usage__output_tokens=tokens[1],
    )


CASES = {
    # Tokens.
    "calls-alike-told-twice": Case(
        {"tokens": "30/6", "calls": {"model": 3}},
        ("chat-n",),
        text=request(
            log("codex.user_prompt", 0, trace="trace", prompt="Hello", conversation__id="chat-n"),
            *(_handled(at, (10, 2)) for at in (1, 2)),
            # The third one's span was not sent.
            *(_codex(at + 0.5, (10, 2)) for at in (1, 2, 3)),
            scope="codex_exec",
            service="codex_exec",
        ),
    ),
    "response-id-of-a-cached-answer": Case(
        {"tokens": "20/4", "calls": {"model": 2}},
        text=request(
            _agent("a", 0, until=9),
            *(_model(at, under="invoke_agent a", gen_ai__response__id="chatcmpl-1") for at in (1, 2)),
        ),
    ),
    "usage-details-in-openai-words": Case(
        {"tokens": "1001/21", "calls": {"model": 1}},
        text=request(
            span(
                "chat",
                0,
                langfuse__observation__type="generation",
                langfuse__observation__model__name="m",
                langfuse__observation__usage_details={
                    "prompt_tokens": 1001,
                    "completion_tokens": 21,
                    "total_tokens": 1022,
                },
            )
        ),
    ),
    "an-agent-that-only-knows-sums": Case(
        {"tokens": "30/6", "calls": {"model": 2, "tool": 1}, "agent_calls": ["a"]},
        text=request(
            _agent("a", 0, until=9, gen_ai__usage__input_tokens=30, gen_ai__usage__output_tokens=6),
            *(
                span("chat m", at, called=f"chat {at}", under="invoke_agent a", gen_ai__operation__name="chat")
                for at in (1, 3)
            ),
            _tool("look", 2, under="invoke_agent a"),
        ),
    ),
    # Tools.
    "tool-ids-that-count-from-zero-in-each-trace": Case(
        {"calls": {"tool": 2}, "traces": 2},
        text=request(
            *(_tool("look", 0, trace=trace, gen_ai__tool__call__id="functions.look:0") for trace in ("one", "two"))
        ),
    ),
    "tool-ids-that-are-all-the-same": Case(
        {"calls": {"tool": 2}, "tools": ['look {"at":"a"} -> A', 'look {"at":"b"} -> B']},
        text=request(
            _agent("a", 0, until=9),
            *(
                _tool(
                    "look",
                    at,
                    under="invoke_agent a",
                    gen_ai__tool__call__id="call_0",
                    gen_ai__tool__call__arguments={"at": word},
                    gen_ai__tool__call__result=word.upper(),
                )
                for at, word in ((1, "a"), (2, "b"))
            ),
        ),
    ),
    "tool-of-a-server-by-its-own-name": Case(
        {"calls": {"tool": 1}, "tools": ['look {"at":"a"} -> A'], "errors": 0},
        text=request(
            _tool(
                "mcp__maps__look",
                1,
                until=3,
                called="outer",
                gen_ai__tool__call__arguments={"at": "a"},
                gen_ai__tool__call__result="A",
            ),
            span("MCP send tools/call look", 1.1, called="send", under="outer", mcp__method__name="tools/call"),
            _tool("look", 1.2, under="send", mcp__method__name="tools/call"),
        ),
    ),
    "tool-that-asks-an-agent-that-uses-it": Case(
        {"calls": {"tool": 2}, "agent_calls": ["a", "b"], "agents": {"a": 1, "b": 1}},
        text=request(
            _agent("a", 0, until=9),
            _tool("ask", 1, until=8, called="ask", under="invoke_agent a"),
            _agent("b", 2, until=7, under="ask"),
            _tool("ask", 3, under="invoke_agent b"),
        ),
    ),
    # Agents.
    "agent-by-id-where-another-span-has-its-name": Case(
        {"calls": {"model": 1, "tool": 1}, "agents": {"planner": 2}},
        text=request(
            _agent("planner", 0, until=9, gen_ai__agent__id="agent-7"),
            _model(1, under="invoke_agent planner"),
            _tool("look", 2, gen_ai__agent__id="agent-7"),
        ),
    ),
    "agent-below-an-agent": Case(
        {
            "tokens": "30/6",
            "calls": {"model": 3, "tool": 1},
            "agents": {"boss": 1, "clerk": 3},
            "agent_finds": {"clerk": {"execute_tool look": 1, "chat m": 2}, "boss": {"chat m": 1}},
            "turns": [
                "user: Hello",
                "agent: Look it up",
                "assistant calls: look",
                "tool: here",
                "assistant: Found",
                "assistant: Done",
            ],
        },
        ("chat-n",),
        text=request(
            _agent("boss", 0, until=9, gen_ai__conversation__id="chat-n"),
            _model(
                1,
                until=8,
                under="invoke_agent boss",
                gen_ai__input__messages=HELLO,
                gen_ai__output__messages=_said("Done"),
            ),
            _agent("clerk", 2, until=7, under="invoke_agent boss"),
            _model(3, under="invoke_agent clerk", gen_ai__input__messages=_told("Look it up")),
            _tool("look", 4, under="invoke_agent clerk", gen_ai__tool__call__result="here"),
            _model(5, under="invoke_agent clerk", gen_ai__output__messages=_said("Found")),
        ),
    ),
    # Answers.
    **{
        f"answer-that-is-json-{number}": Case(
            {"turns": ["user: Hello", f"assistant: {answer}"]},
            text=request(
                _model(0, gen_ai__input__messages=HELLO, gen_ai__output__messages=_said(answer)),
            ),
        )
        for number, answer in enumerate(
            (
                '{"type":"text","text":"kind"}',
                '{"role":"assistant","content":"x"}',
                '[{"a":1},{"a":2}]',
                "42",
                '{"content":[{"type":"text","text":"kind"}]}',
            )
        )
    },
    **{
        f"answer-that-is-json-by-{emitter}": Case(
            {"turns": ["user: Hello", 'assistant: {"text":"kind","score":4}']}, text=request(span("chat", 0, **given))
        )
        for emitter, given in {
            "openinference": {
                "openinference.span.kind": "LLM",
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": "Hello",
                "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.0.message.content": '{"text": "kind", "score": 4}',
            },
            "traceloop": {
                "llm.request.type": "chat",
                "gen_ai.prompt.0.role": "user",
                "gen_ai.prompt.0.content": "Hello",
                "gen_ai.completion.0.role": "assistant",
                "gen_ai.completion.0.content": '{"text": "kind", "score": 4}',
            },
            "langfuse": {
                "langfuse.observation.type": "generation",
                "langfuse.observation.input": [{"role": "user", "content": "Hello"}],
                "langfuse.observation.output": '{"text": "kind", "score": 4}',
            },
        }.items()
    },
    # Pictures.
    **{
        f"picture-by-{emitter}": Case(
            {"turns": ["user: Which bird is this?", Has("user shows: ", "image", *told), "assistant: A wren."]},
            text=request(
                _model(
                    0,
                    gen_ai__input__messages=[
                        {"role": "user", "parts": [{"type": "text", "content": "Which bird is this?"}, part]}
                    ],
                    gen_ai__output__messages=_said("A wren."),
                )
            ),
        )
        for emitter, part, told in (
            (
                "genai",
                {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "iVBORw0KGgo="},
                ["image/png"],
            ),
            ("genai-uri", {"type": "uri", "modality": "image", "uri": "https://example.com/wren.png"}, ["wren.png"]),
            (
                "anthropic",
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
                ["image/png"],
            ),
            ("gemini", {"inline_data": {"mime_type": "image/png", "data": "iVBORw0KGgo="}}, ["image/png"]),
            ("openai", {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}, ["image/png"]),
        )
    },
    # Failures.
    **{
        f"control-flow-is-no-failure-{number}": Case(
            {"errors": 0, "failed_turns": 0},
            text=request(
                span("graph", 0, until=5, openinference__span__kind="CHAIN", raised=raised),
                span("node", 1, under="graph", openinference__span__kind="CHAIN", raised=raised),
            ),
        )
        for number, raised in enumerate(
            (
                ("langgraph.errors.ParentCommand", "Command(goto='writer')"),
                ("langgraph.errors.NodeInterrupt", "(Interrupt(value='Pay?', id='1'),)"),
                ("pydantic_ai.exceptions.ApprovalRequired", ""),
                ("pydantic_ai.exceptions.CallDeferred", ""),
            )
        )
    },
    "two-failures-alike": Case(
        {"errors": 2, "calls": {"tool": 2}, "lines": {"no answer": 2}},
        text=request(
            _agent("a", 0, until=9),
            *(_tool("look", at, under="invoke_agent a", raised=("TimeoutError", "no answer")) for at in (1, 3)),
        ),
    ),
    "a-failure-wrapped-on-its-way-up": Case(
        {"errors": 1, "first_error": ["TimeoutError: no answer from ledger"]},
        text=request(
            _agent("a", 0, until=9, raised=("AgentError", "step failed: TimeoutError: no answer from ledger")),
            span("step", 1, until=8, under="invoke_agent a", raised=("ToolException", "no answer from ledger")),
            _tool("ledger", 2, under="step", raised=("TimeoutError", "no answer from ledger")),
        ),
    ),
    "a-failed-call-that-was-tried-again": Case(
        {"errors": 1, "tokens": "10/2", "calls": {"model": 2}, "trace_statuses": ["completed"]},
        text=request(
            _agent("a", 0, until=9),
            span(
                "chat m",
                1,
                called="first",
                under="invoke_agent a",
                gen_ai__operation__name="chat",
                gen_ai__request__model="m",
                raised=("RateLimitError", "try later"),
            ),
            _model(3, under="invoke_agent a"),
        ),
    ),
    "the-other-spans-of-haystack": Case(
        {
            "types": {"haystack.pipeline.run": "workflow", "haystack.component.run": "workflow"},
            "calls": {},
            "agent_calls": [],
        },
        text=request(
            span("haystack.pipeline.run", 0, until=5),
            span("haystack.component.run", 1, under="haystack.pipeline.run", haystack__component__name="joiner"),
            scope="haystack",
        ),
    ),
}
