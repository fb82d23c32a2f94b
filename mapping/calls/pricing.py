"""What a model's call costs where its emitter does not say: prices of models, by `genai-prices`, or one's own.

The package carries its prices with it and asks nobody. One's own stand before them, in US dollars a million tokens:

    models:
      my-model*: {input: 0.15, output: 0.6, cache_read: 0.075, cache_write: 0.19}

What neither knows stays unknown, which is not 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Any, NamedTuple

import genai_prices
import msgspec
from genai_prices.types import ModelInfo, calc_unit_price

from mapping.calls.model import Call, Tokens
from mapping.errors import invalid
from mapping.times import NS

_MILLION, _THOUSAND = 10**6, 10**3
# Names that are remembered with their models, here and by `genai-prices`: so many, and none that is longer.
_MOST_NAMES, _LONGEST_NAME = 10_000, 200
# Whoever runs a model at home pays nobody by the token.
_AT_HOME = frozenset(
    {"ollama", "vllm", "lmstudio", "lm_studio", "llama_cpp", "llamafile", "localai", "huggingface_local"}
)

# `us.anthropic.claude-x-v1:0`; `openrouter/anthropic/claude-x`, `models/gemini-x`, `openai:gpt-x`, and not `llama:8b`.
_OF_BEDROCK = re.compile(r"(?:[a-z-]{2,8}\.)?(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen)\.")
_PASSED_ON = re.compile(r"(?P<by>[\w.-]+)(?:/|:(?=[A-Za-z]))(?P<name>.+)")

_Dollars = Annotated[float, msgspec.Meta(ge=0, le=10**6)]


class ModelPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars a million tokens. What a cache gives or takes costs as other input does where it has no price."""

    input: _Dollars
    output: _Dollars
    cache_read: _Dollars | None = None
    cache_write: _Dollars | None = None


def own_prices(document: Any) -> dict[str, ModelPrice]:
    """Read one's own prices: `{models: {NAME or PATTERN: {input, output, ...}}}`.

    Raises Problem (INVALID_ARGUMENT), which names the model and what was expected.
    """
    models = document.get("models") if isinstance(document, dict) else None
    if not isinstance(models, dict) or set(document) != {"models"}:
        raise invalid("prices: expected `models:`, with a model's name and its prices in each line")
    prices: dict[str, ModelPrice] = {}
    for name, price in models.items():
        try:
            prices[str(name)] = msgspec.convert(price, ModelPrice)
        except msgspec.ValidationError as error:
            raise invalid(f"prices: models.{name}: {error}; prices are US dollars a million tokens") from None
    return prices


class Prices:
    """Prices calls. `own` maps names of models, or patterns with `*`, to prices; the first that fits decides."""

    def __init__(self, own: Mapping[str, ModelPrice] | None = None) -> None:
        self._own = dict(own or {})
        self._models: dict[tuple[str, str | None], _Model | None] = {}

    @property
    def version(self) -> str:
        """What prices depend on: the package's version, and one's own."""
        own = msgspec.json.encode(self._own).decode() if self._own else ""
        return genai_prices.__version__ + own

    def __call__(self, call: Call) -> None:
        """Set `cost`, `cost_from` and `price` of a model's call, if its model has a price and its tokens are known."""
        tokens = call.tokens
        if call.name is None or (tokens.input is None and tokens.output is None):
            return
        for pattern, own in self._own.items():
            if fnmatchcase(call.name, pattern):
                call.cost, call.cost_from, call.price = _by_own(own, tokens), "priced", f"own price of {pattern}"
                return
        provider = (call.provider or "").lower() or None
        if provider in _AT_HOME or len(call.name) > _LONGEST_NAME:
            return
        name = (call.name, provider)
        if name not in self._models:
            if len(self._models) >= _MOST_NAMES:
                return
            self._models[name] = _model_of(call.name, provider)
        if (model := self._models[name]) is not None:
            call.cost, call.cost_from, call.price = _by_package(model.info, tokens, call.start), "priced", model.price


class _Model(NamedTuple):
    """A model as the package has it, and in words where its prices are from."""

    info: ModelInfo
    price: str


def _by_own(price: ModelPrice, tokens: Tokens) -> int:
    read, write = _cached(tokens)
    plain = max((tokens.input or 0) - read - write, 0)
    dollars = (
        plain * price.input
        + read * (price.input if price.cache_read is None else price.cache_read)
        + write * (price.input if price.cache_write is None else price.cache_write)
        + (tokens.output or 0) * price.output
    )
    return round(dollars * NS / _MILLION)


def _model_of(name: str, provider: str | None) -> _Model | None:
    """Return the model of this name, by its provider or else by any, None where the package does not know it."""
    for named, provider_id in _spellings(name, provider):
        try:
            found = genai_prices.calc_price(genai_prices.Usage(), named, provider_id=provider_id)
        except LookupError:
            continue
        return _Model(found.model, f"genai-prices {genai_prices.__version__}: {found.provider.id}/{found.model.id}")
    return None


def _spellings(name: str, provider: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield names by which the package may know a model, and whose: as told, Bedrock's, behind whoever passes it on."""
    yield name, provider
    if provider is not None:
        yield name, None
    if _OF_BEDROCK.match(name):
        yield name, "aws"
    if (passed := _PASSED_ON.match(name)) and (by := passed["by"].lower()) not in _AT_HOME:
        yield from _spellings(passed["name"], by)


def _by_package(model: ModelInfo, tokens: Tokens, at: int) -> int:
    """Return the cost by the model's prices at that moment, which may depend on how long the input is.

    `genai_prices.calc_price` gives the same in 100 us: it is made for fifty units, of which calls tell these four.
    """
    prices = vars(model.get_prices(datetime.fromtimestamp(at / NS, UTC)))
    whole = plain = tokens.input or 0
    total = calc_unit_price(prices.get("requests_kcount"), 1, whole, _THOUSAND)
    for unit, count in zip(("cache_read_mtok", "cache_write_mtok"), _cached(tokens), strict=True):
        if (price := prices.get(unit)) is not None:
            total += calc_unit_price(price, count, whole, _MILLION)
            plain -= count
    total += calc_unit_price(prices.get("input_mtok"), plain, whole, _MILLION)
    total += calc_unit_price(prices.get("output_mtok"), tokens.output or 0, whole, _MILLION)
    return int((total * Decimal(NS)).to_integral_value())


def _cached(tokens: Tokens) -> tuple[int, int]:
    """Return what was read from and written to a cache, together no more than all input."""
    whole = tokens.input or 0
    read = min(tokens.cache_read or 0, whole)
    return read, min(tokens.cache_write or 0, whole - read)
