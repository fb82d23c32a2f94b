"""What a model's call costs where its emitter does not say: prices of models, by `genai-prices`, or one's own.

The package carries its prices with it and asks nobody. One's own stand before them, in US dollars a million tokens:

    models:
      my-model*: {input: 0.15, output: 0.6, cache_read: 0.075, cache_write: 0.19}

What neither knows stays unknown, which is not 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Any

import genai_prices
import msgspec

from mapping.calls.model import Call, Tokens
from mapping.errors import invalid
from mapping.times import NS

_MILLION = 10**6
# `genai-prices` remembers each name that it has matched: so many are asked for, and none that is longer.
_MOST_NAMES, _LONGEST_NAME = 10_000, 200
# Whoever runs a model at home pays nobody by the token.
_AT_HOME = frozenset(
    {"ollama", "vllm", "lmstudio", "lm_studio", "llama_cpp", "llamafile", "localai", "huggingface_local"}
)

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
        self._names: set[tuple[str, str | None]] = set()

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
        if name not in self._names:
            if len(self._names) >= _MOST_NAMES:
                return
            self._names.add(name)
        priced = _by_package(call.name, provider, tokens, call.start)
        if priced is not None:
            call.cost, call.price = priced
            call.cost_from = "priced"


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


def _by_package(name: str, provider: str | None, tokens: Tokens, at: int) -> tuple[int, str] | None:
    """Return the cost and what it came from, None where the package does not know the model."""
    read, write = _cached(tokens)
    usage = genai_prices.Usage(
        input_tokens=tokens.input or 0,
        output_tokens=tokens.output or 0,
        cache_read_tokens=read,
        cache_write_tokens=write,
    )
    when = datetime.fromtimestamp(at / NS, UTC)
    for provider_id in dict.fromkeys((provider, None)):
        try:
            roles = genai_prices.calc_price(usage, name, provider_id=provider_id, genai_request_timestamp=when)
        except LookupError:
            continue
        nano = int((roles.total_price * Decimal(NS)).to_integral_value())
        return nano, f"genai-prices {genai_prices.__version__}: {roles.provider.id}/{roles.model.id}"
    return None


def _cached(tokens: Tokens) -> tuple[int, int]:
    """Return what was read from and written to a cache, together no more than all input."""
    whole = tokens.input or 0
    read = min(tokens.cache_read or 0, whole)
    return read, min(tokens.cache_write or 0, whole - read)
