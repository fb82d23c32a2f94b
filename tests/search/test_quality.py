"""How well search finds on the labelled set. Floors lie a little below what `make bench-search` gives."""

import asyncio

import pytest
from measuring import LEISURE, Bench, quality


@pytest.fixture(scope="module")
def measured(static_data_dir, tmp_path_factory):
    """The figures of each method, by its name."""

    async def measure(data_dir):
        bench = Bench(data_dir)
        await bench.open()
        try:
            rows = {"minilm": quality(bench.queries, await asyncio.to_thread(bench.exhaustive))}
            for name, mode, seconds in (
                ("keyword", "keyword", 0.0),
                ("semantic", "semantic", 0.0),
                ("hybrid", "hybrid", 0.0),
                ("re-ranked", "hybrid", LEISURE),
            ):
                ranking, _ = await bench.ranking(mode, seconds)
                rows[name] = quality(bench.queries, ranking)
            return rows
        finally:
            await bench.storage.close()

    data_dir = tmp_path_factory.mktemp("quality")
    (data_dir / "models").symlink_to(static_data_dir / "models")
    return asyncio.run(measure(data_dir))


def test_hybrid_search_with_reranking_finds_more_than_minilm_that_reads_everything(measured):
    assert measured["re-ranked"]["nDCG@10"] > measured["minilm"]["nDCG@10"] + 0.03
    assert measured["re-ranked"]["recall@10"] > measured["minilm"]["recall@10"]
    assert measured["re-ranked"]["untuned"] > measured["minilm"]["untuned"] + 0.03


@pytest.mark.parametrize(
    ("method", "floor"),
    [("minilm", 0.63), ("keyword", 0.45), ("semantic", 0.49), ("hybrid", 0.57), ("re-ranked", 0.69)],
)
def test_no_method_finds_less_than_it_did(measured, method, floor):
    assert measured[method]["nDCG@10"] > floor


@pytest.mark.parametrize("method", ["keyword", "hybrid", "re-ranked"])
@pytest.mark.parametrize("kind", ["exact", "tool"])
def test_exact_things_are_found_exactly(measured, method, kind):
    assert measured[method][kind] > 0.95
    assert measured[method][f"{kind} first"] == 1.0
