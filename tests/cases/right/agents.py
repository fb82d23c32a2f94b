"""Whose a call is: the nearest agent's around it, by name."""

from tests.cases.right.case import Case
from tests.cases.right.words import CALLS_PARIS, GET_WEATHER_PARIS, ONE_QUESTION, PARIS, SOMBRERO, SUNNY

EXPERT = "system: You know all weather."
WRITER = "system: You write it nicely."

_TEAM = {
    "tokens": "300/60",
    "errors": 0,
    "calls": {"model": 3, "tool": 1},
    "agents": {"weather_expert": 3, "weather_writer": 1},
}

CASES = {
    # An id may be another one in each process, or the same for all agents.
    "agent-id-msagent": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "reasoning": 10,
            "calls": {"tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [GET_WEATHER_PARIS],
            "turns": ONE_QUESTION,
            "agents": {"weather_agent": 1},
            "agent_finds": {"weather_agent": {"invoke_agent weather_agent": 1, "execute_tool get_weather": 1}},
        }
    ),
    "agent-id-openai-agents-v2": Case(
        {
            "tokens": "200/40",
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [GET_WEATHER_PARIS],
            "agents": {"weather_agent": 3},
            "agent_finds": {
                "weather_agent": {
                    "invoke_agent weather_agent": 1,
                    "chat gpt-4o-mini-2024-07-18": 2,
                    "execute_tool get_weather": 1,
                }
            },
        }
    ),
    "agent-nearest-langgraph-genai": Case(
        {
            **_TEAM,
            "agent_calls": ["weather_expert", "weather_writer"],
            "tools": [GET_WEATHER_PARIS],
            "turns": [EXPERT, PARIS, CALLS_PARIS, SUNNY, SOMBRERO, WRITER, SOMBRERO],
            "named_spans": {
                "invoke_agent weather_expert": {"weather_expert"},
                "execute_tool get_weather": {"weather_expert"},
                "chat gpt-4o-mini": {"weather_expert", "weather_writer"},
                "invoke_agent weather_writer": {"weather_writer"},
            },
            "agent_finds": {"weather_writer": {"invoke_agent weather_writer": 1, "chat gpt-4o-mini": 1}},
        },
        ("session-langgraph-genai",),
    ),
    "agent-nearest-crewai": Case(
        {
            "tokens": "200/40",
            "cache_read": 80,
            "reasoning": 10,
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["Weather Expert"],
            "tools": [GET_WEATHER_PARIS],
            "turns": [
                "system: You are Weather Expert. You know all weather.\nGoal: Know the weather",
                "user: Current Task: How is the weather in Paris?\n\nAnswer in one sentence.",
                CALLS_PARIS,
                SUNNY,
                SOMBRERO,
            ],
            "agents": {"Weather Expert": 3},
            "agent_finds": {"Weather Expert": {"ChatCompletion": 2, "get_weather.run": 1}},
            "named_spans": {
                "Weather Expert.weather_task._execute_core": {"Weather Expert"},
                "ChatCompletion": {"Weather Expert"},
                "get_weather.run": {"Weather Expert"},
            },
        },
        ("session-crewai",),
    ),
    # Spans between the agent and its calls have not come: they are wrappers of another exporter.
    "agent-nearest-aws-distro": Case(
        {
            "tokens": "200/40",
            "calls": {"model": 2, "tool": 1},
            "agent_calls": ["weather_agent"],
            "tools": [GET_WEATHER_PARIS],
            "turns": ONE_QUESTION,
            "agents": {"weather_agent": 3},
            "agent_finds": {
                "weather_agent": {
                    "invoke_agent weather_agent": 1,
                    "chat gpt-4o-mini": 2,
                    "execute_tool get_weather": 1,
                }
            },
        },
        ("session-aws-distro",),
    ),
    # `lc_agent_name` is an attribute, or stands in the JSON of `metadata`.
    "agent-langsmith-lc-agent-name": Case(
        {
            **_TEAM,
            "named_spans": {"ChatOpenAI": {"weather_expert", "weather_writer"}, "get_weather": {"weather_expert"}},
            "agent_finds": {"weather_writer": {"ChatOpenAI": 1}},
        },
        ("session-langgraph-ls",),
    ),
    "agent-langchain-oi-lc-agent-name": Case(
        {
            **_TEAM,
            "cache_read": 120,
            "reasoning": 15,
            "named_spans": {"ChatOpenAI": {"weather_expert", "weather_writer"}, "get_weather": {"weather_expert"}},
            "agent_finds": {"weather_writer": {"ChatOpenAI": 1}},
        },
        ("session-langgraph-oi",),
    ),
    "report-one-trace-three-conversations": Case(
        {
            "tokens": "60/3",
            "traces": 1,
            "calls": {"model": 3},
            "agent_calls": ["helpdesk", "helpdesk", "helpdesk"],
            "sessions": {"chat-red": "10/1", "chat-blue": "20/1", "chat-green": "30/1"},
            "agents": {"helpdesk": 3},
        },
        ("chat-red", "chat-blue", "chat-green"),
    ),
}
