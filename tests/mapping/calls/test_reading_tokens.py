"""Tokens and cost: input includes a cache, output includes reasoning, whatever an emitter's numbers are."""

import json

import pytest
from events import json_event, log, told

from mapping.calls.model import Tokens
from mapping.calls.reading import tell

CHAT = {"gen_ai.operation.name": "chat"}

CONVENTIONS = [
    ("the conventions", {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2}, (10, 2, None, None, None)),
    (
        "the conventions' parts",
        {
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 4,
            "gen_ai.usage.cache_read.input_tokens": 6,
            "gen_ai.usage.cache_creation.input_tokens": 1,
            "gen_ai.usage.reasoning.output_tokens": 3,
        },
        (10, 4, 6, 1, 3),
    ),
    ("older names", {"gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.completion_tokens": 2}, (10, 2, None, None, None)),
    ("texts", {"gen_ai.usage.input_tokens": "10", "gen_ai.usage.output_tokens": "2"}, (10, 2, None, None, None)),
    (
        "Claude Code's own: without the cache",
        {"input_tokens": 10, "output_tokens": 2, "cache_read_tokens": 80, "cache_creation_tokens": 5},
        (95, 2, 80, 5, None),
    ),
    (
        "Claude Code's two conventions",
        {"input_tokens": 10, "output_tokens": 2, "cache_read_tokens": 80, "cache_creation_tokens": 5}
        | {"gen_ai.usage.input_tokens": 95, "gen_ai.usage.output_tokens": 2},
        (95, 2, 80, 5, None),
    ),
    (
        "Codex's",
        {"input_token_count": 90, "output_token_count": 9, "cached_token_count": 80, "reasoning_token_count": 5},
        (90, 9, 80, None, 5),
    ),
    (
        "Gemini CLI's: as it says",
        {"input_token_count": 90, "output_token_count": 9, "cached_content_token_count": 80, "thoughts_token_count": 7},
        (90, 9, 80, None, 7),
    ),
    (
        "Gemini CLI's, with more thoughts than output, which has left them out",
        {"input_token_count": 90, "output_token_count": 9, "thoughts_token_count": 70, "total_token_count": 169},
        (90, 79, None, None, 70),
    ),
    (
        "OpenInference's",
        {
            "llm.token_count.prompt": 90,
            "llm.token_count.completion": 9,
            "llm.token_count.prompt_details.cache_read": 80,
            "llm.token_count.completion_details.reasoning": 5,
        },
        (90, 9, 80, None, 5),
    ),
    ("VoltAgent's", {"llm.usage.prompt_tokens": 90, "llm.usage.completion_tokens": 9}, (90, 9, None, None, None)),
    ("the AI SDK's", {"ai.usage.inputTokens": 90, "ai.usage.cachedInputTokens": 80}, (90, None, 80, None, None)),
    (
        "less than from the cache",
        {"gen_ai.usage.input_tokens": 5, "gen_ai.usage.cache_read_input_tokens": 80},
        (85, None, 80, None, None),
    ),
    (
        "Langfuse's details: split",
        {
            "langfuse.observation.usage_details": json.dumps(
                {"input": 20, "output": 6, "total": 111, "input_cached_tokens": 80, "output_reasoning_tokens": 5}
            )
        },
        (100, 11, 80, None, 5),
    ),
    (
        "Langfuse's details: whole",
        {"langfuse.observation.usage_details": {"input": 100, "output": 11, "total": 111, "input_cached_tokens": 80}},
        (100, 11, 80, None, None),
    ),
    (
        "Langfuse's details as a model's API has them",
        {
            "langfuse.observation.usage_details": json.dumps(
                {"prompt_tokens": 100, "completion_tokens": 11, "prompt_tokens_details": {"cached_tokens": 80}}
            )
        },
        (100, 11, 80, None, None),
    ),
    (
        "MLflow's",
        {"mlflow.chat.tokenUsage": json.dumps({"input_tokens": 10, "output_tokens": 3, "total_tokens": 13})},
        (10, 3, None, None, None),
    ),
    (
        "LangSmith's",
        {
            "langsmith.metadata.usage_metadata": json.dumps(
                {
                    "input_tokens": 10,
                    "output_tokens": 3,
                    "input_token_details": {"cache_read": 4},
                    "output_token_details": {"reasoning": 1},
                }
            )
        },
        (10, 3, 4, None, 1),
    ),
    (
        "Genkit's, in the answer",
        {"genkit:metadata:subtype": "model", "genkit:output": '{"usage":{"inputTokens":10,"outputTokens":3}}'},
        (10, 3, None, None, None),
    ),
    (
        "Anthropic's, in the answer",
        {
            "output.value": json.dumps(
                {
                    "usage": {
                        "input_tokens": 10,
                        "output_tokens": 3,
                        "cache_read_input_tokens": 80,
                        "cache_creation_input_tokens": 5,
                    }
                }
            )
        },
        (95, 3, 80, 5, None),
    ),
    (
        "Haystack's, beside the answer",
        {
            "haystack.agent.step.llm.output": json.dumps(
                {
                    "replies": [
                        {
                            "role": "assistant",
                            "meta": {"model": "m", "usage": {"prompt_tokens": 10, "completion_tokens": 3}},
                        }
                    ]
                }
            )
        },
        (10, 3, None, None, None),
    ),
    (
        "parts that only the answer knows",
        {"gen_ai.usage.input_tokens": 90, "gen_ai.usage.output_tokens": 9}
        | {
            "gcp.vertex.agent.llm_response": json.dumps(
                {
                    "usage_metadata": {
                        "prompt_token_count": 90,
                        "candidates_token_count": 9,
                        "cached_content_token_count": 80,
                    }
                }
            )
        },
        (90, 9, 80, None, None),
    ),
    ("none", {"gen_ai.request.model": "m"}, None),
    ("no numbers", {"gen_ai.usage.input_tokens": "many", "gen_ai.usage.output_tokens": -1}, None),
    ("a mistake", {"gen_ai.usage.input_tokens": 10**15}, None),
    ("true", {"gen_ai.usage.input_tokens": True}, None),
]


