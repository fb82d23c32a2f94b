"""What is to be written, in small parts: rows that are new, changed or gone, and whose events are."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mapping.calls.figures import HOUR
from storage.interpreting.memory import Fact, Owner, TraceMemory
from storage.interpreting.messages import ModelCall
from storage.interpreting.results import DATETIMES, Key, Row, TraceResult, TraceRow
from storage.surreal import cbor, rows

# What is written in one transaction, in calls' rows: some 10 ms of the engine's time, one of them the transaction's. It
# begins while no events come (`Interpreter`), and ends about when those that come then are decoded.
MOST_ROWS = 50
# And where it is behind, so that commits wait anyway: what a transaction takes of its own is four times less a row.
MOST_ROWS_BEHIND = 200
# As many calls' rows take the engine as long as one of these.
_COST_OF = {rows.CALL: 1, rows.RUN: 2, rows.SESSION_RUN: 3}

# How long ago a run may have ended that alerts tell of.
_LATELY = HOUR

_encode = msgspec.msgpack.Encoder(order="sorted").encode

_NEW = {rows.CALL: "new_pages", rows.RUN: "new_runs", rows.SESSION_RUN: "new_sessions"}
_CHANGED = {rows.CALL: "changed_pages", rows.RUN: "changed_runs", rows.SESSION_RUN: "changed_sessions"}
_COST = {names[table]: cost for names in (_NEW, _CHANGED) for table, cost in _COST_OF.items()}


def digest(row: Row) -> bytes:
    """Return what tells a row from any other, but for its id and how often it was changed."""
    told = {field: value for field, value in row.items() if field not in {"id", "revision"} and value is not None}
    return hashlib.blake2b(_encode(told), digest_size=8).digest()


class Transaction:
    """What is written in one transaction: as much work as so many calls' `rows`."""

    def __init__(self) -> None:
        self.lists: defaultdict[str, list[Any]] = defaultdict(list)
        self.rows = 0
        # Names of the queue's records that end with it.
        self.names: list[str] = []

    def add(self, variable: str, value: Any) -> None:
        self.lists[variable].append(value)
        self.rows += _COST.get(variable, 1)


class TraceChanges:
    """What is to be written of one trace, of which `memory` knows what is stored; nothing where nothing has changed."""

    def __init__(
        self, trace: TraceRow, memory: TraceMemory, result: TraceResult, facts: Iterable[Fact], *, shared: bool = False
    ) -> None:
        assert memory.written is not None  # noqa: S101 - for mypy: it was read
        self.trace = trace
        self.known = memory.revision
        self._revision = rows.revision_after(self.known)
        self.written = {key: digest(row) for key, row in result.rows.items()}
        self.agent_id = result.agent_id
        self.renamed = [fact for fact in facts if result.whose[fact.telling.id] != fact.stored]
        self.whose = result.whose
        self._part = rows.part_of(trace.id, shared=shared)
        self._result = result
        self._before = memory.written
        self._models = memory.models
        self._gone = [key for key in memory.written if key not in self.written]
        self._stale = self.agent_id != memory.agent_id
        changed = sum(_COST_OF[key[0]] for key, known in self.written.items() if memory.written.get(key) != known)
        # How much is to be written, as in `Transaction`; where there is any, the run's own row is a part of it.
        self.rows = changed + len(self.renamed) + len(self._gone)

    def entries(self) -> Iterable[tuple[str, Any]]:
        """Iterate over variables of `queries.write` and a value for each, the run's own row last."""
        if not self.rows:
            return
        for key in self._gone:
            yield "gone", _record(key)
        run_key = (rows.RUN, self.trace.id)
        for key, row in self._result.rows.items():
            if key != run_key and self._before.get(key) != self.written[key]:
                yield (_CHANGED if key in self._before else _NEW)[key[0]], _stored(key, row)
        for fact in self.renamed:
            yield "changed_events", _renamed(fact, self.whose[fact.telling.id])
        run = self._result.rows[run_key]
        yield (
            (_NEW if self.known is None else _CHANGED)[rows.RUN],
            _stored(run_key, {**run, "revision": self._revision}),
        )

    def may_alert(self, now: int) -> bool:
        """Return whether it is written as a run that failed, or that holds a failure, and that was active of late.

        So what is made anew after an upgrade, or imported, tells nobody of what is long over.
        """
        run = self._result.rows[rows.RUN, self.trace.id]
        ended = self.trace.end_time if self.trace.end_time is not None else -self.trace.newest_activity
        is_failure = self.trace.failed or bool(run["errors"])
        return bool(self.rows) and run["is_run"] and is_failure and ended > now - _LATELY

    def new_model_calls(self) -> list[ModelCall]:
        """Return the calls of models that were not stored before."""
        return [
            ModelCall(
                call.provider,
                call.name,
                call.status == "error",
                call.end - call.start,
                call.tokens.input,
                call.tokens.output,
            )
            for call in self._result.calls
            if call.kind == "model" and call.id not in self._models
        ]

    def queued(self) -> list[dict[str, Any]]:
        """Return the record that tells the search index whose events have become, if it has to be told."""
        changed = [fact.telling.id for fact in self.renamed]
        if not self.rows or not (changed or self._stale):
            return []
        traces = [self.trace.id] if self._stale else []
        return [rows.queue_record(rows.queue_name(), self._part, traces=traces, changed=changed)]

    def note(self, memory: TraceMemory) -> None:
        """Take note that all of it is stored."""
        if not self.rows:
            return
        memory.doubted = False
        memory.revision = self._revision
        memory.written = self.written
        memory.models = {call.id for call in self._result.calls if call.kind == "model"}
        memory.agent_id = self.agent_id
        for fact in self.renamed:
            memory.stored_as(fact.telling.id, self.whose[fact.telling.id])


