"""Measures search on the labelled set, through the real stores and `storage.search`: for `make bench-search` and tests.

nDCG's gain is 2^grade - 1; recall counts grades 2 and 3, of which at most ten; the first event of the best grade makes
the reciprocal rank.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
import uuid
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import corpus
import labelled

from mapping.json.events import Options, decode_event, map_event
from mapping.model import Event
from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.otlp.spans import map_traces
from mapping.search_text.text import text_of
from storage.config import StorageConfig
from storage.embedding.model import MINILM, STATIC, prepare
from storage.embedding.reranker import Reranker
from storage.filters import SearchFilter
from storage.qdrant.edge import EdgeIndex
from storage.search.reranking import TimedReranker
from storage.search.results import Mode
from storage.search.search import CANDIDATES, Searcher
from storage.stores import Stores

# The weight of words was chosen on these domains, half of them.
TUNED_ON = frozenset({"clinic", "home", "mail", "refund", "sql"})
DEPTH = 10
_AT_ONCE = 1_000  # events of a commit
LEISURE = 60.0  # seconds to re-rank in: enough for all

# Labels, best first, for each query.
Ranking = list[list[str]]


def gains(query: labelled.Query, found: Sequence[str]) -> tuple[float, float, float]:
    """Return nDCG, recall and the reciprocal rank of what was found."""
    grades = [query.relevant.get(label, 0) for label in found[:DEPTH]]
    best = sorted(query.relevant.values(), reverse=True)[:DEPTH]
    wanted = sum(grade > 1 for grade in query.relevant.values())
    exact = next((1 / (place + 1) for place, grade in enumerate(grades) if grade == max(best)), 0.0)
    return _dcg(grades) / _dcg(best), sum(grade > 1 for grade in grades) / min(wanted, DEPTH), exact


def _dcg(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def quality(queries: Sequence[labelled.Query], ranking: Ranking) -> dict[str, float]:
    """Return the means over all queries, nDCG also by kind and for the half of the domains that nothing was tuned on.

    `KIND first` is the share of queries whose first hit has grade 2 or 3.
    """
    each = [gains(query, found) for query, found in zip(queries, ranking, strict=True)]
    row = {
        f"{name}@10": _mean(values)
        for name, values in zip(("nDCG", "recall", "MRR"), zip(*each, strict=True), strict=True)
    }
    ndcg = [values[0] for values in each]
    row["untuned"] = _mean(
        [value for query, value in zip(queries, ndcg, strict=True) if _domain(query) not in TUNED_ON]
    )
    for kind in dict.fromkeys(query.kind for query in queries):
        row[f"{kind} first"] = _mean(
            [
                query.relevant.get(found[0], 0) > 1
                for query, found in zip(queries, ranking, strict=True)
                if query.kind == kind
            ]
        )
        row[kind] = _mean([value for query, value in zip(queries, ndcg, strict=True) if query.kind == kind])
    return row


def _domain(query: labelled.Query) -> str:
    return max(query.relevant, key=lambda label: query.relevant[label]).rpartition("-")[0]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def mapped(sent: dict[str, Any], number: int) -> Event:
    return map_event(decode_event(json.dumps(sent).encode()), Options(), str(uuid.UUID(int=number)))


def stores_in(data_dir: Path) -> Stores:
    return Stores(
        StorageConfig(
            data_dir=data_dir,
            surrealdb_url=f"surrealkv://{data_dir}/surreal",
            surrealdb_namespace="vectadb",
            surrealdb_database="vectadb",
            surrealdb_user="",
            surrealdb_password="",
            surrealdb_auth_level="root",
            surrealdb_token="",
            surrealdb_pool_size=0,
            qdrant_url="",
            qdrant_api_key="",
            qdrant_collection="agent_events",
            qdrant_shards=1,
            model=STATIC,
            threads=0,
            rerank_ms=0,
            agent_window=3600.0,
            conversation_window=86400.0,
            idle_close=1800.0,
        )
    )


def minilm_in(data_dir: Path) -> Reranker:
    """Return MiniLM with the table's axes; `data_dir`/models has it, or gets it."""
    return Reranker.with_axes(prepare(MINILM, data_dir, 0, lambda _share, _doing: None), data_dir)


class _Few:
    """MiniLM that reads the first texts only, as in the default budget, however busy the machine is."""

    def __init__(self, minilm: Reranker, most: int) -> None:
        self.query_vector = minilm.query_vector
        self._minilm = minilm
        self._most = most

    def score(self, query: str, texts: Iterable[str], deadline: float, least: int, latest: float) -> list[float]:
        return self._minilm.score(query, islice(texts, self._most), deadline, least, latest)


