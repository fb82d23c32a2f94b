"""Answers of a receiver that holds much: how much is answered, and how the rest is reached."""

import json

import pytest
import pytest_asyncio

from receiver.mcp.budget import BYTES_PER_TOKEN
from tests.receiver.mcp.conftest import FAILED, ask, model, over_http, said, span, store

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "the log of a voyage "
MANY = "5b8efff798038103d269b633813fc60c"


@pytest.fixture(scope="module")
def voyages():
    """60 runs with long texts, and one of 240 calls."""
    runs = [
        span(
            f"{number:032x}", 1, "invoke_agent pilot", number, 100,
            gen_ai__operation__name="invoke_agent", gen_ai__agent__name="pilot",
            gen_ai__input__messages=said("user", f"{number} {LONG * 500}"),
            gen_ai__output__messages=said("assistant", LONG * 500),
        )
        for number in range(1, 61)
    ]  # fmt: skip
    return [*runs, *(model(MANY, number, number, f"{number}? {LONG * 20}", f"{number}!") for number in range(2, 242))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sailed(start_shared, voyages):
    receiver = await start_shared(data="sailed")
    await store(receiver, voyages)
    return receiver


def tokens(told):
    return len(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()) / BYTES_PER_TOKEN


async def pages(client, name, field, **arguments):
    """Yield the rows of each answer, until there is none left."""
    cursor = None
    while True:
        told = await ask(client, name, cursor=cursor, **arguments)
        yield told["untrusted_data"][field]
        cursor = told.get("next_cursor")
        if cursor is None:
            return


async def test_an_answer_is_short_unless_more_is_asked_for(sailed):
    async with over_http(sailed.port) as client:
        short = await ask(client, "get_conversation", trace_id=f"{7:032x}")
        whole = await ask(client, "get_conversation", trace_id=f"{7:032x}", max_tokens=20_000)
    assert 500 < tokens(short) < 2_100
    assert short["notes"] == ["texts or lists are cut: ask for fewer rows, or more max_tokens"]
    assert 5_000 < tokens(whole) < 20_100
    assert "notes" not in whole
    assert len(whole["untrusted_data"]["turns"]) == len(short["untrusted_data"]["turns"])


@pytest.mark.parametrize(
    ("name", "field", "key", "arguments", "number"),
    [
        ("list_traces", "traces", "id", {"limit": 25}, 61),
        ("get_trace", "steps", "id", {"trace_id": MANY}, 240),
        ("get_trace", "steps", "id", {"trace_id": MANY, "events": True}, 240),
        ("breakdown", "rows", "name", {"by": "agent"}, 1),
    ],
)
async def test_cursors_lead_to_every_row_once(sailed, name, field, key, arguments, number):
    async with over_http(sailed.port) as client:
        found = []
        async for rows in pages(client, name, field, max_tokens=1_000, **arguments):
            assert rows
            found += [row[key] for row in rows]
    assert len(found) == len(set(found)) == number


async def test_a_conversation_is_read_to_its_end_in_either_direction(sailed):
    async with over_http(sailed.port) as client:
        for direction in ("start", "end"):
            said = [
                turn["parts"][0]["text"]
                async for rows in pages(client, "get_conversation", "turns", trace_id=MANY, **{"from": direction})
                for turn in rows
                if turn["role"] == "assistant"
            ]
            assert said == [f"{number}!" for number in (range(2, 242) if direction == "start" else range(241, 1, -1))]


async def test_no_answer_is_larger_than_clients_take(sailed):
    backslashes = '\\"\n' * 200_000
    await store(sailed, [model(FAILED, 2, 0, backslashes, backslashes)])
    async with over_http(sailed.port) as client:
        call = (await ask(client, "get_trace", trace_id=FAILED))["untrusted_data"]["steps"][0]
        told = await client.call_tool("get_call", {"id": call["id"], "max_tokens": 30_000})
    assert 100_000 < len(told.model_dump_json(by_alias=True)) < 400_000
