"""Each call of a model counts once."""

from tests.cases.right.case import Case, Has
from tests.cases.right.words import (
    ASSISTANT,
    BELOW,
    CALLS_ATLANTIS,
    CALLS_LISBON,
    CALLS_PARIS,
    GET_WEATHER_LISBON,
    GET_WEATHER_PARIS,
    LISBON,
    LISBON_IS,
    NOTES,
    NOWHERE,
    OF_SPAN,
    ONE_QUESTION,
    PARIS,
    SAME_MOMENT,
    SAME_RESPONSE,
    SOMBRERO,
    SUNNY,
    TELLS,
)

CLAUDE = "11111111-1111-4111-8111-111111111101"
CODEX = "01a22102-4fd3-7541-95e7-21ac48e24bba"
GEMINI = "d8aec150-f4b7-4873-9ef8-cedecb90d2e9"
QWEN = "1747671a-6394-40a3-9951-11ab6f6b1dc4"

ADK_SYSTEM = 'system: You are a weather assistant.\n\nYour name is "weather_agent". Description: "Knows the weather".'
RENAME = "user: Rename the helper"
EDIT = 'Edit {"file":"a.py"}'

_CODEX = {"tokens": "1001/21", "cache_read": 800, "reasoning": 5, "calls": {"model": 1}, "errors": 0}
_GEMINI = {"tokens": "1003/23", "calls": {"model": 1}, "errors": 0, "agents": {"gemini-cli": 1}}
_QWEN = {"tokens": "1002/22", "cache_read": 800, "reasoning": 5, "calls": {"model": 1}, "errors": 0, "turns": []}
_ANTHROPIC = {
    "tokens": "200/40",
    "cache_read": 80,
    "errors": 0,
    "calls": {"model": 2, "tool": 1},
    "agent_calls": ["weather_agent"],
    "models": {"claude-sonnet-4-5"},
    "tools": [GET_WEATHER_PARIS],
    "turns": ONE_QUESTION,
    "agents": {"weather_agent": 3},
}
_CLAUDE_CODE = {"tokens": "951/21", "cache_read": 800, "cache_write": 50, "calls": {"model": 1}, "errors": 0}
_RENAME = {
    "tokens": "6/30",
    "errors": 0,
    "traces": 1,
    "calls": {"model": 1, "tool": 1},
    "tools": [EDIT],
    "turns": [RENAME, f"assistant calls: {EDIT}"],
}
_CODEX_DOUBLED = ("codex-0.171-tokens-doubled",)
_GEMINI_DOUBLED = ("gemini-cli-0.61-tokens-doubled",)
_QWEN_DOUBLED = ("qwen-code-0.24-tokens-doubled",)
_CLAUDE_BOTH = ("claude-code-2.1.332-tokens-both",)

