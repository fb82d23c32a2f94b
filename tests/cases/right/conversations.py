"""Each word once, by who said it, in order."""

from tests.cases.right.case import Case, Has
from tests.cases.right.tokens import ADK_SYSTEM
from tests.cases.right.words import (
    ASSISTANT,
    ATLANTIS,
    CALLS_ATLANTIS,
    CALLS_LISBON,
    CALLS_PARIS,
    CODEX_OUTPUT,
    COMMAND_LINE,
    GET_WEATHER_LISBON,
    GET_WEATHER_PARIS,
    LISBON,
    LISBON_IS,
    LISBON_IS_SUNNY,
    LOOK,
    NOTES,
    NOWHERE,
    ONE_QUESTION,
    PARIS,
    PERISCOPE,
    SOMBRERO,
    SUNNY,
    TELLS,
)

CLAUDE_2 = "11111111-1111-4111-8111-111111111102"
CODEX = "01a22102-4fd3-7541-95e7-21ac48e24bba"
GEMINI = "d8aec150-f4b7-4873-9ef8-cedecb90d2e9"

EXPERT = "system: You know all weather."
WRITER = "system: You write it nicely."
THINKS = "assistant: I think about the weather."
THANKS = "user: Thank you!"
MARMOSET = "assistant: You are welcome, said the marmoset."
EXEC = 'exec_command {"cmd":"ls notes"}'
# What was said before the expert's tool failed.
TWO_QUESTIONS = [EXPERT, PARIS, CALLS_PARIS, SUNNY, SOMBRERO, SOMBRERO, ATLANTIS, CALLS_ATLANTIS]

