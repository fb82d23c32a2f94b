"""What is understood of each emitter: one line for each thing it says, in the order of its fixture.

A line is how the event is found (its name, and which of that name), then the same questions for every emitter: session,
agent, type, status, input, output, tool, arguments, result, error. Dots stand for nothing.
"""

import msgspec
import pytest

from mapping.calls.interpret import interpret
from mapping.calls.reading import tell
from mapping.search_text.text import parts_of

SAID = """
genai | chat gpt-4o | conv-trips-1 | . | model_call | unset | Is the museum in Porto open on Monday? | opening_hours; place: Porto museum | . | . | . | .
genai | execute_tool opening_hours | conv-trips-1 | . | tool_call | error | . | . | opening_hours | place: Porto museum | . | TimeoutError; no answer within 5 s
genai | exception | conv-trips-1 | . | error | error | . | . | . | . | . | no answer within 5 s; TimeoutError; Traceback*
genai | invoke_agent trip planner | conv-trips-1 | trip planner | agent | unset | Is the museum in Porto open on Monday? | . | . | . | . | .
genai | gen_ai.client.inference.operation.details | conv-trips-1 | . | model_call | unset | Is the museum in Porto open on Monday? | opening_hours; place: Porto museum | . | . | . | .
genai | gen_ai.evaluation.result | . | . | evaluation | unset | . | The question about Monday stays open. | . | . | . | .
genai | gen_ai.client.operation.exception | . | . | error | error | . | . | . | . | . | too many requests; RateLimitError; Traceback*
genai_1_36 | chat gpt-4o-mini | conv-kitchen-7 | cook | model_call | unset | . | . | . | . | . | .
genai_1_36 | text_completion davinci | kitchen-s2 | . | model_call | unset | A soup for winter: | Leek and potato. | . | . | . | .
genai_1_36 | gen_ai.system.message | . | . | message | unset | . | . | . | . | . | .
genai_1_36 | gen_ai.user.message | . | . | message | unset | How long does rice take? | . | . | . | . | .
genai_1_36 | gen_ai.tool.message | . | . | message | unset | 18 minutes | . | . | . | . | .
genai_1_36 | gen_ai.choice | . | . | message | unset | . | Eighteen minutes. | . | . | . | .
openinference | ChatOpenAI | phoenix-s1 | . | model_call | ok | Where is order 1182? | I will look it up.; find_order; number: 1182 | . | . | . | .
openinference | find_order | phoenix-s1 | . | tool_call | error | number: 1182 | . | find_order | . | . | KeyError: no such order
openinference | documents | phoenix-s1 | . | retrieval | ok | missing orders | An order that is not found was cancelled. | . | . | . | .
openinference | embed | phoenix-s1 | . | embedding | ok | missing orders | . | . | . | . | .
openinference | check | phoenix-s1 | . | guardrail | ok | It was cancelled. | pass | . | . | . | .
openinference | support agent | phoenix-s1 | support | agent | ok | Where is order 1182? | It was cancelled. | . | . | . | .
openllmetry | openai.chat | tl-s5 | newsletter | model_call | unset | Write about the bridge. | The bridge reopens on Friday. | . | . | . | .
openllmetry | chat gpt-4o | tl-s5 | newsletter | model_call | unset | A headline, please. | Bridge open again | . | . | . | .
openllmetry | publish.tool | tl-s5 | newsletter | tool_call | error | Bridge open again | . | publish | . | . | 403: not allowed to publish
openllmetry | writer.agent | tl-s5 | writer | agent | unset | about: bridge | Bridge open again | . | . | . | .
openllmetry | newsletter.workflow | tl-s5 | newsletter | workflow | unset | about: bridge | Bridge open again | . | . | . | .
langfuse | answer | lf-s3 | . | model_call | unset | What is a derivative? | How fast something changes. | . | . | . | .
langfuse | plot | lf-s3 | . | tool_call | error | function: x^2 | . | . | . | . | the drawing service is down
langfuse | find examples | lf-s3 | . | retrieval | unset | derivative examples | speed of a car | . | . | . | took long
langfuse | tutor | lf-s3 | tutor | agent | unset | question: What is a derivative? | How fast something changes. | . | . | . | .
langfuse | finished lesson | lf-s3 | . | message | unset | . | lesson 1 | . | . | . | .
langsmith | ChatAnthropic | ls-thread-8 | . | model_call | ok | lc: 1; How many days off are left? | Let me check.; days_off; person: Ana | . | . | . | .
langsmith | days_off | ls-thread-8 | . | tool_call | error | input: {'person': 'Ana'} | . | . | . | . | .
langsmith | exception | ls-thread-8 | . | error | error | . | . | . | . | . | ConnectionError('payroll is unreachable'); Exception; NoneType: None
langsmith | handbook | ls-thread-8 | . | retrieval | ok | query: days off | page content: 25 days a year.; page: 3 | . | . | . | .
langsmith | LangGraph | ls-thread-8 | LangGraph | workflow | ok | How many days off are left? | I cannot tell: payroll is unreachable. | . | . | . | .
pydantic_ai | chat gpt-4o | pyd-conv-2 | home | model_call | unset | Turn on the light in the hall. | switch; room: hall | . | . | . | .
pydantic_ai | running tool | . | . | tool_call | error | . | . | switch | room: cellar | . | ModelRetry: no such room
pydantic_ai | running tool#2 | . | . | tool_call | unset | . | . | switch | room: hall | on | .
pydantic_ai | agent run | pyd-conv-2 | home | agent | unset | Turn on the light in the hall.; switch; room: hall; result: on; The hall is lit. | The hall is lit. | . | . | . | .
pydantic_ai | Chat Completion with 'gpt-4o' | . | . | model_call | unset | Anything else?; model: gpt-4o | No. | . | . | . | .
vercel_ai_sdk | ai.streamText.doStream | v-s6 | weather-chat | model_call | unset | Rain in Graz? | toolName: weather; city: Graz | . | . | . | .
vercel_ai_sdk | ai.toolCall | v-s6 | weather-chat | tool_call | unset | . | . | weather | city: Graz | rain: True | .
vercel_ai_sdk | ai.toolCall#2 | v-s6 | weather-chat | tool_call | error | . | . | radar | city: Graz | . | radar is offline
vercel_ai_sdk | ai.streamText | v-s6 | weather-chat | agent | unset | Rain in Graz? | Yes, all day. | . | . | . | .
vercel_ai_sdk | ai.embed.doEmbed | v-s6 | weather-chat | embedding | unset | rain | . | . | . | . | .
vercel_ai_sdk | chat gpt-5 | . | . | model_call | unset | Snow in Graz? | No. | . | . | . | .
vercel_ai_sdk | invoke_agent gpt-5 | . | weather-chat | agent | unset | . | . | . | . | . | .
strands | chat | strands-s4 | . | model_call | ok | . | . | . | . | . | .
strands | gen_ai.user.message | strands-s4 | . | message | unset | Water the plants. | . | . | . | . | .
strands | gen_ai.choice | strands-s4 | . | message | unset | . | valve; bed: 2 | . | . | . | .
strands | execute_tool valve | strands-s4 | . | tool_call | error | . | . | valve | . | . | the valve of bed 2 is stuck
strands | gen_ai.tool.message | strands-s4 | . | message | unset | bed: 2 | . | . | . | . | .
strands | invoke_agent gardener | strands-s4 | gardener | agent | ok | . | . | . | . | . | .
strands | gen_ai.choice#3 | strands-s4 | gardener | message | unset | . | Bed 2 stays dry: its valve is stuck. | . | . | . | .
strands | execute_tool rain_gauge | strands-s4 | . | tool_call | error | . | . | rain_gauge | . | . | .
strands | gen_ai.client.inference.operation.details#2 | strands-s4 | . | message | unset | . | no reading | . | . | . | .
agentcore | chat | ac-session-0001* | arn:aws:bedrock-agentcore:us-east-1:111122223333:runtime/refund_agent-Qx7* | model_call | ok | . | . | . | . | . | .
agentcore | strands.telemetry.tracer | ac-session-0001* | arn:aws:bedrock-agentcore* | message | unset | Refund the blue lamp. | Which order was it in? | . | . | . | .
agentcore | None | ac-session-0001* | arn:aws:bedrock-agentcore* | error | error | . | Invocation failed | . | . | . | ClientError
cloudwatch | None | 8f14e45f-ceea-467a-9575-28cf2cd4bd50 | . | log | unset | START RequestId: Version: $LATEST | . | . | . | . | .
cloudwatch | None#2 | cw-book-s1 | booker | log | unset | 2026-08-29T10:40:00Z INFO session_id=cw-book-s1* | . | . | . | . | .
cloudwatch | None#3 | cw-book-s1 | booker | tool_call | error | . | card was refused | charge_card | . | . | insufficient funds
cloudwatch | None#4 | cw-book-s1 | . | error | error | Traceback* | . | . | . | . | .
cloudwatch | opentelemetry.instrumentation.langchain | cw-tour-s1 | arn:aws:bedrock-agentcore* | message | unset | A tour by boat? | At ten. | . | . | . | .
cloudwatch | None#5 | r-77 | . | log | unset | request_id: r-77 planning started | . | . | . | . | .
bedrock_invocations | None | . | . | model_call | unset | Name a river in Spain. | The Ebro. | . | . | . | .
bedrock_invocations | None#2 | . | . | tool_call | unset | How deep is it? | depth; river: Ebro | . | . | . | .
bedrock_invocations | None#3 | . | . | error | error | Name a river in Spain. | . | . | . | . | ThrottlingException
bedrock_invocations | None#4 | rivers-1 | . | tool_call | unset | And the tide?; anthropic version: bedrock-2023-05-31 | I look it up.; tide; at: Tortosa | . | . | . | .
claude_code | claude_code.llm_request | cc-7e2b | . | model_call | unset | . | . | . | . | . | .
claude_code | claude_code.tool | cc-7e2b | . | tool_call | unset | . | . | Bash | . | . | .
claude_code | claude_code.interaction | cc-7e2b | . | agent | unset | . | . | . | . | . | .
claude_code | user_prompt | cc-7e2b | . | message | unset | claude_code.user_prompt; why do the tests hang | . | . | . | . | .
claude_code | api_request | cc-7e2b | explorer | model_call | unset | claude_code.api_request | . | . | . | . | .
claude_code | tool_decision | cc-7e2b | . | decision | unset | claude_code.tool_decision | . | Bash | . | . | .
claude_code | tool_result | cc-7e2b | . | tool_call | error | claude_code.tool_result | . | Bash | command: make test; bash command: make | . | exit code 124; ShellError
claude_code | tool_result#2 | cc-7e2b | . | tool_call | unset | claude_code.tool_result | . | Read | file path: conftest.py | . | .
claude_code | api_error | cc-7e2b | . | error | error | claude_code.api_error | . | . | . | . | Overloaded
claude_code | assistant_response | cc-7e2b | . | message | unset | claude_code.assistant_response | A fixture waits for a port that nobody opens. | . | . | . | .
claude_code | api_request#2 | cc-7e2b | . | model_call | unset | claude_code.api_request | . | . | . | . | .
codex | codex.user_prompt | 0199-codex-1 | codex_cli_rs | message | unset | rename the module | . | . | . | . | .
codex | codex.sse_event | 0199-codex-1 | codex_cli_rs | log | unset | . | . | . | . | . | .
codex | codex.sse_event#2 | 0199-codex-1 | codex_cli_rs | model_call | unset | . | . | . | . | . | .
codex | codex.tool_decision | 0199-codex-1 | codex_cli_rs | decision | unset | . | . | shell | . | . | .
codex | codex.tool_result | 0199-codex-1 | codex_cli_rs | tool_call | unset | . | . | shell | mv; a.py; b.py | . | .
codex | codex.tool_result#2 | 0199-codex-1 | codex_cli_rs | tool_call | error | . | the patch does not apply to b.py | apply_patch | *** Begin Patch | . | .
codex | codex.sse_event#3 | 0199-codex-1 | codex_cli_rs | error | error | . | . | . | . | . | stream closed
gemini_cli | llm_call | gem-44 | gemini-cli | model_call | unset | list big files | I look. | . | . | . | .
gemini_cli | tool_call | gem-44 | gemini-cli | tool_call | unset | . | . | run_shell_command | . | . | .
gemini_cli | gemini_cli.user_prompt | gem-44 | . | message | unset | User prompt. Length: 14.; list big files | . | . | . | . | .
gemini_cli | gemini_cli.api_request | gem-44 | . | model_call | unset | API request to gemini-3-pro.; list big files | . | . | . | . | .
gemini_cli | gemini_cli.api_response | gem-44 | . | model_call | unset | API response* | I look. | . | . | . | .
gemini_cli | gen_ai.client.inference.operation.details | gem-44 | . | model_call | unset | GenAI operation details*; list big files | I look. | . | . | . | .
gemini_cli | gemini_cli.tool_call | gem-44 | . | tool_call | error | Tool call* | . | run_shell_command | command: du -a | . | du: cannot read; shell_execute_error
gemini_cli | gemini_cli.api_error | gem-44 | . | error | error | API error* | . | . | . | . | quota exhausted; RESOURCE_EXHAUSTED
gemini_cli | gemini_cli.agent.start | gem-44 | codebase_investigator | agent | unset | Agent codebase_investigator started. ID: ag-1 | . | . | . | . | .
"""  # noqa: E501 # a table is read across

