"""One call of a tool is one call."""

from tests.cases.right.case import Case, Has
from tests.cases.right.tokens import ADK_SYSTEM
from tests.cases.right.words import (
    ASSISTANT,
    ATLANTIS,
    BELOW,
    CALLS_ATLANTIS,
    CALLS_LISBON,
    CALLS_PARIS,
    CODEX_OUTPUT,
    GET_WEATHER_LISBON,
    GET_WEATHER_PARIS,
    LISBON,
    LISBON_IS,
    LISBON_IS_SUNNY,
    LOOK,
    NOTES,
    NOWHERE,
    OF_SPAN,
    ONE_QUESTION,
    PARIS,
    PERISCOPE,
    SAME_CALL_ID,
    SOMBRERO,
    SUNNY,
    TELLS,
)

CLAUDE = "11111111-1111-4111-8111-111111111101"
CLAUDE_2 = "11111111-1111-4111-8111-111111111102"
CLAUDE_SDK = "88d77edd-7f9b-4e74-83a8-07138095a2f0"
CODEX = "01a22102-4fd3-7541-95e7-21ac48e24bba"
GEMINI = "d8aec150-f4b7-4873-9ef8-cedecb90d2e9"
QWEN = "1747671a-6394-40a3-9951-11ab6f6b1dc4"
OPENCODE = "ses_ddef8b40cffezgYUjJTK3nRtXA"

NO_FILE = "File does not exist. Note: your current working directory is /home/user/app/claude."
FAILED = Has('get_weather {"city":"Atlantis"} failed: ', "no city is called Atlantis")
FAILED_TURN = Has("tool failed: ", "no city is called Atlantis")

