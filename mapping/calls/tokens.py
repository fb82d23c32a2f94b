"""The tokens and cost of a call, whatever an emitter's own convention is (`vocabulary.Emitter.cache_apart`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from mapping.calls.model import Tokens
from mapping.semantics.emitters import EMITTERS

# Tokens, and billionths of a dollar, beyond this are a mistake, not a bill; and a sum of them must stay in 64 bits.
_MAX = 10**12
_NANO = 10**9

_FIELDS = ("input", "output", "cache_read", "cache_write", "reasoning", "total")


class _Place(NamedTuple):
    """What a key's number is: the row's place in the table, the field's in `_FIELDS`, the key's own in its field."""

    row: int
    field: int
    rank: int


_PLACES = {
    key: _Place(row, field, rank)
    for row, emitter in enumerate(EMITTERS)
    for field, name in enumerate(_FIELDS)
    for rank, key in enumerate(getattr(emitter, f"{name}_tokens"))
}
_NUMBERS = _PLACES.keys()
_OBJECTS = tuple(key for emitter in EMITTERS for key in emitter.usage)
_COSTS = tuple(key for emitter in EMITTERS for key in emitter.cost)
_HALVES = tuple(
    tuple(key for emitter in EMITTERS for key in getattr(emitter, f"{side}_cost")) for side in ("input", "output")
)
_COSTS_IN_USAGE = ("total_cost", "cost")
# A number of tokens that was sent as text.
_COUNT = re.compile(r"(\d{1,12})(?:\.0+)?")

# What the fields of an object of usage are called, as the models' own APIs have them.
_NAMES = {
    "input": (
        "prompt_tokens",
        "input_tokens",
        "promptTokens",
        "inputTokens",
        "promptTokenCount",
        "prompt_token_count",
        "tokens_in",
        "prompt",
    ),
    "output": (
        "completion_tokens",
        "output_tokens",
        "completionTokens",
        "outputTokens",
        "candidatesTokenCount",
        "candidates_token_count",
        "tokens_out",
        "completion",
    ),
    "cache_read": (
        "cached_tokens",
        "cache_read",
        "cache_read_input_tokens",
        "cacheReadInputTokens",
        "cachedInputTokens",
        "cachedContentTokens",
        "cachedContentTokenCount",
        "cached_content_token_count",
        "cache_read_tokens",
        "prompt_cached_tokens",
    ),
    "cache_write": (
        "cache_creation_input_tokens",
        "cache_creation",
        "cacheWriteInputTokens",
        "cache_write_input_tokens",
        "cache_write_tokens",
        "prompt_cache_creation_tokens",
    ),
    "reasoning": (
        "reasoning_tokens",
        "reasoning",
        "reasoningTokens",
        "thoughtsTokens",
        "thoughtsTokenCount",
        "thoughts_token_count",
        "thinking_tokens",
        "completion_reasoning_tokens",
    ),
    "total": ("total_tokens", "totalTokens", "totalTokenCount", "total_token_count"),
}
# Anthropic's and Bedrock's names: where they stand, input leaves the cache out.
_APART = ("cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens")
# MLflow gives everyone's numbers the same names: whose they are says what the input includes.
_FORMAT = "mlflow.message.format"
_APART_FORMATS = ("anthropic", "bedrock")
_DETAILS = (
    "input_token_details",
    "output_token_details",
    "prompt_tokens_details",
    "input_tokens_details",
    "inputTokensDetails",
    "completion_tokens_details",
    "output_tokens_details",
    "outputTokensDetails",
)


def tokens_of(levels: Iterable[Mapping[str, Any]]) -> Tokens | None:
    """Return the tokens that sets of attributes tell, None where none of them does."""
    for level in levels:
        apart = str(level[_FORMAT]).strip('"') in _APART_FORMATS if _FORMAT in level else None
        for key in _OBJECTS:
            if key in level and (tokens := tokens_of_usage(level[key], apart=apart)) is not None:
                return tokens
        if not _NUMBERS.isdisjoint(level) and (tokens := _by_keys(level)) is not None:
            return tokens
    return None


def _by_keys(level: Mapping[str, Any]) -> Tokens | None:
    """Read the first row of the table that has input or output, and from any what else they tell."""
    rows: dict[int, dict[int, tuple[int, int]]] = {}
    for key in _NUMBERS & level.keys():
        number, place = count(level[key]), _PLACES[key]
        if number is not None:
            fields = rows.setdefault(place.row, {})
            fields[place.field] = min(fields.get(place.field, (place.rank, number)), (place.rank, number))
    main = next((row for row in sorted(rows) if 0 in rows[row] or 1 in rows[row]), None)
    if main is None:
        return None
    roles = [rows[main][field][1] if field in rows[main] else None for field in (0, 1)]
    for field in range(2, len(_FIELDS)):
        roles += [next((rows[row][field][1] for row in sorted(rows) if field in rows[row]), None)]
    return _with_cache(roles, apart=EMITTERS[main].cache_apart)


def _with_cache(numbers: list[int | None], *, apart: bool) -> Tokens:
    """Add what a cache had to the input where the emitter leaves it out, and to the output what was reasoned.

    It does so where it says less than that, and the cache where its total is the sum of all three, too.
    """
    given, output, read, written, reasoning, total = numbers
    cached = (read or 0) + (written or 0)
    if given is not None and cached and (apart or given < cached or given + cached + (output or 0) == total):
        given += cached
    return Tokens(given, _with_reasoning(output, reasoning), read, written, reasoning)


def _with_reasoning(output: int | None, reasoning: int | None) -> int | None:
    """Return an output that is less than what was reasoned with that: it left it out, as Gemini's own does."""
    return output + reasoning if output is not None and reasoning is not None and output < reasoning else output


