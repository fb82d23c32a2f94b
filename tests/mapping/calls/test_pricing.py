"""What a call costs: as its emitter says, else by the prices of models, else nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.model import Call, Tokens
from mapping.calls.pricing import ModelPrice, Prices, own_prices
from mapping.errors import Problem
from mapping.times import NS

JUNE_2026 = 1_780_272_000 * 10**9


def call(name="gpt-4o-mini-2024-07-18", provider="openai", **tokens):
    return Call(
        id="c",
        kind="model",
        name=name,
        told_by=["c"],
        trace_id="t",
        start=JUNE_2026,
        end=JUNE_2026,
        provider=provider,
        tokens=Tokens(**tokens),
    )


def priced(one, own=None):
    Prices(own)(one)
    return one.cost, one.cost_from


def test_what_was_read_from_a_cache_costs_less():
    assert priced(call(input=1001, output=21, cache_read=800)) == (102_750, "priced")
    assert priced(call(input=1001, output=21)) == (162_750, "priced")


def test_it_says_where_a_price_is_from():
    one = call(input=10, output=1)
    Prices()(one)
    assert one.price.startswith("genai-prices ")
    assert one.price.endswith("openai/gpt-4o-mini")


@pytest.mark.parametrize("provider", [None, "litellm", "standin.chat", "OpenAI"])
def test_a_provider_that_nobody_knows_leaves_the_model_to_its_name(provider):
    assert priced(call(provider=provider, input=1001, output=21))[0] == 162_750


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "strands-agents", "aws/"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", None, "aws/"),
        ("models/gemini-2.5-flash", "gcp.gemini", "google/gemini-2.5-flash"),
        ("gemini/gemini-2.5-pro", None, "google/gemini-2.5-pro"),
        ("openai:gpt-4o", None, "openai/gpt-4o"),
        ("azure/gpt-4o", "azure", "azure/gpt-4o"),
        ("openrouter/anthropic/claude-sonnet-4", "litellm", "openrouter/anthropic/claude-sonnet-4"),
    ],
)
def test_a_model_is_known_behind_whoever_passes_it_on(name, provider, model):
    one = call(name=name, provider=provider, input=10, output=1)
    Prices()(one)
    assert model in one.price


@pytest.mark.parametrize(
    "one",
    [
        call(name="ollama/gpt-oss:20b", input=10, output=1),
        call(name="llama3:8b", input=10, output=1),
        call(name="stand-in", input=10, output=1),
        call(name=None, input=10, output=1),
        call(),
        call(name="llama3", provider="ollama", input=10, output=1),
        call(name="gpt-4o" * 100, input=10, output=1),
    ],
)
def test_what_nobody_knows_is_unknown_and_not_nothing(one):
    assert priced(one) == (None, None)


def test_one_s_own_price_stands_before_all_others():
    own = own_prices({"models": {"gpt-4o*": {"input": 1, "output": 2, "cache_read": 0.5}}})
    assert priced(call(input=1_000_000, output=500_000, cache_read=400_000), own)[0] == int((0.6 + 0.2 + 1) * 10**9)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "models"),
        ({"models": {"m": {"input": -1, "output": 0}}}, "models.m"),
        ({"models": {"m": {"input": 1}}}, "output"),
        ({"models": {"m": {"input": 1, "output": 1, "inptu": 1}}}, "inptu"),
    ],
)
def test_prices_that_are_none_are_refused_by_name(document, said):
    with pytest.raises(Problem, match=said):
        own_prices(document)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_in_the_cache_than_was_sent_is_no_fault(whole, output, read, write):
    cost, _ = priced(call(input=whole, output=output, cache_read=read, cache_write=write))
    assert cost is not None
    assert cost >= 0


def test_a_price_of_its_own_may_have_no_cache():
    assert ModelPrice(input=1, output=1).cache_read is None


MODELS = [(provider, model) for provider in get_snapshot().providers for model in provider.models]
TOKENS = st.integers(0, 3_000_000)
DAYS = st.datetimes(datetime(2023, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it


@given(st.sampled_from(MODELS), TOKENS, TOKENS, TOKENS, TOKENS, DAYS)
def test_a_call_costs_what_the_package_says_at_its_moment_and_of_its_length(priced_by, whole, output, read, write, day):
    provider, model = priced_by
    read = min(read, whole)
    write = min(write, whole - read)
    start = int(day.timestamp()) * NS
    usage = genai_prices.Usage(
        input_tokens=whole, output_tokens=output, cache_read_tokens=read, cache_write_tokens=write
    )
    one = call(model.id, provider.id, input=whole, output=output, cache_read=read, cache_write=write)
    one.start = start
    Prices()(one)
    try:
        expected = genai_prices.calc_price(
            usage,
            model.id,
            provider_id=provider.id,
            genai_request_timestamp=datetime.fromtimestamp(start / NS, UTC),
        )
    except LookupError:
        return  # its own id is no name for it
    assert one.cost == int((expected.total_price * NS).to_integral_value())