class Bench:
    """The stores with the labelled events in them, and searches with and without re-ranking.

    `data_dir`/models has the models, or gets them.
    """

    def __init__(self, data_dir: Path) -> None:
        sent, self.queries = labelled.load()
        self.events = {label: mapped(event, number + 1) for number, (label, event) in enumerate(sent.items())}
        self._labels = {event.id: label for label, event in self.events.items()}
        self.storage = stores_in(data_dir)

    async def open(self) -> None:
        """Open the stores and fill them."""
        await self.storage.open()
        await self.fill()
        await self.indexed()
        self.minilm = await asyncio.to_thread(minilm_in, self.storage.config.data_dir)

    async def fill(self) -> None:
        await self.storage.writer.write(list(self.events.values()))

    async def indexed(self) -> None:
        """Wait until all that is stored can be found, in files, as in a large index, with 8 bits a number."""
        indexer = self.storage.indexer
        while indexer.state != "ready" or indexer.pending:
            if indexer.state == "failed":
                raise OSError(indexer.reason)
            await asyncio.sleep(0.1)
        assert isinstance(indexer.index, EdgeIndex)
        await indexer.index.optimize()

    def search(self, seconds: float, most: int = CANDIDATES) -> Searcher:
        """Return a search that re-ranks for so long, so many texts."""
        reranker = None
        if seconds:
            reranker = TimedReranker(lambda: _Few(self.minilm, most), seconds)
            reranker.load()
        return Searcher(self.storage.reader, self.storage.indexer, reranker)

    def labels_of(self, answer: dict[str, Any]) -> list[str]:
        """Return the labels of what was found, "" for events of others."""
        return [self._labels.get(result.event["id"], "") for result in answer.results]

    def forget(self) -> None:
        """Let MiniLM read texts again that it has read."""
        self.minilm._vectors.clear()  # a receiver gains from what it keeps, and a measurement must not

    async def places(
        self, needles: Sequence[corpus.Needle], runs: Sequence[str], mode: Mode, seconds: float, most: int = CANDIDATES
    ) -> list[int]:
        """Return the place, from 1, at which each query finds its run (a trace id), 0 if it is not among the ten."""
        search, found = self.search(seconds, most), []
        for needle, trace_id in zip(needles, runs, strict=True):
            self.forget()
            answer = await search.search(needle.query, mode, SearchFilter(), DEPTH)
            traces = [result.event["trace_id"] for result in answer.results]
            found.append(traces.index(trace_id) + 1 if trace_id in traces else 0)
        return found

    async def ranking(
        self, mode: Mode, seconds: float, most: int = CANDIDATES, *, afresh: bool = False
    ) -> tuple[Ranking, float]:
        """Return what each query finds, and how many events were re-ranked on average."""
        search, found, reranked = self.search(seconds, most), [], 0
        for query in self.queries:
            if afresh:
                self.forget()
            answer = await search.search(query.query, mode, SearchFilter(), DEPTH)
            found.append(self.labels_of(answer))
            reranked += answer.reranked
        return found, reranked / len(self.queries)

    def exhaustive(self) -> Ranking:
        """Return what MiniLM finds when it reads every text."""
        texts = [text_of(event.name, event.properties) for event in self.events.values()]
        return [self._nearest(query.query, texts) for query in self.queries]

    def _nearest(self, query: str, texts: list[str]) -> list[str]:
        cosines = self.minilm.score(query, texts, time.monotonic() + 3600)
        ranked = sorted(zip(cosines, self.events, strict=True), key=lambda pair: -pair[0])
        return [label for _, label in ranked[:DEPTH]]


class Runs(Bench):
    """The same with the runs of `corpus.py` instead."""

    def __init__(self, data_dir: Path, count: int, seed: int = 1) -> None:
        super().__init__(data_dir)
        self._count, self._seed = count, seed
        self.needles = corpus.needles()
        self.hidden = [corpus.trace_id_of(number) for number in corpus.places(count, seed)]

    async def fill(self) -> None:
        """Write what the runs' programs sent, run by run."""
        waiting: list[Event] = []
        for run in corpus.runs(self._count, self._seed):
            for route, request in run.requests:
                signal = map_traces if route == "/v1/traces" else map_logs
                waiting += signal(JsonWire(), json.dumps(request).encode(), corpus.START).events
            if len(waiting) >= _AT_ONCE:
                await self.storage.writer.write(waiting)
                waiting = []
        await self.storage.writer.write(waiting)
