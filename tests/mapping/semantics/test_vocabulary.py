import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.semantics.emitters import EMITTERS
from mapping.semantics.event_types import EVENT_TYPES, event_type
from mapping.semantics.vocabulary import FAILURES, FLATTENED, KEYS, ROLES

TYPES = {
    "model_call": """chat generate_content text_completion completion LLM llm generation
        gen_ai.client.inference.operation.details claude_code.api_request gemini_cli.api_request
        ConverseStream InvokeModel""",
    "tool_call": "execute_tool TOOL tool tool_result claude_code.tool_result gemini_cli.tool_call ai.toolCall",
    "agent": "invoke_agent create_agent AGENT agent",
    "workflow": "invoke_workflow plan CHAIN chain workflow task",
    "retrieval": "retrieval RETRIEVER retriever RERANKER",
    "embedding": "embeddings EMBEDDING embedding",
    "message": """gen_ai.system.message gen_ai.user.message gen_ai.assistant.message gen_ai.tool.message gen_ai.choice
        user_prompt claude_code.user_prompt event""",
    "decision": "tool_decision claude_code.tool_decision decision",
    "evaluation": "gen_ai.evaluation.result EVALUATOR evaluator",
    "guardrail": "GUARDRAIL guardrail",
    "error": "exception claude_code.api_error gen_ai.client.operation.exception",
}


@pytest.mark.parametrize(
    ("word", "expected"), [(word, expected) for expected, words in TYPES.items() for word in words.split()]
)
def test_each_emitter_s_word_means_its_type(word, expected):
    assert event_type(word) == expected
    assert event_type(word.upper()) == expected


def test_the_table_covers_the_types_that_words_can_mean():
    assert set(EVENT_TYPES) == set(TYPES)


@pytest.mark.parametrize("word", ["", ".", "UNKNOWN", "dance", "a.b", "chat.", "my_tool", "x.tool_calls"])
def test_other_words_mean_nothing(word):
    assert event_type(word) is None


@given(st.text())
def test_any_word_is_looked_up(word):
    assert event_type(word) in {None, *EVENT_TYPES}


def test_a_wildcard_needs_the_dot_before_it():
    assert event_type("x.tool_call") == "tool_call"
    assert event_type("x_tool_call") is None


def test_no_key_plays_two_roles():
    seen = {}
    for emitter in EMITTERS:
        for role in ROLES:
            for key in getattr(emitter, role):
                assert seen.setdefault(key, role) == role, key
    assert KEYS.keys() == seen.keys()


def test_each_outcome_has_the_values_that_are_failures():
    assert {key for emitter in EMITTERS for key in emitter.outcome} == FAILURES.keys()


def test_flattened_keys_belong_to_roles():
    assert set(FLATTENED) <= set(ROLES)
