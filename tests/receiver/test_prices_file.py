"""The file of one's own prices: read at the start, and what is wrong in it is said."""

import asyncio
import json
from pathlib import Path

import pytest

from receiver.settings import Prices, Settings, SettingsError, check
from receiver.settings.prices_file import read_prices_file

EXAMPLE = Path(__file__).parents[2] / "examples/prices.yaml"


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "prices.yaml"
        path.write_text(text)
        return path

    return write


def test_the_example_is_read():
    assert read_prices_file(EXAMPLE)["models"]["llama-at-home"] == {"input": 0, "output": 0}


def test_without_a_file_there_are_none():
    assert read_prices_file(None) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models: {m: {input: 1}}", "prices: models.m: Object missing required field `output`"),
        ("models: {m: {input: 1, output: -2}}", "prices: models.m: Expected `float`, got `str` - at `$.output`"),
        ("models: {m: {input: 1, output: 2, reasoning: 3}}", "models.m: Object contains unknown field `reasoning`"),
        ("models: [m]", "prices: expected `models:`"),
        ("", "prices: expected `models:`"),
        ("models: [", "line 1: not YAML: "),
    ],
)
def test_what_is_wrong_is_said_with_the_setting_the_file_and_the_model(file, text, message):
    path = file(text)
    with pytest.raises(SettingsError, match=f"prices.file: {path}: ") as raised:
        check(Settings(prices=Prices(file=path)))
    assert message in str(raised.value)


@pytest.mark.asyncio(loop_scope="module")
async def test_calls_are_priced_by_the_file(start, file):
    receiver = await start(prices=file("models: {ours-*: {input: 2, output: 10}}"))
    call = {
        "timestamp": "2026-01-07T19:00:00Z",
        "event_type": "model_call",
        "properties": {"gen_ai.request.model": "ours-7b", "input_tokens": 1000, "output_tokens": 100},
    }
    assert (await receiver.post("/api/v1/events", json.dumps(call))).status == 200
    async with asyncio.timeout(60):
        while (await receiver.read("/api/v1/stats"))["interpretation_pending"]:
            await asyncio.sleep(0.05)
    (told,) = (await receiver.read("/api/v1/calls"))["calls"]
    assert (told["cost_usd"], told["cost_from"], told["price"]) == (0.003, "priced", "own price of ours-*")