ROWS = [[cell.strip() for cell in row.split(" | ")] for row in SAID.strip().splitlines()]
COLUMNS = "session agent type status input output tool arguments result error".split()


def the_event(emitters, emitter, found_by):
    name, _, number = found_by.partition("#")
    named = [event for event in emitters.events_of(emitter) if str(event.name) == name]
    return named[int(number or 1) - 1]


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:2]) for row in ROWS])
def test_each_emitter_is_understood(emitters, row):
    emitter, found_by, *expected = row
    event = the_event(emitters, emitter, found_by)
    parts = parts_of(event.name, event.properties)
    got = [event.session_id, event.agent_id, event.event_type, event.status]
    got += [
        "; ".join(dict.fromkeys(parts[part])) for part in ("input", "output", "tool", "arguments", "result", "error")
    ]
    shown = [value or "." for value in got]
    for column, value, wanted in zip(COLUMNS, shown, expected, strict=True):
        assert _like(value, wanted), (column, value, wanted)


def _like(value, wanted):
    """Compare in pieces; one that ends with `*` is the beginning of the value's."""
    pieces, wanted_pieces = value.split("; "), wanted.split("; ")
    return len(pieces) == len(wanted_pieces) and all(
        piece.startswith(want[:-1]) if want.endswith("*") else piece == want
        for piece, want in zip(pieces, wanted_pieces, strict=True)
    )


