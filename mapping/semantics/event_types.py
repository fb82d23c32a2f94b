"""What emitters' words for an event mean: one small set of types, so that a filter means the same for all of them."""

from __future__ import annotations

# A word is compared in lower case; `*` stands at its start only, for anything up to a dot.
EVENT_TYPES = {
    "model_call": (
        "chat generate_content text_completion completion llm generation llm_request llm_call "
        "converse conversestream invokemodel invokemodelwithresponsestream "
        "gen_ai.client.inference.operation.details api_request *.api_request *.api_response "
        "ai.generatetext.dogenerate ai.streamtext.dostream ai.generateobject.dogenerate ai.streamobject.dostream"
    ),
    "tool_call": "execute_tool tool tool_result *.tool_result tool_call *.tool_call ai.toolcall",
    # Vercel's outer spans run a loop of steps and repeat the tokens of its calls; its newer names say invoke_agent.
    "agent": (
        "invoke_agent create_agent agent agent_call interaction gemini_cli.agent.start gemini_cli.agent.finish "
        "ai.generatetext ai.streamtext ai.generateobject ai.streamobject "
        "invoke_swarm invoke_graph"
    ),
    "workflow": "invoke_workflow plan chain workflow task execute_task agent_step prompt parser",
    "retrieval": ("retrieval retriever reranker rerank vector_db_retrieve ai.rerank ai.rerank.dorerank search_memory"),
    "embedding": "embeddings embedding ai.embed ai.embed.doembed ai.embedmany ai.embedmany.doembed",
    "message": (
        "gen_ai.system.message gen_ai.user.message gen_ai.assistant.message gen_ai.tool.message gen_ai.choice "
        "user_prompt *.user_prompt assistant_response *.assistant_response event"
    ),
    "decision": "tool_decision *.tool_decision decision",
    "evaluation": "gen_ai.evaluation.result evaluator evaluation",
    "guardrail": "guardrail",
    "error": "exception api_error *.api_error gen_ai.client.operation.exception",
}

_WORDS = {word: event_type for event_type, words in EVENT_TYPES.items() for word in words.split()}

# Records that say again what others say, tokens included: by name, the scope whose other records have said it. Where
# such a record names its span, the span has.
RETOLD = {
    "gen_ai.client.inference.operation.details": "gemini-cli",
    "claude_code.api_request": None,
    "api_request": None,
}


def event_type(word: str) -> str | None:
    """Give the event type that an emitter's word means, None for a word that says nothing."""
    word = word.lower()
    found = _WORDS.get(word)
    if found is None and "." in word:
        found = _WORDS.get("*" + word[word.rindex(".") :])
    return found