CASES = {
    # eventName is a line of the source; `event.name` says what it was.
    "codex-0.171-event-name": Case(
        {
            "tokens": "1001/21",
            "errors": 0,
            "traces": 1,
            "calls": {"model": 1, "tool": 1},
            "models": {"gpt-5.4"},
            "tools": [f"{EXEC} -> {CODEX_OUTPUT}"],
            "types": {
                "codex.user_prompt": "message",
                "codex.api_request": "model_call",
                "codex.tool_decision": "decision",
                "codex.tool_result": "tool_call",
            },
            "turns": [NOTES, f"assistant calls: {EXEC}", f"tool: {CODEX_OUTPUT}"],
        },
        (CODEX,),
    ),
    # The logs of a call have one time; a request has them in their order.
    "otel-js-openai-0.22-message-order": Case(
        {
            "tokens": "1004/24",
            "calls": {"model": 1},
            "models": {"gpt-5.4"},
            "turns": [
                TELLS,
                LISBON,
                CALLS_LISBON,
                LISBON_IS_SUNNY,
                CALLS_ATLANTIS,
                'tool: {"error":"no such city: Atlantis"}',
                NOWHERE,
                "user: Thanks, that helps.",
                "assistant: You are welcome. Enjoy the sun in Lisbon.",
            ],
        },
        ("chat-otelopenai6",),
        unordered=("reversed", "split"),
    ),
    # Said on the span and in a log: once.
    "span-and-log-msagent": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "reasoning": 10,
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [GET_WEATHER_PARIS],
            "turns": ONE_QUESTION,
            "agents": {"weather_agent": 3},
        }
    ),
    # The log of a streamed call hangs below the call's parent.
    "stream-openlit": Case(
        {
            "tokens": "100/20",
            "cache_read": 40,
            "calls": {"model": 1},
            "turns": [
                ASSISTANT,
                PARIS,
                SUNNY,
                SOMBRERO,
                ATLANTIS,
                "tool: no city is called Atlantis",
                PERISCOPE,
                THANKS,
                MARMOSET,
            ],
        }
    ),
    # Two agents that say the same: twice.
    "answer-twice-span-and-event": Case(
        {
            "tokens": "300/60",
            "cache_read": 120,
            "reasoning": 15,
            "calls": {"model": 3},
            "agent_calls": ["weather_expert", "weather_writer"],
            "turns": [EXPERT, PARIS, CALLS_PARIS, SUNNY, SOMBRERO, WRITER, SOMBRERO],
            "said_by_agents": ["weather_expert", "weather_writer"],
            "agents": {"weather_expert": 2, "weather_writer": 1},
        },
        ("session-langgraph-genai",),
    ),
    # Pieces of a stream, with the role system in the log; the system prompt is quoted on the span.
    "gemini-cli-0.61-messages": Case(
        {
            "tokens": "1003/23",
            "calls": {"model": 1},
            "turns": [
                COMMAND_LINE,
                "user: <session_context>Invented context of the session.</session_context>",
                NOTES,
                'assistant calls: list_directory {"dir_path":"notes"}',
                Has("tool: ", "Directory listing for /home/user/app/gemini/notes:", "a.txt (14 bytes)"),
                'assistant calls: read_file {"file_path":"missing.txt"}',
                Has("tool", "File not found: /home/user/app/gemini/missing.txt"),
                NOWHERE,
            ],
            "call_ids_said": ["fc0001", "fc0002"],
            "result_ids_said": ["fc0001", "fc0002"],
        },
        (GEMINI,),
    ),
    "stream-chunks-google-adk": Case(
        {
            "tokens": "100/20",
            "calls": {"model": 1},
            "turns": [PARIS, THINKS, CALLS_PARIS, SUNNY, THINKS, SOMBRERO, ATLANTIS, THINKS, THANKS, MARMOSET],
            "agents": {"weather_agent": 1},
        },
        ("session-google-adk",),
    ),
    # The user's words stand in `mastra.agent_run.input`; instructions are the system's.
    "mastra-1.71": Case(
        {
            "tokens": "3006/66",
            "cache_read": 2400,
            "reasoning": 15,
            "errors": 1,
            "calls": {"model": 3, "tool": 2},
            "agent_calls": ["Weather Agent"],
            "models": {"gpt-5.4"},
            "tools": [GET_WEATHER_LISBON, Has('get_weather {"city":"Atlantis"} failed: ', "no such city: Atlantis")],
            "turns": [
                TELLS,
                LISBON,
                CALLS_LISBON,
                LISBON_IS,
                CALLS_ATLANTIS,
                Has("tool failed: ", "no such city: Atlantis"),
                NOWHERE,
            ],
            "agents": {"Weather Agent": 5},
        },
        ("thread-42",),
    ),
    # `gcp.vertex.agent.*`; the span of a tool that raised has no attributes.
    "google-adk-js-2.0": Case(
        {
            "tokens": "3006/66",
            "cache_read": 2400,
            "calls": {"model": 3, "tool": 2},
            "agent_calls": ["weather_agent"],
            "models": {"gemini-2.5-flash"},
            "turns": [
                'system: Your name is "weather_agent".\n\nYou tell the weather.',
                LISBON,
                CALLS_LISBON,
                LISBON_IS,
                CALLS_ATLANTIS,
                Has("tool", "Error in tool 'get_weather': no such city: Atlantis"),
                NOWHERE,
            ],
            "call_ids_said": ["fc0001", "fc0002"],
            "result_ids_said": ["fc0001", "fc0002"],
            "agents": {"weather_agent": 5},
        },
        ("chat-adk",),
    ),
    # Parts in snake case, with nulls; the history is `gen_ai.user.message` with the role inside.
    "parts-adk-schema-1": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "reasoning": 10,
            "calls": {"model": 2, "tool": 1},
            "tools": [GET_WEATHER_PARIS],
            "turns": [ADK_SYSTEM, PARIS, CALLS_PARIS, SUNNY, SOMBRERO],
            "agents": {"weather_agent": 3},
        },
        ("session-adk-v1",),
    ),
    "report-adk-native-spans": Case(
        {
            "tokens": "100/20",
            "errors": 0,
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["trip_agent"],
            "models": {"gemini-x"},
            "tools": ['find_hotel {"city":"Ghent"} -> Hotel Lys, 90 euro'],
            "turns": [
                "system: You plan trips.",
                "user: A room in Ghent for Friday?",
                'assistant calls: find_hotel {"city":"Ghent"}',
                "tool: Hotel Lys, 90 euro",
                "assistant: Hotel Lys has a room for 90 euro.",
            ],
            "agents": {"trip_agent": 3},
        },
        ("adk-session-2",),
    ),
    # No span of a model has question and answer.
    "agent-only-genai-llama-index": Case(
        {
            "errors": 0,
            "calls": {"tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [GET_WEATHER_PARIS],
            "turns": ONE_QUESTION,
            "agents": {"weather_agent": 1},
        }
    ),
    "agent-only-genai-agno": Case(
        {
            "errors": 1,
            "calls": {"tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [Has('get_weather {"city":"Atlantis"} failed: ', "no city is called Atlantis")],
            "turns": [ATLANTIS, CALLS_ATLANTIS, Has("tool failed: ", "no city is called Atlantis"), PERISCOPE],
            "agents": {"weather_agent": 1},
        },
        ("session-genai-agno",),
    ),
    # `output.value` is "assistant: " where `llm.output_messages` has a call.
    "llm-output-value-llama-index": Case(
        {
            "calls": {"model": 2, "tool": 1},
            "models": {"gpt-4o-mini"},
            "tools": [GET_WEATHER_PARIS],
            "turns": ONE_QUESTION,
            "call_ids_said": ["call_23"],
        },
        ("session-llama-oi",),
    ),
    # A failed agent or chain adds nothing to what its calls said.
    "failed-agent-repeats-langgraph-genai": Case(
        {
            "tokens": "100/20",
            "errors": 1,
            "calls": {"model": 1, "tool": 1},
            "agent_calls": ["weather_expert"],
            "tools": ['get_weather {"city":"Atlantis"} failed: LookupError: no city is called Atlantis'],
            "turns": [*TWO_QUESTIONS, Has("tool failed: ", "no city is called Atlantis")],
            "agents": {"weather_expert": 2},
        },
        ("session-langgraph-genai",),
    ),
    "failed-chain-json-langsmith": Case(
        {
            "tokens": "100/20",
            "errors": 1,
            "calls": {"model": 1, "tool": 1},
            "tools": [Has('get_weather {"city":"Atlantis"} failed: ', "no city is called Atlantis")],
            "turns": [*TWO_QUESTIONS, Has("tool failed: ", "no city is called Atlantis")],
            "lines": {"no city is called Atlantis": 1},
            "agents": {"weather_expert": 2},
        },
        ("session-langgraph-ls",),
    ),
    # The role `tool-call` is the assistant's, `tool-response` the tool's; what they quote is the call and its result.
    "roles-smolagents": Case(
        {
            "tokens": "200/40",
            "calls": {"model": 2, "tool": 2},
            "tools": [GET_WEATHER_PARIS, 'get_weather {"city":"Paris"}'],
            "turns": [
                'system: You are an assistant with tools."observation".',
                "user: New task:\nHow is the weather in Paris?",
                CALLS_PARIS,
                SUNNY,
                CALLS_PARIS,
            ],
            "call_ids_said": ["call_41", "call_42"],
        },
        ("session-smolagents",),
    ),
    # A `toolUse` part that is flat.
    "strands-ts-1.19": Case(
        {
            "tokens": "2003/43",
            "cache_read": 1600,
            "errors": 0,
            "calls": {"model": 2, "tool": 1},
            "models": {"gpt-5.4"},
            "tools": [GET_WEATHER_LISBON],
            "turns": [TELLS, LISBON, CALLS_LISBON, LISBON_IS, CALLS_ATLANTIS],
            "call_ids_said": ["call_0001", "call_0002"],
        }
    ),
    "claude-code-2.1.332-raw-bodies": Case(
        {
            "tokens": "2856/66",
            "calls": {"model": 3, "tool": 2},
            "tools": [
                'Bash {"command":"ls notes","description":"List the notes"} -> a.txt',
                Has('Read {"file_path":"/home/user/app/claude/missing.txt"}'),
            ],
            "turns": [
                Has("system: ", "You are an agent of the command line."),
                NOTES,
                LOOK,
                'assistant calls: Bash {"command":"ls notes","description":"List the notes"}',
                "tool: a.txt",
                LOOK,
                'assistant calls: Read {"file_path":"/home/user/app/claude/missing.txt"}',
                Has("tool", "File does not exist."),
                NOWHERE,
            ],
        },
        (CLAUDE_2,),
    ),
    # Names are templates; `logfire.msg` says them in words.
    "names-logfire": Case(
        {
            "tokens": "200/40",
            "cost": 0.000048,
            "calls": {"model": 2},
            "names": {
                "weather_agent session-logfire": 1,
                "get_weather Paris": 1,
                "Chat Completion with 'gpt-4o-mini'": 2,
            },
            "turns": ONE_QUESTION,
            "agents": {"weather_agent": 2},
        },
        ("session-logfire",),
    ),
    # An answer that is JSON is the answer, whole.
    "report-structured-output-answers": Case(
        {
            "tokens": "24/14",
            "calls": {"model": 2},
            "turns": [
                "user: Sort this ticket",
                'assistant: {"queue":"billing","urgent":true}',
                "user: Rate this review",
                'assistant: {"score":4,"text":"kind"}',
            ],
        }
    ),
    "report-responses-api-items": Case(
        {
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["Agent workflow"],
            "tools": ['timetable {"to":"Gent"} -> IC 18:04'],
            "turns": [
                "user: Which train to Gent?",
                'assistant calls: timetable {"to":"Gent"}',
                "tool: IC 18:04",
                "assistant: The IC at 18:04.",
            ],
            "call_ids_said": ["call_1"],
        }
    ),
    "report-json-text-parts-with-image": Case(
        {
            "tokens": "90/3",
            "calls": {"model": 1},
            "turns": [
                "system: You describe pictures.",
                "user: Which bird is this?",
                Has("user shows: ", "image/png"),
                "assistant: A wren.",
            ],
        }
    ),
    "report-human-interrupt-is-no-error": Case(
        {
            "errors": 0,
            "failed_turns": 0,
            "trace_statuses": ["completed"],
            "first_error": [None],
            "said_by": {"Pay 40 euro?": ["waiting"]},
        },
        ("case-int",),
    ),
    "report-one-error-through-three-spans": Case(
        {
            "errors": 1,
            "calls": {"tool": 1},
            "agent_calls": ["clerk"],
            "tools": ['ledger {"id":7} failed: TimeoutError: no answer from ledger'],
            "turns": ['assistant calls: ledger {"id":7}', Has("tool failed: ", "no answer from ledger")],
            "first_error": ["TimeoutError: no answer from ledger"],
            "agents": {"clerk": 1},
        }
    ),
}