def test_the_table_speaks_of_every_emitter_and_there_are_fifteen(emitters):
    assert sorted({row[0] for row in ROWS}) == emitters.NAMES
    assert len(emitters.NAMES) == 15


def test_the_events_that_come_out_are_those_of_the_golden_file(emitters, each_emitter):
    assert emitters.as_golden(each_emitter) == emitters.golden_file(each_emitter).read_text()


def test_no_two_events_of_a_fixture_are_the_same(emitters, each_emitter):
    ids = [event.id for event in emitters.events_of(each_emitter)]
    assert len(set(ids)) == len(ids)


# What a trace's model calls cost in tokens and dollars is counted once, whoever says it again.
TOKENS = {
    "genai": (61, 17),
    "openinference": (84, 21),
    "openllmetry": (55, 12),
    "langfuse": (14, 6),
    "langsmith": (120, 30),
    "pydantic_ai": (61, 13),
    "vercel_ai_sdk": (48, 13),
    "strands": (45, 15),
    "agentcore": (210, 48),
    "bedrock_invocations": (51, 37),
    "claude_code": (15500, 380),  # 14000 of them read from the cache
    "codex": (800, 200),
    "gemini_cli": (70, 18),
}
COSTS = {"openinference": 0.00042, "langfuse": 0.0003, "pydantic_ai": 0.00025, "claude_code": 0.0163}


