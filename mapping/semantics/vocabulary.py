"""Which attribute plays which role: the emitters' rows as an index by key.

The same keys are looked for in attributes, in a log's structured body (`log_bodies.py`; there `input.inputTokenCount`
is the field of a field) and in the properties of JSON events.
"""

from __future__ import annotations

from mapping.semantics.emitters import EMITTERS, Emitter

# What the fields of an emitter's row say beside which keys play which role.
_NO_ROLES = ("name", "scopes", "cache_apart", "total_tokens", "input_cost", "output_cost")
ROLES = tuple(field for field in Emitter._fields if field not in _NO_ROLES)

FAILURES: dict[str, tuple[object, ...]] = {
    "success": (False, "false"),
    "gen_ai.tool.status": ("error",),
    "gen_ai.task.status": ("failure",),
    "langfuse.observation.level": ("ERROR",),
    "logfire.level_num": tuple(range(17, 25)),  # OpenTelemetry's numbers: ERROR to FATAL4
    "genkit:state": ("error",),
    "haystack.tool.error": (True,),
    "lk.function_tool.is_error": (True,),
}

# What programs put where an id is missing.
PLACEHOLDERS = frozenset(
    {
        *("<not specified>", "not specified", "unknown", "none", "null", "undefined", "nan", "n/a", "<nil>"),
        *("00000000-0000-0000-0000-000000000000", "[object object]"),
    }
)

# What programs put where there was no error.
NO_ERRORS = frozenset({"none", "null", "undefined", "nil", "<nil>", "n/a", "false"})

# Agents that are called as their spans are: those of the emitters whose type stands under these keys.
NAMED_BY_SPAN = (
    "langfuse.observation.type",
    "openinference.span.kind",
    "mlflow.spanType",
    "lmnr.span.type",
    "langwatch.span.type",
    "agentops.span.kind",
    "gen_ai.span.kind",
    "fi.span.kind",
)

# What counts input and output in an object of `usage`: Langfuse passes on what the model's API has said.
USAGE = {
    "input": ("input", "prompt_tokens", "input_tokens"),
    "output": ("output", "completion_tokens", "output_tokens"),
}


def _rank() -> dict[str, tuple[int, int]]:
    """Index every key by (role, precedence), so that a record's attributes are walked once, not the table."""
    ranked: dict[str, tuple[int, int]] = {}
    for number, role in enumerate(ROLES):
        for emitter in EMITTERS:
            for key in getattr(emitter, role):
                ranked.setdefault(key, (number, len(ranked)))
    return ranked


KEYS = _rank()

# Flattened lists, `PREFIX.N....content`, by the role they play: OpenInference's and older OpenLLMetry's.
FLATTENED = {
    "input": ("llm.input_messages.", "llm.prompts.", "gen_ai.prompt.", "embedding.embeddings.", "reranker.input_"),
    "output": (
        "llm.output_messages.",
        "llm.choices.",
        "llm.completions.",
        "gen_ai.completion.",
        "retrieval.documents.",
        "reranker.output_",
    ),
}

# What describes the call rather than what was said in it: tools on offer, parameters, schemas, headers.
UNSAID = tuple(
    (
        "gen_ai.request. gen_ai.response. gen_ai.system gen_ai.provider. gen_ai.tool.definitions gen_ai.tool.type "
        "gen_ai.agent.tools llm.tools. llm.request. llm.invocation_parameters llm.token_count. llm.cost. llm.headers "
        "llm.is_streaming traceloop.entity.path langsmith.trace. langfuse.internal. langfuse.environment "
        "langfuse.observation.model langfuse.observation.prompt ai.settings. ai.request. ai.prompt.tool ai.response. "
        "ai.model. ai.schema logfire.json_schema logfire.level logfire.span_type logfire.msg_template "
        "event.sequence event.timestamp exception.escaped resource.name terminal. app. auth_mode auth_type slug "
        "interactive aws.local. aws.remote. aws.span. telemetry. process. os. host. thread. code. server. network. "
        "session. otel. otelTrace gen_ai.tool.json_schema gen_ai.openai. gen_ai.is_streaming tool.json_schema "
        # A schema, as OpenInference's decorator writes it: what was passed stands in the input.
        "tool.parameters model_request_parameters langsmith.metadata.LANGSMITH_ langsmith.metadata.ls_ "
        "langsmith.metadata.revision_id langsmith.metadata.usage_metadata"
    ).split()
)

# Values that an emitter has redacted already: kept, and not searched.
REDACTED = frozenset({"<REDACTED>", "[REDACTED]", "[redacted]", "__REDACTED__"})