@pytest.mark.parametrize(
    ("properties", "tokens"), [row[1:] for row in CONVENTIONS], ids=[row[0] for row in CONVENTIONS]
)
def test_tokens_are_read_by_the_emitter_s_convention(properties, tokens):
    assert told(CHAT | properties).tokens == (None if tokens is None else Tokens(*tokens))


def test_bedrock_s_log_leaves_the_cache_out():
    body = {"modelId": "m", "operation": "Converse", "input": {"inputTokenCount": 10, "cacheReadInputTokenCount": 80}}
    assert tell(log(body=body | {"output": {"outputTokenCount": 3}})).tokens == Tokens(90, 3, 80)


@pytest.mark.parametrize(
    ("properties", "cost"),
    [
        ({"gen_ai.usage.cost": 0.25}, 250_000_000),
        ({"gen_ai.cost.total_cost": "2.4e-05"}, 24_000),
        ({"cost_usd": 0.0125}, 12_500_000),
        ({"operation.cost": 1}, 10**9),
        ({"llm.cost.total": 0.5}, 500_000_000),
        ({"langfuse.observation.cost_details": '{"input": 0.25, "output": 0.25}'}, 500_000_000),
        ({"langfuse.observation.cost_details": {"input": 0.25, "total": 0.75}}, 750_000_000),
        ({}, None),
        ({"gen_ai.usage.cost": 0}, None),
        ({"gen_ai.usage.cost": "free"}, None),
        ({"gen_ai.usage.cost": -1}, None),
    ],
)
def test_a_cost_is_told_as_it_was_given(properties, cost):
    assert told(CHAT | properties).cost == cost


@pytest.mark.parametrize(
    ("whose", "tokens"), [("openai", (10, 2, 8, None, None)), ("anthropic", (18, 2, 8, None, None))]
)
def test_whose_mlflow_s_numbers_are_says_what_they_include(whose, tokens):
    usage = json.dumps({"input_tokens": 10, "output_tokens": 2, "total_tokens": 12, "cache_read_input_tokens": 8})
    call = {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.message.format": f'"{whose}"', "mlflow.chat.tokenUsage": usage}
    assert told(call).tokens == Tokens(*tokens)


def test_what_is_known_of_tokens_is_completed_by_the_usage_as_it_came():
    call = CHAT | {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 4}
    raw = {"input_tokens": 10, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 3}}
    assert told(call | {"gen_ai.usage.raw": json.dumps(raw)}).tokens == Tokens(10, 4, None, None, 3)
    written = {"prompt_tokens": 10, "completion_tokens": 4, "cache_read_input_tokens": 8}
    assert told(call | {"metadata.usage_object": str(written)}).tokens == Tokens(10, 4, 8, None, None)


@pytest.mark.parametrize(
    ("properties", "tokens"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 7}, (5, 7, None, None, None)),
        ({"usage": {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 100}}, (105, 7, 100, None, None)),
        (
            {"usage": {"prompt_tokens": 50, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 20}}},
            (50, 7, 20, None, None),
        ),
    ],
)
def test_a_json_event_has_tokens_as_the_models_own_apis_do(properties, tokens):
    assert tell(json_event({"model": "m"} | properties, event_type="llm_call")).tokens == Tokens(*tokens)
    assert tell(json_event({"model": "m", "usage": "much"}, event_type="llm_call")).tokens is None
