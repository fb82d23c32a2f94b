"""Points of events, as the process that makes them gives them."""

import asyncio

import pytest

from storage.errors import IndexUnavailable
from storage.indexing.points.maker import EVENTS, PointMaker
from storage.indexing.points.preparer import PreparerProcess
from storage.qdrant.packing import floats, unpack
from storage.surreal import cbor
from storage.write.writer import Writer

NOON = 1_767_960_000 * 10**9


@pytest.fixture
def read(database):
    """Reads events by their ids, as the indexer does."""

    async def read(*event_ids):
        return await database.read(EVENTS, events=[cbor.record("agent_event", event_id) for event_id in event_ids])

    return read


async def test_a_point_holds_what_filters_look_at_and_has_from_its_trace_what_the_event_does_not_say(
    database, make_event, read, embedder
):
    own = {"event_type": "tool_call", "status": "error", "session_id": "s", "agent_id": "a"}
    first = make_event(trace_id="t", resource={"service.name": "shop"}, properties={"output": "a pear"}, **own)
    silent = make_event(trace_id="t", timestamp=NOON + 1)
    other = make_event(trace_id="u", resource={"service.name": 5}, timestamp=NOON + 2)
    await Writer(database, agent_window=0, committed=lambda _: None).write([first, silent, other])
    packed = PointMaker(embedder).make(await read(first.id, silent.id, other.id, "gone"))
    assert sorted(packed.event_ids) == sorted([first.id, silent.id, other.id])
    payloads = {row.id: row.payload for row in unpack(packed.points)}
    at = "2026-01-09T12:00:00.00000000{}Z"
    # What it says, and its one message, by their keys; the others say nothing.
    assert isinstance(payloads[first.id].pop("passage"), int)
    assert len(payloads[first.id].pop("told")) == 1
    # The signs of its vector of 32 dimensions.
    signs = embedder.embed(["a pear"])[0] > 0
    assert payloads[first.id]["signature"] == f"{int(''.join('01'[int(sign)] for sign in signs), 2):08x}"
    for payload in payloads.values():
        del payload["signature"]
    assert payloads[first.id] == {"trace_id": "t", "service": "shop", "timestamp": at.format(0), **own}
    assert payloads[silent.id] == {
        "trace_id": "t", "session_id": "s", "agent_id": "a", "status": "unset", "timestamp": at.format(1)
    }  # fmt: skip
    assert payloads[other.id] == {"trace_id": "u", "status": "unset", "timestamp": at.format(2)}


@pytest.mark.parametrize("connect", ["embedded"], indirect=True)
async def test_equal_texts_are_embedded_once_and_those_that_came_last_are_kept(store, read, embedder):
    ids = await store("an apple", "a pear", "an apple", "a plum")
    maker = PointMaker(embedder, cached=2)
    maker.make(await read(*ids[:3]))
    assert sorted(embedder.embedded) == ["a pear", "an apple"]
    rows = unpack(maker.make(await read(ids[2], ids[0])).points)
    assert len(embedder.embedded) == 2
    assert floats(rows[0].dense) == pytest.approx(embedder.embed(["an apple"])[0].tolist())
    del embedder.embedded[:]
    maker.make(await read(ids[3]))
    maker.make(await read(ids[0]))
    assert embedder.embedded == ["a plum"]  # the pear had come first
    maker.make(await read(ids[1]))
    assert embedder.embedded == ["a plum", "a pear"]


@pytest.mark.parametrize("connect", ["embedded"], indirect=True)
async def test_plain_points_have_no_vectors(store, read, embedder):
    packed = PointMaker(embedder).make(await read(*await store("an apple")), plain=True)
    ((with_vector,), (without,)) = unpack(packed.points), unpack(packed.plain)
    assert without.dense is None
    assert (without.id, without.words, without.payload) == (with_vector.id, with_vector.words, with_vector.payload)
    assert PointMaker(embedder).make(await read()).event_ids == []


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "1", "error": {"code": -1, "message": "the session has expired"}},
        {"id": "1", "result": [{"status": "ERR", "result": "the session has expired"}]},
    ],
)
def test_an_answer_without_events_says_why(embedder, answer):
    with pytest.raises(IndexUnavailable, match="the session has expired"):
        PointMaker(embedder).make(cbor.encode(answer))


@pytest.mark.parametrize("connect", ["embedded"], indirect=True)
async def test_the_process_makes_the_same_points_and_is_started_again_where_it_fails(store, read, tmp_path):
    from storage.embedding.model import prepare

    model = await asyncio.to_thread(prepare, "minilm", tmp_path, 1, lambda *_: None)
    answer = await read(*await store("an apple", "a pear"))
    preparer = PreparerProcess("minilm", tmp_path, 1)
    try:
        packed = await preparer.make(answer, plain=False)
        assert unpack(packed.points)[0].id in packed.event_ids
        expected = PointMaker(model).make(answer)
        assert (packed.event_ids, packed.plain) == (expected.event_ids, None)
        for row, same in zip(unpack(packed.points), unpack(expected.points), strict=True):
            assert floats(row.dense) == pytest.approx(floats(same.dense), abs=1e-5)
        preparer._service._process.kill()
        with pytest.raises(IndexUnavailable, match="stopped by itself"):
            await preparer.make(answer, plain=False)
        assert (await preparer.make(answer, plain=False)).event_ids == packed.event_ids
    finally:
        await preparer.close()


async def test_a_model_that_the_process_cannot_load_is_said(tmp_path):
    preparer = PreparerProcess(str(tmp_path / "no-model"), tmp_path, 1)
    with pytest.raises((ValueError, IndexUnavailable), match="no-model"):
        await preparer.make(b"", plain=False)
    await preparer.close()