def tokens_of_usage(usage: object, *, apart: bool | None = None) -> Tokens | None:
    """Return the tokens that an object of usage tells, or the JSON text of one; None where it tells none.

    `apart`: whether its input leaves the cache out, where the names in it do not say so.
    """
    usage = _object(usage)
    if "input" in usage or "output" in usage:
        return _split(usage)
    whole = dict(usage)
    for key in _DETAILS:
        if isinstance(details := usage.get(key), dict):
            whole = {**details, **whole}
    numbers = [_first(whole, _NAMES[field]) for field in _FIELDS]
    if numbers[0] is None and numbers[1] is None:
        return None
    return _with_cache(numbers, apart=any(key in usage for key in _APART) if apart is None else apart)


def with_details(known: Tokens | None, told: Tokens) -> Tokens:
    """Return tokens that are known with what is told of the same numbers: what of them was cached, or reasoned.

    What is known may leave out what a cache had: it is the same number without that, then.
    """
    if known is None:
        return told
    cached = (told.cache_read or 0) + (told.cache_write or 0)
    if known.input != told.input and (told.input is None or known.input != told.input - cached):
        return known
    reasoning = told.reasoning if known.reasoning is None else known.reasoning
    return Tokens(
        told.input,
        _with_reasoning(known.output, reasoning),
        told.cache_read if known.cache_read is None else known.cache_read,
        told.cache_write if known.cache_write is None else known.cache_write,
        reasoning,
    )


def without_reasoning(tokens: Tokens) -> Tokens:
    """Return tokens whose output has had reasoning twice."""
    if tokens.output is None or tokens.reasoning is None or tokens.output < 2 * tokens.reasoning:
        return tokens
    return msgspec.structs.replace(tokens, output=tokens.output - tokens.reasoning)


def _split(usage: dict[str, Any]) -> Tokens:
    """Read Langfuse's details: what was cached or reasoned is taken out of `input` and `output`, and stands beside.

    They add up to the total; where input and output do so without the rest, they include it.
    """
    counts = {key: number for key, value in usage.items() if (number := count(value)) is not None}
    parts: dict[str, int] = {"input": 0, "output": 0}
    for key, number in counts.items():
        side = "input" if "input" in key else "output" if "output" in key else None
        if side is not None and key not in ("input_tokens", "output_tokens"):
            parts[side] += number
    plain = {"input": counts.get("input"), "output": counts.get("output")}
    total = counts.get("total")
    is_whole = total is not None and total == (plain["input"] or 0) + (plain["output"] or 0)
    read = _sum(counts, ("cache_read", "cached"))
    return Tokens(
        plain["input"] if is_whole else parts["input"] if plain["input"] is not None else None,
        plain["output"] if is_whole else parts["output"] if plain["output"] is not None else None,
        read,
        _sum(counts, ("cache_creation", "cache_write")),
        _sum(counts, ("reasoning",)),
    )


def _sum(counts: dict[str, int], words: tuple[str, ...]) -> int | None:
    numbers = [number for key, number in counts.items() if any(word in key for word in words)]
    return sum(numbers) if numbers else None


def cost_of(levels: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the cost in billionths of a US dollar, None where none was sent, or 0: that is what is not known."""
    for level in levels:
        for key in _COSTS:
            if key in level and (cost := _cost(level[key])):
                return cost
        halves = [next((cost for key in keys if (cost := nano_dollars(level.get(key)))), 0) for keys in _HALVES]
        if sum(halves):
            return sum(halves)
        for key in _OBJECTS:
            if key in level and (cost := cost_in_usage(_object(level[key]))):
                return cost
    return None


def cost_in_usage(usage: Mapping[str, Any]) -> int | None:
    """Return the cost that an object of usage tells beside its tokens: OpenRouter's, LangSmith's."""
    return next((cost for key in _COSTS_IN_USAGE if (cost := nano_dollars(usage.get(key)))), None)


def _cost(value: object) -> int | None:
    if isinstance(value, dict) or (isinstance(value, str) and value.lstrip()[:1] == "{"):
        parts = _object(value)
        total = next((cost for key in ("total", "total_cost") if (cost := nano_dollars(parts.get(key)))), None)
        return total or sum(nano_dollars(part) or 0 for part in parts.values())
    return nano_dollars(value)


def nano_dollars(value: object) -> int | None:
    if isinstance(value, str):
        try:
            value = float(value.strip().removeprefix("$").removesuffix("USD"))
        except ValueError:
            return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MAX / _NANO:
        return round(value * _NANO)
    return None


def count(value: object) -> int | None:
    """Return a number of tokens, also one that was sent as text; None where it is none."""
    if isinstance(value, str) and (told := _COUNT.fullmatch(value.strip())) is not None:
        value = int(told[1])
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MAX:
        return int(value)
    return None


def _first(level: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    for key in keys:
        if key in level and (number := count(level[key])) is not None:
            return number
    return None


def _object(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
