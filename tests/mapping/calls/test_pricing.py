"""What a call costs: as its emitter says, else by the prices of models, else nobody knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.calls.model import Call, Tokens
from mapping.calls.pricing import ModelPrice, Prices, own_prices
from mapping.errors import Problem

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
    "one",
    [
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