def telling(event):
    """Return what an event tells, which stands in the trace of its session where it names none."""
    read = msgspec.structs.asdict(event)
    return tell(read | {"trace_id": event.trace_id or event.session_id, "duration_ns": event.duration})


@pytest.mark.parametrize(("emitter", "tokens"), TOKENS.items())
def test_tokens_and_cost_are_counted_once(emitters, emitter, tokens):
    totals = interpret(map(telling, emitters.events_of(emitter))).totals
    assert (totals.input_tokens, totals.output_tokens) == tokens
    assert totals.cost / 10**9 == COSTS.get(emitter, 0)


def test_a_placeholder_of_a_span_still_open_leaves_the_span_s_place_to_it(emitters):
    names = [event.name for event in emitters.events_of("pydantic_ai")]
    assert names.count("agent run") == 1
    assert all(
        event.properties.get("logfire.span_type") != "pending_span" for event in emitters.events_of("pydantic_ai")
    )


def test_a_line_that_cloudwatch_gives_twice_is_one_event(emitters):
    import json

    from mapping.otlp.json import JsonWire
    from mapping.otlp.logs import map_logs

    request = json.loads((emitters.HERE / "fixtures" / "cloudwatch.json").read_bytes())
    for resource_logs in request["resourceLogs"]:
        for record in resource_logs["scopeLogs"][0]["logRecords"]:
            record["observedTimeUnixNano"] = "1788000999000000000"
    again = map_logs(JsonWire(), json.dumps(request).encode(), 0).events
    ids = [event.id for event in emitters.events_of("cloudwatch")]
    assert [event.id for event in again][:5] == ids[:5]
    assert again[5].id != ids[5]  # without CloudWatch's id, another observation is another record


def test_a_stored_record_is_a_child_of_the_span_that_it_names_in_its_body(emitters):
    event = the_event(emitters, "cloudwatch", "opentelemetry.instrumentation.langchain")
    body = event.properties["body"]
    assert (event.trace_id, event.parent_span_id) == (body["traceId"], body["spanId"])
    assert event.source == {
        "system": "cloudwatch",
        "log_group": "/aws/bedrock-agentcore/runtimes/tour_agent-A1-DEFAULT",
        "log_stream": "otel-rt-logs",
        "log_id": "38800000000000000000000000000000000005",
    }