CASES = {
    # A tool's span below a tool's span of the same name is the same call; a failure is said once.
    "nested-tool-mcp-in-agent": Case(
        {
            "tokens": "200/40",
            "errors": 0,
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [GET_WEATHER_PARIS],
            "turns": ONE_QUESTION,
            "agents": {"weather_agent": 3},
        },
        ("session-openai-agents-mcp",),
    ),
    "nested-tool-mcp-in-agent-failed": Case(
        {
            "tokens": "200/40",
            "errors": 1,
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [Has('get_weather {"city":"Atlantis"} failed: tool_error')],
            "turns": [
                ASSISTANT,
                PARIS,
                CALLS_PARIS,
                SUNNY,
                SOMBRERO,
                ATLANTIS,
                CALLS_ATLANTIS,
                "tool failed: Error executing tool get_weather",
                PERISCOPE,
            ],
            "agents": {"weather_agent": 3},
        },
        ("session-openai-agents-mcp",),
    ),
    "nested-tool-fastmcp": Case(
        {
            "errors": 1,
            "calls": {"tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [Has("get_weather failed: ", "no city is called Atlantis")],
            "turns": ["assistant calls: get_weather", FAILED_TURN],
            "agents": {"weather_agent": 1},
            "joined": {"tool": {BELOW: 1}},
        },
        ("session-fastmcp",),
    ),
    "codex-0.171-spans-as-tool-calls": Case(
        {
            "errors": 0,
            "calls": {"tool": 1},
            "tools": [f'exec_command {{"cmd":"ls notes"}} -> {CODEX_OUTPUT}'],
            "call_ids": ["call_0001"],
            "turns": ['assistant calls: exec_command {"cmd":"ls notes"}', f"tool: {CODEX_OUTPUT}"],
        },
        (CODEX,),
    ),
    # Hooks and `tool.execution` are no calls; the log says best what failed.
    "qwen-code-0.24-hooks-as-tool-calls": Case(
        {
            "calls": {"tool": 1},
            "tools": [
                Has(
                    'read_file {"file_path":"/home/user/app/qwen/missing.txt"} failed: file_not_found: ',
                    "File not found: /home/user/app/qwen/missing.txt",
                )
            ],
            "call_ids": ["call_0002"],
            "agents": {"qwen-code": 1},
        },
        (QWEN,),
    ),
    "opencode-1.18-tool-twice": Case(
        {
            "errors": 0,
            "calls": {"tool": 1},
            "tools": [Has('bash {"command":"ls notes","description":"List notes"} -> ', "a.txt")],
            "call_ids": ["call_0002"],
        },
        (OPENCODE,),
    ),
    # The answer's status "error" makes it failed, though the span is OK.
    "gemini-cli-0.61-tool-call": Case(
        {
            "errors": 1,
            "calls": {"tool": 1},
            "tools": [
                Has(
                    'read_file {"file_path":"missing.txt"} failed: file_not_found: ',
                    "File not found: /home/user/app/gemini/missing.txt",
                )
            ],
            "call_ids": ["read_file__fc0002"],
            "turns": [
                'assistant calls: read_file {"file_path":"missing.txt"}',
                Has("tool failed: ", "File not found: /home/user/app/gemini/missing.txt"),
            ],
            "agents": {"gemini-cli": 1},
        },
        (GEMINI,),
    ),
    # A Responses item has an id of its own beside `call_id`.
    "openai-agents-js-call-id": Case(
        {
            "tokens": "2003/43",
            "cache_read": 1600,
            "reasoning": 10,
            "calls": {"model": 2, "tool": 1},
            "models": {"gpt-5.4"},
            "tools": [GET_WEATHER_LISBON],
            "turns": [LISBON, CALLS_LISBON, LISBON_IS, CALLS_ATLANTIS],
            "call_ids_said": ["call_0001", "call_0002"],
        }
    ),
    "openai-agents-oi-responses": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "reasoning": 10,
            "calls": {"model": 2, "tool": 1},
            "tools": [GET_WEATHER_PARIS],
            "turns": ONE_QUESTION,
            "call_ids_said": ["call_1"],
            "agents": {"weather_agent": 3},
        }
    ),
    # The span's name is get_weather.tool.
    "traceloop-js-0.27-tool-name": Case(
        {
            "tokens": "3006/66",
            "calls": {"model": 3, "tool": 1},
            "agent_calls": ["weather-agent"],
            "models": {"gpt-5.4"},
            "tools": ['get_weather {"city":"Lisbon"} -> {"degrees":24,"sky":"sunny"}'],
            "turns": [
                TELLS,
                LISBON,
                CALLS_LISBON,
                LISBON_IS_SUNNY,
                CALLS_ATLANTIS,
                'tool: {"error":"no such city: Atlantis"}',
                NOWHERE,
            ],
            "agents": {"weather-agent": 4},
        },
        ("chat-traceloop",),
    ),
    # Ids of calls and the system's text stand in `input.value` alone.
    "langchain-js-1.5-openinference-4.1": Case(
        {
            "tokens": "2003/43",
            "cache_read": 1600,
            "reasoning": 10,
            "calls": {"model": 2, "tool": 1},
            "models": {"gpt-5.4"},
            "tools": [Has("get_weather", ' -> {"city":"Lisbon","degrees":24,"sky":"sunny"}')],
            "turns": [TELLS, LISBON, CALLS_LISBON, LISBON_IS, CALLS_ATLANTIS],
            "call_ids_said": ["call_0001", "call_0002"],
        },
        ("chat-lc",),
    ),
    # A tool's span without an id is the latest call of its name that has no result yet.
    "tool-error-lost-langgraph-oi": Case(
        {
            "tokens": "100/20",
            "errors": 1,
            "calls": {"model": 1, "tool": 1},
            "tools": [Has("get_weather", "Atlantis", " failed: LookupError: no city is called Atlantis")],
            "turns": [
                "system: You know all weather.",
                PARIS,
                CALLS_PARIS,
                SUNNY,
                SOMBRERO,
                SOMBRERO,
                ATLANTIS,
                CALLS_ATLANTIS,
                "tool failed: LookupError: no city is called Atlantis",
            ],
            "call_ids_said": ["call_1", "call_4"],
            "result_ids_said": ["call_1", "call_4"],
            "agents": {"weather_expert": 2},
        },
        ("session-langgraph-oi",),
    ),
    # `<not specified>` is no id.
    "tool-id-placeholder-google-adk": Case(
        {
            "tokens": "100/20",
            "errors": 1,
            "calls": {"model": 1, "tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [Has("get_weather", " failed: LookupError: no city is called Atlantis")],
            "turns": [
                ADK_SYSTEM,
                PARIS,
                "assistant: I think about the weather.",
                CALLS_PARIS,
                SUNNY,
                "assistant: I think about the weather.",
                SOMBRERO,
                ATLANTIS,
                "assistant: I think about the weather.",
                CALLS_ATLANTIS,
                "tool failed: LookupError: no city is called Atlantis",
            ],
            "call_ids_said": ["call_2", "call_4"],
            "result_ids_said": ["call_2", "call_4"],
            "agents": {"weather_agent": 2},
        },
        ("session-google-adk",),
    ),
    # `tool_call_id` in a `gen_ai.tool.message`.
    "tool-message-semantic-kernel": Case(
        {
            "tokens": "200/40",
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": ['Weather-get_weather {"city":"Paris"} -> sunny and 24 degrees in Paris'],
            "turns": [
                ASSISTANT,
                PARIS,
                'assistant calls: Weather-get_weather {"city":"Paris"}',
                SUNNY,
                SOMBRERO,
            ],
            "call_ids_said": ["call_7"],
            "result_ids_said": ["call_7"],
            "agents": {"weather_agent": 3},
        }
    ),
    # Arguments stand in the log `tool_result`, the result in the span's event `tool.output`.
    "tool-output-claude-code": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "cost": 0.000984,
            "errors": 0,
            "calls": {"model": 2, "tool": 1},
            "tools": [GET_WEATHER_PARIS],
            "call_ids": ["toolu_65"],
            "joined": {"tool": {SAME_CALL_ID: 2, OF_SPAN: 1}},
            "turns": [PARIS, CALLS_PARIS, SUNNY, SOMBRERO],
        },
        (CLAUDE_SDK,),
    ),
    "tool-failed-claude-code": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "cost": 0.000984,
            "errors": 1,
            "calls": {"model": 2, "tool": 1},
            "tools": [FAILED],
            "call_ids": ["toolu_67"],
            "turns": [ATLANTIS, CALLS_ATLANTIS, FAILED_TURN, PERISCOPE],
        },
        (CLAUDE_SDK,),
    ),
    "claude-code-2.1.332-tool-output": Case(
        {
            "errors": 1,
            "tools": [
                'Bash {"command":"ls notes","description":"List the notes"} -> a.txt',
                Has('Read {"file_path":"/home/user/app/claude/missing.txt"} failed: ', NO_FILE),
            ],
            "call_ids": ["toolu_0001", "toolu_0002"],
            "turns": [
                NOTES,
                LOOK,
                'assistant calls: Bash {"command":"ls notes","description":"List the notes"}',
                "tool: a.txt",
                LOOK,
                'assistant calls: Read {"file_path":"/home/user/app/claude/missing.txt"}',
                Has("tool failed: ", NO_FILE),
                NOWHERE,
            ],
        },
        (CLAUDE,),
    ),
    # The log `event.name=tool` is a tool's definition.
    "claude-code-2.1.332-tool-definitions": Case(
        {
            "errors": 0,
            "calls": {"tool": 1},
            "tools": ['Bash {"command":"ls notes","description":"List the notes"}'],
            "types": {"user_prompt": "message", "tool": "log", "tool_result": "tool_call"},
            "turns": [NOTES, 'assistant calls: Bash {"command":"ls notes","description":"List the notes"}'],
        },
        (CLAUDE_2,),
    ),
    # Numbers come as texts; the session is the chat client's.
    "spring-ai-2.0": Case(
        {
            "tokens": "4010/90",
            "cache_read": 2400,
            "errors": 0,
            "traces": 2,
            "calls": {"model": 4, "tool": 2},
            "models": {"gpt-5.4"},
            "tools": [
                'get_weather {"city":"Lisbon"} -> sunny, 24 degrees in Lisbon',
                'get_weather {"city":"Atlantis"} -> no such city: Atlantis',
            ],
            "call_ids": ["call_0001", "call_0002"],
            "turns": [
                CALLS_LISBON,
                "tool: sunny, 24 degrees in Lisbon",
                CALLS_ATLANTIS,
                "tool: no such city: Atlantis",
            ],
        },
        ("chat-42",),
    ),
    # `"state": "error"` stands inside the result.
    "failed-state-agentscope": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "errors": 1,
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [FAILED],
            "turns": [
                ASSISTANT,
                PARIS,
                "assistant: You are welcome, said the marmoset.",
                ATLANTIS,
                CALLS_ATLANTIS,
                "tool failed: no city is called Atlantis",
                PERISCOPE,
            ],
            "agents": {"weather_agent": 3},
        },
        ("session-agentscope",),
    ),
    # The span's name is get_weather.__call__, its arguments stand in `kwargs`.
    "dspy-tool": Case(
        {"calls": {"tool": 1}, "tools": [GET_WEATHER_PARIS], "errors": 0},
        ("session-dspy",),
    ),
}