CASES = {
    # A log `codex.sse_event` without a span's id and the span `handle_responses` tell of one call.
    "codex-0.171-tokens-doubled": Case(
        {
            **_CODEX,
            "models": {"gpt-5.4"},
            "agents": {"codex_exec": 1},
            "turns": [NOTES],
            "traces": 1,
            "joined": {"model": {SAME_MOMENT: 1}},
        },
        (CODEX,),
    ),
    "codex-0.171-tokens-doubled, logs alone": Case(
        {**_CODEX, "models": {"gpt-5.4"}, "turns": [NOTES]}, (CODEX,), _CODEX_DOUBLED, ("resourceLogs",)
    ),
    "codex-0.171-tokens-doubled, spans alone": Case(_CODEX, (), _CODEX_DOUBLED, ("resourceSpans",)),
    # A log `gemini_cli.api_response` without a trace id and the span `llm_call`.
    "gemini-cli-0.61-tokens-doubled": Case(
        {
            **_GEMINI,
            "cache_read": 800,
            "reasoning": 7,
            "models": {"gemini-2.5-pro"},
            "turns": [NOWHERE],
            "joined": {"model": {SAME_MOMENT: 1}},
        },
        (GEMINI,),
    ),
    "gemini-cli-0.61-tokens-doubled, logs alone": Case(
        {"tokens": "1003/23", "cache_read": 800, "calls": {"model": 1}}, (GEMINI,), _GEMINI_DOUBLED, ("resourceLogs",)
    ),
    "gemini-cli-0.61-tokens-doubled, spans alone": Case(
        {**_GEMINI, "turns": [NOWHERE]}, (GEMINI,), _GEMINI_DOUBLED, ("resourceSpans",)
    ),
    # A log `qwen-code.api_response` and the span `llm_request`.
    "qwen-code-0.24-tokens-doubled": Case(
        {**_QWEN, "models": {"qwen3-coder-plus"}, "joined": {"model": {OF_SPAN: 1}}}, (QWEN,)
    ),
    "qwen-code-0.24-tokens-doubled, logs alone": Case(_QWEN, (QWEN,), _QWEN_DOUBLED, ("resourceLogs",)),
    "qwen-code-0.24-tokens-doubled, spans alone": Case(_QWEN, (QWEN,), _QWEN_DOUBLED, ("resourceSpans",)),
    # The SDK's own span beside or below the instrumentation's, with the same gen_ai.response.id.
    "tokens-anthropic-sdk-sibling": Case(
        {**_ANTHROPIC, "joined": {"model": {SAME_RESPONSE: 2}}}, ("session-anthropic-llmetry",)
    ),
    "tokens-anthropic-sdk-nested": Case(_ANTHROPIC, ("session-anthropic-genai",)),
    # `generate_content` below `call_llm` repeats its tokens.
    "tokens-adk-1x": Case(
        {
            "tokens": "200/30",
            "errors": 0,
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "models": {"gemini-2.5-flash"},
            "tools": [GET_WEATHER_PARIS],
            "turns": [CALLS_PARIS, SUNNY, SOMBRERO],
            "agents": {"weather_agent": 3},
        },
        ("session-adk-1x",),
    ),
    "tokens-adk-schema-1": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "reasoning": 10,
            "errors": 0,
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "models": {"gemini-2.5-flash"},
            "tools": [GET_WEATHER_PARIS],
            "turns": [ADK_SYSTEM, PARIS, CALLS_PARIS, SUNNY, SOMBRERO],
            "agents": {"weather_agent": 3},
            "joined": {"model": {BELOW: 2}},
        },
        ("session-adk-v1",),
    ),
    # Logs with a session id alone, then the spans of that session.
    "report-claude-code": Case(
        {**_RENAME, "cost": 0.0125, "models": {"claude-x"}},
        ("case-cc",),
        ("report-claude-code-1-logs-without-ids", "report-claude-code-2-spans"),
    ),
    "report-claude-code-1-logs-without-ids": Case({**_RENAME, "cost": 0.0125, "models": {"claude-x"}}, ("case-cc",)),
    "report-claude-code-2-spans": Case(
        {**_RENAME, "tools": ["Edit"], "turns": [RENAME, "assistant calls: Edit"]}, ("case-cc",)
    ),
    # `input_tokens` leaves out the cache, `gen_ai.usage.input_tokens` has it.
    "claude-code-2.1.332-tokens-logs-only": Case(
        {**_CLAUDE_CODE, "cost": 0.0010455, "models": {"claude-sonnet-4-5"}}, (CLAUDE,)
    ),
    "claude-code-2.1.332-tokens-both": Case(
        {**_CLAUDE_CODE, "cost": 0.0010455, "models": {"claude-sonnet-4-5"}, "traces": 1}, (CLAUDE,)
    ),
    "claude-code-2.1.332-tokens-both, spans alone": Case(_CLAUDE_CODE, (CLAUDE,), _CLAUDE_BOTH, ("resourceSpans",)),
    # `usage_details` splits cached and reasoning tokens off.
    "langfuse-js-5.11-usage": Case(
        {
            "tokens": "1001/21",
            "cache_read": 800,
            "reasoning": 5,
            "calls": {"model": 1},
            "models": {"gpt-5.4"},
            "turns": [TELLS, LISBON, CALLS_LISBON],
        },
        ("chat-langfuse",),
    ),
    # `llm.usage.*` is the last step's; `usage.*` of the agent's span is the sum.
    "voltagent-2.10": Case(
        {
            "tokens": "3006/66",
            "cache_read": 2400,
            "reasoning": 15,
            "errors": 1,
            "calls": {"model": 1, "tool": 2},
            "agent_calls": ["Weather Agent"],
            "models": {"gpt-5.4"},
            "tools": [
                GET_WEATHER_LISBON,
                'get_weather {"city":"Atlantis"} failed: VoltAgentError: no such city: Atlantis',
            ],
            "turns": [
                TELLS,
                LISBON,
                CALLS_LISBON,
                LISBON_IS,
                CALLS_ATLANTIS,
                Has("tool failed: ", "no such city: Atlantis"),
                NOWHERE,
            ],
            "agents": {"Weather Agent": 3},
        },
        ("chat-volt",),
    ),
    # The usage in `genkit:output` is told again by each `generate` around it.
    "genkit-1.42": Case(
        {
            "tokens": "3006/66",
            "calls": {"model": 3, "tool": 2},
            "models": {"gpt-5.4"},
            "tools": [GET_WEATHER_LISBON, 'get_weather {"city":"Atlantis"} -> {"error":"no such city: Atlantis"}'],
            "types": {"weatherFlow": "workflow", "standin/gpt-5.4": "model_call", "get_weather": "tool_call"},
            "turns": [
                TELLS,
                LISBON,
                CALLS_LISBON,
                LISBON_IS,
                CALLS_ATLANTIS,
                'tool: {"error":"no such city: Atlantis"}',
                NOWHERE,
            ],
        },
        ("chat-42",),
    ),
    "cost-litellm": Case(
        {
            "tokens": "100/20",
            "cost": 0.000024,
            "calls": {"model": 1},
            "turns": [ASSISTANT, PARIS, CALLS_PARIS, SUNNY, SOMBRERO],
        }
    ),
    "report-litellm-cost": Case({"tokens": "100/20", "cost": 0.0031, "calls": {"model": 1}, "models": {"m"}}),
    "report-mlflow-native": Case(
        {
            "tokens": "10/3",
            "calls": {"model": 1, "tool": 1},
            "models": {"m"},
            "tools": ['lookup {"month":5} -> [1,2,3]'],
            "types": {"agent": "agent", "lookup": "tool_call", "Completions": "model_call"},
            "turns": [
                "user: List open invoices",
                'assistant calls: lookup {"month":5}',
                "tool: [1,2,3]",
                "assistant: There are three.",
            ],
            "agents": {"agent": 2},
        },
        ("ml-s",),
    ),
    "unmapped-haystack": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "reasoning": 10,
            "errors": 0,
            "calls": {"model": 2, "tool": 1},
            "models": {"gpt-4o-mini-2024-07-18"},
            "tools": [GET_WEATHER_PARIS],
            "types": {
                "haystack.agent.run": "agent",
                "haystack.agent.step.llm": "model_call",
                "haystack.agent.step.tool": "tool_call",
            },
            "turns": ONE_QUESTION,
        }
    ),
}
