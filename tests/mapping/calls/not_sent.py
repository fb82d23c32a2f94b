"""What programs do not send, or what is not understood of it yet, by the fixture's name and the aspect.

Sessions, system prompts, cached tokens and reasoning were looked for in all attributes of the recordings.
"""

_MODELS = ("models", "model names", "tokens", "cached tokens", "reasoning tokens")
_TOOLS = ("tools", "arguments", "results", "tool failures", "failures")

# Why, which aspects, and of whom.
_REASONS = (
    (
        "A library of models is instrumented, and the program's own functions are not: a tool shows in messages only.",
        _TOOLS,
        (
            "anthropic-genai anthropic-openinference bedrock-botocore bedrock-openinference bedrock-traceloop "
            "google-genai google-genai-openinference litellm litellm-anthropic litellm-openinference "
            "logfire-anthropic logfire-openai ollama-traceloop openai-genai openai-openinference openai-traceloop "
            "openai-traceloop-responses openai-v2 openai-v2-logs openinference-js-anthropic "
            "openinference-js-openai openinference-js-openai-responses openlit-anthropic openlit-openai "
            "otel-js-openai otel-js-openai-responses otel-js-openai-stream"
        ),
    ),
    ("Tools have no spans.", _TOOLS, "crewai-traceloop haystack-openinference smolagents-genai"),
    ("The answer is an object: the tool that it is asked for by is not called.", _TOOLS[:3], "instructor"),
    (
        "Agents and tools have spans, and calls of models have none.",
        _MODELS,
        "ag2-openinference agno-genai haystack-openinference llama-index-genai smolagents-genai",
    ),
    ("A model that was not reached has no span.", ("failures",), "agno-genai"),
    (
        "A call that failed is not sent: its span is never ended.",
        ("models",),
        (
            "laminar-js laminar-js-responses openinference-js-openai openinference-js-openai-responses "
            "traceloop-js traceloop-js-stream google-adk-js"
        ),
    ),
    (
        "A tool that failed is not sent: its span is never ended.",
        ("tools", "arguments", "tool failures", "failures"),
        "traceloop-js traceloop-js-stream",
    ),
    ("One span has the tokens of the last of its calls.", _MODELS, "google-genai-automatic"),
    ("The functions that the library calls have neither arguments nor results.", _TOOLS[1:3], "google-genai-automatic"),
    ("No words are sent.", ("words", "system prompt"), "google-genai-automatic spring-ai"),
    ("A span of a model has all of an answer's steps.", ("models", "model names"), "voltagent"),
    ("What was tried again is not sent.", ("models",), "beeai"),
    (
        "Reasoning is not told apart.",
        ("reasoning tokens",),
        (
            "agentscope ai-sdk ai-sdk-responses beeai openai-traceloop openlit-openai spring-ai strands "
            "strands-js strands-js-latest strands-openinference traceloop-2025"
        ),
    ),
    (
        "Neither the cache nor reasoning is told apart.",
        _MODELS[3:],
        (
            "agentops autogen-openinference laminar-js laminar-js-responses openai-agents-v2 openai-v2 "
            "openai-v2-logs otel-js-openai otel-js-openai-responses otel-js-openai-stream traceloop-js"
        ),
    ),
    ("No tokens are sent.", _MODELS[2:], "dspy-openinference openai-agents-openinference-chat openinference-js-openai"),
    ("Of a stream the tokens are estimated.", _MODELS[2:], "traceloop-js-stream"),
    (
        "A session is not sent.",
        ("session",),
        (
            "ai-sdk ai-sdk-anthropic litellm litellm-anthropic mlflow openai-agents-js openai-agents-js-chat "
            "openai-agents-logfire openai-agents-openinference openai-agents-openinference-chat openai-agents-v2"
        ),
    ),
    ("The session is one of the program's own making.", ("session",), "honeyhive"),
    ("The session was given as a tag.", ("session",), "agentops"),
    (
        "What went wrong in a tool is redacted.",
        ("tool failures",),
        (
            "openai-agents-genai openai-agents-js openai-agents-js-chat openai-agents-logfire "
            "openai-agents-openinference openai-agents-openinference-chat openai-agents-v2"
        ),
    ),
    (
        "The system prompt is not sent.",
        ("system prompt",),
        (
            "ag2 ag2-openinference agno-genai claude-agent-sdk claude-agent-sdk-openinference claude-code "
            "claude-code-logs claude-code-raw-bodies claude-code-refused claude-code-subagent codex "
            "laminar-js-responses openai-agents-v2 qwen-code qwen-code-subagent smolagents-genai"
        ),
    ),
    (
        "The agent's span is that of any function: it names what is done in it, and is no agent's.",
        ("agents",),
        "genkit genkit-go honeyhive laminar langsmith langsmith-js",
    ),
    ("An agent's steps have spans, and itself has none.", ("agents",), "llama-index-openinference llama-index-otel"),
    ("Whoever asks is an agent, too: AG2's user.", ("agents",), "ag2-openinference"),
    ("The agent has no name.", ("agents",), "haystack-openinference"),
    (
        "The failure is that of no tool: it gives the words back as any result.",
        ("tool failures", "failures"),
        "genkit genkit-go",
    ),
    ("The failure's words are replaced.", ("tool failures",), "google-adk-java"),
    ("A vendor is taken off the model's name.", ("model names",), "bedrock-traceloop"),
    ("A tool is called by its plugin's name, too.", ("tools",), "semantic-kernel"),
    ("Neither the cache nor reasoning is told apart but in a line of a log.", _MODELS[3:], "semantic-kernel"),
    (
        "What Gemini thinks is left out of the output.",
        ("tokens",),
        "gemini-cli gemini-cli-subagent google-adk-1 google-adk-js",
    ),
    ("Command-line agents log no tool's result.", ("results",), "claude-code-logs qwen-code qwen-code-subagent"),
    ("The answer is not sent.", ("words",), "codex"),
    # What is sent in some form, and not understood: the next to be done.
    (
        "Reasoning's tokens stand in a task's output, or in later input, only: not read.",
        ("reasoning tokens",),
        "agno-openinference langgraph-traceloop",
    ),
    (
        "The answer is sent with itself put behind it, once for a stream and once for its end.",
        ("words",),
        "agno-openinference",
    ),
    (
        "The runtime logs a message that nobody took as an error of its own.",
        ("failures",),
        "autogen autogen-openinference",
    ),
    ("Attempts at a refused model are one span.", ("words", "failures"), "beeai"),
    (
        "An MCP server's spans stand in traces of their own: its tools are not joined with the agent's.",
        (*_MODELS[:3], "tools", "tool failures", "session", "failures"),
        "claude-agent-sdk-openinference",
    ),
    ("Nothing was answered.", ("words",), "claude-code-refused copilot-cli-refused gemini-cli-refused"),
    (
        "A sub-agent's result comes back as a user's prompt that nobody wrote.",
        ("results",),
        "claude-code-subagent",
    ),
    (
        "A failed tool's words are put in others.",
        ("tool failures",),
        "copilot-cli copilot-cli-anthropic copilot-cli-subagent spring-ai",
    ),
    (
        "Sub-agents have names of their own, or the program's.",
        ("agents",),
        "copilot-cli-subagent gemini-cli-subagent opencode-subagent",
    ),
    ("The question is put into fields of a prompt.", ("words",), "dspy-genai dspy-openinference"),
    (
        "The system prompt is put into fields of a prompt, or is the program's own.",
        ("system prompt",),
        "dspy-openinference gemini-cli gemini-cli-refused gemini-cli-subagent opencode opencode-anthropic opencode-subagent smolagents-openinference",
    ),
    ("Arguments and results of a tool are not sent.", ("arguments", "results", "tool failures"), "mcp"),
    ("Arguments and results of a tool are not sent.", ("arguments", "results"), "fastmcp"),
    (
        "The refused request belongs to a session of its own.",
        ("session",),
        "gemini-cli-refused google-adk-java spring-ai",
    ),
    ("A sub-agent's results are those of its last answer.", ("results",), "gemini-cli-subagent"),
    (
        "A failure is told once more by a record of the runtime, or not at all.",
        ("failures",),
        "google-adk-js spring-ai",
    ),
    ("The answer is an object.", ("words",), "instructor"),
    (
        "A request that was refused is told by a generation without a call; its agent is another.",
        ("model names", "agents"),
        "mastra mastra-stream",
    ),
    ("A sub-agent's conversation is a session of its own.", ("session",), "opencode-subagent pydantic-ai"),
    ("A sub-agent's question and answer stand in a trace of its own.", ("words",), "qwen-code-subagent"),
    (
        "Tokens of the cache and reasoning stand in Python's text of objects: not read. The run's agent has no name.",
        ("cached tokens", "reasoning tokens", "agents", "words"),
        "smolagents-openinference",
    ),
    ("A failed call leaves no span of a tool, and its model's attempts overlap.", _TOOLS, "anthropic-traceloop"),
)

NOT_SENT: dict[str, dict[str, str]] = {}
for _reason, _aspects, _names in _REASONS:
    for _name in _names.split():
        NOT_SENT.setdefault(_name, {}).update(dict.fromkeys(_aspects, _reason))
