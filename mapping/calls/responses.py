"""What only a logged request or response knows of a call: tokens, model, id. Its JSON is parsed where it is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mapping.calls.model import Telling
from mapping.calls.tokens import cost_in_usage, tokens_of_usage, with_details
from mapping.messages.extraction import structure
from mapping.messages.python_repr import written_literal
from mapping.semantics.attribute_roles import text_id
from mapping.values import first

_USAGE = "gen_ai.usage.raw"
# What a model's own API says beyond what the Vercel AI SDK makes of it, by provider: `{"anthropic": {"usage": ...}}`.
_PROVIDERS = "ai.response.providerMetadata"
# LiteLLM's, as Python writes it: everyone's numbers by OpenAI's convention.
_WRITTEN_USAGE = "metadata.usage_object"
# Responses, as JSON, that may bring usage and the model's name along.
_RESPONSES = (
    "genkit:output",
    "haystack.agent.step.llm.output",
    "haystack.component.output",
    "gcp.vertex.agent.llm_response",
    "attributes.body",
    "gen_ai.completion",
    "langfuse.observation.output",
    "response_data",
    "mlflow.spanOutputs",
    "lmnr.span.output",
    "output.value",
    _PROVIDERS,
    _USAGE,
)
_RESPONSE_MODELS = ("gen_ai.response.model", "ai.response.model", "llm.response.model")
_REQUESTS = ("braintrust.metadata", "mlflow.spanInputs", "langfuse.observation.input", "lmnr.span.input", "input.value")
_USAGES = ("usage", "usageMetadata", "usage_metadata", "token_usage", "tokenUsage")
# How the responses of OpenAI's and Anthropic's APIs begin.
_RESPONSE_ID = re.compile(r'\{\s*"id":\s*"((?:chatcmpl|resp|msg|gen|cmpl)[-_][^"]{1,200})"')
_MODEL = re.compile(r'"(?:model|model_name|modelVersion|model_version)":\s*"([^"]{1,100})"')
_DETAILS = ("ached", "ache_read", "reasoning", "houghts")


def tell_response(telling: Telling, properties: Mapping[str, Any]) -> None:
    """Set tokens, model and id that only the logged request or response has."""
    knows_model = any(key in properties for key in _RESPONSE_MODELS)
    for key in _RESPONSES:
        value = properties.get(key)
        if isinstance(value, str):
            if telling.response_id is None and (opening := _RESPONSE_ID.match(value)) is not None:
                telling.response_id = opening[1]
            if not knows_model and telling.name is not None:
                _tell_answering_model(telling, value)
        if value is not None and (not isinstance(value, str) or _has_more(telling, value)):
            held = structure(value)
            held = held[0] if isinstance(held, list) and held else held
            held = held if isinstance(held, dict) else {}
            told = held.values() if key == _PROVIDERS else ({"usage": held} if key == _USAGE else held,)
            for one in told:
                if isinstance(one, dict):
                    _tell_usage(telling, one, is_provider=key == _PROVIDERS)
    written = properties.get(_WRITTEN_USAGE)
    if isinstance(written, str) and _has_more(telling, written):
        usage = tokens_of_usage(written_literal(written), apart=False)
        telling.tokens = telling.tokens if usage is None else with_details(telling.tokens, usage)
    if telling.name is None:
        telling.name = text_id(properties.get("genkit:name")) or _asked_model(properties)


def _asked_model(properties: Mapping[str, Any]) -> str | None:
    """Return the model that a logged request names."""
    for key in _REQUESTS:
        if isinstance(value := properties.get(key), str) and '"model"' in value:
            held = structure(value)
            if isinstance(held, dict) and (named := text_id(held.get("model"))) is not None:
                return named
    return None


def _tell_answering_model(telling: Telling, response: str) -> None:
    """Set the model that answered, if it is a version of the requested one."""
    roles = _MODEL.search(response)
    if roles is not None and roles[1].startswith(str(telling.name)):
        telling.name = roles[1]


def _has_more(telling: Telling, response: str) -> bool:
    """Return whether the text of a response may have what is not known yet, before it is parsed."""
    tokens = telling.tokens
    if telling.name is None and '"model' in response:
        return True
    if tokens is None:
        return "sage" in response
    if telling.cost is None and '"cost"' in response:
        return True
    told = (tokens.cache_read, tokens.cache_write, tokens.reasoning)
    return None in told and any(word in response for word in _DETAILS)


def _tell_usage(telling: Telling, held: dict[str, Any], *, is_provider: bool = False) -> None:
    if is_provider:
        telling.cost = telling.cost or cost_in_usage(held)  # Vercel's gateway's
    for holder in (held, *_metas(held), *_generations(held)):
        raw = holder.get("raw")
        usages = [holder.get(key) for key in _USAGES] + ([raw.get("usage")] if isinstance(raw, dict) else [])
        for usage in usages:
            if isinstance(usage, dict) and (tokens := tokens_of_usage(usage)) is not None:
                telling.tokens = with_details(telling.tokens, tokens)
                telling.cost = telling.cost or cost_in_usage(usage)
        if telling.name is None:
            telling.name = text_id(first(holder.get(key) for key in ("model", "modelVersion", "model_version")))


def _generations(held: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what LangChain notes beside the first answer."""
    inner = held.get("generations")
    while isinstance(inner, list) and inner:
        inner = inner[0]
    message = inner.get("message") if isinstance(inner, dict) else None
    kwargs = message.get("kwargs") if isinstance(message, dict) else None
    return [kwargs] if isinstance(kwargs, dict) else []


def _metas(held: dict[str, Any]) -> list[dict[str, Any]]:
    """Return Haystack's notes on the first answer."""
    replies = held.get("replies")
    if isinstance(replies, list) and replies and isinstance(replies[0], dict):
        meta = replies[0].get("meta") or replies[0].get("_meta")
        return [meta] if isinstance(meta, dict) else []
    return []