def transactions_of(changes: Sequence[TraceChanges], most: int = MOST_ROWS) -> list[Transaction]:
    """Return what is to be written of traces that were interpreted together, in their order, the runs' rows last.

    `most` is as much as a transaction holds, but for the runs' rows.
    """
    transactions = [Transaction()]
    runs: list[tuple[str, Any]] = []
    for change in changes:
        for variable, value in change.entries():
            if variable in {"new_runs", "changed_runs"}:
                runs.append((variable, value))
                continue
            if transactions[-1].rows >= most:
                transactions.append(Transaction())
            transactions[-1].add(variable, value)
    for variable, value in runs:
        transactions[-1].add(variable, value)
    if runs:
        written = [run for _, run in runs]
        transactions[-1].lists["counted"].append(
            counted([run["id"] for run in written], [run["figures"] for run in written])
        )
    for change in changes:
        transactions[-1].lists["queued"] += change.queued()
    return transactions


def deleted(known: Iterable[Key]) -> list[Any]:
    """Return the ids of rows, to be deleted."""
    return [_record(key) for key in known]


def counted(runs: Sequence[Any], added: Sequence[bytes] = ()) -> dict[str, Any]:
    """Return the record that has what these runs add counted, and what they added before no longer."""
    return {"id": rows.queue_name(), "runs": runs, "added": added}


def alerting(trace_id: str, due: int) -> dict[str, Any]:
    """Return the record that has alerts look at a run, from `due` on (nanoseconds)."""
    return {"id": cbor.record(rows.ALERT_QUEUE, trace_id), "name": rows.queue_name(), "due": cbor.int64(due)}


def _record(key: Key) -> Any:
    table, row_id = key
    return cbor.record(table, list(row_id) if isinstance(row_id, tuple) else row_id)


def _stored(key: Key, row: Row) -> Row:
    fields = _with_datetimes(row)
    if key[0] == rows.CALL:
        fields["calls"] = [*map(_with_datetimes, row["calls"])]
    return {"id": _record(key), **fields}


def _with_datetimes(row: Row) -> Row:
    return {field: cbor.datetime(value) if field in DATETIMES else value for field, value in row.items()}


def _renamed(fact: Fact, whose: Owner) -> Row:
    """Return what an event's row is to say, and what it said when it was sent, where that is something else."""
    return {
        "id": cbor.record(rows.EVENT, fact.telling.id),
        "agent_id": cbor.NONE if whose.agent_id is None else whose.agent_id,
        "session_id": cbor.NONE if whose.session_id is None else whose.session_id,
        "as_sent": cbor.NONE if whose == fact.own else fact.own._asdict(),
    }
